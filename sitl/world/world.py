"""The synthetic world itself: what the ground looks like and how high it is, everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world.canvas import Canvas
from sitl.world.layout import Layout, lay_out, paint_things
from sitl.world.lens import Floats, Lens
from sitl.world.light import sunlight
from sitl.world.marks import MeasurePoint
from sitl.world.raster import Raster, halved
from sitl.world.road import paint_ground
from sitl.world.terrain import Terrain
from sitl.world.view import View
from telemetry.pose import Pose

MOST_CELLS = 4032
SUN_ELEVATION_DEG = 46.0
TERRAIN_CELLS = 64
FINEST_TEXEL_M = 0.03
ROUND_CELLS = 64
TEST_SITE = GeoPoint(52.1700, 4.4400)


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A survey target's centre: metres east and north of the origin and up from the ground level."""

    name: str
    place: GeoPoint
    height_amsl_m: float
    east_m: float
    north_m: float
    up_m: float


@dataclass(frozen=True)
class Orthomosaic:
    """The truth seen straight down: (rows, columns, 3), row 0 north; its edges in metres from the origin."""

    rgb: npt.NDArray[np.uint8]
    gsd_m: float
    west_m: float
    north_m: float


class World:
    """A square of ground around `origin`, the same for the same seed and sizes.

    `size_m` is the length of its side and `texel_m` the grain of its picture (as fine as 4000 cells allow,
    not below 3 cm, unless given). Its frame is LocalFrame(origin): metres east and north, and up from
    `ground_amsl_m`. `plan` draws what stands where, by default the crash at the junction. Beyond its edge the
    ground is mirrored. Raises InputError for sizes that make no sense.
    """

    def __init__(
        self,
        seed: int,
        origin: GeoPoint = TEST_SITE,
        *,
        ground_amsl_m: float = 2.0,
        size_m: float = 100.0,
        texel_m: float | None = None,
        plan: Callable[[np.random.Generator, float], Layout] = lay_out,
    ) -> None:
        if not 10 <= size_m <= 5000:
            raise InputError(f"a world of {size_m} m is not possible", remedy="Choose 10 to 5000 m")
        self.seed = seed
        self.origin = origin
        self.ground_amsl_m = ground_amsl_m
        self.size_m = size_m
        cells = ROUND_CELLS * round(
            size_m / (texel_m or max(FINEST_TEXEL_M, size_m / MOST_CELLS)) / ROUND_CELLS
        )
        if not ROUND_CELLS <= cells <= 2 * MOST_CELLS:
            raise InputError(f"{cells} cells a side is not possible", remedy=f"At most {2 * MOST_CELLS}")
        self.texel_m = size_m / cells
        self.frame = LocalFrame(origin)
        self._build(cells, plan)

    def _build(self, cells: int, plan: Callable[[np.random.Generator, float], Layout]) -> None:
        rng = np.random.default_rng(self.seed)
        self.layout = plan(rng, self.size_m)
        self.sun_azimuth_deg = float(rng.uniform(110, 250))
        canvas = Canvas(cells, self.texel_m, rng)
        paint_ground(canvas, self.layout.road)
        self.ground = Raster(halved(halved(canvas.height[None])), self.texel_m * 4)
        paint_things(canvas, self.layout)
        self.sunlit = sunlight(canvas.height, self.texel_m, self.sun_azimuth_deg, SUN_ELEVATION_DEG)
        canvas.rgb *= self.sunlit
        self.colours = Raster(np.clip(canvas.rgb, 0, 255, out=canvas.rgb).astype(np.uint8), self.texel_m)
        self.heights = Raster(canvas.height[None], self.texel_m)
        self.materials = Raster(canvas.material[None], self.texel_m)
        self.blotches = canvas.coarse.astype(np.float16)
        self.grain = Raster(canvas.middle[None].astype(np.float16), self.texel_m)
        self.highest_m = float(canvas.height.max())
        self.skyline = skyline_of(canvas.height, self.texel_m)
        self.terrain: Raster | None = None
        self.steepest = 0.0
        if self.layout.terrain is not None:
            self._raise(self.layout.terrain)

    def _raise(self, terrain: Terrain) -> None:
        """Put the terrain's height under everything."""
        for raster in (self.heights, self.ground):
            raster.planes[0][:] += terrain.sampled(raster.planes.shape[1], raster.texel_m)
        coarse = self.heights.planes.shape[1] // TERRAIN_CELLS
        sampled = terrain.sampled(self.heights.planes.shape[1] // coarse, self.texel_m * coarse)
        self.terrain = Raster(sampled[None], self.texel_m * coarse)
        self.steepest = terrain.steepest
        self.highest_m = float(self.heights.planes[0].max())

    @cached_property
    def control_points(self) -> tuple[ControlPoint, ...]:
        """The centres of the survey targets."""
        return tuple(
            ControlPoint(f"C{number}", *self._surveyed(*place))
            for number, place in enumerate(self.layout.targets, 1)
        )

    @cached_property
    def measure_points(self) -> tuple[MeasurePoint, ...]:
        """What an investigator measures: where marks begin and end, kerb corners, wheels."""
        return tuple(
            MeasurePoint(mark.name, mark.kind, *self._surveyed(mark.east_m, mark.north_m))
            for mark in self.layout.marks
        )

    def _surveyed(self, east_m: float, north_m: float) -> tuple[GeoPoint, float, float, float, float]:
        """Place, height, east, north and up of the surface there."""
        up_m = float(self.surface_height([[east_m, north_m]])[0])
        place = self.frame.point_from_local(east_m, north_m)
        return place, self.ground_amsl_m + up_m, east_m, north_m, up_m

    def surface_height(self, en_m: npt.ArrayLike) -> Floats:
        """(n,) metres above `ground_amsl_m` of the surface, trees and roofs too, at (n, 2) east and north."""
        en = np.asarray(en_m, np.float32).reshape(-1, 2)
        return np.asarray(self.heights.read(en[:, 0], en[:, 1])[0], np.float64)

    def ground_height(self, en_m: npt.ArrayLike) -> Floats:
        """(n,) as surface_height, of the bare ground under trees and vehicles."""
        en = np.asarray(en_m, np.float32).reshape(-1, 2)
        return np.asarray(self.ground.read(en[:, 0], en[:, 1])[0], np.float64)

    def truth_orthomosaic(self, gsd_m: float) -> Orthomosaic:
        """The whole world from straight above, `gsd_m` metres a pixel."""
        pixels = math.floor(self.size_m / gsd_m)
        offsets = ((np.arange(pixels) + 0.5) * gsd_m - self.size_m / 2).astype(np.float32)
        east, north = np.meshgrid(offsets, -offsets)
        rgb = np.moveaxis(self.colours.read(east, north, gsd_m), 0, -1)
        return Orthomosaic(np.round(rgb).astype(np.uint8), gsd_m, -self.size_m / 2, self.size_m / 2)

    def view(self, lens: Lens, pose: Pose) -> View:
        """What a camera at a pose looks at, in the world's frame."""
        return View.of(lens, pose, self.frame, self.ground_amsl_m)

    def point(self, place: GeoPoint) -> Floats:
        """(3,) east, north, up of a place on the bare ground."""
        en = self.frame.local_from_geo([[place.lon_deg, place.lat_deg]])
        return np.array([*en[0], float(self.ground_height(en)[0])])

    def line_of_sight(self, eye: Floats, point: Floats, clearance_m: float = 0.05) -> bool:
        """Whether nothing stands between two points, looked at every half texel up to the highest thing."""
        rise = eye[2] - point[2]
        if rise <= 0:
            return False
        share = min(1.0, max(0.0, self.highest_m - point[2]) / rise)
        run = math.hypot(eye[0] - point[0], eye[1] - point[1]) * share
        steps = np.linspace(0, share, max(16, math.ceil(run / self.texel_m)))
        path = (point + steps[:, None] * (eye - point)).astype(np.float32)
        surface = self.heights.read(path[:, 0], path[:, 1])[0]
        near = np.linalg.norm(path - point, axis=1) < 2 * self.texel_m
        return bool(np.all((surface <= path[:, 2] + clearance_m) | near))


def skyline_of(height: npt.NDArray[np.float32], texel_m: float) -> Raster:
    """The greatest height in and next to each cell of about a metre: what a ray may hit there."""
    block = max(1, min(ROUND_CELLS, 2 ** math.floor(math.log2(1.0 / texel_m))))
    blocks = height.shape[0] // block
    peaks = height.reshape(blocks, block, blocks, block).max(axis=(1, 3))
    return Raster(ndimage.maximum_filter(peaks, 3, mode="reflect")[None], block * texel_m)
