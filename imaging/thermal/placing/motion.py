"""A thing that stands or walks, followed by a filter that knows which errors its sightings share.

Two accounts of every thing run side by side: that it stands still, and that it walks with a velocity that
forgets itself (an integrated Ornstein-Uhlenbeck process; near to constant velocity within a few seconds, and
bounded over minutes). Which one explains the sightings better is told by their likelihoods.

Both are Kalman filters (Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and
Navigation, 2001) whose state holds, beside place and velocity, every error that sightings share, each with
its own standard deviation to begin with. So within a pass these errors cancel between two sightings, a slow
drift of the horizon is not taken for a slow walk, and what cannot be told from the sightings stays in the
place's covariance in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.thermal.placing.errors import DRIFT_TIME_S, DRIFTING, SHARED
from imaging.thermal.placing.places import Placed

Array = npt.NDArray[np.float64]
COUNT = len(SHARED) + 1
"""Shared errors: those of the flight, and the ground's height below the thing."""
_ERRORS = slice(2, 2 + COUNT)
_DRIFTS = slice(_ERRORS.start + DRIFTING.start, _ERRORS.start + DRIFTING.stop)
_SPEED = slice(_ERRORS.stop, _ERRORS.stop + 2)
WALK_M_S = 1.2
"""One standard deviation of a walker's velocity in each direction."""
WALK_FORGOTTEN_S = 20.0


@dataclass(frozen=True, slots=True)
class Account:
    """East and north (m) of (m,) things, the shared errors, and of what walks the velocity (m/s).

    `state` (m, d) and `spread` (m, d, d), d being 18 for what stands and 20 for what walks. A shared error is
    counted in multiples of its standard deviation.
    """

    state: Array
    spread: Array

    def __getitem__(self, chosen: slice | list[int]) -> Account:
        return Account(self.state[chosen], self.spread[chosen])

    @property
    def place(self) -> Array:
        """(m, 2) east and north."""
        return self.state[:, :2]

    @property
    def covariance(self) -> Array:
        """(m, 2, 2) of the places, the whole error."""
        return self.spread[:, :2, :2]

    @property
    def relative(self) -> Array:
        """(m, 2, 2) of the places, were the shared errors known."""
        crossed, known = self.spread[:, :2, _ERRORS], self.spread[:, _ERRORS, _ERRORS]
        taken = crossed @ np.linalg.solve(known, crossed.transpose(0, 2, 1))
        return _symmetric(self.covariance - taken)

    @property
    def velocity(self) -> Array:
        """(m, 2) metres a second east and north; of what stands nothing."""
        return self.state[:, _ERRORS.stop :]


@dataclass(frozen=True, slots=True)
class Seen:
    """Placed spots (n,): their places, columns of the considered errors (n, 2, 16), own covariances."""

    east_north_m: Array
    columns: Array
    own: Array

    def __getitem__(self, chosen: slice | list[int]) -> Seen:
        return Seen(self.east_north_m[chosen], self.columns[chosen], self.own[chosen])

    @staticmethod
    def of(placed: Sequence[Placed]) -> Seen:
        """Spots as they were placed."""
        columns = np.array([p.columns for p in placed]).reshape(-1, 2, COUNT - 1)
        ground = np.array([p.ground for p in placed]).reshape(-1, 2, 1)
        own = np.array([p.shaken for p in placed]) + np.array([p.spotted for p in placed])
        return Seen(
            np.array([p.east_north_m for p in placed]).reshape(-1, 2),
            np.concatenate([columns, ground], axis=2),
            own.reshape(-1, 2, 2),
        )


def begun(seen: Seen, *, walks: bool) -> Account:
    """The account of things at their first sighting."""
    count, size = len(seen.own), _ERRORS.stop + (2 if walks else 0)
    state, spread = np.zeros((count, size)), np.zeros((count, size, size))
    state[:, :2] = seen.east_north_m
    spread[:, :2, :2] = seen.own + seen.columns @ seen.columns.transpose(0, 2, 1)
    spread[:, :2, _ERRORS] = -seen.columns
    spread[:, _ERRORS, :2] = -seen.columns.transpose(0, 2, 1)
    spread[:, _ERRORS, _ERRORS] = np.eye(COUNT)
    if walks:
        spread[:, -2, -2] = spread[:, -1, -1] = WALK_M_S**2
    return Account(state, spread)


def gone_on(account: Account, passed_s: Array) -> Account:
    """Things as they are (m,) seconds later, with no sighting between."""
    passed_s = np.abs(passed_s)
    walks = account.state.shape[1] > _SPEED.start
    # the transition is diagonal, one before the drifts, but that a walker's place gains by his velocity
    state, spread = account.state.copy(), account.spread.copy()
    kept, noise = np.ones_like(state), np.zeros_like(state)
    forgotten = np.exp(-passed_s[:, None] / DRIFT_TIME_S)
    kept[:, _DRIFTS], noise[:, _DRIFTS] = forgotten, 1 - forgotten**2
    left = np.exp(-passed_s[:, None] / WALK_FORGOTTEN_S)
    kept[:, _SPEED] = left
    late = slice(_DRIFTS.start, None)
    state[:, late] *= kept[:, late]
    spread[:, late] *= kept[:, late, None]
    if walks:
        gained = WALK_FORGOTTEN_S * (1 - left)
        state[:, :2] += gained * account.state[:, _SPEED]
        spread[:, :2] += gained[:, :, None] * account.spread[:, _SPEED]
        crossed = gained[:, :, None] * spread[:, :, _SPEED]
    spread[:, :, late] *= kept[:, None, late]
    if walks:
        spread[:, :, :2] += crossed
        _walk(passed_s, left[:, 0], spread, noise)
    at = np.arange(state.shape[1])
    spread[:, at, at] += noise
    return Account(state, spread)


