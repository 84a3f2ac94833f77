"""False colour turned back into one scale from cold to warm, where the palette is one that we know.

A palette is a curve through colours, and a picture's colours lie along it. Five were measured on pictures
whose sensor counts are known (DJI M2EA, M3T, M3TD, H20T, H30T and FLIR's "iron"): median colour by rank of
the count, then again by place along the curve found (Hastie and Stuetzle, Principal curves, JASA 84, 1989). A
picture is of the palette that most of its colours lie closest to, if they lie close; its values are then
places along that curve, 0 to 255: the order of warmth, neither degrees nor even steps of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from imaging.thermal.frame import Values

Colours = npt.NDArray[np.uint8]

CURVES: Mapping[str, tuple[tuple[int, int, int], ...]] = {
    "iron": (
        (0, 0, 10), (15, 2, 55), (36, 0, 92), (64, 1, 109), (93, 1, 124), (123, 0, 136), (152, 1, 151),
        (181, 3, 155), (194, 13, 128), (207, 24, 106), (219, 32, 87), (230, 41, 64), (239, 52, 36),
        (248, 66, 10), (253, 94, 1), (253, 127, 1), (254, 159, 1), (254, 190, 1), (252, 222, 3),
        (253, 242, 24), (252, 250, 90), (250, 252, 170), (255, 255, 250),
    ),
    "rainbow": (
        (4, 8, 200), (15, 46, 239), (15, 71, 227), (14, 95, 189), (14, 115, 149), (14, 134, 108), (19, 155,
        69), (49, 179, 49), (81, 202, 34), (116, 226, 20), (157, 240, 8), (202, 246, 6), (237, 235, 6),
        (245, 190, 8), (250, 140, 5), (250, 90, 5), (250, 40, 6), (252, 4, 40), (252, 2, 100), (252, 2, 162),
        (253, 3, 209),
    ),
    "violet to yellow": (
        (232, 6, 185), (216, 8, 238), (151, 9, 253), (84, 14, 251), (34, 23, 250), (24, 46, 244), (13, 85,
        238), (11, 129, 245), (8, 185, 251), (9, 244, 252), (5, 255, 188), (3, 255, 120), (1, 255, 52), (27,
        253, 6), (93, 251, 9), (155, 250, 10), (215, 250, 8),
    ),
    "green and gold": (
        (6, 22, 21), (11, 45, 43), (17, 66, 66), (22, 89, 88), (28, 111, 111), (39, 133, 122), (64, 148, 108),
        (89, 161, 93), (114, 176, 79), (139, 190, 66), (164, 204, 51), (189, 218, 36), (214, 232, 22),
        (240, 246, 8), (252, 226, 1), (253, 194, 1), (254, 164, 0), (254, 130, 0),
    ),
    "white hot, the hottest in red": (
        (0, 0, 0), (63, 63, 63), (121, 121, 121), (180, 180, 180), (225, 225, 225), (240, 238, 238),
        (252, 232, 232), (252, 208, 208), (252, 185, 184), (253, 161, 160), (253, 137, 136), (252, 113, 112),
        (251, 91, 90), (250, 50, 50), (250, 10, 10),
    ),
}  # fmt: skip
"""Red, green, blue from cold to warm."""
RED = "white hot, the hottest in red"
_STEPS = 256
_BITS = 5
_SPARSE = 4
_REACH = 6.0
"""Steps that a whole colour may lie from that of its cell."""
_CLOSE, _MOST_CLOSE_SHARE = 36.0, 0.8
_COLOURED, _COLOURED_SHARE, _ANY_COLOUR_SHARE = 40, 0.05, 0.0005
_REDDISH_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Palette:
    """The nearest step of a curve and the distance from it, for every colour cut to five bits a channel.

    A whole colour's place is then found along the curve's tangent there: `slopes` (256, 3) steps a level, and
    `starts` (256,) the place of black on each tangent.
    """

    name: str
    nearest: npt.NDArray[np.uint8]
    distances: Values
    slopes: Values
    starts: Values

    def read(self, rgb: Colours) -> Values:
        """(height, width, 3) colours to (height, width) places along the curve, 0 to 255."""
        step = np.take(self.nearest, _cells(rgb))
        slopes = np.take(self.slopes, step, axis=0)
        places = np.take(self.starts, step) + np.einsum("ijk,ijk->ij", slopes, rgb.astype(np.float32))
        near = np.clip(places, step - np.float32(_REACH), step + np.float32(_REACH))
        return np.asarray(np.clip(near, 0, _STEPS - 1), np.float32)

    def away(self, rgb: Colours) -> Values:
        """How far each colour lies from the curve, levels of 255."""
        return np.take(self.distances, _cells(rgb))


def grey_from_colours(rgb: Colours) -> tuple[Values, str]:
    """(height, width) values of (height, width, 3) colours, and the palette that they were read by.

    The palette's name is empty for a grey picture and "unknown" for colours of no palette known here, whose
    brightness is then given.
    """
    sparse = np.ascontiguousarray(rgb[::_SPARSE, ::_SPARSE])
    spread = sparse.max(axis=2).astype(np.int16) - sparse.min(axis=2)
    coloured = spread > _COLOURED
    share = float(coloured.mean())
    if share > _COLOURED_SHARE:
        name = _recognised(sparse, coloured)
        return (palette(name).read(rgb), name) if name else (_brightness(rgb), "unknown")
    if share > _ANY_COLOUR_SHARE:
        tail = sparse[coloured][None]
        if float((palette(RED).away(tail) < _CLOSE).mean()) > _REDDISH_SHARE:
            return palette(RED).read(rgb), RED
    return _brightness(rgb), ""


def _recognised(sparse: Colours, coloured: npt.NDArray[np.bool_]) -> str:
    """The palette that the colours lie closest to; empty where they lie close to none."""
    seen = sparse[coloured][None]
    best, best_away = "", np.inf
    for name in CURVES:
        away = palette(name).away(seen)
        if float((away < _CLOSE).mean()) < _MOST_CLOSE_SHARE:
            continue
        mean = float(np.minimum(away, _CLOSE).mean())
        if mean < best_away:
            best, best_away = name, mean
    return best


@lru_cache(maxsize=len(CURVES))
def palette(name: str) -> Palette:
    """A palette of `CURVES`, ready to read with."""
    points = np.array(CURVES[name], float)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    places = np.linspace(0, along[-1], _STEPS)
    curve = np.stack([np.interp(places, along, points[:, channel]) for channel in range(3)], axis=1)
    levels = (np.arange(1 << _BITS) + 0.5) * (256 >> _BITS)
    cells = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    distances, nearest = cKDTree(curve).query(cells)
    tangents = np.gradient(curve, axis=0)
    slopes = tangents / np.maximum((tangents**2).sum(axis=1, keepdims=True), 1e-9)
    starts = np.arange(_STEPS) - (curve * slopes).sum(axis=1)
    return Palette(
        name,
        np.asarray(nearest, np.uint8),
        np.asarray(distances, np.float32),
        np.asarray(slopes, np.float32),
        np.asarray(starts, np.float32),
    )


def _cells(rgb: Colours) -> npt.NDArray[np.int32]:
    cut = (rgb >> (8 - _BITS)).astype(np.int32)
    cells: npt.NDArray[np.int32] = (cut[..., 0] << 2 * _BITS) | (cut[..., 1] << _BITS) | cut[..., 2]
    return cells


def _brightness(rgb: Colours) -> Values:
    """Luma by ITU-R BT.601."""
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
