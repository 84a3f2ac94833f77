"""What a detector says of one spot, whichever detector it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Polarity = Literal["warm", "cold"]


class SpotLike(Protocol):
    """A spot as the placing takes it; `imaging.thermal.hotspots.HotSpot` and `Spot` are ones.

    A detector that knows kinds gives its spots a `category` as well (see `category_of`).
    """

    @property
    def row(self) -> float:
        """Row of its centre: the frame's corner is (0, 0), the first pixel's centre (0.5, 0.5)."""
        ...

    @property
    def col(self) -> float:
        """Column of its centre."""
        ...

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height in whole pixels."""
        ...

    @property
    def area_px(self) -> int:
        """Pixels that stand out."""
        ...

    @property
    def contrast(self) -> float:
        """Against what lies around it, signed, in the frame's unit."""
        ...

    @property
    def value(self) -> float:
        """At its heart, in the frame's unit."""
        ...

    @property
    def polarity(self) -> Polarity:
        """Warmer or colder than what lies around it."""
        ...

    @property
    def score(self) -> float:
        """How much it stands out, or how sure a learned detector is."""
        ...

    @property
    def why(self) -> str:
        """In words."""
        ...

    @property
    def touches_edge(self) -> bool:
        """Whether the frame's edge cuts it."""
        ...

    @property
    def sides_px(self) -> tuple[float, float]:
        """Longer and shorter side."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A spot of any detector; `category` is what a learned one takes it for (person, vehicle, warm object).

    `label` is the class as its training data call it. The other fields are those of `SpotLike`.
    """

    row: float
    col: float
    box: tuple[int, int, int, int]
    area_px: int
    contrast: float
    value: float
    polarity: Polarity
    score: float
    why: str
    touches_edge: bool
    sides_px: tuple[float, float]
    category: str = ""
    label: str = ""


def category_of(spot: SpotLike) -> str:
    """What a learned detector takes the spot for; "" where none said anything."""
    return str(getattr(spot, "category", "") or "")
