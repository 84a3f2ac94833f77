"""Which moments of a flown flight tell what: hovering, level, climbing, descending, each flown steadily."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from missions.flight_samples import FlightSamples, Floats

STEP_S = 0.5
SMOOTH_STEPS = 5
BLOCK_STEPS = 10
"""Power is alike from one moment to the next: an uncertainty counts five seconds as one reading."""
GAP_S = 5.0
MOST_S = 48 * 3600.0
"""Times come from the recording: one that makes no sense must not fill the memory."""
STEADY_M_S2 = 0.4
LEVEL_M_S = {"copter": 0.3, "plane": 0.6}
HOVER_M_S = 1.0
MOVING_M_S = 2.0
RISING_M_S = 0.5
CLEAR_M = 2.0
"""Lower than this the ground carries a part of a copter."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Phases:
    """A flight every STEP_S, smoothed, and which of its m moments count for what.

    `watts` is NaN where the recording has a gap or no power; such moments count for nothing.
    """

    speed_m_s: Floats
    airspeed_m_s: Floats
    climb_m_s: Floats
    height_m: Floats
    watts: Floats
    steady: Bools
    plane: bool

    @property
    def hover(self) -> Bools:
        """In still air: on the spot in a calm, else drifting with the wind."""
        still = (self.airspeed_m_s < HOVER_M_S) & (np.abs(self.climb_m_s) < LEVEL_M_S["copter"])
        return self.steady & still & (self.height_m > CLEAR_M) & (not self.plane)

    @property
    def level(self) -> Bools:
        """Through the air at one height; on the spot in a wind is that too."""
        level = np.abs(self.climb_m_s) < LEVEL_M_S["plane" if self.plane else "copter"]
        return self.steady & level & (self.airspeed_m_s > MOVING_M_S)

    @property
    def climb(self) -> Bools:
        """Upwards: a copter on the spot, a plane on its way."""
        return self.steady & (self.climb_m_s > RISING_M_S) & self._upright & ~self.level

    @property
    def descent(self) -> Bools:
        """Downwards likewise."""
        high = self.height_m > CLEAR_M
        return self.steady & (self.climb_m_s < -RISING_M_S) & self._upright & high & ~self.level

    @property
    def _upright(self) -> Bools:
        return np.asarray(self.plane | (self.speed_m_s < MOVING_M_S))


def phases_of_all(flights: Sequence[FlightSamples]) -> Phases:
    """Several flights of one aircraft, one after another. Raises InputError where they last days."""
    seconds = sum(flight.time_s[-1] - flight.time_s[0] for flight in flights)
    if seconds > MOST_S:
        raise InputError(
            f"the recording's flights last {seconds / 3600:.0f} hours by its own clock",
            remedy=f"Give flights of at most {MOST_S / 3600:.0f} hours",
        )
    every = [phases_of(flight) for flight in flights]
    names = [field.name for field in fields(Phases) if field.name != "plane"]
    joined = {name: np.concatenate([getattr(one, name) for one in every]) for name in names}
    return Phases(plane=every[0].plane, **joined)


def phases_of(samples: FlightSamples) -> Phases:
    """The flight at even steps, smoothed over two seconds."""
    grid = np.arange(samples.time_s[0], samples.time_s[-1], STEP_S)
    velocity = np.column_stack([_smooth(_at(grid, samples.time_s, part)) for part in samples.velocity_m_s.T])
    watts = np.where(samples.amps > 0, samples.watts, np.nan)
    change = np.hypot(*np.gradient(velocity[:, :2], STEP_S, axis=0).T)
    sinking = np.abs(np.gradient(velocity[:, 2], STEP_S))
    power = _smooth(_at(grid, samples.time_s, watts))
    plane = samples.kind == "plane"
    # a plane in a turn changes its velocity all the time, and its power little
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    change = np.abs(np.gradient(speed, STEP_S)) if plane else change
    return Phases(
        speed_m_s=speed,
        airspeed_m_s=_smooth(_at(grid, samples.time_s, samples.airspeed_m_s)),
        climb_m_s=velocity[:, 2],
        height_m=_at(grid, samples.time_s, samples.height_relative_m),
        watts=power,
        steady=(change < STEADY_M_S2) & (sinking < STEADY_M_S2) & np.isfinite(power),
        plane=plane,
    )


def mean_of(values: Floats) -> tuple[float, float]:
    """The mean and its standard error, from the scatter of blocks of five seconds."""
    count = max(len(values) // BLOCK_STEPS, 1)
    blocks = np.array([block.mean() for block in np.array_split(values, count)])
    error = float(blocks.std(ddof=1) / np.sqrt(count)) if count > 1 else float(np.std(values))
    return float(values.mean()), error


def _at(grid: Floats, time_s: Floats, values: Floats) -> Floats:
    """Values between the known ones; NaN where those around lie too far apart."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.full(len(grid), np.nan)
    times = time_s[known]
    found = np.interp(grid, times, values[known], left=np.nan, right=np.nan)
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    return np.asarray(np.where(times[after] - times[after - 1] <= GAP_S, found, np.nan))


def _smooth(values: Floats) -> Floats:
    """A moving mean; NaN spreads over the moments around it."""
    if len(values) < SMOOTH_STEPS:
        return values
    half = SMOOTH_STEPS // 2
    padded = np.concatenate([np.repeat(values[0], half), values, np.repeat(values[-1], half)])
    return np.convolve(padded, np.ones(SMOOTH_STEPS) / SMOOTH_STEPS, mode="valid")
