"""The pictures that a path takes, one by one, and how many of them see each place on the ground.

This counts what is seen from where each picture is taken, whatever rule laid the path: a check on the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from missions.camera import Camera
from missions.geodesy import Points
from missions.patterns.path import Floats, Path

_CHUNK = 2_000_000
_STRAIGHT_DOWN_DEG = -90.0


@dataclass(frozen=True, slots=True)
class Exposures:
    """Pictures in the order taken. `places` (n, 3): east, north, metres above ground.

    `ahead`, `right` and `down` (n, 3) are unit vectors: the optical axis, the picture's wide side, its foot.
    """

    places: Floats
    ahead: Floats
    right: Floats
    down: Floats

    def __len__(self) -> int:
        return len(self.places)

    def taken(self, rows: slice | npt.NDArray[np.bool_]) -> Exposures:
        """Some of the pictures."""
        return Exposures(self.places[rows], self.ahead[rows], self.right[rows], self.down[rows])


def exposures_of(path: Path, trigger_m: float) -> Exposures:
    """Every picture of a path: those at its places, and those every `trigger_m` metres of a recorded way.

    A recorded way takes its first picture where it begins. The nose points along the way, or as the row says,
    or at what is looked at; the gimbal hangs straight down where it was never told otherwise.
    """
    pitch_deg = _carried(path.gimbal_pitch_deg)
    shots = [shot for row in range(len(path)) for shot in _shots(path, row, trigger_m, pitch_deg[row])]
    if not shots:
        none = np.zeros((0, 3))
        return Exposures(none, none, none, none)
    places, ahead = (np.array(column) for column in zip(*shots, strict=True))
    return _aimed(places, ahead[:, :3], ahead[:, 3])


def seen_counts(
    exposures: Exposures, camera: Camera, ground: Points, coarsest_gsd_m: float = np.inf
) -> npt.NDArray[np.int64]:
    """How many pictures show each of (m, 2) places on flat ground, none coarser than `coarsest_gsd_m`."""
    counts = np.zeros(len(ground), np.int64)
    half_width = camera.sensor_width_mm / camera.focal_length_mm / 2
    half_height = camera.sensor_height_mm / camera.focal_length_mm / 2
    deepest_m = coarsest_gsd_m / camera.gsd_m(1.0)
    flat = np.column_stack([ground, np.zeros(len(ground))])
    step = max(1, _CHUNK // max(1, 3 * len(ground)))
    for start in range(0, len(exposures), step):
        some = exposures.taken(slice(start, start + step))
        line = flat[:, None, :] - some.places[None, :, :]
        depth = np.einsum("mnk,nk->mn", line, some.ahead)
        across = np.abs(np.einsum("mnk,nk->mn", line, some.right))
        along = np.abs(np.einsum("mnk,nk->mn", line, some.down))
        within = (across <= half_width * depth) & (along <= half_height * depth)
        counts += np.sum(within & (depth > 0) & (depth <= deepest_m), axis=1)
    return counts


def ground_samples(shape: BaseGeometry, about: int = 600) -> Points:
    """Places spread evenly over a shape and, a third of them, along its border, (m, 2)."""
    inner = _inner(shape, np.sqrt(shape.area / max(1, 2 * about // 3)))
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_parts(shape.boundary)]
    whole_m = shape.boundary.length
    return np.concatenate([inner, *(_along(ring, whole_m / max(1, about // 3)) for ring in rings)])


def _along(ring: Points, step_m: float) -> Points:
    """Places on a line of (n, 2) points, at most `step_m` apart, eight at least."""
    at_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
    count = max(8, int(at_m[-1] / step_m))
    wanted = np.arange(count) * at_m[-1] / count
    return np.column_stack([np.interp(wanted, at_m, ring[:, axis]) for axis in (0, 1)])


def _inner(shape: BaseGeometry, step_m: float) -> Points:
    west, south, east, north = shape.bounds
    columns = np.arange(west + step_m / 2, east, step_m)
    rows = np.arange(south + step_m / 2, north, step_m)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    return grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])]


def _carried(pitch_deg: Floats) -> Floats:
    """Each row's gimbal pitch, the one before it where a row says nothing."""
    carried, last = np.empty(len(pitch_deg)), _STRAIGHT_DOWN_DEG
    for row, pitch in enumerate(pitch_deg):
        last = last if np.isnan(pitch) else float(pitch)
        carried[row] = last
    return carried


def _shots(path: Path, row: int, trigger_m: float, pitch_deg: float) -> list[tuple[Floats, Floats]]:
    """Place, and direction (east, north, up) with the heading, of each picture from this row on."""
    here = np.append(path.points[row], path.height_agl_m[row])
    following = min(row + 1, len(path) - 1)
    there = np.append(path.points[following], path.height_agl_m[following])
    length = float(np.hypot(*(there - here)[:2]))
    heading = path.heading_deg[row]
    if np.isnan(heading):
        heading = np.degrees(np.arctan2(*(there - here)[:2])) if length > 0 else 0.0
    places = [here] if path.picture[row] else []
    if path.recording[row]:
        apart = trigger_m if np.isnan(path.trigger_m[row]) else path.trigger_m[row]
        shares = np.arange(int(length / apart) + 1) * apart / max(length, 1e-9)
        places += [here + share * (there - here) for share in shares]
    return [(place, _direction(place, path.look_at[row], float(heading), pitch_deg)) for place in places]


def _direction(place: Floats, look_at: Floats, heading_deg: float, pitch_deg: float) -> Floats:
    if not np.isnan(look_at[2]):
        line = look_at - place
        level = np.hypot(line[0], line[1])
        heading = np.degrees(np.arctan2(line[0], line[1])) if level > 1e-6 else heading_deg
        return np.array([*line / np.linalg.norm(line), heading])
    heading, pitch = np.radians(heading_deg), np.radians(pitch_deg)
    level = np.cos(pitch)
    return np.array([level * np.sin(heading), level * np.cos(heading), np.sin(pitch), heading_deg])


def _aimed(places: Floats, ahead: Floats, heading_deg: Floats) -> Exposures:
    heading = np.radians(heading_deg)
    right = np.column_stack([np.cos(heading), -np.sin(heading), np.zeros(len(places))])
    return Exposures(places, ahead, right, np.cross(ahead, right))
