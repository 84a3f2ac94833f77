"""The road through the world: where it runs, and how it and its verges are painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sitl.world.canvas import Canvas, Material, Patch, grain
from sitl.world.noise import Field

HALF_WIDTH_M = 3.6
KERB_M = 0.15
PAVEMENT_M = 2.0
BAY_DEPTH_M = 2.3
BAY_LENGTH_M = 6.0
SIDE_ROAD_AT_M = 17.0
SIDE_HALF_WIDTH_M = 2.9
VERGE_M = 3.0
PATH_AT_M = 21.0
NOWHERE_M = 1e5
WHITE = (222.0, 221.0, 214.0)
PATH_HALF_WIDTH_M = 1.3


@dataclass(frozen=True, slots=True)
class Road:
    """A road through the origin that bends: `along` and `across` (right positive) in metres.

    A side road comes in from the right at `side_at_m`. The stones of an `irregular` road do not come again
    after a few metres, as those of the others do, which a feature matcher may take for each other. The ground
    is ploughed to the left of `ploughed_beyond_m`.
    """

    bearing_deg: float
    bend_m: float = 3.0
    bend_length_m: float = 28.0
    side_at_m: float = SIDE_ROAD_AT_M
    bays: bool = True
    pavement: bool = True
    zebra: bool = True
    irregular: bool = False
    gravel_path: bool = True
    ploughed_beyond_m: float = NOWHERE_M

    @property
    def has_side_road(self) -> bool:
        """Whether one comes in near the scene."""
        return abs(self.side_at_m) < NOWHERE_M

    def along_across(
        self, east_m: npt.NDArray[np.floating], north_m: npt.NDArray[np.floating]
    ) -> tuple[Field, Field]:
        """Metres along the road and to the right of its middle line."""
        sine, cosine = math.sin(math.radians(self.bearing_deg)), math.cos(math.radians(self.bearing_deg))
        along = east_m * sine + north_m * cosine
        across = east_m * cosine - north_m * sine - self._bend(along)
        return along.astype(np.float32), across.astype(np.float32)

    def place(self, along_m: float, across_m: float) -> tuple[float, float]:
        """East and north of a place on the road."""
        sine, cosine = math.sin(math.radians(self.bearing_deg)), math.cos(math.radians(self.bearing_deg))
        sideways = across_m + float(self._bend(np.array(along_m)))
        return along_m * sine + sideways * cosine, along_m * cosine - sideways * sine

    def heading_deg(self, along_m: float) -> float:
        """Bearing of the road where it has come `along_m` far."""
        slope = self.bend_m / self.bend_length_m * math.sin(along_m / self.bend_length_m)
        return self.bearing_deg + math.degrees(math.atan(slope))

    def _bend(self, along_m: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return np.asarray(self.bend_m * (1 - np.cos(along_m / self.bend_length_m)))


def paint_ground(canvas: Canvas, road: Road) -> None:
    """Grass, the road with its side road, kerbs, pavement, parking bays and a gravel path."""
    for patch in canvas.tiles():
        along, across = road.along_across(patch.east, patch.north)
        _grass(patch)
        _ploughed(patch, along, across + road.ploughed_beyond_m)
        if road.gravel_path:
            _gravel_path(patch, across)
        _highway(patch, road, along, across)
    _cracks(canvas, road)


def _highway(patch: Patch, road: Road, along: Field, across: Field) -> None:
    from_side = along - np.float32(road.side_at_m)
    side = np.maximum(np.abs(from_side) - SIDE_HALF_WIDTH_M, -across)
    main = np.abs(across) - HALF_WIDTH_M
    if float(np.minimum(main, side).min()) > VERGE_M:
        return
    if road.pavement:
        _pavement(patch, along, across, side, irregular=road.irregular)
    if road.bays:
        _bays(patch, along, across, irregular=road.irregular)
    _asphalt(patch, np.minimum(main, side), along, across)
    _markings(patch, along, across, from_side, zebra=road.zebra)
    if road.has_side_road:
        _side_markings(patch, along, across, from_side, side)


def _grass(patch: Patch) -> None:
    patch.height += 0.12 * patch.coarse + 0.012 * patch.middle
    blend = 1.1 * patch.coarse + 0.6 * patch.middle
    patch.rgb[:] = grain((88, 104, 56), patch.fine, (15, 17, 11))
    patch.lay(np.clip(0.4 * blend, 0, 0.6), grain((128, 122, 76), patch.fine, (20, 18, 13)))
    patch.lay(np.clip(-0.4 * blend - 0.1, 0, 0.6), grain((52, 76, 36), patch.fine, (12, 14, 8)))
    bare = np.clip(3 * (patch.turned + 0.5 * patch.middle - 2.0), 0, 0.9)
    patch.lay(bare, grain((118, 100, 78), patch.fine, (14, 13, 11)), Material.SOIL)


def _ploughed(patch: Patch, along: Field, beyond: Field) -> None:
    """Furrows along the field's edge, crumbled and not quite straight."""
    if float(beyond.min()) > 0:
        return
    cover = patch.soft(beyond + 0.5 * patch.middle)
    furrow = np.sin(2 * math.pi / 0.8 * (beyond + 0.25 * patch.coarse) + 0.9 * patch.middle)
    tone = patch.fine + 1.2 * patch.middle + 0.5 * furrow + 1.5 * patch.turned + 0.3 * np.sin(along / 7)
    patch.lay(cover, grain((112, 92, 72), tone, (13, 12, 10)), Material.SOIL)
    patch.height += cover * (0.05 * furrow + 0.02 * patch.middle)


