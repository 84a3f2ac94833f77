"""What a camera sees of flat ground when it looks down at an angle.

The pinhole camera of `missions.camera` pitched down. A row of the picture at angle b below the horizon meets
the ground at height / tan b, at a depth of height / sin b x cos(b - pitch) along the optical axis, and is as
wide as depth x sensor width / focal length (similar triangles in the tilted picture).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from missions.camera import Camera
from missions.errors import SettingsError
from missions.geodesy import Points
from missions.view import PERSON_WIDTH_M

_HORIZON_DEG = 3.0
"""Rows nearer to the horizon than this see nothing of use; the ground is taken to end there."""


@dataclass(frozen=True, slots=True)
class Oblique:
    """A camera `height_m` above the ground that looks `down_deg` below the horizon, its wide side level."""

    camera: Camera
    height_m: float
    down_deg: float

    def __post_init__(self) -> None:
        if not 5 <= self.down_deg <= 90:
            raise SettingsError(
                f"a camera that looks {self.down_deg:.0f} degrees down sees no useful ground",
                remedy="Fly higher or nearer: 5 to 90 degrees below the horizon",
            )

    @property
    def distance_m(self) -> float:
        """Level distance to where the optical axis meets the ground."""
        return self.height_m / math.tan(math.radians(self.down_deg)) if self.down_deg < 90 else 0.0

    @property
    def slant_m(self) -> float:
        """Distance to where the optical axis meets the ground."""
        return self.height_m / math.sin(math.radians(self.down_deg))

    @property
    def gsd_m(self) -> float:
        """Metres a pixel across the line of sight, in the middle of the picture."""
        return self.camera.gsd_m(self.slant_m)

    @property
    def person_px(self) -> float:
        """How many pixels wide a person of half a metre is, in the middle of the picture."""
        return PERSON_WIDTH_M / self.gsd_m

    @property
    def near_m(self) -> float:
        """Level distance to the bottom edge of the picture on the ground, below 0 where that is behind."""
        return self._at(min(self.down_deg + self._half_deg, 179.0))[0]

    @property
    def far_m(self) -> float:
        """Level distance to the top edge of the picture on the ground."""
        return self._at(self._top_deg)[0]

    @property
    def near_width_m(self) -> float:
        """How wide the ground is along the bottom edge."""
        return self._at(min(self.down_deg + self._half_deg, 179.0))[1]

    @property
    def far_width_m(self) -> float:
        """How wide the ground is along the top edge."""
        return self._at(self._top_deg)[1]

    def footprint(self, place: Points, bearing_deg: float) -> Points:
        """The corners of the ground seen from a place, metres east and north, (4, 2)."""
        angle = math.radians(bearing_deg)
        ahead, right = (
            np.array([math.sin(angle), math.cos(angle)]),
            np.array([math.cos(angle), -math.sin(angle)]),
        )
        edges = ((self.near_m, self.near_width_m), (self.far_m, self.far_width_m))
        (near, low), (far, high) = edges
        return np.array(
            [
                place + near * ahead - low / 2 * right,
                place + near * ahead + low / 2 * right,
                place + far * ahead + high / 2 * right,
                place + far * ahead - high / 2 * right,
            ]
        )

    @property
    def _half_deg(self) -> float:
        return self.camera.fov_deg[1] / 2

    @property
    def _top_deg(self) -> float:
        return max(self.down_deg - self._half_deg, min(_HORIZON_DEG, self.down_deg / 2))

    def _at(self, below_deg: float) -> tuple[float, float]:
        """Level distance and width of the ground in the row that looks `below_deg` below the horizon."""
        below, down = math.radians(below_deg), math.radians(self.down_deg)
        depth_m = self.height_m / math.sin(below) * math.cos(below - down)
        scale = self.camera.sensor_width_mm / self.camera.focal_length_mm
        return self.height_m / math.tan(below), depth_m * scale
