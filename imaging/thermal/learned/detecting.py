"""Boxes of the network as spots: one of every group that overlaps, with what the frame says of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from imaging.thermal.boxing import apart
from imaging.thermal.frame import ThermalFrame, Unit, Values
from imaging.thermal.learned.network import Network
from imaging.thermal.placing.spot import Polarity, Spot

CATEGORIES = {"Person": "person", "Car": "vehicle", "Bicycle": "vehicle", "OtherVehicle": "vehicle"}
"""What the data set's classes are called in a find."""
SMALL_FRAME_PX, MOST_ENLARGED = 400, 4
"""A frame narrower than this is shown to the network enlarged to it: a person in it is a few pixels."""
LEAST_AGREED = 0.01
"""From which score on a cell has a say in a person's box, whatever is listed."""
_SHOWN: dict[Unit, str] = {"degC": "°C", "counts": "counts", "grey": "grey levels"}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LearnedOptions:
    """What is taken from the network's answer.

    `least_score` of 0..1; what scores between `least_listed` and it is given too, and is not proposed. Boxes
    of one class that overlap a better one by more than `overlap` are dropped; at most `most` a frame. How
    large a box is on the ground is not asked here: what is known of the ground may be wrong, and
    `placing.kinds` weighs it.
    """

    least_score: float = 0.25
    least_listed: float | None = None
    overlap: float = 0.5
    most: int = 100

    @property
    def lowest(self) -> float:
        """From which score on a box is given."""
        return self.least_score if self.least_listed is None else min(self.least_listed, self.least_score)


@dataclass(frozen=True)
class Found:
    """What was found in a frame, the surest first: (n, 4) left, top, right, bottom, (n,) score and class."""

    boxes: Floats
    scores: Floats
    classes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class LearnedDetector:
    """A detector as `imaging.heat` takes one: frame and ground's size of a pixel to spots."""

    options: LearnedOptions = LearnedOptions()

    @cached_property
    def network(self) -> Network:
        """The network, loaded when it is first needed."""
        return Network()

    def __call__(self, frame: ThermalFrame, gsd_m: float | None = None) -> list[Spot]:  # noqa: ARG002
        """Spots, the surest first, with what the network takes each for; the GSD is not asked."""
        found = self.found(frame.values)
        names = self.network.classes
        spots = []
        for box, score, kind in zip(found.boxes, found.scores, found.classes, strict=True):
            spot = _spot(frame, box, float(score), CATEGORIES[names[kind]], names[kind])
            spots.append(spot if score > self.options.least_score else replace(spot, proposed=False))
        return spots

    def told(self) -> dict[str, Any]:
        """What it is, for a document: the network by its hash, and from which score on it proposes."""
        return {
            "name": "learned",
            "least_score": self.options.least_score,
            "network_sha256": self.network.sha256,
        }

    def found(self, values: Values) -> Found:
        """Boxes in pixels of (rows, columns) values. A person's is what the network's cells agree on; for
        what is larger the surest cell's is as near.
        """
        scale = min(MOST_ENLARGED, math.ceil(SMALL_FRAME_PX / values.shape[1]))
        shown = values
        if scale > 1:
            shown = np.asarray(cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))
        lowest = self.options.lowest
        boxes, scores, classes = self.network.answer(shown, min(lowest, LEAST_AGREED))
        rows, columns = values.shape
        boxes = np.clip(boxes / np.float32(scale), 0, np.array([columns, rows, columns, rows], np.float32))
        order = np.argsort(-scores, kind="stable")[: 20 * self.options.most]
        boxes, scores, classes = boxes[order], scores[order], classes[order]
        kept = best_of_groups(boxes, classes, self.options.overlap)[: self.options.most]
        kept = kept[scores[kept] > lowest]
        people = classes == self.network.classes.index("Person")
        return Found(agreed(boxes, scores * people, kept, self.options.overlap), scores[kept], classes[kept])


def best_of_groups(boxes: Floats, classes: npt.NDArray[np.int64], overlap: float) -> npt.NDArray[np.int64]:
    """Indices of the (n, 4) boxes, given best first, that no better one of their class overlaps by more."""
    # Boxes of other classes are moved where they cannot meet.
    moved = boxes.astype(np.float64) + 8192.0 * classes[:, None]
    moved[:, 2:] -= moved[:, :2]
    return np.flatnonzero(apart(moved, overlap))


