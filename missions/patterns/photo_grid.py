"""Photo grid: pictures in rows for a map or a model, laid out from overlaps, once or crosswise.

A search wants each place seen once; a map wants it seen from many sides, at the border too. So lanes end on
the border instead of half a footprint before it, each takes a picture at both its ends, and `lead_m` or
`border_pictures` lead them out over it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.coverage import Coverage, Settings, Swath, cover
from missions.energy import turn_s
from missions.errors import AreaError, SettingsError
from missions.geodesy import LocalFrame
from missions.patterns.exposures import exposures_of, ground_samples, seen_counts
from missions.patterns.path import Floats, Path, path_of
from missions.patterns.pattern import Pattern, Shape
from missions.patterns.weave import linked
from missions.view import View

NAME = "photo-grid"
SHUTTER_S = 1 / 500
MAX_BLUR_PX = 1.0
COARSEST = 3.0
"""A slanting picture counts where its pixels are at most this many times those of the nadir."""
_AT_END_M = 0.5
_LEADS = 8
_SHORT_WAY_M = 60.0
_NEAT, _THOROUGH = 0.96, 0.995
"""Share of the ground that lies within half a lane of a lane: the rest is in corners, and neighbouring
pictures see it, or it gets legs of its own."""


@dataclass(frozen=True, slots=True)
class Shooting:
    """How the pictures are taken: the gimbal's pitch in each set, the shutter, and the blur allowed.

    `gimbal_pitch_deg` is -90 straight down; `cross_pitch_deg` the same for the crosswise set, None as the
    first. `max_blur_px` is how many pixels the ground may move while the shutter is open. Raises
    SettingsError.
    """

    gimbal_pitch_deg: float = -90.0
    cross_pitch_deg: float | None = None
    shutter_s: float = SHUTTER_S
    max_blur_px: float = MAX_BLUR_PX

    def __post_init__(self) -> None:
        for pitch_deg in (self.gimbal_pitch_deg, self.cross_pitch_deg):
            if pitch_deg is not None and not -90 <= pitch_deg <= -30:
                raise SettingsError(
                    f"a gimbal pitch of {pitch_deg} degrees makes no map",
                    remedy="Give -90 (down) to -30; -90 for maps, -80 to -45 for what stands upright",
                )
        if not 1e-5 <= self.shutter_s <= 0.1:
            raise SettingsError(
                f"a shutter time of {self.shutter_s} s is none", remedy="Give 0.00001 to 0.1 seconds"
            )
        if not 0.05 <= self.max_blur_px <= 100:
            raise SettingsError(
                f"a blur of {self.max_blur_px} pixels cannot be kept", remedy="Give 0.05 to 100 pixels"
            )


NADIR = Shooting()


def photo_grid(
    shape: Shape,
    frame: LocalFrame,
    aircraft: Aircraft,
    view: View,
    *,
    crosshatch: bool = False,
    angle_deg: float | None = None,
    start_m: npt.NDArray[np.float64] | None = None,
    lead_m: float = 0.0,
    border_pictures: int = 0,
    shooting: Shooting = NADIR,
    keep_out: BaseGeometry | None = None,
    where: str = "",
) -> Pattern:
    """Rows of pictures over a shape with the view's overlaps; `crosshatch` adds a set at right angles.

    `lead_m` lets lanes run that far out over the outer border (holes stay forbidden), and
    `border_pictures` widens that until all ground is seen from so many pictures, or by a footprint at most.
    `keep_out` is never flown over. A copter flies so slowly that the camera keeps its interval and the blur
    stays allowed; a plane keeps its speed. Raises AreaError and SettingsError.
    """
    if not 0 <= lead_m <= 500:
        raise SettingsError(f"a lead of {lead_m} m is none", remedy="Give 0 to 500 metres")
    if not 0 <= border_pictures <= 50:
        raise SettingsError(f"{border_pictures} pictures of the border", remedy="Give 0 to 50")
    job = _Job(shape, aircraft, view, crosshatch, _angle(angle_deg), start_m, shooting, keep_out, where)
    grid = job.flown(lead_m, _NEAT)
    for step in range(1, _LEADS + 1):
        if grid.seen.min() >= border_pictures:
            break
        wider = job.flown(lead_m + step * max(view.footprint_m) / _LEADS, _NEAT)
        # Where the worst place does not gain within two steps, a wider lead is no help to it.
        grid = wider if wider.seen.min() > grid.seen.min() else grid
        if wider.lead_m - grid.lead_m > 2.5 * max(view.footprint_m) / _LEADS:
            break
    if grid.seen.min() == 0:
        grid = job.flown(grid.lead_m, _THOROUGH)
    return Pattern(
        name=NAME,
        frame=frame,
        shape=shape,
        path=grid.path,
        lanes=len(grid.legs),
        spacing_m=grid.spacing_m,
        trigger_m=view.trigger_m,
        angle_deg=grid.bearing_deg,
        asked_angle_deg=job.angle_deg,
        covered_pct=100 * float(np.mean(grid.seen > 0)),
        from_take_off=True,
        figures=_figures(job, grid),
    )


def recording_speed_m_s(aircraft: Aircraft, view: View, trigger_m: float, shooting: Shooting) -> float:
    """The fastest speed at which the camera keeps its interval and blur, cruise speed at most.

    A plane cannot slow down at will and keeps its cruise speed.
    """
    if aircraft.kind == "plane":
        return aircraft.cruise_speed_m_s
    sharp_m_s = shooting.max_blur_px * view.gsd_m / shooting.shutter_s
    in_time_m_s = trigger_m / view.camera.min_interval_s if view.camera.min_interval_s > 0 else math.inf
    return max(0.5, math.floor(10 * min(aircraft.cruise_speed_m_s, sharp_m_s, in_time_m_s)) / 10)


@dataclass(frozen=True, slots=True)
class _Grid:
    """One layout. `seen` counts the pictures of each sampled place of the ground."""

    path: Path
    legs: Floats
    spacing_m: float
    bearing_deg: float
    lead_m: float
    seen: npt.NDArray[np.int64]
    pictures: int


@dataclass(frozen=True, slots=True)
class _Job:
    shape: Shape
    aircraft: Aircraft
    view: View
    crosshatch: bool
    angle_deg: float | None
    start_m: Floats | None
    shooting: Shooting
    keep_out: BaseGeometry | None
    where: str

    def flown(self, lead_m: float, wanted: float) -> _Grid:
        """The layout whose lanes run `lead_m` out over the border, beside `wanted` of the ground."""
        ground = led_out(self.shape, lead_m, self.keep_out)
        first = self._covered(ground, self.angle_deg, self.start_m, wanted)
        routes = [first]
        if self.crosshatch:
            begin = first.route.points[0] if self.start_m is None else self.start_m
            routes.append(self._covered(ground, (first.grid.bearing_deg + 90) % 180, begin, wanted))
        legs = [coverage.route.legs for coverage in routes]
        paths = [self._path(coverage, pitch) for coverage, pitch in zip(routes, self.pitches(), strict=False)]
        path = paths[0] if len(paths) == 1 else linked(paths[0], paths[1], ground)
        shots = exposures_of(path, self.view.trigger_m)
        places = ground_samples(self.shape)
        return _Grid(
            path=path,
            legs=np.concatenate(legs),
            spacing_m=min(coverage.grid.spacing_m for coverage in routes),
            bearing_deg=first.grid.bearing_deg,
            lead_m=lead_m,
            seen=seen_counts(shots, self.view.camera, places, COARSEST * self.view.gsd_m),
            pictures=len(shots),
        )

    def pitches(self) -> tuple[float, float]:
        """The gimbal's pitch in the first set and in the crosswise one."""
        first, cross = self.shooting.gimbal_pitch_deg, self.shooting.cross_pitch_deg
        return first, first if cross is None else cross

    def _covered(
        self, ground: Shape, bearing_deg: float | None, start: Floats | None, wanted: float
    ) -> Coverage:
        settings = Settings(
            swath=Swath(width_m=self.view.spacing_m, reach_m=0.0),
            turn_m=turn_s(self.aircraft) * self.aircraft.cruise_speed_m_s / 2,
            turn_radius_m=self.aircraft.turn_radius_m,
            bearing_deg=bearing_deg,
            wanted=wanted,
            squeeze=False,
        )
        try:
            return cover(ground, settings, start, from_border=True)
        except AreaError as error:
            place = error.where or self.where
            raise AreaError(f"the area {error.what}", where=place, remedy=error.remedy) from error

    def _apart(self, legs: Floats) -> Floats:
        """Metres between the pictures of each leg: the view's, or less so that both ends get one."""
        lengths = np.hypot(*(legs[:, 1] - legs[:, 0]).T)
        usable = lengths - np.minimum(_AT_END_M, lengths / 20)
        return np.asarray(usable / np.maximum(1, np.ceil(usable / self.view.trigger_m - 1e-9)))

    def _path(self, coverage: Coverage, pitch_deg: float) -> Path:
        path = _flown(coverage, self.view.height_agl_m)
        lanes = np.flatnonzero(path.recording)
        trigger_m = np.full(len(path), np.nan)
        trigger_m[lanes] = self._apart(coverage.route.legs)
        steps = np.append(np.hypot(*np.diff(path.points, axis=0).T), 0.0)
        # Over a short way to the next lane it is not worth speeding up.
        speed_m_s = np.where(steps < _SHORT_WAY_M, self._speed_m_s(self.view.trigger_m), np.nan)
        speed_m_s[lanes] = [self._speed_m_s(apart) for apart in trigger_m[lanes]]
        return dataclasses.replace(
            path,
            gimbal_pitch_deg=np.full(len(path), pitch_deg),
            speed_m_s=np.where(speed_m_s < self.aircraft.cruise_speed_m_s, speed_m_s, np.nan),
            trigger_m=trigger_m,
        )

    def _speed_m_s(self, trigger_m: float) -> float:
        return recording_speed_m_s(self.aircraft, self.view, float(trigger_m), self.shooting)


