"""Spots warmer or colder than what lies around them, of the size of a person, without a trained model.

Three steps. A square the width of a body is held against the ring around it, in multiples of that ring's
own spread (the detector of Reed and Yu, IEEE Trans. ASSP 38(10), 1990, with one band and a ring for a
background), at two sizes and for both polarities. Each local maximum is grown to what stands out by more than
0.4 of its contrast. The score then is contrast over clutter, times how well the grown spot's sides fit a
person's:

    score = contrast / (spread of what lies around + floor) x fit x weight,  0 < fit <= 1

The floor keeps a calm meadow from making everything stand out: it is the larger of the least contrast and a
share of the frame's own spread. By day a person may be colder than warm ground, so both polarities count;
cold spots weigh 0.8, since most people are warmer than what lies around them even by day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from imaging.thermal.frame import ThermalFrame, Unit, Values

Polarity = Literal["warm", "cold"]

_PERSON_M = (1.3, 0.7)
"""Longer and shorter side of what a person shows from above, lying or standing, as a middle."""
_BLUR_PX = 3.0
_UNKNOWN_PX = (19.0, 12.0)
_GROWN_SHARE = 0.4
_MARGIN_PX = 2
_FIT_SIGMA = 0.5
_LEAST: dict[Unit, float] = {"degC": 0.4, "counts": 8.0, "grey": 4.0}
_SPREAD_SHARE = 0.15
_CANDIDATES = 60
_FAINTEST = 0.3
_WEIGHT: dict[Polarity, float] = {"warm": 1.0, "cold": 0.8}


@dataclass(frozen=True, slots=True)
class HotSpotOptions:
    """What counts as a spot.

    `gsd_m` is the ground's size of a pixel, where it is known; spots whose longer side is under `smallest_m`
    or over `largest_m` are then left out. At most `most` spots a frame, the best first. `polarities` as
    wanted.
    """

    least_score: float = 2.5
    most: int = 20
    gsd_m: float | None = None
    smallest_m: float = 0.25
    largest_m: float = 3.0
    polarities: tuple[Polarity, ...] = ("warm", "cold")


@dataclass(frozen=True, slots=True)
class HotSpot:
    """One spot. `row`, `col` is its centre: the frame's corner is (0, 0), the first pixel's centre (0.5,
    0.5). `box` is left, top, width, height in whole pixels, two wider all round than the `area_px` that stand
    out.

    `contrast` (signed) and `value` are in the frame's unit, `value` at the spot's heart. `why` says it in
    words.
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


def detect(frame: ThermalFrame, options: HotSpotOptions | None = None) -> list[HotSpot]:
    """Spots in `frame`, the best first; no two overlap by more than 0.3 (intersection over union)."""
    options = options or HotSpotOptions()
    values = _filled(frame.values)
    expected = expected_px(options.gsd_m)
    if min(values.shape) < 4 * expected[1]:
        return []
    smooth = np.asarray(cv2.GaussianBlur(values, (0, 0), 0.8), np.float32)
    floor = _floor(values, frame.unit)
    scene = _Scene(smooth, frame.unit, floor, expected, options)
    salience = [(side, _salience(values, side, floor)) for side in _sides(expected)]
    spots = []
    for polarity in options.polarities:
        sign = 1 if polarity == "warm" else -1
        for row, col, side in _candidates(salience, sign, _CANDIDATES):
            spot = scene.grown(row, col, side, polarity)
            if spot is not None:
                spots.append(spot)
    return _apart(sorted(spots, key=lambda spot: -spot.score))[: options.most]


def expected_px(gsd_m: float | None) -> tuple[float, float]:
    """Longer and shorter side of a person's box in pixels; without a GSD that of a person from about 60 m."""
    if gsd_m is None:
        return _UNKNOWN_PX
    return _PERSON_M[0] / gsd_m + _BLUR_PX, _PERSON_M[1] / gsd_m + _BLUR_PX


def _sides(expected: tuple[float, float]) -> tuple[int, ...]:
    """Odd sides of the squares that a body is sought with."""
    return tuple(sorted({max(3, round(expected[1] * share) | 1) for share in (0.6, 0.9)}))


def _filled(values: Values) -> Values:
    """Values without gaps: pixels without a value take the frame's median."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return values
    median = np.float32(np.median(values[~bad])) if not bad.all() else np.float32(0)
    return np.where(bad, median, values).astype(np.float32)


def _floor(values: Values, unit: Unit) -> float:
    low, high = np.percentile(values[::4, ::4], [16, 84])
    return max(_LEAST[unit], _SPREAD_SHARE * float(high - low) / 2)


def _salience(values: Values, side: int, floor: float) -> Values:
    """Mean of a square less the mean of the ring around it, over the ring's spread."""
    ring = 3 * side
    part = (side / ring) ** 2
    share = 1 / (1 - part)
    shifted = values - np.float32(values.mean())
    square = cv2.multiply(shifted, shifted)
    inner = _box(shifted, side)
    mean = cv2.addWeighted(_box(shifted, ring), share, inner, -part * share, 0)
    variance = cv2.addWeighted(_box(square, ring), share, _box(square, side), -part * share, floor**2)
    variance = np.maximum(cv2.subtract(variance, cv2.multiply(mean, mean)), np.float32(floor**2))
    return np.asarray(cv2.divide(cv2.subtract(inner, mean), cv2.sqrt(variance)), np.float32)


def _box(values: cv2.typing.MatLike, side: int) -> cv2.typing.MatLike:
    return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)


