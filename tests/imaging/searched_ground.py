"""Ground for simulated searches: what a thermal camera sees of `sitl.world`'s, by day and by night.

Only the ground is taken of a world, as a map of temperatures seen from above; roads, paint, gravel, blotches,
shadows and the leaves of its trees are on it. A frame is that map in perspective.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from missions.search.looks import Viewpoint
from sitl.world import World
from sitl.world.canvas import Material
from sitl.world.temperature import DAY_C, NIGHT_C, ground_temperature

Floats = npt.NDArray[np.float64]
SIDE_M, TEXEL_M = 160.0, 0.125
FIRST_WORLD = 95_000
"""The network has seen the worlds of seeds 90,000 to 90,025; flown searches are over 91,000 and on."""
FIT_WORLDS, TEST_WORLDS = range(72), range(72, 144)
"""No figure is fitted to what is searched over the second."""
_FLAT_M = 0.3


@dataclass(frozen=True, eq=False)
class Ground:
    """(n, n) degrees Celsius, row 0 in the north, around the origin, and (p, 2) places that are open."""

    celsius: npt.NDArray[np.float32]
    open_m: Floats
    grass_c: float

    def at(self, place_m: Floats) -> float:
        """Mean degrees Celsius of the metre around a place."""
        texel_m = SIDE_M / len(self.celsius)
        column, row = (np.array([place_m[0], -place_m[1]]) + SIDE_M / 2) / texel_m
        half = int(0.5 / texel_m)
        rows, columns = (slice(int(middle) - half, int(middle) + half + 1) for middle in (row, column))
        return float(self.celsius[rows, columns].mean())


def ground_of(number: int, night: bool) -> Ground:
    """One of the grounds; a place is open where nothing stands within 0.7 m."""
    by_day, by_night = _by_day_and_night(number)
    return by_night if night else by_day


@cache
def _by_day_and_night(number: int) -> tuple[Ground, Ground]:
    """Both at once, since the world itself is too large to be kept."""
    world = World(FIRST_WORLD + number, size_m=SIDE_M, texel_m=TEXEL_M)
    rng = np.random.default_rng([number, 3])
    around = np.stack(np.meshgrid([-0.7, 0.0, 0.7], [-0.7, 0.0, 0.7]), -1).reshape(-1, 2)
    tried = rng.uniform(-0.4 * SIDE_M, 0.4 * SIDE_M, (400, 2))
    spots = (tried[:, None] + around).reshape(-1, 2)
    stands = (world.surface_height(spots) - world.ground_height(spots)).reshape(len(tried), -1).max(1)
    open_m = tried[stands < _FLAT_M]
    by_day, by_night = (
        Ground(ground_temperature(world, night=night), open_m, typical_c[Material.GRASS])
        for night, typical_c in ((False, DAY_C), (True, NIGHT_C))
    )
    return by_day, by_night


def seen(ground: Ground, view: Viewpoint, origin_m: Floats) -> npt.NDArray[np.float32]:
    """(rows, columns) degrees Celsius of a level ground; `view` counts from the world's (2,) `origin_m`."""
    camera = view.camera
    size = (camera.image_width_px, camera.image_height_px)
    texel_m = SIDE_M / len(ground.celsius)
    edge_m = (SIDE_M - texel_m) / 2
    eye = view.eye_m + np.array([*origin_m, 0.0])
    looking = view.enu_from_camera.T
    # from a cell's column and row to east, north and 1, on to the camera's axes, on to pixels
    places = np.array([[texel_m, 0, -edge_m], [0, -texel_m, edge_m], [0, 0, 1]])
    axes = np.column_stack([looking[:, :2], -looking @ eye])
    focal_px = camera.focal_length_px
    lens = np.array([[focal_px, 0, (size[0] - 1) / 2], [0, focal_px, (size[1] - 1) / 2], [0, 0, 1]])
    drawn = cv2.warpPerspective(
        ground.celsius, lens @ axes @ places, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(drawn, np.float32)