def agreed(boxes: Floats, weights: Floats, kept: npt.NDArray[np.int64], overlap: float) -> Floats:
    """(k, 4) boxes for the (k,) kept of (n, 4): where one has a weight, the mean by (n,) weights of those
    that overlap it by more; else as it is.

    Neighbouring cells answer for one person, each with an error of its own, and a person is some ten pixels
    wide (weighted boxes fusion, Solovyev et al. 2021).
    """
    best = boxes[kept].astype(np.float64)
    low, high = (np.maximum(best[:, None, :2], boxes[:, :2]), np.minimum(best[:, None, 2:], boxes[:, 2:]))
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    area, areas = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (best, boxes))
    joins = weights * (shared > overlap * (area[:, None] + areas - shared)).astype(np.float64)
    total = joins.sum(axis=1, keepdims=True)
    total[weights[kept] == 0] = 0
    return np.where(total > 0, joins @ boxes / np.where(total > 0, total, 1), best).astype(np.float32)


def _spot(frame: ThermalFrame, box: Floats, score: float, category: str, name: str) -> Spot:
    left, top, right, bottom = (float(value) for value in box)
    rows, columns = frame.values.shape
    value, contrast = _contrast(frame.values, left, top, right, bottom)
    polarity: Polarity = "warm" if contrast >= 0 else "cold"
    digits = 1 if frame.unit == "degC" else 0
    wide, high = right - left, bottom - top
    edge = left < 1 or top < 1 or right > columns - 1 or bottom > rows - 1
    why = (
        f"the network takes it for {name} with a score of {score:.2f}; {abs(contrast):.{digits}f} "
        f"{_SHOWN[frame.unit]} {'warmer' if contrast >= 0 else 'colder'} than what lies around it, "
        f"{wide:.0f} x {high:.0f} px"
    )
    whole = math.floor(left), math.floor(top)
    return Spot(
        row=(top + bottom) / 2,
        col=(left + right) / 2,
        box=(*whole, math.ceil(right) - whole[0], math.ceil(bottom) - whole[1]),
        area_px=max(1, round(wide * high)),
        contrast=contrast,
        value=value,
        polarity=polarity,
        score=score,
        why=why + (", cut by the frame's edge" if edge else ""),
        touches_edge=edge,
        sides_px=(max(wide, high), min(wide, high)),
        category=category,
        label=name,
    )


def _contrast(values: Values, left: float, top: float, right: float, bottom: float) -> tuple[float, float]:
    """Value at the heart, and how much it differs from the median around the box, in the frame's unit."""
    wide, high = right - left, bottom - top
    inner = _piece(values, left + wide / 4, top + high / 4, right - wide / 4, bottom - high / 4)
    outer = _piece(values, left - wide / 2, top - high / 2, right + wide / 2, bottom + high / 2)
    if not inner.size or not outer.size:
        return 0.0, 0.0
    around = _quantile(np.sort(outer), 0.5)
    offs = np.sort(inner - np.float32(around))
    # The warmer or the colder quarter, whichever differs more: a person is partly clothed.
    high_part, low_part = _quantile(offs, 0.75), _quantile(offs, 0.25)
    contrast = high_part if abs(high_part) >= abs(low_part) else low_part
    return around + contrast, contrast


def _quantile(ordered: Values, share: float) -> float:
    """As `np.quantile` has it, of values in order: for a few hundred that takes a tenth of its time."""
    below = int(share * (len(ordered) - 1))
    low, high = (float(ordered[min(n, len(ordered) - 1)]) for n in (below, below + 1))
    return low + (high - low) * (share * (len(ordered) - 1) - below)


def _piece(values: Values, left: float, top: float, right: float, bottom: float) -> Values:
    rows, columns = values.shape
    piece = values[
        max(0, math.floor(top)) : min(rows, max(math.ceil(bottom), math.floor(top) + 1)),
        max(0, math.floor(left)) : min(columns, max(math.ceil(right), math.floor(left) + 1)),
    ]
    return piece[np.isfinite(piece)]