def _mixed(along: Field, across: Field, kinds: int) -> Field:
    """(h, w) 0 to `kinds` - 1 from two whole numbers, without a period."""
    mixed = along.astype(np.int64) * 73_856_093 ^ across.astype(np.int64) * 19_349_663
    mixed = (mixed ^ (mixed >> 13)) * 1_274_126_177
    return ((mixed ^ (mixed >> 16)) % kinds).astype(np.float32)


def _gravel_path(patch: Patch, across: Field) -> None:
    edge = np.abs(across + PATH_AT_M) - PATH_HALF_WIDTH_M + 0.12 * patch.middle
    patch.lay(
        patch.soft(edge),
        grain((158, 148, 130), patch.fine + 0.4 * patch.middle, (24, 23, 21)),
        Material.GRAVEL,
    )


def _pavement(patch: Patch, along: Field, across: Field, side: Field, *, irregular: bool) -> None:
    outer = HALF_WIDTH_M + KERB_M + PAVEMENT_M
    strip = np.maximum(np.abs(across - (HALF_WIDTH_M + outer) / 2) - (outer - HALF_WIDTH_M) / 2, -side)
    cover = patch.soft(strip)
    row, column = np.floor(along / 0.5), np.floor(across / 0.5)
    tile = (_mixed(row, column, 7) if irregular else (row * 37 + column * 61) % 7) - 3
    patch.lay(cover, grain((150, 146, 140), tile + 1.5 * patch.fine, (4, 4, 4)), Material.PAVING)
    joint = np.minimum(np.abs((along % 0.5) - 0.25), np.abs((across % 0.5) - 0.25))
    patch.darken(0.3 * cover * patch.soft(0.235 - joint))
    kerb = np.maximum(np.abs(across - HALF_WIDTH_M - KERB_M / 2) - KERB_M / 2, -side)
    stone = (_mixed(np.floor(along), np.zeros_like(along), 5) if irregular else np.floor(along) % 5) - 2
    patch.lay(patch.soft(kerb), grain((182, 180, 174), stone + patch.fine, (5, 5, 5)), Material.PAVING)
    patch.height[:] = np.where(strip < 0, 0.12 + 0.02 * (across - HALF_WIDTH_M), patch.height)


def _bays(patch: Patch, along: Field, across: Field, *, irregular: bool) -> None:
    strip = np.maximum(
        np.abs(across + HALF_WIDTH_M + BAY_DEPTH_M / 2) - BAY_DEPTH_M / 2, np.abs(along + 4) - 24
    )
    cover = patch.soft(strip)
    row, column = np.floor(along / 0.2), np.floor(across / 0.1)
    brick = (_mixed(row, column, 11) if irregular else (row * 29 + column * 47) % 11) - 5
    patch.lay(cover, grain((126, 96, 84), brick + 2 * patch.middle, (4, 3.4, 3)), Material.PAVING)
    line = np.abs((along - 2 + BAY_LENGTH_M / 2) % BAY_LENGTH_M - BAY_LENGTH_M / 2) - 0.05
    patch.lay(cover * patch.soft(line), (206, 202, 196), Material.PAINT)
    patch.height[:] = np.where(strip < 0, 0.03, patch.height)


