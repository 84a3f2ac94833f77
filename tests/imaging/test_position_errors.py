"""How the errors of positions split into what drifts and what is new in each photo, told by the positions."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.position_errors import ASSUMED, DRIFT, OWN, TIMES_S, split_errors
from imaging.position_errors import _likelihoods as likelihoods
from imaging.positions import NO_WITNESS, PLAN
from tests.imaging.position_calibration import (
    ERRORS,
    Errors,
    Flight,
    Told,
    by_one_factor,
    by_split,
    estimates,
    least_squares,
    scale_of,
    tell,
)

STRIP, GRID = Flight("strip", 40, 2.0, 5.0), Flight("grid", 30, 2.0, 6.0)
ASSUMED_ERRORS = Errors(PLAN.own_m, PLAN.drift_m)


def told_of(flight: Flight, errors: Errors, count: int) -> list[Told]:
    return [tell(flight, errors, np.random.default_rng([4100, seed])) for seed in range(count)]


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("flight", [STRIP, GRID], ids=["strip", "grid"])
def test_where_errors_are_new_in_every_photo_the_scale_is_as_true_as_least_squares_make_it(flight) -> None:
    told = told_of(flight, ERRORS["new 0.5 m"], 120)
    plain = rms([least_squares(each).off for each in told])
    found = rms([by_split(each)[0].off for each in told])
    assert found < 1.15 * plain
    assert found < 0.92 * rms([by_one_factor(each).off for each in told]), "one factor would do"


def test_where_errors_drift_the_scale_is_truer_than_least_squares_make_it() -> None:
    told = told_of(GRID, ERRORS["drift 0.8 m 200 s"], 120)
    plain = rms([least_squares(each).off for each in told])
    assert rms([by_split(each)[0].off for each in told]) < 0.8 * plain


@pytest.mark.parametrize("kind", ["new 0.5 m", "drift 0.8 m 60 s", "both 0.5, 0.4 m 60 s", "walk 0.1 m"])
def test_intervals_of_the_scale_hold_the_truth(kind) -> None:
    flights = (Flight("strip", 8, 2.0, 6.0), Flight("strip", 20, 5.0, 6.0), Flight("grid", 20, 0.7, 3.0))
    held = [by_split(told)[0].held for flight in flights for told in told_of(flight, ERRORS[kind], 40)]
    assert np.mean(held) >= 0.9


@pytest.mark.campaign
def test_intervals_hold_the_truth_in_95_of_100_flights_of_any_kind() -> None:
    held, off = [], []
    for seed in range(200, 204):
        for kind, errors in enumerate(ERRORS.values()):
            for number, flight in enumerate((STRIP, GRID, Flight("orbit", 20, 5.0, 6.0))):
                told = tell(flight, errors, np.random.default_rng([seed, kind, number]))
                scales = estimates(told)
                held.append(scales["split"].held)
                off.append(scales["split"].off / scales["best"].sigma)
    assert 0.91 <= np.mean(held) <= 0.99
    assert rms(off) < 1.2


def test_what_is_found_is_what_was_drawn() -> None:
    flight = Flight("grid", 120, 2.0, 6.0)
    rows = np.arange(flight.photos)
    figures = {
        kind: [by_split(told)[1].told(told.witness, rows) for told in told_of(flight, ERRORS[kind], 5)]
        for kind in ("new 0.5 m", "drift 0.8 m 60 s")
    }
    own = {kind: np.median([each["gps_own_plan_m"] for each in told]) for kind, told in figures.items()}
    drift = {kind: np.median([each["gps_drift_plan_m"] for each in told]) for kind, told in figures.items()}
    assert own["new 0.5 m"] == pytest.approx(0.5, rel=0.15)
    assert drift["new 0.5 m"] < 0.3
    assert own["drift 0.8 m 60 s"] == pytest.approx(0.1, rel=0.3)
    assert drift["drift 0.8 m 60 s"] == pytest.approx(0.8 * np.sqrt(2 * (1 - np.exp(-1))), rel=0.35)
    up = np.median([each["gps_own_up_m"] for each in figures["new 0.5 m"]])
    assert up == pytest.approx(0.1, rel=0.4), "heights err as drawn, whatever the plan does"


def test_it_does_not_matter_which_similarity_laid_the_cameras() -> None:
    (told,) = told_of(GRID, ERRORS["both 0.5, 0.4 m 60 s"], 1)
    rows = np.arange(GRID.photos)
    splits = []
    for covariance in (np.eye(3 * GRID.photos), told.true_covariance):
        _, left_m = scale_of(told, covariance)
        splits.append(split_errors(told.witness, rows, left_m, told.centres))
    one, other = (np.array([*split.plan.drift, split.plan.own]) for split in splits)
    assert one == pytest.approx(other, rel=0.02)


def test_few_photos_leave_it_nearly_as_assumed() -> None:
    told = told_of(Flight("strip", 4, 2.0, 6.0), ASSUMED_ERRORS, 40)
    rows = np.arange(4)
    figures = [by_split(each)[1].told(each.witness, rows) for each in told]
    assumed = ASSUMED.told(told[0].witness, rows)
    for name in ("gps_own_plan_m", "gps_drift_plan_m"):
        assert 0.4 < np.median([each[name] for each in figures]) / assumed[name] < 2.5


def test_photos_that_tell_no_position_have_no_say() -> None:
    (told,) = told_of(GRID, ERRORS["new 0.5 m"], 1)
    rows, silent = np.arange(GRID.photos), np.arange(3)
    own_m, left_m = told.witness.own_m.copy(), told.off_m.copy()
    own_m[silent], left_m[silent] = NO_WITNESS.own_m, 40.0
    witness = replace(told.witness, own_m=own_m)
    with_them = split_errors(witness, rows, left_m, told.centres)
    assert with_them == split_errors(witness, rows[3:], left_m, told.centres)
    assert split_errors(witness, silent, left_m, told.centres) == ASSUMED


def test_flights_far_apart_do_not_drift_together() -> None:
    (told,) = told_of(GRID, ERRORS["new 0.5 m"], 1)
    half = GRID.photos // 2
    flights = np.repeat([0.0, 1.0], [half, GRID.photos - half])
    spread = ASSUMED.spread(replace(told.witness, flights=flights)).reshape(GRID.photos, 3, GRID.photos, 3)
    assert np.all(spread[:half, :, half:] == 0)
    shared = replace(told.witness, flights=flights).shared.reshape(spread.shape)
    assert np.all(shared[:half, :, half:] == 0)
    assert shared[0, 0, 1, 0] == pytest.approx(PLAN.shared_m**2, rel=0.2)


def test_likelihoods_are_those_of_the_whole_covariance() -> None:
    random = np.random.default_rng(5)
    count, axes, parts = 7, 2, 4
    residual, columns = random.normal(size=(count, axes)), random.normal(size=(count, axes, parts))
    root = random.normal(size=(count, count))
    correlation = root @ root.T
    found = likelihoods(residual, columns, correlation)
    flat, told = columns.reshape(-1, parts), residual.reshape(-1)
    for d, o in ((0, 0), (6, 4), (len(DRIFT) - 1, 2), (3, len(OWN) - 1)):
        part = DRIFT[d] ** 2 * correlation + OWN[o] ** 2 * np.eye(count)
        whole = np.kron(part, np.eye(axes)) + flat @ flat.T
        _, logarithm = np.linalg.slogdet(whole)
        assert found[d, o] == pytest.approx(-0.5 * (logarithm + told @ np.linalg.solve(whole, told)))
    assert len(ASSUMED.plan.drift) == len(TIMES_S)