def _walk(passed_s: Array, left: Array, spread: Array, noise: Array) -> None:
    """Add the noise of the integrated Ornstein-Uhlenbeck process: what place and speed share to `spread`.

    The rest of it goes into `noise`, (m, 20) variances.
    """
    tau, variance = WALK_FORGOTTEN_S, WALK_M_S**2
    place = variance * (2 * tau * passed_s - 3 * tau**2 + 4 * tau**2 * left - tau**2 * left**2)
    both = variance * tau * (1 - left) ** 2
    for axis in (0, 1):
        speed = _SPEED.start + axis
        noise[:, axis] = np.maximum(place, 0)
        noise[:, speed] = variance * (1 - left**2)
        spread[:, axis, speed] += both
        spread[:, speed, axis] += both


def innovations(account: Account, seen: Seen) -> tuple[Array, Array]:
    """Of n spots against m things: differences (n, m, 2) and their covariances (n, m, 2, 2)."""
    count, things = len(seen.own), len(account.state)
    # a product of matrices for each thing with all spots: one for each pair takes many times as long, and one
    # for all is so large that the linear algebra would call threads which wait for each other by spinning
    columns = seen.columns.reshape(-1, COUNT)
    guessed = (account.state[:, None, _ERRORS] @ columns.T).reshape(things, count, 2)
    away = seen.east_north_m - account.state[:, None, :2] - guessed
    mixed = (account.spread[:, :2, _ERRORS] @ columns.T).reshape(things, 2, count, 2).transpose(0, 2, 1, 3)
    weighed = (columns @ account.spread[:, _ERRORS, _ERRORS]).reshape(things, count, 2, COUNT)
    within = np.einsum("mnik,njk->mnij", weighed, seen.columns)
    whole = account.spread[:, None, :2, :2] + mixed + np.swapaxes(mixed, -1, -2) + seen.own + within
    return np.swapaxes(away, 0, 1), _symmetric(np.swapaxes(whole, 0, 1))


def common(account: Account, columns: Array) -> Array:
    """(..., m, 2, 15) what the differences of spots of these columns (..., m, 2, 16) from things (m,) have in
    common with each error that other spots of the frame show as well, as it truly is.
    """
    crossed, errors = account.spread[:, :2, _ERRORS], account.spread[:, _ERRORS, _ERRORS]
    return np.asarray((crossed + columns @ errors)[..., :-1])


def updated(account: Account, seen: Seen, numbers: npt.NDArray[np.intp]) -> Account:
    """Things (m,) after each was seen as the spot of that number."""
    columns, own = seen.columns[numbers], seen.own[numbers]
    count, size = account.state.shape
    shows = np.zeros((count, 2, size))
    shows[:, 0, 0] = shows[:, 1, 1] = 1
    shows[:, :, _ERRORS] = columns
    crossed = account.spread @ shows.transpose(0, 2, 1)
    gain = crossed @ np.linalg.inv(_symmetric(shows @ crossed + own))
    away = seen.east_north_m[numbers] - np.einsum("mij,mj->mi", shows, account.state)
    rest = np.eye(size) - gain @ shows
    # Joseph's form keeps the covariance sound
    spread = rest @ account.spread @ rest.transpose(0, 2, 1) + gain @ own @ gain.transpose(0, 2, 1)
    return Account(account.state + np.einsum("mij,mj->mi", gain, away), _symmetric(spread))


def misfits(account: Account, seen: Seen) -> Array:
    """(m,) minus twice the logarithm of the likelihood of each thing's own spot, the same number of both."""
    shows = np.zeros((*account.state.shape[:1], 2, account.state.shape[1]))
    shows[:, 0, 0] = shows[:, 1, 1] = 1
    shows[:, :, _ERRORS] = seen.columns
    away = seen.east_north_m - np.einsum("mij,mj->mi", shows, account.state)
    return distances(away, shows @ account.spread @ shows.transpose(0, 2, 1) + seen.own)[1]


def distances(away: Array, covariance: Array) -> tuple[Array, Array]:
    """Squared Mahalanobis distances (...) of differences (..., 2), and minus twice the logarithm of the
    likelihoods.
    """
    east, north = away[..., 0], away[..., 1]
    determinant = covariance[..., 0, 0] * covariance[..., 1, 1] - covariance[..., 0, 1] ** 2
    squared = (
        covariance[..., 1, 1] * east**2
        - 2 * covariance[..., 0, 1] * east * north
        + covariance[..., 0, 0] * north**2
    ) / determinant
    return squared, squared + np.log(determinant) + 2 * math.log(2 * math.pi)


def _symmetric(matrices: Array) -> Array:
    return np.asarray((matrices + np.swapaxes(matrices, -1, -2)) / 2)
