"""What a detector says of one spot, whichever detector it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

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


SAME_BODY = 0.5
"""Two boxes of a frame are of one body where one lies by so much of its area in the other."""


def one_a_body(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    """The spots of a frame without a second box of one body: of two of one polarity and category, the surer.

    What no detector took for anything is of the person that it lies in, but not of a vehicle: somebody may
    sit in it. Two such spots both stay: a warm stone may lie before a person's feet.
    """
    boxes = np.array([spot.box for spot in spots], float).reshape(-1, 4)
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    area = boxes[:, 2] * boxes[:, 3]
    over = (shared > 0).all(axis=2) & (shared.prod(axis=2) >= SAME_BODY * np.minimum(area[:, None], area))
    kept: list[int] = []
    for number in sorted(range(len(spots)), key=lambda n: -spots[n].score):
        if not any(_of_one(spots[number], spots[n]) for n in kept if over[number, n]):
            kept.append(number)
    return tuple(spots[n] for n in sorted(kept))


def _of_one(doubtful: Spot, surer: Spot) -> bool:
    if doubtful.polarity != surer.polarity or not surer.category:
        return False
    return doubtful.category == surer.category or (not doubtful.category and surer.category == "person")
