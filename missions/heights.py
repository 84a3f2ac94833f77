"""Heights to fly: a path's heights above ground become heights above the take-off point.

Without terrain the two are taken for one. With terrain the path gets waypoints where the ground asks for
them, and what the terrain does not tell becomes findings.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from missions.aircraft import Aircraft
from missions.geodesy import LocalFrame
from missions.patterns.path import Floats, Path
from missions.plan import Finding
from missions.terrain import Followed, Limits, Terrain, follow, terrain_findings

_ONCE = ("hold_s", "orbit_turns", "orbit_radius_m")
"""Columns that hold at a place, and so do not come again where the ground added one behind it."""


@dataclass(frozen=True, slots=True)
class Relief:
    """The ground a plan is flown over, and how closely it is followed.

    `obstacles` is a surface model (trees, roofs) in the terrain's own datum; it counts for clearance only.
    Where the ground is steep a copter flies slower, down to `slowest_m_s`. Gaps in the data up to `bridge_m`
    are taken for ground as high as their higher edge.
    """

    terrain: Terrain
    tolerance_m: float = 5.0
    clearance_m: float = 20.0
    obstacles: Terrain | None = None
    slowest_m_s: float = 3.0
    bridge_m: float = 0.0

    def limits(self, aircraft: Aircraft) -> Limits:
        """What the aircraft can do over this ground."""
        return Limits(
            tolerance_m=self.tolerance_m,
            clearance_m=self.clearance_m,
            climb_m_s=aircraft.climb_speed_m_s,
            descent_m_s=aircraft.descent_speed_m_s,
            speed_m_s=aircraft.cruise_speed_m_s,
            slowest_m_s=self._slowest_m_s(aircraft),
            bridge_m=self.bridge_m,
        )

    def _slowest_m_s(self, aircraft: Aircraft) -> float | None:
        return min(self.slowest_m_s, aircraft.cruise_speed_m_s) if aircraft.turn_radius_m == 0 else None


@dataclass(frozen=True, slots=True)
class Flown:
    """A path with its heights: `relative_m` (n,) above take-off, `agl_m` (n,) above ground, NaN unknown.

    `look_relative_m` (n,) is the height of what each row looks at. `highest_agl_m` is the largest height
    above ground anywhere, between the places too. `versions` names the data used.
    """

    path: Path
    relative_m: Floats
    agl_m: Floats
    look_relative_m: Floats
    highest_agl_m: float
    findings: tuple[Finding, ...] = ()
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    over_terrain: bool = False


def over_flat_ground(path: Path) -> Flown:
    """The path as if all ground lay as high as the take-off point; heights above ground stay unknown."""
    return Flown(
        path=path,
        relative_m=path.height_agl_m,
        agl_m=np.full(len(path), np.nan),
        look_relative_m=path.look_at[:, 2],
        highest_agl_m=float(path.height_agl_m.max()),
    )


def over_terrain(path: Path, frame: LocalFrame, relief: Relief, aircraft: Aircraft) -> Flown:
    """The path held above the ground; its first place is the take-off point.

    Raises InputError where the ground at take-off is not known.
    """
    lonlat = frame.geo_from_local(path.points)
    take_off_ground_m = float(relief.terrain.heights_amsl_m(lonlat[:1])[0])
    limits = relief.limits(aircraft)
    followed = follow(
        lonlat,
        path.height_agl_m,
        take_off_ground_m,
        relief.terrain,
        limits,
        obstacles=relief.obstacles,
        around_m=np.abs(path.orbit_radius_m),
    )
    longer = _with_added(path, followed, frame)
    sources = relief.terrain.sources + (relief.obstacles.sources if relief.obstacles else ())
    return Flown(
        path=longer,
        relative_m=followed.height_relative_m,
        agl_m=followed.height_agl_m,
        look_relative_m=_looked_at(longer, frame, relief.terrain, take_off_ground_m),
        highest_agl_m=followed.highest_agl_m,
        findings=terrain_findings(followed, limits, sources),
        versions={
            f"terrain {source.name}": ", ".join(
                part for part in (source.crs, source.vertical_datum, source.sha256) if part
            )
            for source in sources
        },
        over_terrain=True,
    )


def _with_added(path: Path, followed: Followed, frame: LocalFrame) -> Path:
    """The path with the places that the ground added; the speed is what the aircraft can climb with."""
    taken = path.taken(followed.source_index)
    added = followed.added
    columns = {name: np.where(added, 0.0, getattr(taken, name)) for name in _ONCE}
    points = np.where(added[:, None], frame.local_from_geo(followed.points_lonlat), taken.points)
    speed = taken.speed_m_s
    speed = np.where(followed.slower, np.fmin(followed.speed_m_s, speed), speed)
    return dataclasses.replace(
        taken,
        points=points,
        speed_m_s=speed,
        height_agl_m=np.where(added, followed.height_agl_m, taken.height_agl_m),
        picture=taken.picture & ~added,
        **columns,
    )


def _looked_at(path: Path, frame: LocalFrame, terrain: Terrain, take_off_ground_m: float) -> Floats:
    """Height above take-off of what each row looks at; NaN for nothing."""
    rows = np.flatnonzero(np.isfinite(path.look_at[:, 2]))
    heights = np.full(len(path), np.nan)
    if rows.size:
        ground_m = terrain.heights_amsl_m(frame.geo_from_local(path.look_at[rows, :2]))
        known = np.where(np.isfinite(ground_m), ground_m, take_off_ground_m)
        heights[rows] = path.look_at[rows, 2] + known - take_off_ground_m
    return heights
