"""Spots warmer or colder than what lies around them, of the size of a person, without a trained model.

What stands out is found (`proposals`), a box fitted around each (`boxing`), and scored by

    score = 0.94 x deviation / clutter x heat x fit

in grey levels. `deviation` is the mean in the box of how far its pixels lie outside what is usual around,
above or below. `clutter` is the same in the ring around the box, to the power 0.7 (a spot among its like is a
wall's or a tree's), times the spread of what is usual, to 0.35. `heat` is how far the warmest pixel lies
above what is usual, to 0.2 (even a cold coat has a warm head), and above the warmest hundredth of the whole
frame (a branch is warmer than the hedge around it but not as warm as a body); or the same of the coldest
pixel downwards, at 0.4 (at 1 where the ground is known to be above 24 °C). `fit` compares the box's sides
with a person's, lying or standing alike.

The exponents were chosen on the training dates of HIT-UAV (docs/heat.md), rounded, and are flat: each
may change by a quarter for less than 0.01 of recall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from imaging.thermal import boxing
from imaging.thermal.frame import ThermalFrame, Unit, Values
from imaging.thermal.placing.spot import Polarity, Spot
from imaging.thermal.proposals import LEAST_LEVELS, levels_a_unit, proposals

_PERSON_M = (1.3, 0.7)
"""Longer and shorter side of what a person shows from above, lying or standing, as a middle."""
_BLUR_PX = 3.0
_UNKNOWN_GSD_M = 0.077
"""Taken where it is not known: the median person in the training pictures is 20 x 12 px."""
_SCALES, _LARGEST_PX = (0.25, 2.0), 4_000_000
_SMOOTH_PX = 0.8
_DRAWN, _DRAWN_PX = 1.25, (2, 3)
"""Boxes are drawn larger than what deviates, by a share of it and pixels across and down."""
_FIT_PX = (4, 6)
"""What a median person's box has more than what deviates of him."""
_RING_POWER, _SPREAD_POWER, _PART_POWER = 0.7, 0.35, 0.2
_HEAT_LEVELS, _HEAT_ENDS = 70.0, (-40.0, 40.0)
_COLD, _COLD_ON_HOT = 0.4, 1.0
HOT_GROUND_DEGC = 24.0
"""What a spot that is only cold is worth: the most that costs no recall, since in wet clothes a person is
one. Where most of a frame is known to be warmer than clothes in the shade, as much as a warm one."""
_NARROW = 2 / 3
"""The side at which a narrow box fits best, of a person's: what is wider is more often a bicycle or a car."""
_LONG_PRICE, _SHORT_PRICE = 2.5, 0.8
_CUT = math.exp(-0.5)
"""What the frame's edge cuts is worth less: half a car is as large as a person."""
_SCALE = 0.94
"""So that a least score of 2.5 lets through twenty false alarms a frame on the training dates."""
_SHARED = 0.3
_SHOWN: dict[Unit, str] = {"degC": "°C", "counts": "counts", "grey": "grey levels"}


@dataclass(frozen=True, slots=True)
class HotSpotOptions:
    """What counts as a spot.

    `gsd_m` is the ground's size of a pixel in the frame's middle, where it is known: people are looked for at
    the size that they then have. No size is left out for it, since it may be wrong: the ground may be nearer
    than it is thought to be, and the foreground of a flat look is. At most `most` spots a frame, the best
    first. `polarities` as wanted.
    """

    least_score: float = 2.5
    most: int = 20
    gsd_m: float | None = None
    polarities: tuple[Polarity, ...] = ("warm", "cold")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the spots of one frame are told in: pixels are `scale` times the frame's, levels `gain` a unit."""

    shape: tuple[int, int]
    unit: Unit
    gain: float
    base: float
    scale: float
    options: HotSpotOptions


