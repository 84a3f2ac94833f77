"""A lens as its maker measured it, from what the drone writes into each photo.

DJI's `DewarpData` is a date and, after a semicolon, fx, fy, cx, cy, k1, k2, p1, p2, k3: focal lengths in
pixels, the optical centre in pixels from the picture's centre, radial and tangential terms; `DewarpFlag` 0
says that the picture is as the lens drew it, 1 that these were applied to it already (DJI, Matrice 4 Series
User Manual, pages 90 and 91; Mavic 3M User Manual, page 90). That the terms are Brown's in OpenCV's order and
sense is how other software reads them; the manuals only name them.

The lens of `imaging.lens` has no k3 and one focal length: k1 and k2 are those that come closest to all three
over the picture (0.8 pixels rms, 2.4 at a corner of 5472 x 3648 of one Phantom 4 RTK), and the focal length
is the mean of both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.adjustment import LensPrior
from imaging.lens import Lens

TERMS = 9
NOT_DEWARPED = 0
SAMPLES = 200
RESIZED = 0.05
"""A picture whose optical centre lies this share of its side off the middle was cut or resized since."""
OFF_CENTRE = 0.05
MOST_TERM = 1.0
PRIOR = LensPrior(focal=0.004, centre=0.004, radial=0.02, radial2=0.02, tangential=0.001)
"""How far a lens is taken to have wandered since it was measured: of one Phantom 4 RTK the measured focal
length lies 0.5 % off the designed one."""


@dataclass(frozen=True, slots=True)
class FactoryLens:
    """Focal length and offsets of the optical centre from the picture's in pixels; `measured` is the date."""

    focal_px: float
    offset_x_px: float
    offset_y_px: float
    radial: float
    radial2: float
    tangential_x: float
    tangential_y: float
    measured: str

    def lens(self, width_px: int, height_px: int) -> Lens:
        """The same for pictures of this size."""
        return Lens(
            width_px,
            height_px,
            self.focal_px,
            width_px / 2 + self.offset_x_px,
            height_px / 2 + self.offset_y_px,
            self.radial,
            focal_known=True,
            radial2=self.radial2,
            tangential_x=self.tangential_x,
            tangential_y=self.tangential_y,
        )


def read_dewarp(text: str, flag: float | None, width_px: int, height_px: int) -> FactoryLens | None:
    """The lens in DewarpData, None where it is none, makes no sense or the flag does not say 0.

    Without the flag nothing tells whether the picture was straightened already.
    """
    if flag != NOT_DEWARPED:
        return None
    date, _, terms = text.strip().partition(";")
    try:
        values = [float(term) for term in terms.split(",")]
    except ValueError:
        return None
    if len(values) != TERMS or not all(math.isfinite(value) for value in values):
        return None
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = values
    focal_px = (fx + fy) / 2
    sound = (
        0.2 * width_px <= focal_px <= 50 * width_px
        and abs(fx - fy) <= 0.02 * focal_px
        and max(abs(cx), abs(cy)) <= OFF_CENTRE * width_px
        and max(abs(term) for term in (k1, k2, k3, 10 * p1, 10 * p2)) <= MOST_TERM
    )
    if not sound:
        return None
    radial, radial2 = _two_terms(k1, k2, k3, math.hypot(width_px, height_px) / 2 / focal_px)
    return FactoryLens(focal_px, cx, cy, radial, radial2, p1, p2, _date(date))


def resized(centre_x_px: float | None, centre_y_px: float | None, width_px: int, height_px: int) -> bool:
    """Whether the picture is not of the size that its calibrated figures are of.

    CalibratedOpticalCenterX and Y are the designed optical centre, the middle of the picture as it was taken
    (the manuals above).
    """
    return any(
        told is not None and abs(told - side / 2) > RESIZED * side
        for told, side in ((centre_x_px, width_px), (centre_y_px, height_px))
    )


def factory_lens_from_json(body: dict[str, Any] | None) -> FactoryLens | None:
    """What `asdict` made of it. Raises TypeError as it comes."""
    return None if body is None else FactoryLens(**body)


def _two_terms(k1: float, k2: float, k3: float, corner: float) -> tuple[float, float]:
    """k1 and k2 whose distortion lies closest to that of all three, by the area of the picture."""
    radius = corner * np.sqrt((np.arange(SAMPLES) + 0.5) / SAMPLES)
    terms = np.column_stack([radius**3, radius**5])
    found = np.linalg.lstsq(terms, terms @ [k1, k2] + k3 * radius**7, rcond=None)[0]
    return float(found[0]), float(found[1])


def _date(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit() or letter == "-")[:10]
