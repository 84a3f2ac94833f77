"""How near others come, now and a little ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from telemetry.alerts.passing import closest_pass
from telemetry.alerts.reading import Reading
from telemetry.alerts.sight import Flyer
from telemetry.alerts.specs import SPECS
from tests.telemetry.test_alerts_conditions import (
    QUIET,
    RULES,
    margin_of,
    with_state,
)


def brute(
    offset: tuple[float, float, float],
    motion: tuple[float, float, float],
    limit_m: float,
    vertical_m: float,
    ahead_s: float,
) -> float:
    time = np.linspace(0, ahead_s, 20_001)
    east, north, up = (start + speed * time for start, speed in zip(offset, motion, strict=True))
    return float(np.maximum(np.hypot(east, north), np.abs(up) * limit_m / vertical_m).min())


def test_the_closest_pass_is_found_exactly() -> None:
    random = np.random.default_rng(11)
    for _ in range(300):
        offset = tuple(random.uniform(-300, 300, 3).tolist())
        motion = tuple((random.uniform(-20, 20, 3) * random.integers(0, 2, 3)).tolist())
        figures = (float(random.uniform(10, 100)), float(random.uniform(5, 50)), float(random.uniform(0, 60)))
        near = closest_pass(offset, motion, *figures)
        expected = brute(offset, motion, *figures)
        assert near.scaled_m <= expected + 1e-6
        assert near.scaled_m == pytest.approx(expected, abs=0.2)
        assert 0 <= near.in_s <= figures[2]


def test_a_pass_is_found_where_both_distances_shrink_alike() -> None:
    """Three metres a second across and one down, limits of three to one: where they are equal is one time."""
    for offset, motion in [((100.0, 20.0, -20.0), (-3.0, 0.0, 1.0)), ((-60.0, 0.0, 5.0), (3.0, 0.0, 1.0))]:
        near = closest_pass(offset, motion, 30.0, 10.0, 60.0)
        assert near.scaled_m == pytest.approx(brute(offset, motion, 30.0, 10.0, 60.0), abs=0.02)


def test_two_that_fly_at_each_other_are_known_of_before() -> None:
    rule = RULES["separation"]
    ours = replace(QUIET, motion=(10.0, 0.0, 0.0))
    for gap_m, alarms in [(229.9, True), (230.1, False)]:
        other = Flyer("2", (50.0 + gap_m, 50.0), 80.0, (-10.0, 0.0, 0.0))
        sight = replace(ours, others=(other,))
        assert (rule["ahead_s"], rule["limit_m"]) == (10.0, 30.0)
        assert (margin_of("separation", sight) < 0) is alarms, gap_m
        apart = replace(sight, others=(replace(other, motion=(10.0, 0.0, 0.0)),))
        assert margin_of("separation", apart) > 0


def test_height_keeps_two_apart() -> None:
    rule = RULES["separation"]
    for higher_m, alarms in [(9.99, True), (10.0, False), (-9.99, True), (-10.0, False)]:
        other = Flyer("2", (50.0, 50.0), 80.0 + higher_m, None)
        assert rule["vertical_m"] == 10.0
        assert (margin_of("separation", replace(QUIET, others=(other,))) < 0) is alarms, higher_m


def test_an_aircraft_that_sinks_onto_another_is_known_of_before() -> None:
    other = Flyer("2", (50.0, 50.0), 80.0 + 29.9, (0.0, 0.0, -2.0))
    assert margin_of("separation", replace(QUIET, others=(other,))) < 0
    assert margin_of("separation", replace(QUIET, others=(replace(other, height_m=110.1),))) > 0


def test_one_that_climbs_into_another_is_known_of_before_and_both_climbing_are_not_near() -> None:
    other = Flyer("2", (50.0, 50.0), 80.0 + 29.9, None)
    climbing = replace(QUIET, motion=(0.0, 0.0, 2.0), others=(other,))
    assert margin_of("separation", climbing) < 0
    together = replace(climbing, others=(replace(other, motion=(0.0, 0.0, 2.0)),))
    assert margin_of("separation", together) > 0


def test_traffic_without_a_height_counts_as_level() -> None:
    other = Flyer("T", (150.0, 50.0), None, (0.0, 0.0, 30.0))
    assert margin_of("traffic", replace(QUIET, traffic=(other,))) < 0
    coming = Flyer("T", (3_050.0, 50.0), None, (-60.0, 0.0, 30.0))
    assert margin_of("traffic", replace(QUIET, traffic=(coming,))) < 0
    assert margin_of("traffic", replace(QUIET, traffic=(replace(coming, height_m=80.0),))) > 0
    unsure = with_state(replace(QUIET, traffic=(replace(other, height_m=2_000.0),)), height_amsl_m=None)
    assert margin_of("traffic", unsure) < 0


def test_one_of_ours_whose_place_is_lost_is_unknown_not_gone() -> None:
    sight = replace(QUIET, others=(Flyer("2", None, None, None),))
    assert SPECS["separation"].condition(sight, RULES["separation"]) == (Reading(None, 30.0, None, "", "2"),)
