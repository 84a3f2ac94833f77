"""The chances that are promised come true in searches simulated in more detail than the model knows.

python tests/bench/bench_search.py calibration     the tables of docs/search.md
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from missions.search.calibration import Cases, fit, likelihood, reliability, together, worst_gap
from missions.search.detection import Detection, detections, toml_of
from missions.search.ground_heat import MEASURED
from missions.search.missed import SORTIE_S, missed_places
from tests.imaging.searched_ground import TEST_WORLDS
from tests.imaging.searched_passes import flown
from tests.imaging.searched_world import CAMERA, Search, promised, searches

POINTS = 0.05
TESTED = 1500


def found(cases: list[Search]) -> np.ndarray:
    return np.array([each.found for each in cases])


def as_cases(searched: list[Search]) -> Cases:
    looks = together([each.at_him for each in searched])
    return Cases(
        looks, np.concatenate([np.full(len(each.at_him), each.cover) for each in searched]), found(searched)
    )


@pytest.fixture(scope="module")
def few() -> list[Search]:
    return searches(30, seed=99, worlds=range(2))


@pytest.mark.parametrize("ending", ["", MEASURED])
def test_what_is_promised_comes_true_on_the_whole(few: list[Search], ending: str) -> None:
    """Within three standard deviations of so few, and those promised more are found more often."""
    chance, came = promised(few, detections(), ending), found(few)
    sigma = np.sqrt((chance * (1 - chance)).sum()) / len(few)
    assert chance.mean() == pytest.approx(came.mean(), abs=3 * sigma)
    better = chance > np.median(chance)
    assert came[better].mean() > came[~better].mean() + 0.1


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
    assert worst_gap(table) < 0.15
    assert worst_gap(reliability(chance, np.zeros(1000, bool))) > 0.85


@pytest.mark.campaign
@pytest.mark.timeout(7200)
def test_in_every_tenth_of_the_predictions_the_promise_holds_within_five_points_beside_chance() -> None:
    """Over grounds that no figure was fitted to; beside 95 % of what chance alone makes of so many."""
    cases = searches(TESTED, seed=31, worlds=TEST_WORLDS)
    for ending in ("", MEASURED):
        table = reliability(promised(cases, detections(), ending), found(cases))
        assert len(table) == 10
        for each in table:
            assert abs(each.predicted - each.found) <= POINTS + 1.96 * each.sigma
    naive = reliability(promised(cases, counting_every_frame(), ""), found(cases))
    assert worst_gap(naive) > 4 * POINTS
