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
    def of(placed: list[Placed]) -> Seen:
        """The spots of one frame."""
        return Seen(
            np.array([p.east_north_m for p in placed]).reshape(-1, 2),
            np.array([np.column_stack([p.columns, p.ground]) for p in placed]).reshape(-1, 2, COUNT),
            np.array([p.own for p in placed]).reshape(-1, 2, 2),
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
    kept, noise = np.ones_like(account.state), np.zeros_like(account.state)
    forgotten = np.exp(-passed_s[:, None] / DRIFT_TIME_S)
    kept[:, _DRIFTS], noise[:, _DRIFTS] = forgotten, 1 - forgotten**2
    left = np.exp(-passed_s[:, None] / WALK_FORGOTTEN_S)
    kept[:, _SPEED] = left
    # the transition is diagonal, but that a walker's place gains by his velocity
    gained = WALK_FORGOTTEN_S * (1 - left)
    walks = account.state.shape[1] > _SPEED.start
    state, half = kept * account.state, kept[:, :, None] * account.spread
    if walks:
        state[:, :2] += gained * account.state[:, _SPEED]
        half[:, :2] += gained[:, :, None] * account.spread[:, _SPEED]
    spread = half * kept[:, None, :]
    if walks:
        spread[:, :, :2] += gained[:, :, None] * half[:, :, _SPEED]
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


def innovations(account: Account, seen: Seen) -> tuple[Array, Array, Array]:
    """Of n spots against m things: differences (n, m, 2), the columns of what other spots of the frame show
    as well (n, m, 2, 15), and the covariance of the rest (n, m, 2, 2).
    """
    columns = seen.columns[:, None]
    crossed, errors = account.spread[None, :, :2, _ERRORS], account.spread[None, :, _ERRORS, _ERRORS]
    guessed = np.einsum("nij,mj->nmi", seen.columns, account.state[:, _ERRORS])
    away = seen.east_north_m[:, None] - account.state[None, :, :2] - guessed
    # what the difference has in common with each shared error as it truly is
    weighed = columns @ errors
    common = crossed + weighed
    mixed = crossed @ np.swapaxes(columns, -1, -2)
    total = account.spread[None, :, :2, :2] + mixed + np.swapaxes(mixed, -1, -2) + seen.own[:, None]
    total = total + weighed @ np.swapaxes(columns, -1, -2)
    frame = common[..., :-1]
    return away, frame, _symmetric(total - frame @ np.swapaxes(frame, -1, -2))


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
    """Squared Mahalanobis distances (...), and minus twice the logarithm of the likelihoods."""
    solved = np.linalg.solve(covariance, away[..., None])[..., 0]
    squared = np.einsum("...i,...i->...", away, solved)
    _, logarithm = np.linalg.slogdet(covariance)
    return squared, squared + logarithm + 2 * math.log(2 * math.pi)


def _symmetric(matrices: Array) -> Array:
    return np.asarray((matrices + np.swapaxes(matrices, -1, -2)) / 2)
