"""What a detector says of one spot, whichever detector it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Polarity = Literal["warm", "cold"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A spot. `row`, `col` is its centre: the frame's corner is (0, 0), the first pixel's centre (0.5, 0.5).
    `box` is left, top, width, height in whole pixels, wider all round than the `area_px` that stand out;
    `sides_px` are the longer and the shorter side.

    `contrast` (signed) and `value` are in the frame's unit, `value` that of the pixels that stand out.
    `score` is how much it stands out, or how sure a learned detector is; `why` says it in words.
    `touches_edge` tells that the frame's edge cuts it. `category` is what a detector that knows kinds takes
    it for (person, vehicle, warm object), `label` the class as its training data call it, else "". What is
    not `proposed` is too doubtful to become a find, and is listed among the boxes alone.
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
    proposed: bool = True