def detect(frame: ThermalFrame, options: HotSpotOptions | None = None) -> list[Spot]:
    """Spots in `frame`, the best first; no two overlap by more than 0.3 (intersection over union)."""
    options = options or HotSpotOptions()
    scale = _scale(frame.values.shape, options.gsd_m)
    long_px, short_px = expected_px((options.gsd_m or _UNKNOWN_GSD_M) / scale)
    values = _scaled(_filled(frame.values), scale)
    if min(values.shape) < 4 * short_px:
        return []
    gain = levels_a_unit(values, frame.unit)
    base = 0.0 if frame.unit == "grey" else float(values.min())
    levels = values if frame.unit == "grey" else (values - np.float32(base)) * np.float32(gain)
    smooth = np.asarray(cv2.GaussianBlur(levels, (0, 0), _SMOOTH_PX), np.float32)
    found = boxing.boxed(smooth, proposals(levels), np.array([short_px, long_px]), LEAST_LEVELS)
    found = found[found[:, boxing.PEAK] > 0]
    boxes, cut = _boxes(found, values.shape)
    cold_worth = _COLD_ON_HOT if on_hot_ground(frame) else _COLD
    scores = _scores(found, cut, _ends(levels), cold_worth, (long_px, short_px))
    order = np.argsort(-scores, kind="stable")
    order = order[boxing.apart(boxes[order], _SHARED)]
    scene = _Scene(frame.values.shape, frame.unit, gain, base, scale, options)
    order = order[scores[order] >= options.least_score]
    spots = (_spot(scene, found[n], boxes[n], float(scores[n]), bool(cut[n])) for n in order)
    return list(islice((spot for spot in spots if spot.polarity in options.polarities), options.most))


def on_hot_ground(frame: ThermalFrame) -> bool:
    """Whether the frame tells temperatures and half of it is above 24 °C: a person is then no warmer than
    what the sun warmed, and here warmer, there colder than what is around.
    """
    if not frame.radiometric:
        return False
    some = frame.values[::4, ::4]
    known = some[np.isfinite(some)]
    return known.size > 0 and float(np.median(known)) > HOT_GROUND_DEGC


def expected_px(gsd_m: float | None) -> tuple[float, float]:
    """Longer and shorter side of a person's box in pixels; without a GSD that of a person from about 60 m."""
    gsd_m = gsd_m or _UNKNOWN_GSD_M
    return _PERSON_M[0] / gsd_m + _BLUR_PX, _PERSON_M[1] / gsd_m + _BLUR_PX


def _scale(shape: tuple[int, ...], gsd_m: float | None) -> float:
    """What the frame is enlarged by so that a person is as large as where the constants were chosen."""
    if gsd_m is None:
        return 1.0
    most = min(_SCALES[1], math.sqrt(_LARGEST_PX / (shape[0] * shape[1])))
    scale = max(_SCALES[0], min(gsd_m / _UNKNOWN_GSD_M, most))
    return 1.0 if abs(math.log(scale)) < 0.15 else scale


def _scaled(values: Values, scale: float) -> Values:
    if scale == 1:
        return values
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, None, fx=scale, fy=scale, interpolation=how), np.float32)


