"""The chances that are promised come true in searches simulated in more detail than the model knows.

python tests/bench/bench_search.py calibration     the tables of docs/search.md
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from missions.search.calibration import Cases, fit, likelihood, reliability, together
from missions.search.detection import Detection, detections, toml_of
from missions.search.grid import SearchGrid
from missions.search.ground_heat import MEASURED
from missions.search.looks import Looks
from missions.search.missed import SORTIE_S, missed_cells, missed_places
from tests.imaging.searched_ground import TEST_WORLDS
from tests.imaging.searched_passes import flown
from tests.imaging.searched_tenths import TEST_SEED, TESTED, smoothed, tenths, told_by_warmth
from tests.imaging.searched_world import CAMERA, CONFIRMED, FRAME, Search, promised, searches

POINTS = 0.05


_NO_LOOKS = Looks.none(SearchGrid(FRAME, 0.0, 0.0, 1.0, 1, 1))
NOBODY = Search("thermal-night", _NO_LOOKS, _NO_LOOKS, 0.0, False, 0, False, 0.0, 0.0, 0, 1.0)


def found(cases: list[Search]) -> np.ndarray:
    return np.array([each.share_found for each in cases])


def as_cases(searched: list[Search]) -> Cases:
    looks = together([each.at_him for each in searched])
    return Cases(
        looks, np.concatenate([np.full(len(each.at_him), each.cover) for each in searched]), found(searched)
    )


@pytest.fixture(scope="module")
def few() -> list[Search]:
    """A small share of the campaign below: its seed, over two of its grounds."""
    return searches(24, TEST_SEED, worlds=TEST_WORLDS[:2])


@pytest.mark.parametrize("ending", ["", MEASURED])
def test_what_is_promised_comes_true_on_the_whole(few: list[Search], ending: str) -> None:
    """Within three standard deviations of so few, and those promised more are found more often."""
    chance, came = promised(few, detections(), ending), found(few)
    sigma = np.sqrt((chance * (1 - chance)).sum()) / len(few)
    assert chance.mean() == pytest.approx(came.mean(), abs=3 * sigma)
    better = chance > np.median(chance)
    assert came[better].mean() > came[~better].mean() + 0.1


def test_searches_side_by_side_are_promised_what_each_is_alone(few: list[Search]) -> None:
    known = detections()
    alone = [
        1 - missed_cells(each.as_mapped, {each.kind: known[each.kind + MEASURED]}, each.cover)[0, 0]
        for each in few
    ]
    assert promised(few, known) == pytest.approx(alone)


def counting_every_frame() -> dict[str, Detection]:
    """Figures that make it 1 - prod(1 - p) over all frames, which this model is there to avoid."""
    alone = {
        "person_sigma": 0.0,
        "independent_after_s": 1e-6,
        "gap_deg": 1e-3,
        "gap_lasting": 0.0,
        "unseen": 0.0,
        "at_best": 1.0,
    }
    return {name: dataclasses.replace(each, **alone) for name, each in detections().items()}  # type: ignore[arg-type]


def test_counting_every_frame_as_a_chance_of_its_own_promises_more(few: list[Search]) -> None:
    """That it is too much, so few searches cannot tell; the campaign can."""
    naive = promised(few, counting_every_frame(), "")
    assert naive.mean() > promised(few, detections(), "").mean() + 0.1


def test_what_a_frame_tells_of_the_ground_changes_what_is_promised(few: list[Search]) -> None:
    """On even ground somebody is found sooner than on such as is blotched, by the same looks."""
    known = detections()
    for each in few:
        if not len(each.at_him):
            continue
        figures = {each.kind: known[each.kind + MEASURED]}
        cover = np.zeros(len(each.at_him))
        even, blotched = (
            missed_places(
                dataclasses.replace(
                    each.at_him,
                    spread_k=np.full(len(each.at_him), spread_k),
                    above_k=np.zeros(len(each.at_him)),
                ),
                figures,
                cover,
            )[1][0]
            for spread_k in (0.3, 5.0)
        )
        assert even < blotched


def test_flights_come_back_within_seconds_and_within_minutes() -> None:
    """Else dependence between looks would be no part of what is checked: it is what was once left out."""
    rng = np.random.default_rng(5)
    gaps = []
    for _ in range(60):
        times = np.sort([view.time_s for view in flown("thermal-night", CAMERA, rng).views])
        gaps += list(np.diff(times))
    for low_s, high_s in ((5.0, 30.0), (30.0, 120.0), (600.0, 4000.0)):
        assert sum(low_s < gap < high_s for gap in gaps) > 10
    assert not any(250.0 < gap < SORTIE_S for gap in gaps)


def test_outcomes_drawn_from_a_model_lead_the_fit_back_to_it(few: list[Search]) -> None:
    """The likelihood of the fitted figures is as good as that of those the outcomes were drawn from."""
    night = [each for each in few if each.kind == "thermal-night"]
    cases = as_cases(night * 10)
    start = detections()["thermal-night"]
    truth = dataclasses.replace(start, pixels_50=6.0, slope=3.0, person_sigma=1.0)
    places, missed = missed_places(cases.looks, {truth.name: truth}, cases.cover)
    came = np.zeros(len(cases.found), bool)
    came[places] = np.random.default_rng(4).random(len(places)) > missed
    drawn = dataclasses.replace(cases, found=came)
    fitted = fit(drawn, start)
    assert likelihood(drawn, fitted) > likelihood(drawn, truth) - 0.01
    assert fitted.in_one_look(6.0) == pytest.approx(truth.in_one_look(6.0), abs=0.15)
    assert "pixels_50" in toml_of([fitted])


def test_a_reliability_table_adds_up() -> None:
    chance = np.linspace(0.05, 0.95, 1000)
    table = reliability(chance, np.random.default_rng(1).random(1000) < chance)
    assert sum(each.count for each in table) == 1000
    assert [each.predicted for each in table] == sorted(each.predicted for each in table)
    nobody = reliability(chance, np.zeros(1000, bool))
    assert max(abs(each.predicted - each.found) for each in table) < 0.15
    assert max(each.predicted - each.found for each in nobody) > 0.85


def test_what_chance_adds_to_a_tenth_is_told_and_is_less_without_the_lot_of_warmth() -> None:
    """Outcomes drawn as promised, warmth mattering: the tenths lie within their noise, 95 of a hundred."""
    rng = np.random.default_rng(6)
    inside, along, noises = [], [], {True: [], False: []}
    for _ in range(20):
        promise = rng.uniform(0.2, 0.8, 1000)
        warmth = rng.choice([-0.19, 0.19], 1000)
        cases = [
            dataclasses.replace(NOBODY, marked=int(mark), ground=int(ground))
            for mark, ground in zip(
                rng.random(1000) < (promise + warmth) / CONFIRMED, rng.integers(0, 30, 1000), strict=True
            )
        ]
        for told in (True, False):
            table = tenths(promise, cases, warmth if told else rng.normal(size=1000))
            noises[told] += [each.noise for each in table]
            if told:
                inside += [abs(each.off) <= each.noise for each in table]
                along += smoothed(promise, cases, warmth)
    assert 0.9 < np.mean(inside) < 0.98
    assert 0.85 < np.mean([abs(each.off) <= each.noise for each in along]) < 0.99
    assert np.mean([each.noise for each in along]) < 0.7 * np.mean(noises[True])
    assert np.mean(noises[True]) < 0.97 * np.mean(noises[False])


def test_a_promise_that_is_not_kept_stands_out() -> None:
    rng = np.random.default_rng(7)
    promise = rng.uniform(0.1, 0.8, 3000)
    cases = [
        dataclasses.replace(NOBODY, marked=int(mark), ground=int(ground))
        for mark, ground in zip(
            rng.random(3000) < (promise - 0.1) / CONFIRMED, rng.integers(0, 30, 3000), strict=True
        )
    ]
    table = tenths(promise, cases, rng.normal(size=3000))
    assert sum(each.count for each in table) == 3000
    assert np.mean([each.off for each in table]) == pytest.approx(-0.1, abs=0.02)
    assert sum(abs(each.off) > each.noise for each in table) > 5


@pytest.mark.campaign
@pytest.mark.timeout(7200)
def test_in_every_tenth_of_the_predictions_the_promise_holds_within_five_points_beside_chance() -> None:
    """Over grounds that no figure was fitted to; beside 95 % of what chance alone makes of so many."""
    cases = searches(TESTED, TEST_SEED, worlds=TEST_WORLDS)
    warmth = told_by_warmth(cases, detections())
    for ending in ("", MEASURED):
        for each in tenths(promised(cases, detections(), ending), cases, warmth):
            assert abs(each.off) <= POINTS + each.noise, each
            assert each.noise < 0.035
    naive = tenths(promised(cases, counting_every_frame(), ""), cases, warmth)
    assert max(abs(each.off) for each in naive) > 4 * POINTS
