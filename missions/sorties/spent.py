"""What flights cost, asked of the energy model in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.energy import Effort, Track, effort, turn_s, usable_wh
from missions.geodesy import Points
from missions.plan import Waypoint
from missions.wind import Wind

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Lifted = tuple[Points, Floats]
"""A way (n, 2) in metres and the heights (n,) at its places."""
_MOMENT_S = 1e-6
"""Long enough to be a halt, too short to cost."""
_FAR_M = 5000.0


def track_of(points_m: Points, rows: Sequence[Waypoint], aircraft: Aircraft, extra_m: float = 0.0) -> Track:
    """Waypoints at places in metres as energy sees them."""
    radius = np.array([row.orbit_radius_m for row in rows])
    return Track(
        points_m,
        np.array([row.height_relative_m for row in rows]),
        np.array([row.speed_m_s or aircraft.cruise_speed_m_s for row in rows]),
        np.array([row.hold_s for row in rows]),
        2 * np.pi * np.abs(radius) * np.array([row.orbit_turns for row in rows]),
        extra_m,
        radius,
    )


def spent(aircraft: Aircraft, track: Track, wind: Wind | None) -> Effort:
    """What a flight takes from the ground to the ground."""
    return effort(aircraft, track, wind)


def full_wh(aircraft: Aircraft) -> float:
    """What a full battery gives at its age."""
    return usable_wh(aircraft)


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds and Wh from take-off to reaching each place (`to`) and to leaving it (`at`), (n,) each."""

    to_s: Floats
    to_wh: Floats
    at_s: Floats
    at_wh: Floats

    def between(self, index: npt.NDArray[np.int64], share: Floats) -> tuple[Floats, Floats]:
        """Seconds and Wh up to a share of the way from each place `index` to the next, evenly spent."""
        after = np.minimum(index + 1, len(self.at_s) - 1)
        seconds = self.at_s[index] + share * (self.to_s[after] - self.at_s[index])
        return seconds, self.at_wh[index] + share * (self.to_wh[after] - self.at_wh[index])


def profile_of(aircraft: Aircraft, track: Track, wind: Wind | None) -> Profile:
    """What a flight has taken at each of its places."""
    whole = spent(aircraft, track, wind)
    places = len(track.points_m)
    # All that is done at places, done at one place: what is left is not flying.
    still = Track(
        np.zeros((places + 1, 2)),
        np.full(places + 1, track.height_m[0]),
        np.append(track.speed_m_s[0], track.speed_m_s),
        np.append(0.0, track.hold_s),
        np.append(0.0, track.circles_m),
        0.0,
        None if track.circle_radius_m is None else np.append(0.0, track.circle_radius_m),
    )
    stayed = spent(aircraft, still, wind)
    return Profile(
        whole.at_s - np.diff(stayed.at_s), whole.at_wh - np.diff(stayed.at_wh), whole.at_s, whole.at_wh
    )


def trips_out(aircraft: Aircraft, ways: Sequence[Lifted], wind: Wind | None) -> tuple[Floats, Floats]:
    """Seconds and watt hours (n,) of each way from the ground at its begin to a halt at its end.

    Half a turn on the spot is counted too.
    """
    flown, first, last = _halt_to_halt(aircraft, ways, wind)
    height_m = np.array([heights[0] for _, heights in ways])
    up_s, up_wh = _vertical(aircraft, height_m, wind)[0]
    if aircraft.kind == "plane":
        # It climbs on its first leg; where that is short the rest of the climb comes on top.
        late_s = np.maximum(
            height_m / aircraft.climb_speed_m_s - (flown.at_s[first + 1] - flown.at_s[first]), 0
        )
        up_s, up_wh = up_s + late_s, up_wh + late_s * aircraft.cruise_power_w / 3600
    turned_s, turned_wh = _half_turn(aircraft)
    seconds, watt_hours = (at[last] - at[first] for at in (flown.at_s, flown.at_wh))
    return seconds + turned_s + up_s, watt_hours + turned_wh + up_wh


def trips_home(aircraft: Aircraft, ways: Sequence[Lifted], wind: Wind | None) -> tuple[Floats, Floats]:
    """Seconds and watt hours (n,) of each way from a halt at its begin to the ground at its end, landed.

    Half a turn on the spot is counted too.
    """
    flown, first, last = _halt_to_halt(aircraft, ways, wind)
    down_s, down_wh = _vertical(aircraft, np.array([heights[-1] for _, heights in ways]), wind)[1]
    turned_s, turned_wh = _half_turn(aircraft)
    seconds, watt_hours = (at[last] - at[first] for at in (flown.at_s, flown.at_wh))
    return seconds + turned_s + down_s, watt_hours + turned_wh + down_wh


def _half_turn(aircraft: Aircraft) -> tuple[float, float]:
    """Seconds and watt hours of half a turn on the spot."""
    seconds = turn_s(aircraft) / 2
    return seconds, seconds * max(aircraft.hover_power_w, aircraft.cruise_power_w) / 3600


def _halt_to_halt(
    aircraft: Aircraft, ways: Sequence[Lifted], wind: Wind | None
) -> tuple[Effort, Indices, Indices]:
    """All ways flown one after another in one track, a halt at either end: each one's first and last row."""
    points = np.concatenate([points for points, _ in ways])
    heights = np.concatenate([heights for _, heights in ways])
    last = np.cumsum([len(heights) for _, heights in ways]) - 1
    first = np.concatenate([[0], last[:-1] + 1])
    halts = np.zeros(len(points))
    halts[first] = halts[last] = _MOMENT_S
    speeds = np.full(len(points), aircraft.cruise_speed_m_s)
    return spent(aircraft, Track(points, heights, speeds, halts, np.zeros(len(points))), wind), first, last


def _vertical(aircraft: Aircraft, heights_m: Floats, wind: Wind | None) -> tuple[Floats, Floats]:
    """Seconds and watt hours, (2, n), of climbing to each height from the ground, and of landing from it."""
    different, which = np.unique(heights_m, return_inverse=True)
    up, down = np.empty((2, len(different))), np.empty((2, len(different)))
    for index, height_m in enumerate(different):
        none, level = np.zeros(2), np.full(2, height_m)
        away = np.array([[0.0, 0.0], [_FAR_M, 0.0]])
        far = Track(away, level, np.full(2, aircraft.cruise_speed_m_s), none, none)
        taken = spent(aircraft, far, wind)
        up[:, index] = taken.at_s[0], taken.at_wh[0]
        down[:, index] = taken.landing_s, taken.landing_wh
    return up[:, which], down[:, which]
