"""The map of a search as it is kept: the hypotheses, and everything that made them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from missions.errors import SettingsError
from missions.geodesy import GeoPoint
from missions.search.hypotheses import Mixture
from missions.search.probability import ProbabilityMap


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The initial planning point, known to `within_m` (95 %), and when he was there: ISO 8601, "" unknown."""

    place: GeoPoint
    within_m: float = 0.0
    time: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.within_m < math.inf:
            raise SettingsError(
                f"a place known to {self.within_m} m is none", remedy="Give metres, 0 where it is exact"
            )


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the map was made of."""

    name: str
    sha256: str
    role: str


@dataclass(frozen=True, slots=True)
class Ring:
    """`share` of people of a category were found within `distance_m`; the map put `poa` there when made."""

    hypothesis: str
    share: float
    distance_m: float
    poa: float


@dataclass(frozen=True, eq=False)
class SearchMap:
    """A mixture with its name, time (ISO 8601, UTC), inputs, notes for whoever reads it, and rings.

    `since` is what was done with the map after it was made, such as searches, as JSON.
    """

    name: str
    created: str
    mixture: Mixture
    last_seen: LastSeen | None = None
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()
    rings: tuple[Ring, ...] = ()
    since: tuple[dict[str, Any], ...] = field(default=())

    @property
    def chances(self) -> ProbabilityMap:
        """The whole map."""
        return self.mixture.chances

    @property
    def examples(self) -> tuple[str, ...]:
        """Categories in it whose figures are made up; a map with any is for training alone."""
        told = [each.told for each in self.mixture.hypotheses]
        return tuple(sorted({str(each["category"]) for each in told if each.get("example")}))
