"""Smooth random fields, the grain of every surface."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.float32]


def octave(rng: np.random.Generator, cells: int, wavelength: float) -> Field:
    """(cells, cells) noise of about unit variance whose features are `wavelength` cells apart."""
    if wavelength <= 1.5:
        return rng.standard_normal((cells, cells), np.float32)
    knots = math.ceil(cells / wavelength) + 4
    grid = Image.fromarray(rng.standard_normal((knots, knots), np.float32))
    margin = 2.0
    box = (margin, margin, margin + cells / wavelength, margin + cells / wavelength)
    smooth = np.asarray(grid.resize((cells, cells), Image.Resampling.BICUBIC, box=box), np.float32)
    return smooth * np.float32(1.4)


def fractal(
    rng: np.random.Generator, cells: int, longest: float, shortest: float, persistence: float = 0.6
) -> Field:
    """(cells, cells) sum of octaves from `longest` down to `shortest` cells, of about unit variance.

    Each octave is half as long as the one before and `persistence` times as strong (Perlin 1985). A field
    that has no short features is made on a coarser grid, for speed.
    """
    if shortest >= 16:
        fewer = math.ceil(cells / 4)
        small = Image.fromarray(fractal(rng, fewer, longest / 4, shortest / 4, persistence))
        box = (0.0, 0.0, cells / 4, cells / 4)
        return np.asarray(small.resize((cells, cells), Image.Resampling.BICUBIC, box=box), np.float32)
    total = np.zeros((cells, cells), np.float32)
    strength, power = 1.0, 0.0
    wavelength = longest
    while wavelength >= shortest:
        total += np.float32(strength) * octave(rng, cells, wavelength)
        power += strength**2
        strength *= persistence
        wavelength /= 2
    total /= np.float32(math.sqrt(power) if power else 1.0)
    return total
