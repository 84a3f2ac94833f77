"""Where in a frame something small stands out: a first, cheap look that may err on the side of too much.

The frame is brought to grey levels as a camera's own gain control does. At half its size, what no line of
eleven pixels (across, down or along either diagonal) fits into stays over: the white top-hat by lines, which
keeps compact spots and leaves out kerbs, walls and edges of roofs (Soille, Morphological Image Analysis, 2nd
ed. 2003, chapter 4). The same of the negative gives what is colder. Both are taken in multiples of the
spread around them, and their highest peaks are looked at closely.

Somebody who lies along such a line and is longer than it is held by it as a kerb is: at half the size he
vanishes, wholly, from some 31 pixels on. So the same is done at a quarter of the size, for a few peaks more.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from imaging.thermal.frame import Unit, Values

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LEAST: dict[Unit, float] = {"degC": 0.4, "counts": 8.0, "grey": 6.0}
"""What stands out by less than this is nothing, in the frame's unit."""
LEAST_LEVELS = 6.0
"""The same in levels; of the chosen constants the one that matters least (4 to 9 score alike)."""
_FULL_LEVELS = 160.0
"""The middle 99 % of a frame fill so many levels, unless that would make noise out of `LEAST`."""
_LINE_PX = 11
"""At half size: people are up to sixteen long there; who lies along it is found at a quarter."""
_SMOOTH_PX = 0.7
_AROUND_PX = 31
_NOISE_LEVELS = 4.0
_WARM, _COLD = 90, 40
"""Peaks looked at. Half as many lose 0.006 of recall at five false alarms, twice as many win nothing."""
_LARGE_WARM, _LARGE_COLD = 12, 6
"""The same at a quarter of the size."""
_APART_PX = 12.0
"""What was seen at half the size is not looked at again: from another pixel another box may grow."""


def levels_a_unit(values: Values, unit: Unit) -> float:
    """How many grey levels a degree or count becomes; 1 for a grey picture, whose camera has chosen."""
    if unit == "grey":
        return 1.0
    some = values[::2, ::2].ravel()
    ends = len(some) // 200
    ordered = np.partition(some, (ends, len(some) - 1 - ends))
    spread = float(ordered[len(some) - 1 - ends] - ordered[ends])
    return min(_FULL_LEVELS / max(spread, 1e-6), LEAST_LEVELS / LEAST[unit])


def proposals(levels: Values) -> Places:
    """(n, 2) row and column of pixels worth a close look, in no order that matters."""
    half = cv2.resize(levels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    low = float(half.min()) if half.max() > 255 or half.min() < 0 else 0.0
    smooth = cv2.GaussianBlur(np.clip(half - low, 0, 255), (0, 0), _SMOOTH_PX)
    quarter = cv2.resize(smooth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = 2 * np.vstack(_standing_out(np.asarray(smooth, np.float32), _WARM, _COLD)) + 1
    large = 4 * np.vstack(_standing_out(np.asarray(quarter, np.float32), _LARGE_WARM, _LARGE_COLD)) + 2
    if len(small) and len(large):
        away, _ = cKDTree(small).query(large)
        large = large[away > _APART_PX]
    return np.asarray(np.vstack([small, np.minimum(large, np.array(levels.shape) - 1)]), np.int64)


def _standing_out(levels: Values, warm: int, cold: int) -> list[Places]:
    """Peaks of what is warmer and of what is colder, so many at most."""
    spread = _spread(levels)
    grey = np.asarray(np.rint(levels), np.uint8)
    return [
        _peaks(np.asarray(cv2.blur(_compact(one), (3, 3)) / spread, np.float32), most)
        for one, most in ((grey, warm), (np.asarray(255 - grey, np.uint8), cold))
    ]


def _compact(grey: Bytes) -> Values:
    """What stands above every line that fits."""
    held = None
    for line in _lines():
        opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, line)
        held = opened if held is None else cv2.max(held, opened)
    assert held is not None  # noqa: S101 - there are four lines
    return np.asarray(cv2.subtract(grey, held), np.float32)


def _lines() -> tuple[Bytes, ...]:
    across = np.ones((1, _LINE_PX), np.uint8)
    slanted = np.eye(round(_LINE_PX / 2**0.5) | 1, dtype=np.uint8)
    return across, np.ascontiguousarray(across.T), slanted, np.ascontiguousarray(slanted[:, ::-1])


def _spread(values: Values) -> Values:
    mean = cv2.blur(values, (_AROUND_PX, _AROUND_PX))
    square = cv2.blur(cv2.multiply(values, values), (_AROUND_PX, _AROUND_PX))
    variance = cv2.subtract(square, cv2.multiply(mean, mean))
    return np.asarray(cv2.sqrt(np.maximum(variance, 0)) + np.float32(_NOISE_LEVELS), np.float32)


def _peaks(values: Values, most: int) -> Places:
    highest = cv2.dilate(values, np.ones((5, 5), np.uint8))
    peaks = np.flatnonzero((values >= highest) & (values > 0))
    best = peaks[np.argsort(-values.ravel()[peaks], kind="stable")[:most]]
    return np.column_stack(np.divmod(best, values.shape[1]))
