"""What is asked of a route above the ground, and what it became."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from missions.errors import SettingsError
from missions.geodesy import GeoPoint, Points
from missions.terrain.surface import Heights

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Limits:
    """How closely the ground is followed and what the aircraft can do.

    `tolerance_m` is how far the height above ground may differ from the height asked; `clearance_m` is never
    undercut, and counts ground up to `side_m` beside the route. Speeds in m/s. With `slowest_m_s` it flies
    slower, down to that, where it could not climb or descend with the ground otherwise; where that is not
    enough, and without it, it climbs early and descends late. `max_spacing_m` is the longest way without a
    waypoint. Gaps in the data up to `bridge_m` (water, in AHN) are taken for ground as high as the higher of
    their two edges. Raises SettingsError.
    """

    tolerance_m: float = 5.0
    clearance_m: float = 20.0
    climb_m_s: float = 2.5
    descent_m_s: float = 1.5
    speed_m_s: float = 10.0
    side_m: float = 5.0
    slowest_m_s: float | None = None
    max_spacing_m: float | None = None
    bridge_m: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            may_be_zero = field.name in {"clearance_m", "side_m", "bridge_m"}
            if not math.isfinite(value) or value < 0 or (value == 0 and not may_be_zero):
                raise SettingsError(
                    f"{field.name} {value} is no limit",
                    remedy=f"Give {'zero or more' if may_be_zero else 'more than zero'}",
                )
        if self.tolerance_m < 0.1:
            raise SettingsError(
                f"a tolerance of {self.tolerance_m} m is finer than any height is flown",
                remedy="Give 0.1 m or more",
            )
        if self.slowest_m_s is not None and self.slowest_m_s > self.speed_m_s:
            raise SettingsError("slowest_m_s is faster than speed_m_s", remedy="Give it less than speed_m_s")


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of the route whose ground is not known: where it begins and how long it is."""

    place: GeoPoint
    length_m: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A route at a height above ground.

    `points_lonlat` (m, 2) holds every point of the route asked and those `added`; `source_index` (m,) is the
    point of the route asked that begins the leg a point lies on (its own index for the points asked).
    `height_relative_m` is above the take-off ground, `height_agl_m` above the ground below (NaN where it is
    not known). `worst_above_m` and `worst_below_m` are the largest differences from the height asked
    anywhere on the route, `highest_agl_m` the largest height above ground, `lowest_clearance_m` the smallest
    height above the highest ground within the side asked; all four count known ground only. `speed_m_s`
    (m,) is how fast each point is left, slower than `asked_m_s` where the way on is steep. `bridged_m` is the
    length of gaps taken for ground at their edge.
    """

    points_lonlat: Points
    height_relative_m: Heights
    source_index: Indices
    added: npt.NDArray[np.bool_]
    height_agl_m: Heights
    speed_m_s: Heights
    asked_m_s: float
    worst_above_m: float
    worst_below_m: float
    highest_agl_m: float
    lowest_clearance_m: float
    missing: tuple[Missing, ...] = ()
    bridged_m: float = 0.0

    @property
    def slower(self) -> npt.NDArray[np.bool_]:
        """(m,) the points from which the aircraft flies slower than asked."""
        return self.speed_m_s < self.asked_m_s - 1e-6
