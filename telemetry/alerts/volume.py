"""Volumes of air: where an aircraft is meant to be, as polygons with a floor and a ceiling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from missions.area import Part
from missions.errors import InputError


class Reference(StrEnum):
    """What a volume's heights are measured from."""

    RELATIVE = "relative"
    """The take-off point."""
    AMSL = "amsl"
    """Mean sea level."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The air above some polygons between two heights, metres in `reference`. Raises InputError."""

    name: str
    parts: tuple[Part, ...]
    floor_m: float
    ceiling_m: float
    reference: Reference = Reference.RELATIVE

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError("the volume has no polygon", where=self.name, remedy="Draw at least one")
        heights = (self.floor_m, self.ceiling_m)
        if any(math.isnan(height) for height in heights) or self.floor_m >= self.ceiling_m:
            raise InputError(
                f"a floor of {self.floor_m} m and a ceiling of {self.ceiling_m} m hold no air",
                where=self.name,
                remedy="Give a floor below the ceiling",
            )


@dataclass(frozen=True, slots=True)
class Volumes:
    """The two of SORA 2.5 (JARUS): where the flight is planned, and where it may stray to."""

    flight_geography: Volume | None = None
    contingency: Volume | None = None
