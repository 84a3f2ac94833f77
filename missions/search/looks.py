"""Looks: which frame saw which place, with how many pixels on a person, from which side.

A cell is looked at in `per_side` x `per_side` places, since a frame may see a part of it only: a person may
be anywhere in it. One row is one place in one frame. Nothing is seen here yet; how likely a person there
would have been noticed is `missions.search.detection`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from missions.camera import Camera
from missions.errors import SettingsError
from missions.search.grid import SearchGrid
from missions.search.ground_heat import GroundHeat
from missions.search.seen_ground import SeenGround
from missions.view import PERSON_WIDTH_M

Floats = npt.NDArray[np.float64]
FEWEST_PX = 1.0
"""A person of less than a pixel is not counted as looked at."""
PERSON_HEIGHT_M = 0.4
"""What is looked at is so far above the ground: the middle of one who sits, the top of one who lies."""
MAX_LOOKS = 40_000_000
LOOKED = ("pixels", "slide_px_s", "off_nadir_deg", "azimuth_deg")
MEASURED_COLUMNS = ("spread_k", "above_k")
"""NaN where a frame tells nothing of the ground's heat."""
_ENU_FROM_NED = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """One frame: where its camera was and how it lay.

    `eye_m` (3,) east, north in the grid's frame and height in the ground's datum. `ned_from_camera` (3, 3)
    turns the camera's directions (x right, y down, z ahead) to north, east, down. `camera` has the frame's
    own size. `turn_deg_s` is how fast the camera turned. `kind` names the detection model that fits the
    frame ("thermal-night"), `source` the file it is from or was flown in. `ground` is how
    warm the ground is in it, where it tells that.
    """

    name: str
    time_s: float
    eye_m: Floats
    ned_from_camera: Floats
    camera: Camera
    kind: str
    speed_m_s: float = 0.0
    turn_deg_s: float = 0.0
    source: str = ""
    ground: GroundHeat | None = None

    @property
    def enu_from_camera(self) -> Floats:
        """(3, 3) that turns the camera's directions to east, north, up."""
        return np.asarray(_ENU_FROM_NED @ self.ned_from_camera)


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame as it is remembered: its name, where its camera was, and the file it is from."""

    name: str
    time_s: float
    lat_deg: float
    lon_deg: float
    height_m: float
    kind: str
    source: str


@dataclass(frozen=True, eq=False)
class Looks:
    """n looks in the order of their places, then of time, and the frames they are from.

    `place` (n,) counts the lattice of places row by row from the north west; `frame` (n,) counts `frames`.
    `pixels` (n,) on a person's width, `slide_px_s` (n,) how fast he slides over the sensor, `off_nadir_deg`
    and `azimuth_deg` (n,) where the camera stood as seen from him: 0 straight above, from north clockwise.
    `spread_k` and `above_k` (n,) tell of the ground's heat around (`GroundHeat`), NaN where a frame does not.
    """

    grid: SearchGrid
    per_side: int
    frames: tuple[Seen, ...]
    place: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int32]
    pixels: Floats
    slide_px_s: Floats
    off_nadir_deg: Floats
    azimuth_deg: Floats
    spread_k: Floats = field(default_factory=lambda: np.zeros(0))
    above_k: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in MEASURED_COLUMNS:
            if len(getattr(self, name)) == 0 < len(self.place):
                object.__setattr__(self, name, np.full(len(self.place), np.nan))

    def __len__(self) -> int:
        return len(self.place)

    @classmethod
    def none(cls, grid: SearchGrid, per_side: int = 2) -> Looks:
        """No looks at all."""
        empty = np.zeros(0)
        return cls(grid, per_side, (), empty.astype(np.int64), empty.astype(np.int32), *(empty,) * 4)

    @property
    def cell(self) -> npt.NDArray[np.int64]:
        """(n,) the cell of each look, counted row by row."""
        wide = self.grid.columns * self.per_side
        row, column = self.place // wide // self.per_side, self.place % wide // self.per_side
        return np.asarray(row * self.grid.columns + column, np.int64)

    @property
    def time_s(self) -> Floats:
        """(n,) when each was taken."""
        taken = np.array([frame.time_s for frame in self.frames], float)
        return taken[self.frame] if self.frames else np.zeros(0)

    def of_cell(self, row: int, column: int) -> Looks:
        """The looks at one cell, of all its frames."""
        return self.taken(np.flatnonzero(self.cell == row * self.grid.columns + column))

    def of_frames(self, wanted: npt.NDArray[np.bool_]) -> Looks:
        """The looks of some frames; `wanted` has one value a frame. All frames stay in `frames`."""
        return self.taken(np.flatnonzero(wanted[self.frame]))

    def taken(self, rows: npt.NDArray[np.intp]) -> Looks:
        """The looks of these rows, in their order; all frames stay in `frames`."""
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return dataclasses.replace(self, **columns)

    def joined(self, later: Looks) -> Looks:
        """These and the others', each frame once: a frame of the same name, time and source is the same.

        Raises SettingsError where the two are not of one grid.
        """
        if (_corner(self.grid), self.per_side) != (_corner(later.grid), later.per_side):
            raise SettingsError(
                "the looks are of another grid", remedy="Use the file of looks that was written with this map"
            )
        known = {(frame.name, frame.time_s, frame.source) for frame in self.frames}
        fresh = [(frame.name, frame.time_s, frame.source) not in known for frame in later.frames]
        number = np.cumsum([0, *fresh])[:-1] + len(self.frames)
        added = later.of_frames(np.array(fresh, bool)) if later.frames else later
        both: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(added, name)]) for name in _COLUMNS
        }
        both["frame"] = np.concatenate([self.frame, number[added.frame]]).astype(np.int32)
        frames = self.frames + tuple(frame for frame, new in zip(later.frames, fresh, strict=True) if new)
        return in_order(dataclasses.replace(self, frames=frames, **both))


_COLUMNS = ("place", "frame", *LOOKED, *MEASURED_COLUMNS)


def in_order(looks: Looks) -> Looks:
    """The looks sorted by place, then by time."""
    return looks.taken(np.lexsort((looks.time_s, looks.place)))


def looks_of(
    views: Iterable[Viewpoint],
    grid: SearchGrid,
    ground: SeenGround,
    *,
    per_side: int = 2,
    within: npt.NDArray[np.bool_] | None = None,
) -> Looks:
    """What the frames looked at. `within` (rows, columns) leaves out cells of no interest.

    A place counts where its ray falls on the sensor, no ground stands in between and a person there is
    FEWEST_PX wide. Raises SettingsError where the looks are more than MAX_LOOKS.
    """
    frames: list[Seen] = []
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    count = 0
    for view in views:
        part = _seen_in(view, grid, ground, per_side, within)
        parts.append((part[0], np.full(len(part[0]), len(frames)), *part[1:]))
        frames.append(_remembered(view, grid))
        count += len(part[0])
        if count > MAX_LOOKS:
            raise SettingsError(
                f"over {MAX_LOOKS} looks", remedy="Take larger cells, or fewer frames a second"
            )
    if not parts:
        return Looks.none(grid, per_side)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    place, frame, *numbers = columns
    return in_order(
        Looks(
            grid,
            per_side,
            tuple(frames),
            place.astype(np.int64),
            frame.astype(np.int32),
            *numbers,
        )
    )


def places_m(grid: SearchGrid, per_side: int, places: npt.NDArray[np.int64]) -> Floats:
    """(n,) places of the lattice to (n, 2) east, north."""
    step_m = grid.cell_m / per_side
    row, column = np.divmod(places, grid.columns * per_side)
    return np.column_stack([grid.west_m + (column + 0.5) * step_m, grid.north_m - (row + 0.5) * step_m])


def _seen_in(
    view: Viewpoint,
    grid: SearchGrid,
    ground: SeenGround,
    per_side: int,
    within: npt.NDArray[np.bool_] | None,
) -> tuple[npt.NDArray[np.int64], Floats, Floats, Floats, Floats, Floats, Floats]:
    places = _candidates(view, grid, ground, per_side, within)
    points = places_m(grid, per_side, places)
    height = ground.at(points) + PERSON_HEIGHT_M
    enu = np.column_stack([points - view.eye_m[:2], height - view.eye_m[2]])
    camera, focal_px = view.camera, view.camera.focal_length_px
    right, down, depth = (enu @ view.enu_from_camera).T
    with np.errstate(divide="ignore", invalid="ignore"):
        on_sensor = (
            (depth > 0)
            & (np.abs(right / depth) * focal_px <= camera.image_width_px / 2)
            & (np.abs(down / depth) * focal_px <= camera.image_height_px / 2)
            & (PERSON_WIDTH_M * focal_px / depth >= FEWEST_PX)
        )
    rows = np.flatnonzero(on_sensor)
    rows = rows[~ground.hides(points[rows], height[rows], view.eye_m)]
    enu, depth = enu[rows], depth[rows]
    spread, above = (
        (np.full(len(rows), np.nan),) * 2
        if view.ground is None
        else view.ground.at(right[rows] / depth, down[rows] / depth)
    )
    away = np.hypot(enu[:, 0], enu[:, 1])
    slide = focal_px * np.hypot(view.speed_m_s / depth, np.radians(view.turn_deg_s))
    return (
        places[rows],
        PERSON_WIDTH_M * focal_px / depth,
        slide,
        np.degrees(np.arctan2(away, -enu[:, 2])),
        np.degrees(np.arctan2(-enu[:, 0], -enu[:, 1])) % 360,
        spread,
        above,
    )


def _candidates(
    view: Viewpoint,
    grid: SearchGrid,
    ground: SeenGround,
    per_side: int,
    within: npt.NDArray[np.bool_] | None,
) -> npt.NDArray[np.int64]:
    """The places of the grid in a rectangle that holds the footprint."""
    west, south, east, north = _rectangle(view, ground)
    step_m = grid.cell_m / per_side
    columns = _between((west - grid.west_m) / step_m, (east - grid.west_m) / step_m, grid.columns * per_side)
    rows = _between((grid.north_m - north) / step_m, (grid.north_m - south) / step_m, grid.rows * per_side)
    if within is not None:
        row, column = np.meshgrid(rows, columns, indexing="ij")
        kept = within[row // per_side, column // per_side]
        return np.asarray(row[kept] * (grid.columns * per_side) + column[kept], np.int64)
    return np.asarray((rows[:, None] * (grid.columns * per_side) + columns).ravel(), np.int64)


def _between(low: float, high: float, count: int) -> npt.NDArray[np.int64]:
    first, last = np.clip([np.floor(low), np.ceil(high)], 0, count).astype(int)
    return np.arange(first, last, dtype=np.int64)


def _rectangle(view: Viewpoint, ground: SeenGround) -> tuple[float, float, float, float]:
    """West, south, east, north of all that is near enough to be a pixel wide and in the picture."""
    camera = view.camera
    half = np.array([camera.image_width_px, camera.image_height_px]) / (2 * camera.focal_length_px)
    corners = np.array([[x * half[0], y * half[1], 1.0] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    farthest_m = PERSON_WIDTH_M * camera.focal_length_px / FEWEST_PX
    rays = corners @ view.enu_from_camera.T * farthest_m
    fall_m = view.eye_m[2] - ground.lowest_m
    with np.errstate(divide="ignore", invalid="ignore"):
        shorter = np.where(rays[:, 2] < 0, np.clip(-fall_m / rays[:, 2], 0.0, 1.0), 1.0)
    ends = np.vstack([np.zeros(2), rays[:, :2] * shorter[:, None]]) + view.eye_m[:2]
    (west, south), (east, north) = ends.min(axis=0), ends.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _remembered(view: Viewpoint, grid: SearchGrid) -> Seen:
    lon, lat = grid.frame.geo_from_local(view.eye_m[None, :2])[0]
    return Seen(view.name, view.time_s, float(lat), float(lon), float(view.eye_m[2]), view.kind, view.source)


def _corner(grid: SearchGrid) -> tuple[object, ...]:
    return grid.frame.origin, grid.west_m, grid.north_m, grid.cell_m, grid.rows, grid.columns