def _flown(coverage: Coverage, height_agl_m: float) -> Path:
    """The route as a path."""
    route = coverage.route
    return path_of(route.points, height_agl_m, recording=route.recording, outside=route.outside)


def led_out(shape: Shape, lead_m: float, keep_out: BaseGeometry | None = None) -> Shape:
    """The shape with its outer borders `lead_m` further out, its holes as they are, less what is kept out."""
    ground: BaseGeometry = shape
    if lead_m > 0:
        solid = shapely.union_all([Polygon(part.exterior) for part in shapely.get_parts(shape)])
        holes = solid.difference(shape)
        ground = solid.buffer(lead_m, join_style="mitre", mitre_limit=2.0).difference(holes)
    if keep_out is not None and not keep_out.is_empty:
        ground = ground.difference(keep_out)
    parts = [part for part in shapely.get_parts(ground) if isinstance(part, Polygon) and part.area > 1.0]
    if not parts:
        raise AreaError("what is kept out leaves nothing of the area", remedy="Draw the area beside it")
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _figures(job: _Job, grid: _Grid) -> dict[str, float]:
    across_m, along_m = job.view.footprint_m
    lanes = grid.path.recording
    apart_m, speed_m_s = grid.path.trigger_m[lanes], grid.path.speed_m_s[lanes]
    speed_m_s = np.where(np.isnan(speed_m_s), job.aircraft.cruise_speed_m_s, speed_m_s)
    return {
        "crosshatch": float(job.crosshatch),
        "lead_m": round(grid.lead_m, 2),
        "gimbal_pitch_deg": job.shooting.gimbal_pitch_deg,
        "cross_pitch_deg": job.pitches()[1],
        "gsd_m": job.view.gsd_m,
        "pictures": float(grid.pictures),
        "pictures_on_ground_min": float(grid.seen.min()),
        "pictures_on_ground_median": float(np.median(grid.seen)),
        "overlap_side_flown_pct": round(100 * (1 - grid.spacing_m / across_m), 1),
        "overlap_front_flown_pct": round(100 * (1 - float(apart_m.max()) / along_m), 1),
        "speed_m_s": float(speed_m_s.max()),
        "interval_s": round(float((apart_m / speed_m_s).min()), 2),
        "shutter_s": job.shooting.shutter_s,
        "blur_px": round(float(speed_m_s.max()) * job.shooting.shutter_s / job.view.gsd_m, 2),
    }


def _angle(angle_deg: float | None) -> float | None:
    if angle_deg is None:
        return None
    if not math.isfinite(angle_deg):
        raise SettingsError(
            f"an angle of {angle_deg} degrees is none", remedy="Give 0 to 180, from north clockwise"
        )
    return angle_deg % 180