def _filled(values: Values) -> Values:
    """Values without gaps: pixels without a value take the frame's median."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return values
    median = np.float32(np.median(values[~bad])) if not bad.all() else np.float32(0)
    return np.where(bad, median, values).astype(np.float32)


def _ends(levels: Values) -> tuple[float, float]:
    """Where the coldest and the warmest hundredth of a frame begin."""
    some = levels[::2, ::2].flatten()
    low, high = len(some) // 100, len(some) - 1 - len(some) // 100
    some.partition((low, high))
    return float(some[low]), float(some[high])


def _heat(over_usual: boxing.Measures, over_frame: boxing.Measures) -> boxing.Measures:
    """What a part of a spot is worth by how far it is beyond what is usual around and in the frame."""
    far = np.exp(np.clip(over_frame, *_HEAT_ENDS) / _HEAT_LEVELS)
    return np.asarray((np.maximum(over_usual, 0) + 3) ** _PART_POWER * far, np.float64)


def _boxes(found: boxing.Measures, shape: tuple[int, ...]) -> tuple[boxing.Measures, boxing.Measures]:
    """Boxes as people draw them, within the frame, and which of them its edge cuts."""
    corner = found[:, [boxing.LEFT, boxing.TOP]]
    sides = found[:, [boxing.WIDTH, boxing.HEIGHT]]
    end = np.array([shape[1], shape[0]])
    cut = (corner <= 1).any(axis=1) | (corner + sides >= end - 2).any(axis=1)
    drawn = np.rint(_DRAWN * sides) + np.array(_DRAWN_PX)
    first = np.rint(corner + (sides - drawn) / 2)
    last = np.minimum(first + drawn, end)
    first = np.maximum(first, 0)
    return np.hstack([first, last - first]), np.asarray(cut, np.float64)


def _scores(
    found: boxing.Measures,
    cut: boxing.Measures,
    ends: tuple[float, float],
    cold_worth: float,
    expected: tuple[float, float],
) -> boxing.Measures:
    warm = _heat(found[:, boxing.WARMEST] - found[:, boxing.HIGH], found[:, boxing.WARMEST] - ends[1])
    low = found[:, boxing.HIGH] - found[:, boxing.SPREAD]
    cold = _heat(low - found[:, boxing.COLDEST], ends[0] - found[:, boxing.COLDEST])
    clutter = (found[:, boxing.AROUND] + 1) ** _RING_POWER * (found[:, boxing.SPREAD] + 3) ** _SPREAD_POWER
    sides = found[:, [boxing.WIDTH, boxing.HEIGHT]] + np.array(_FIT_PX)
    fit = np.exp(
        -_LONG_PRICE * np.log(sides.max(axis=1) / expected[0]) ** 2
        - _SHORT_PRICE * np.log(sides.min(axis=1) / (_NARROW * expected[1])) ** 2
    )
    heat = np.maximum(warm, cold_worth * cold)
    stands_out = (found[:, boxing.INSIDE] + 1) / clutter * heat
    return np.asarray(_SCALE * stands_out * fit * np.where(cut, _CUT, 1.0), np.float64)


def _spot(scene: _Scene, found: boxing.Measures, box: boxing.Measures, score: float, cut: bool) -> Spot:
    polarity: Polarity = "warm" if found[boxing.WARMTH] >= 0 else "cold"
    heart = float(found[boxing.HEART_WARM if polarity == "warm" else boxing.HEART_COLD])
    sides = float(found[boxing.LONG]) / scene.scale, float(found[boxing.SHORT]) / scene.scale
    contrast = (heart - float(found[boxing.MIDDLE])) / scene.gain
    height, width = scene.shape
    left, top, right, bottom = (round(float(edge) / scene.scale) for edge in (*box[:2], *(box[:2] + box[2:])))
    left, top = min(left, width - 1), min(top, height - 1)
    return Spot(
        row=float(found[boxing.ROW]) / scene.scale,
        col=float(found[boxing.COL]) / scene.scale,
        box=(left, top, max(1, min(right, width) - left), max(1, min(bottom, height) - top)),
        area_px=max(1, round(float(found[boxing.AREA]) / scene.scale**2)),
        contrast=contrast,
        value=heart / scene.gain + scene.base,
        polarity=polarity,
        score=score,
        why=_why(scene, found, contrast, sides, cut),
        touches_edge=cut,
        sides_px=sides,
    )


def _why(
    scene: _Scene, found: boxing.Measures, contrast: float, sides: tuple[float, float], cut: bool
) -> str:
    digits = 1 if scene.unit == "degC" else 0
    spread = float(found[boxing.SPREAD]) / scene.gain
    way = "warmer" if contrast > 0 else "colder"
    text = (
        f"{abs(contrast):.{digits}f} {_SHOWN[scene.unit]} {way} than what lies around it "
        f"(spread {spread:.{digits}f}), {sides[0]:.0f} x {sides[1]:.0f} px"
    )
    around = (float(found[boxing.AROUND]) + 1) / (float(found[boxing.INSIDE]) + 1)
    text += f", stands out {1 / around:.1f} times as much as what touches it"
    return text + (", cut by the frame's edge" if cut else "")


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes (left, top, width, height)."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (a[2] * a[3] + b[2] * b[3] - both)