def _candidates(salience: list[tuple[int, Values]], sign: int, most: int) -> list[tuple[int, int, int]]:
    """Row, column and side of the strongest local maxima."""
    maps = [values if sign > 0 else -values for _, values in salience]
    best: cv2.typing.MatLike = maps[0]
    for values in maps[1:]:
        best = cv2.max(best, values)
    reach = max(3, min(side for side, _ in salience)) | 1
    peaks = (best >= cv2.dilate(best, np.ones((reach, reach), np.uint8))) & (best > _FAINTEST)
    rows, cols = np.nonzero(peaks)
    order = np.argsort(-best[rows, cols], kind="stable")[:most]
    found = []
    for row, col in zip(rows[order].tolist(), cols[order].tolist(), strict=True):
        side = max(zip(maps, salience, strict=True), key=lambda pair: pair[0][row, col])[1][0]
        found.append((row, col, side))
    return found


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every spot of one frame is measured against."""

    smooth: Values
    unit: Unit
    floor: float
    expected: tuple[float, float]
    options: HotSpotOptions

    def grown(self, row: int, col: int, side: int, polarity: Polarity) -> HotSpot | None:
        """The spot around a candidate, or None where it is too faint or not of a person's size."""
        height, width = self.smooth.shape
        reach, deep = 2 * side + 2, side // 4
        top, left = max(0, row - reach), max(0, col - reach)
        window = self.smooth[top : row + reach + 1, left : col + reach + 1]
        heart = self.smooth[max(0, row - deep) : row + deep + 1, max(0, col - deep) : col + deep + 1]
        sign = 1.0 if polarity == "warm" else -1.0
        value = float(sign * np.sort((sign * heart).ravel())[heart.size * 3 // 4])
        background = float(np.median(window))
        contrast = value - background
        if sign * contrast < self.floor:
            return None
        mask = (sign * (window - background) > _GROWN_SHARE * sign * contrast).astype(np.uint8)
        mask[row - top, col - left] = 1
        _, labels = cv2.connectedComponents(mask, connectivity=4)
        rows, cols = np.nonzero(labels == labels[row - top, col - left])
        clutter = float(window[mask == 0].std()) if (mask == 0).any() else 0.0

        sides = _sides_px(rows, cols)
        fit = _fit(sides, self.expected)
        score = abs(contrast) / (clutter + self.floor) * fit * _WEIGHT[polarity]
        if score < self.options.least_score or not self._person_sized(sides[0]):
            return None
        box = (left + int(cols.min()), top + int(rows.min()), int(np.ptp(cols)) + 1, int(np.ptp(rows)) + 1)
        edge = min(box[:2]) == 0 or box[0] + box[2] == width or box[1] + box[3] == height
        return HotSpot(
            row=top + float(rows.mean()) + 0.5,
            col=left + float(cols.mean()) + 0.5,
            box=_widened(box, width, height),
            area_px=len(rows),
            contrast=contrast,
            value=value,
            polarity=polarity,
            score=score,
            why=self._why(contrast, clutter, sides, fit, edge),
            touches_edge=edge,
            sides_px=sides,
        )

    def _person_sized(self, long_px: float) -> bool:
        gsd_m = self.options.gsd_m
        return gsd_m is None or self.options.smallest_m <= long_px * gsd_m <= self.options.largest_m

    def _why(
        self, contrast: float, clutter: float, sides: tuple[float, float], fit: float, edge: bool
    ) -> str:
        shown = {"degC": "°C", "counts": "counts", "grey": "grey levels"}[self.unit]
        digits = 1 if self.unit == "degC" else 0
        text = (
            f"{abs(contrast):.{digits}f} {shown} {'warmer' if contrast > 0 else 'colder'} than what lies "
            f"around it (spread {clutter:.{digits}f}), {sides[0]:.0f} x {sides[1]:.0f} px"
        )
        if self.options.gsd_m is not None:
            text += f", {sides[0] * self.options.gsd_m:.1f} m long"
        text += f", fits a person's size by {fit:.0%}"
        return text + (", cut by the frame's edge" if edge else "")


def _sides_px(rows: npt.NDArray[np.intp], cols: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Longer and shorter side of the tightest rectangle, at any angle, around pixels."""
    sides = cv2.minAreaRect(np.column_stack([cols, rows]).astype(np.float32))[1]
    return float(max(sides)) + 1, float(min(sides)) + 1


def _fit(sides: tuple[float, float], expected: tuple[float, float]) -> float:
    off = [math.log((s + 2 * _MARGIN_PX) / e) for s, e in zip(sides, expected, strict=True)]
    return math.exp(-(off[0] ** 2 + off[1] ** 2) / (4 * _FIT_SIGMA**2))


def _widened(box: tuple[int, int, int, int], width: int, height: int) -> tuple[int, int, int, int]:
    left, top = max(0, box[0] - _MARGIN_PX), max(0, box[1] - _MARGIN_PX)
    right = min(width, box[0] + box[2] + _MARGIN_PX)
    bottom = min(height, box[1] + box[3] + _MARGIN_PX)
    return left, top, right - left, bottom - top


def _apart(spots: list[HotSpot]) -> list[HotSpot]:
    """The best of every group that overlaps."""
    kept: list[HotSpot] = []
    for spot in spots:
        if all(overlap(spot.box, other.box) < 0.3 for other in kept):
            kept.append(spot)
    return kept


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes (left, top, width, height)."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (a[2] * a[3] + b[2] * b[3] - both)
