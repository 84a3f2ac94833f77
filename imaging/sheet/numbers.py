"""Numbers printed with as many digits as their uncertainty bears."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_DECIMALS = {"m": 3, "m²": 2, "°": 2}
"""The finest that is printed, by unit."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value and the half width of its interval, both rounded to `decimals` (below zero: tens, hundreds)."""

    value: float
    half_width: float
    decimals: int

    def words(self, unit: str, comma: str = ".") -> str:
        """Such as `12.34 ± 0.05 m`."""
        gap = "" if unit == "°" else " "
        return f"{self._one(self.value, comma)} ± {self._one(self.half_width, comma)}{gap}{unit}"

    def interval(self, comma: str = ".") -> str:
        """Such as `12.29 … 12.39`."""
        low, high = self.value - self.half_width, self.value + self.half_width
        return f"{self._one(low, comma)} … {self._one(high, comma)}"

    def _one(self, value: float, comma: str) -> str:
        text = f"{value:.{max(0, self.decimals)}f}".replace(".", comma)
        return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text


def stated(value: float, half_width_95: float, unit: str) -> Stated:
    """The value with its half width rounded up, to two digits up to 35 and to one from 36 on.

    That is the Particle Data Group's rule (Review of Particle Physics, Introduction, 5.3) but upwards. What
    rounding moves the value by is added to the half width first, so that the printed interval always holds
    the computed one.
    """
    most = MOST_DECIMALS[unit]
    decimals = min(most, _decimals(max(half_width_95, 10.0**-most)))
    rounded, step = round(value, decimals), 10.0**-decimals
    wide = max(half_width_95 + abs(rounded - value), step)
    return Stated(rounded, round(math.ceil(wide / step - 1e-9) * step, max(0, decimals)), decimals)


def _decimals(half_width: float) -> int:
    exponent = math.floor(math.log10(half_width) + 1e-12)
    leading = half_width / 10.0**exponent
    return -exponent + (1 if leading < 3.55 else 0)


def decimals_for(half_width: float, least: int = 0, most: int = 3) -> int:
    """Decimals of a coordinate in metres whose uncertainty is `half_width`."""
    return least if half_width <= 0 else min(most, max(least, _decimals(half_width)))
