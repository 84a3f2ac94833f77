"""Cameras: what one picture sees of flat ground.

The formulas are the pinhole camera's: GSD = height x pixel pitch / focal length (Wolf, Dewitt and
Wilkinson, Elements of Photogrammetry with Applications in GIS, 4th ed., on vertical photographs).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera with its lens; the wide side of the sensor lies across the track.

    Sizes in millimetres and pixels. `spectrum` is "visible" or "thermal". `source` says where the figures
    come from. `min_interval_s` is the shortest time between two pictures.
    """

    name: str
    sensor_width_mm: float
    sensor_height_mm: float
    focal_length_mm: float
    image_width_px: int
    image_height_px: int
    spectrum: str = "visible"
    min_interval_s: float = 1.0
    source: str = ""

    @property
    def focal_length_px(self) -> float:
        """Focal length in pixels of the image's width."""
        return self.focal_length_mm / self.sensor_width_mm * self.image_width_px

    def gsd_m(self, height_agl_m: float) -> float:
        """Ground sample distance of a nadir picture, metres a pixel across the track."""
        return height_agl_m * self.sensor_width_mm / (self.focal_length_mm * self.image_width_px)

    def footprint_m(self, height_agl_m: float) -> tuple[float, float]:
        """Ground seen by a nadir picture: metres across and along the track."""
        scale = height_agl_m / self.focal_length_mm
        return self.sensor_width_mm * scale, self.sensor_height_mm * scale

    def height_agl_m(self, gsd_m: float) -> float:
        """Height above ground at which a nadir picture has this ground sample distance."""
        return gsd_m * self.focal_length_mm * self.image_width_px / self.sensor_width_mm

    @property
    def fov_deg(self) -> tuple[float, float]:
        """Full field of view, degrees: across and along the track."""
        return (
            2 * math.degrees(math.atan2(self.sensor_width_mm / 2, self.focal_length_mm)),
            2 * math.degrees(math.atan2(self.sensor_height_mm / 2, self.focal_length_mm)),
        )
