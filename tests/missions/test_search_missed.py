"""Many looks at one person are not many chances, and what is shared between them is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from missions.errors import InputError, SettingsError
from missions.search.detection import Detection, conspicuousness
from missions.search.looks import Looks, looks_of
from missions.search.many_looks import SURE
from missions.search.missed import SORTIE_S, missed_by_person, missed_cells, missed_places
from missions.search.seen_ground import SeenGround
from tests.missions.search_views import FRAME, PLAIN, down_from, grid_of, looks_at_one_place

LEVEL = SeenGround.level(FRAME, 0.0)


def missed(looks: Looks, cover: float = 0.0, **figures: float) -> float:
    detection = dataclasses.replace(PLAIN, **figures)
    return float(missed_places(looks, {"plain": detection}, np.full(len(looks), cover))[1][0])


def test_one_look_in_the_open_misses_by_the_formula() -> None:
    assert missed(looks_at_one_place([3.0], [0.0])) == pytest.approx(0.5)
    expected = 1 - 1 / (1 + (3 / 6) ** PLAIN.slope)
    assert missed(looks_at_one_place([6.0], [0.0])) == pytest.approx(expected)


def test_looks_far_apart_are_independent() -> None:
    assert missed(looks_at_one_place([3.0] * 3, [0.0, 1e4, 2e4])) == pytest.approx(0.5**3)


def test_forty_frames_of_one_moment_are_one_look_and_the_best_of_them() -> None:
    one = missed(looks_at_one_place([4.0], [0.0]))
    many = looks_at_one_place([2.0, *[4.0] * 38, 3.0], list(np.arange(40) * 1e-6))
    assert missed(many) == pytest.approx(one, rel=1e-4)


def test_a_longer_look_is_worth_as_much_as_it_lasts() -> None:
    """At r between neighbours, n looks are worth 1 + (n - 1)(1 - r) independent ones."""
    frames = looks_at_one_place([3.0] * 21, list(np.arange(21.0)))
    worth = 1 + 20 * (1 - np.exp(-1 / PLAIN.independent_after_s))
    assert missed(frames) == pytest.approx(0.5**worth)


def test_the_rate_of_frames_hardly_matters() -> None:
    slow = missed(looks_at_one_place([3.0] * 11, list(np.linspace(0, 20, 11))))
    fast = missed(looks_at_one_place([3.0] * 1001, list(np.linspace(0, 20, 1001))))
    assert fast == pytest.approx(slow, abs=0.02)


def test_other_sides_are_other_looks() -> None:
    same = looks_at_one_place([3.0, 3.0], [0.0, 0.1], [40, 40], [0, 1])
    across = looks_at_one_place([3.0, 3.0], [0.0, 0.1], [40, 40], [0, 180])
    assert missed(across) < missed(same) - 0.1


def test_who_is_hard_to_see_stays_hard_to_see() -> None:
    looks = looks_at_one_place([3.0] * 4, [0.0, 1e4, 2e4, 3e4])
    assert missed(looks, person_sigma=2.0) > missed(looks) + 0.05


def test_nothing_is_seen_through_closed_leaves_and_no_gap_changes_in_the_open() -> None:
    looks = looks_at_one_place([9.0] * 3, [0.0, 1e4, 2e4], [0, 30, 30], [0, 0, 120])
    assert missed(looks, cover=1.0) == pytest.approx(1.0)
    assert missed(looks, cover=0.0, gap_deg=5.0) == pytest.approx(missed(looks, cover=0.0, gap_deg=60.0))


def test_one_look_through_leaves_finds_the_open_share() -> None:
    looks = looks_at_one_place([1e6], [0.0])
    assert missed(looks, cover=0.3) == pytest.approx(0.3)
    aslant = looks_at_one_place([1e6], [0.0], [60.0])
    assert missed(aslant, cover=0.3) == pytest.approx(1 - 0.7**2)


def test_the_same_gap_again_shows_nothing_new_but_another_side_does() -> None:
    again = looks_at_one_place([1e6] * 2, [0.0, 1e5])
    other = looks_at_one_place([1e6] * 2, [0.0, 1e5], [0.0, 40.0])
    assert missed(again, cover=0.5) == pytest.approx(0.5)
    assert missed(other, cover=0.5, gap_lasting=0.0) == pytest.approx(
        0.5 * (1 - 0.5 ** (1 / np.cos(np.radians(40))))
    )
    assert missed(other, cover=0.5, gap_lasting=1.0) == pytest.approx(0.5)


def test_the_chance_lies_between_0_and_1_and_every_look_helps() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        count = int(rng.integers(1, 30))
        times = list(np.cumsum(rng.exponential(8.0, count)))
        pixels = list(rng.uniform(1, 12, count))
        slants = list(rng.uniform(0, 80, count))
        sides = list(rng.uniform(0, 360, count))
        cover = float(rng.uniform(0, 1))
        before = 1.0
        for n in range(1, count + 1):
            now = missed(
                looks_at_one_place(pixels[:n], times[:n], slants[:n], sides[:n]), cover, person_sigma=1.0
            )
            assert 0 <= now <= before + 1e-9
            before = now


@pytest.mark.parametrize("apart_s", [0.1, 5.0, 20.0, 27.0, 31.0, 40.0, 60.0, 120.0, 1e4])
def test_no_two_looks_are_worth_more_than_two_independent_ones(apart_s: float) -> None:
    """However long after one another: the next lane of a flight comes back within half a minute or two."""
    one = missed(looks_at_one_place([3.0], [0.0]))
    assert one**2 - 1e-9 <= missed(looks_at_one_place([3.0, 3.0], [0.0, apart_s])) <= one


def test_no_number_of_looks_is_worth_more_than_as_many_independent_ones() -> None:
    rng = np.random.default_rng(8)
    for _ in range(60):
        count = int(rng.integers(2, 8))
        times = list(np.cumsum(rng.exponential(30.0, count)))
        pixels = list(rng.uniform(1, 6, count))
        alone = [missed(looks_at_one_place([each], [0.0])) for each in pixels]
        assert missed(looks_at_one_place(pixels, times)) >= np.prod(alone) - 1e-9


def test_the_order_of_the_files_does_not_matter() -> None:
    grid = grid_of()
    one = looks_of([down_from(0, 0, 80, t) for t in (0.0, 2.0)], grid, LEVEL)
    two = looks_of([down_from(20, 0, 120, t) for t in (900.0, 902.0)], grid, LEVEL)
    figures = {"plain": dataclasses.replace(PLAIN, person_sigma=1.0)}
    assert missed_cells(one.joined(two), figures, 0.4) == pytest.approx(
        missed_cells(two.joined(one), figures, 0.4)
    )


def test_a_cell_seen_by_half_is_missed_by_half() -> None:
    grid = grid_of()
    cells = missed_cells(looks_of([down_from(0, 0, 60.5)], grid, LEVEL, per_side=2), {"plain": PLAIN})
    inner, edge, outer = cells[5, 5], cells[5, 6], cells[5, 8]
    assert inner < 0.2
    assert edge == pytest.approx((1 + inner) / 2, abs=0.01)
    assert outer == 1.0


def test_unknown_kinds_and_covers_are_refused() -> None:
    looks = looks_at_one_place([3.0], [0.0])
    with pytest.raises(InputError, match="kind 'plain'"):
        missed_cells(looks, {})
    with pytest.raises(SettingsError, match="no share"):
        missed_cells(looks, {"plain": PLAIN}, 1.4)


def test_a_share_of_people_hardly_shows_in_any_look() -> None:
    """Its edge is soft: a clear look misses them all, a dozen flights still miss about half of them."""
    for share in (0.1, 0.2, 0.4):
        one = missed(looks_at_one_place([1e6], [0.0]), unseen=share)
        assert one == pytest.approx(share, abs=0.06)
        dozen = looks_at_one_place([30.0] * 12, list(np.arange(12) * 1e4))
        assert missed(dozen) < 1e-6
        assert missed(dozen, unseen=share) > 0.4 * share


def test_a_flights_finds_are_confirmed_once_and_those_of_the_next_anew() -> None:
    """Lanes of one flight show one find; a second flight shows it to somebody again."""
    lanes = [0.0, 60.0, 120.0, 240.0]
    assert missed(looks_at_one_place([1e6], [0.0]), at_best=0.9) == pytest.approx(0.1)
    assert missed(looks_at_one_place([1e6] * 4, lanes), at_best=0.9) == pytest.approx(0.1)
    again = [*lanes, *(time_s + 240 + SORTIE_S + 1 for time_s in lanes)]
    sure = {"at_best": 0.9, "independent_after_s": 1.0}
    first_missed = looks_at_one_place([3.0, 1e6], [0.0, SORTIE_S + 1])
    assert missed(first_missed, **sure) == pytest.approx((1 - 0.9 * 0.5) * 0.1)
    assert missed(looks_at_one_place([1e6] * 8, again), at_best=0.9) <= 0.1


def test_who_is_as_warm_as_his_ground_is_missed_and_uneven_ground_hides() -> None:
    figures = {"contrast_k": 5.0, "contrast_sigma_k": 1.0, "contrast_50_k": 3.0, "contrast_weight": 4.0}

    def over(spread_k: float, above_k: float) -> float:
        ground = {"spread_k": np.full(3, spread_k), "above_k": np.full(3, above_k)}
        looks = dataclasses.replace(looks_at_one_place([9.0] * 3, [0.0, 1e4, 2e4]), **ground)
        return missed(looks, spread_power=0.7, **figures)

    assert over(1.0, 0.0) < 0.15
    assert over(1.0, 5.0) > 0.7
    assert over(1.0, 15.0) < 0.05, "he is cold on it"
    assert over(0.3, 0.0) < over(1.0, 0.0) < over(4.0, 0.0)


def by_definition(looks: Looks, figures: Detection, cover: float, node: float) -> float:
    """The chance to miss somebody so conspicuous at the only place, look by look as the page tells it."""
    spread, above = np.ones(len(looks)), np.zeros(len(looks))
    noticed = figures.chances(looks.pixels, looks.slide_px_s, spread, above, np.array([node]))[:, 0]
    angles = np.radians(looks.off_nadir_deg), np.radians(looks.azimuth_deg)
    side = np.array(
        [np.sin(angles[0]) * np.sin(angles[1]), np.sin(angles[0]) * np.cos(angles[1]), np.cos(angles[0])]
    )
    ring = np.rint(looks.off_nadir_deg / figures.gap_deg)
    width = np.maximum(np.rint(360 * np.sin(np.radians(ring * figures.gap_deg)) / figures.gap_deg), 1)
    sector = np.where(ring == 0, 0, np.floor(looks.azimuth_deg / 360 * width) % width)
    missed, before, best, by_sky = 1.0, 1.0, 1.0, {}
    hidden = cover * figures.gap_lasting
    for number, chance in enumerate(np.minimum(noticed, 1 - SURE)):
        shared = 0.0
        if number:
            seconds = looks.time_s[number] - looks.time_s[number - 1]
            turned = np.degrees(np.arccos(np.clip(side[:, number] @ side[:, number - 1], -1, 1)))
            shared = np.exp(-seconds / figures.independent_after_s - turned / figures.independent_after_deg)
        best = 1.0 if shared < 0.05 else best
        through, open_sky = by_sky.get((ring[number], sector[number]), (1.0, 0.0))
        through *= (1 - chance) ** (1 - shared) * min((1 - chance) / best, 1.0) ** shared
        best = min(best, 1 - chance)
        opens = (1 - cover) ** (figures.gap_power / np.cos(angles[0][number]))
        by_sky[ring[number], sector[number]] = through, max(open_sky, opens)
        last = number + 1 == len(noticed) or looks.time_s[number + 1] - looks.time_s[number] > SORTIE_S
        if last:
            gaps = [1 - min(opens / (1 - hidden), 1) * (1 - part) for part, opens in by_sky.values()]
            shown = hidden + (1 - hidden) * np.prod(gaps)
            missed *= 1 - figures.at_best * (1 - min(shown / before, 1))
            before = max(shown, SURE)
    return float(missed)


def test_what_is_compiled_is_what_is_defined() -> None:
    rng = np.random.default_rng(11)
    for cover in (0.0, 0.3, 0.8):
        count = 25
        times = np.cumsum(rng.exponential(6.0, count) + 800 * (rng.random(count) < 0.08))
        looks = looks_at_one_place(
            list(rng.uniform(2, 9, count)),
            list(times),
            list(rng.uniform(0, 60, count)),
            list(rng.uniform(0, 360, count)),
        )
        figures = dataclasses.replace(PLAIN, person_sigma=1.0, at_best=0.9, gap_power=0.7, unseen=0.1)
        missed = missed_by_person(looks, {"plain": figures}, np.full(count, cover))[1][0]
        nodes, weights = conspicuousness()
        expected = [by_definition(looks, figures, cover, node) for node in nodes]
        assert missed == pytest.approx(expected, abs=1e-6)
        mean = missed_places(looks, {"plain": figures}, np.full(count, cover))[1][0]
        assert mean == pytest.approx(weights @ expected)


def test_people_are_averaged_over_as_finely_as_those_hardly_seen_ask_for() -> None:
    """The nodes' mean of a steep edge is that of the whole normal distribution."""
    nodes, weights = conspicuousness()
    many = np.linspace(-6, 6, 4001)
    dense = np.exp(-(many**2) / 2) / np.exp(-(many**2) / 2).sum()
    for share in (0.02, 0.1, 0.2, 0.5):
        figures = dataclasses.replace(PLAIN, unseen=share)
        whole, ours = (
            figures.chances(np.full(1, 1e6), np.zeros(1), np.ones(1), np.zeros(1), at)[0] @ worth
            for at, worth in ((many, dense), (nodes, weights))
        )
        assert ours == pytest.approx(whole, abs=1e-3)
