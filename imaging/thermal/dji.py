"""DJI's R-JPEG: 16-bit counts of the sensor, little endian, split over APP3 segments.

Counts rise with temperature (r >= 0.9987 on nine models) but the step to degrees is the maker's own, and
formulas for it were off by up to 6 degrees: these frames stay in counts.
"""

from __future__ import annotations

import numpy as np

from imaging.thermal.frame import Values
from imaging.thermal.jpeg import joined

_APP3, _APP4 = 0xE3, 0xE4
SENSORS_PX = ((640, 512), (1280, 1024), (320, 256), (640, 480), (336, 256), (320, 240), (160, 120))


def counts(data: bytes, where: str) -> Values | None:
    """The counts (height, width) as float32, or None where the JPEG holds none of a known sensor's size."""
    for marker in (_APP3, _APP4):
        raw = joined(data, marker, where)
        for width, height in SENSORS_PX:
            if len(raw) == 2 * width * height:
                return np.frombuffer(raw, "<u2").reshape(height, width).astype(np.float32)
    return None
