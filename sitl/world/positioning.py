"""How wrong a drone's satellite position is: a bias, a slow drift, noise, a lag, or RTK's centimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from missions.errors import InputError
from sitl.world.lens import Floats
from sitl.world.shutter import Motion


@dataclass(frozen=True, slots=True)
class GpsErrors:
    """One standard deviation of each part of the error, metres east and north alike, and up.

    The bias is the same for all photos of a flight. The drift is a first-order Gauss-Markov process (Brown
    and Hwang, Introduction to Random Signals and Applied Kalman Filtering) that forgets in `drift_time_s`.
    The noise is new for each photo. What is reported is where the aircraft was `lag_s` before the exposure. A
    `rtk_share` of the photos, drawn by lot, has an RTK fix: instead of bias, drift and noise it has an error
    of `rtk_horizontal_m` and `rtk_vertical_m`, and says so. The height above take-off comes from a barometer
    that drifts and is noisy in the same way, over the same time.
    """

    bias_horizontal_m: float = 1.5
    bias_vertical_m: float = 3.0
    drift_horizontal_m: float = 0.3
    drift_vertical_m: float = 0.5
    drift_time_s: float = 60.0
    noise_horizontal_m: float = 0.1
    noise_vertical_m: float = 0.2
    lag_s: float = 0.0
    rtk_share: float = 0.0
    rtk_horizontal_m: float = 0.012
    rtk_vertical_m: float = 0.02
    barometer_drift_m: float = 0.0
    barometer_noise_m: float = 0.0

    def __post_init__(self) -> None:
        if not self.drift_time_s > 0 or not 0 <= self.rtk_share <= 1:
            raise InputError(
                f"a drift over {self.drift_time_s} s or an RTK share of {self.rtk_share} is not possible",
                remedy="Choose a drift time above 0 and a share of 0 to 1",
            )


@dataclass(frozen=True, slots=True)
class Fix:
    """The error of one photo's position (east, north, up; metres), and RTK's own figures for it, if any.

    `rtk_std_m` is one standard deviation east, north and up as the receiver states it.
    """

    error_m: tuple[float, float, float]
    rtk_std_m: tuple[float, float, float] | None = None


def white_fix(rng: np.random.Generator, sigma_m: float) -> Fix:
    """A normal error of `sigma_m` in each coordinate."""
    error = rng.normal(0, sigma_m, 3) if sigma_m > 0 else np.zeros(3)
    return Fix((float(error[0]), float(error[1]), float(error[2])))


def fixes_of(
    errors: GpsErrors, times_s: Sequence[float], motions: Sequence[Motion], rng: np.random.Generator
) -> tuple[Fix, ...]:
    """The errors of a flight's photos, taken at `times_s` in order."""
    count = len(times_s)

    def three(horizontal_m: float, vertical_m: float) -> Floats:
        return np.array([horizontal_m, horizontal_m, vertical_m])

    bias = rng.normal(0, 1, 3) * three(errors.bias_horizontal_m, errors.bias_vertical_m)
    drift = _drifting(errors, times_s, rng.normal(0, 1, (count, 3)))
    drift *= three(errors.drift_horizontal_m, errors.drift_vertical_m)
    noise = rng.normal(0, 1, (count, 3)) * three(errors.noise_horizontal_m, errors.noise_vertical_m)
    stated = rng.uniform(0.8, 1.2, (count, 3)) * three(errors.rtk_horizontal_m, errors.rtk_vertical_m)
    fixed = rng.uniform(size=count) < errors.rtk_share
    total = np.where(fixed[:, None], stated * rng.normal(0, 1, (count, 3)), bias + drift + noise)
    total -= errors.lag_s * np.array([motion.velocity_m_s for motion in motions]).reshape(count, 3)
    return tuple(
        Fix(
            (float(error[0]), float(error[1]), float(error[2])),
            (float(std[0]), float(std[1]), float(std[2])) if rtk else None,
        )
        for error, std, rtk in zip(total, stated, fixed, strict=True)
    )


def barometer_errors_m(errors: GpsErrors, times_s: Sequence[float], rng: np.random.Generator) -> Floats:
    """(n,) metres by which the height above take-off is wrong in each of a flight's photos."""
    count = len(times_s)
    drift = _drifting(errors, times_s, rng.normal(0, 1, (count, 1)))[:, 0]
    return np.asarray(errors.barometer_drift_m * drift + errors.barometer_noise_m * rng.normal(0, 1, count))


def _drifting(errors: GpsErrors, times_s: Sequence[float], shocks: Floats) -> Floats:
    """First-order Gauss-Markov processes of standard deviation 1, a column of (n, k) `shocks` each."""
    drift = np.empty_like(shocks)
    for number in range(len(shocks)):
        gap_s = times_s[number] - times_s[number - 1] if number else np.inf
        kept = np.exp(-max(0.0, gap_s) / errors.drift_time_s)
        before = drift[number - 1] if number else 0.0
        drift[number] = kept * before + np.sqrt(1 - kept**2) * shocks[number]
    return drift
