"""Which photos show a place, and how well: what a marking page asks for first.

Nothing is known here of what stands in the way: a point behind a car is seen all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from imaging.lens import Array, Lens, View

CLEAR_SHARE = 0.1
"""From the picture's edge inwards, as a share of its shorter side, a view counts less."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where one photo shows a place. Pixels as everywhere: (0.5, 0.5) is the centre of the first one.

    `border_px` is the distance to the picture's edge, negative outside. `from_above_deg` is 0 straight down.
    `pixels_per_m` is across the line of sight. `quality` orders the views: pixels a metre of level ground,
    less within a tenth of the picture's edge.
    """

    photo: str
    x_px: float
    y_px: float
    border_px: float
    from_above_deg: float
    pixels_per_m: float
    quality: float

    @property
    def inside(self) -> bool:
        """Whether it lies in the picture."""
        return self.border_px >= 0


def sights(local_m: Array, views: Iterable[View], lenses: Mapping[str, Lens]) -> tuple[Sight, ...]:
    """(3,) east, north, up in every view that has it before its lens, the best first, those outside last."""
    seen = (_sight(np.asarray(local_m, float), view, lenses[view.lens]) for view in views)
    found = [sight for sight in seen if sight is not None]
    return tuple(sorted(found, key=lambda one: (not one.inside, -one.quality, -one.border_px, one.photo)))


def _sight(local_m: Array, view: View, lens: Lens) -> Sight | None:
    line = local_m - view.centre
    pixel = lens.pixels(view.rotation @ line)
    if not np.isfinite(pixel).all():
        return None
    distance_m = float(np.linalg.norm(line))
    from_above_deg = math.degrees(math.acos(float(np.clip(-line[2] / distance_m, -1, 1))))
    border_px = float(min(*pixel, lens.width_px - pixel[0], lens.height_px - pixel[1]))
    clear = np.clip(border_px / (CLEAR_SHARE * min(lens.width_px, lens.height_px)), 0, 1)
    pixels_per_m = lens.focal_px / distance_m
    # A mark on level ground is as sharp as the ground's pixels: fewer from afar, and flattened from aside.
    quality = float(clear) * pixels_per_m * max(0.0, math.cos(math.radians(from_above_deg)))
    return Sight(
        view.name, float(pixel[0]), float(pixel[1]), border_px, from_above_deg, pixels_per_m, quality
    )
