"""From an ideal picture to what a sensor records: softness, darker corners, exposure and noise."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

LEAST_SMEAR_PX = 0.05


def developed(
    picture: npt.NDArray[np.float32],
    rng: np.random.Generator,
    exposure: float,
    noise_dn: float,
    blur_px: float,
    vignette: float,
) -> npt.NDArray[np.uint8]:
    """(rows, columns, 3) grey levels, with the lens's softness and dark corners, exposure and noise."""
    if blur_px > 0:
        picture = ndimage.gaussian_filter(picture, (blur_px, blur_px, 0), truncate=3)
    rows, columns = picture.shape[:2]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    light = np.float32(exposure) * (1 - np.float32(vignette / 2) * (x**2 + y**2))
    picture = picture * light[..., None]
    if noise_dn > 0:
        picture += np.float32(noise_dn) * rng.standard_normal(picture.shape, np.float32)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def smeared(picture: npt.NDArray[np.float32], smear_px: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The mean of the picture moved evenly along `smear_px` (x, y), half of it back and half of it ahead."""
    length_px = math.hypot(*smear_px)
    if length_px < LEAST_SMEAR_PX:
        return picture
    shares = np.linspace(-0.5, 0.5, 2 * math.ceil(length_px) + 1)
    total = np.zeros_like(picture)
    for share in shares.tolist():
        moved = (share * smear_px[1], share * smear_px[0], 0)
        total += ndimage.shift(picture, moved, order=1, mode="nearest")
    return np.asarray(total / len(shares), np.float32)