def _asphalt(patch: Patch, carriageway: Field, along: Field, across: Field) -> None:
    cover = patch.soft(carriageway)
    lane = np.abs(np.abs(across) - 1.75)
    wheel_track = np.exp(-(((lane - 0.75) / 0.3) ** 2))
    oil = np.exp(-((lane / 0.35) ** 2))
    tone = 0.55 * patch.turned + 0.7 * patch.middle + 1.1 * patch.fine
    shade = (tone + 0.8 * wheel_track - 0.7 * oil).astype(np.float32)
    patch.lay(cover, grain((98, 97, 95), shade, (8.5, 8.5, 8.5)), Material.ASPHALT)
    relief = 0.02 * np.clip(1 - (across / HALF_WIDTH_M) ** 2, 0, 1) + 0.002 * patch.middle
    patch.height[:] = np.where(carriageway < 0, relief, patch.height)
    for middle, half, side in ((-31.0, 3.0, 1.7), (9.0, 1.6, -1.6), (-12.0, 0.9, 1.2), (33.0, 4.2, -1.8)):
        repair = np.maximum(np.abs(along - middle) - half, np.abs(across - side) - 0.9)
        patch.darken(0.22 * cover * patch.soft(repair))
        patch.darken(0.45 * cover * patch.soft(np.abs(repair) - 0.03))


def _worn(patch: Patch) -> Field:
    """How much of a road marking is left."""
    share = np.clip(0.93 + 0.25 * np.minimum(patch.fine + patch.middle, 0), 0.15, 1)
    return np.asarray(share, np.float32)


def _markings(patch: Patch, along: Field, across: Field, from_side: Field, *, zebra: bool) -> None:
    worn = _worn(patch)
    crossing_gap = np.abs(along + 26) < (2.6 if zebra else 0.0)
    dash = np.where(crossing_gap, 1.0, np.abs((along % 12) - 4.5) - 1.5)
    centre = np.maximum(np.abs(across) - 0.075, dash)
    at_junction = (np.abs(from_side) < SIDE_HALF_WIDTH_M + 0.3) & (across > 0)
    edges = np.maximum(
        np.abs(np.abs(across) - 3.3) - 0.06, np.where(at_junction, np.abs(along % 1 - 0.5) - 0.25, -1)
    )
    stripes = np.maximum(np.abs((across % 1.0) - 0.5) - 0.25, np.abs(along + 26) - 1.5)
    shapes = (centre, edges, np.maximum(stripes, np.abs(across) - 3.1))
    for shape in shapes if zebra else shapes[:2]:
        patch.lay(patch.soft(shape) * worn, WHITE, Material.PAINT)


def _side_markings(patch: Patch, along: Field, across: Field, from_side: Field, side: Field) -> None:
    """The teeth that make the side road give way, and its middle line."""
    worn = _worn(patch)
    teeth = np.maximum(
        np.abs(across - 4.2) - 0.35, np.abs((along % 0.9) - 0.45) - 0.45 * (4.55 - across) / 0.7
    )
    teeth = np.maximum(teeth, np.abs(from_side) - SIDE_HALF_WIDTH_M)
    middle_of_side = np.maximum(np.abs(from_side) - 0.06, np.abs((across % 6) - 3) - 1.0)
    middle_of_side = np.maximum(np.maximum(middle_of_side, side), 6.5 - across)
    for shape in (teeth, middle_of_side):
        patch.lay(patch.soft(shape) * worn, WHITE, Material.PAINT)


def _cracks(canvas: Canvas, road: Road) -> None:
    """Dark lines that wander over the asphalt: irregular detail, which a feature matcher needs."""
    mask = Image.new("L", (canvas.cells, canvas.cells))
    pen = ImageDraw.Draw(mask)
    reach = canvas.cells * canvas.texel_m / 2
    for _ in range(int(reach * 1.6)):
        along = canvas.rng.uniform(-reach, reach)
        across = canvas.rng.uniform(-3.4, 3.4)
        heading = canvas.rng.choice([0.0, math.pi / 2]) + canvas.rng.normal(0, 0.3)
        points = []
        for _ in range(int(canvas.rng.integers(6, 40))):
            points.append(canvas.pixel(*road.place(along, across)))
            heading += canvas.rng.normal(0, 0.35)
            along += 0.15 * math.cos(heading)
            across = float(np.clip(across + 0.15 * math.sin(heading), -3.5, 3.5))
        pen.line(points, fill=int(canvas.rng.integers(90, 200)), width=1)
    depth = np.asarray(mask)
    rows, columns = np.nonzero(depth)
    canvas.rgb[:, rows, columns] *= 1 - np.float32(0.7 / 255) * depth[rows, columns]
