"""What an investigator measures at a scene, and the chalk that says where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from missions.geodesy import GeoPoint
from sitl.world.canvas import Canvas, Material
from sitl.world.things import body_axes

CHALK_ARM_M = 0.22
CHALK_WIDTH_M = 0.05


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to measure, metres east and north; `chalked` ones are sprayed on the ground as a cross."""

    name: str
    kind: str
    east_m: float
    north_m: float
    chalked: bool = False


@dataclass(frozen=True, slots=True)
class MeasurePoint:
    """A mark on the surface: metres east and north of the origin and up from the ground level.

    `kind` is "skid" (where a tyre's mark begins or ends), "kerb" or "paint" (a corner of a kerb or of a road
    marking) or "wheel" (the chalk beside a wheel).
    """

    name: str
    kind: str
    place: GeoPoint
    height_amsl_m: float
    east_m: float
    north_m: float
    up_m: float


def paint_chalk(canvas: Canvas, east_m: float, north_m: float, heading_deg: float) -> None:
    """A cross of white paint whose middle is the mark; no finer than the canvas can show."""
    patch = canvas.around(east_m, north_m, CHALK_ARM_M * 1.5)
    if patch.empty:
        return
    ahead, aside = body_axes(patch, east_m, north_m, heading_deg)
    half_m = max(CHALK_WIDTH_M, canvas.texel_m) / 2
    across = np.minimum(np.abs(ahead), np.abs(aside)) - half_m
    patch.lay(
        patch.soft(np.maximum(across, np.maximum(np.abs(ahead), np.abs(aside)) - CHALK_ARM_M)),
        (240, 238, 120),
        Material.PAINT,
    )
