"""Inputs that are known within bounds, and numbers printed with digits that match their uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imaging.measure.figures import Figure
from missions.errors import SettingsError

NOT_TOLD = "no source told"
TAKEN_AS_EXACT = "taken as exact, no source told"
NORMAL_95 = 1.959964
"""Half of the central 95 % of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Range:
    """A quantity between `low` and `high`. `source` says in words where the bounds come from.

    Raises SettingsError where the bounds are not finite or the wrong way round.
    """

    low: float
    high: float
    source: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low > self.high:
            raise SettingsError(
                f"{self.low:g} to {self.high:g} is no range", remedy="Give two numbers, the lower one first"
            )

    @classmethod
    def exactly(cls, value: float, source: str = "") -> Range:
        """A quantity taken as known without error."""
        return cls(value, value, source)

    @classmethod
    def from_sigma(cls, value: float, sigma: float, source: str = "") -> Range:
        """The central 95 % of a normal distribution. Raises SettingsError for a negative `sigma`."""
        if not sigma >= 0:
            raise SettingsError(
                f"a standard deviation of {sigma:g} makes no sense", remedy="Give one of zero or more"
            )
        return cls(value - NORMAL_95 * sigma, value + NORMAL_95 * sigma, source)

    @classmethod
    def from_figure(cls, figure: Figure) -> Range:
        """The 95 % interval of a measured figure, named after its marks."""
        low, high = figure.value - figure.half_width_95, figure.value + figure.half_width_95
        return cls(low, high, f"{figure.kind} {'-'.join(figure.letters)}, 95 %")

    def within(self, least: float, most: float, what: str) -> Range:
        """Itself. Raises SettingsError where a bound lies outside `least` to `most`."""
        if self.low < least or self.high > most:
            raise SettingsError(
                f"{what} of {self.low:g} to {self.high:g} makes no sense",
                remedy=f"It lies within {least:g} to {most:g}",
            )
        return self
