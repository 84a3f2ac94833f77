"""Frames of a made flight over a made map, for the tests of what was searched."""

from __future__ import annotations

import numpy as np

from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.detection import Detection
from missions.search.grid import SearchGrid
from missions.search.looks import Looks, Seen, Viewpoint

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
CAMERA = Camera("square", 8.0, 8.0, 8.0, 800, 800, "thermal")
"""At height h it sees a square of h x h; a pixel is h / 800."""
PLAIN = Detection("plain", "thermal", 3.0, 3.8, 0.0, at_best=1.0, smear_weight=0.0)
DOWN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Straight down, the top of the picture to the north."""


def grid_of(rows: int = 10, columns: int = 10, cell_m: float = 20.0) -> SearchGrid:
    """A grid around the frame's origin."""
    return SearchGrid(FRAME, -columns * cell_m / 2, rows * cell_m / 2, cell_m, rows, columns)


def down_from(
    east_m: float, north_m: float, height_m: float, time_s: float = 0.0, **more: object
) -> Viewpoint:
    """A frame that looks straight down, north up."""
    figures = {"name": f"f{time_s:g}", "kind": "plain", **more}
    return Viewpoint(
        time_s=time_s,
        eye_m=np.array([east_m, north_m, height_m]),
        ned_from_camera=DOWN,
        camera=CAMERA,
        **figures,  # type: ignore[arg-type]
    )


def oblique(
    east_m: float, north_m: float, height_m: float, bearing_deg: float, below_deg: float, time_s: float = 0.0
) -> Viewpoint:
    """A frame that looks to a bearing, so many degrees below the horizon."""
    bearing, below = np.radians([bearing_deg, below_deg])
    ahead = np.array([np.cos(bearing) * np.cos(below), np.sin(bearing) * np.cos(below), np.sin(below)])
    right = np.array([-np.sin(bearing), np.cos(bearing), 0.0])
    turned = np.column_stack([right, np.cross(ahead, right), ahead])
    return Viewpoint(f"f{time_s:g}", time_s, np.array([east_m, north_m, height_m]), turned, CAMERA, "plain")


def looks_at_one_place(
    pixels: list[float],
    times_s: list[float],
    off_nadir_deg: list[float] | None = None,
    azimuth_deg: list[float] | None = None,
) -> Looks:
    """Looks at the only place of a grid of one cell."""
    count = len(pixels)
    frames = tuple(Seen(f"f{i}", t, 52.1, 5.2, 60.0, "plain", "log") for i, t in enumerate(times_s))
    return Looks(
        SearchGrid(FRAME, 0.0, 20.0, 20.0, 1, 1),
        1,
        frames,
        np.zeros(count, np.int64),
        np.arange(count, dtype=np.int32),
        np.array(pixels, float),
        np.zeros(count),
        np.array(off_nadir_deg or [0.0] * count, float),
        np.array(azimuth_deg or [0.0] * count, float),
    )
