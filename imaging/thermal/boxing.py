"""The box that fits best around something that stands out, and what is measured of it. Compiled.

Around a place the middle 70 % of the values say what is usual there, be it one ground or two that meet. How
far a pixel lies above or below that is its deviation, whichever way: by day and in winter clothes one person
is warm at the head and cold at the coat. A pixel counts for the box by its deviation over a threshold and
against it where it deviates less. From a small box on, the side whose shift adds most is moved until none
adds anything (the largest sum of a rectangle, with a price on sizes that are not a person's).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from imaging.thermal.frame import Values

Measures = npt.NDArray[np.float64]

LEFT, TOP, WIDTH, HEIGHT, PEAK, INSIDE, AROUND, SPREAD, MIDDLE, WARMEST, WARMTH = range(11)
ROW, COL, AREA, HEART_WARM, HEART_COLD, LONG, SHORT, HIGH, COLDEST = range(11, 20)
COLUMNS = 20
"""What is measured: the box in whole pixels; in levels the peak's deviation, the mean deviation in the box
and in a ring around it, the spread of what is usual there and its middle, the warmest pixel, the sum of
deviations above less that below; the centre of what deviates and its pixels, its mean value where warm and
where cold, its longer and shorter axis, the upper end of what is usual, the coldest pixel."""

REACH_COLS, REACH_ROWS = 24, 28
_BODY_COLS, _BODY_ROWS = 6, 11
"""Half the window, and half of its heart that says nothing of what is usual around."""
_USUAL = 0.15
_THRESHOLD = 0.25
"""Of the peak's deviation: higher breaks a person into parts, lower takes in what warms the ground."""
_MOST_FOR, _MOST_AGAINST = 1.5, 0.8
_PRICE = 50.0
"""Pixels that the square of a side's log ratio to a person's costs."""
_MARGIN_PX = 1.5
"""People's boxes are drawn so much wider all round than what deviates."""
_STEPS = 60
_RING_PX = 6


def boxed(levels: Values, places: npt.NDArray[np.int64], size: Measures, least: float) -> Measures:
    """(n, COLUMNS) measures around (n, 2) places; `size` is a person's width and height in pixels.

    Places whose deviation is under `least` get a PEAK of zero and nothing else.
    """
    around, counts = _around(levels, places)
    around.sort(axis=1)  # numpy sorts many times faster than compiled code here does
    sides = np.arange(1, 2 * max(REACH_COLS, REACH_ROWS) + 2) + 2 * _MARGIN_PX
    return np.asarray(
        _boxed(levels, places, around, counts, np.log(sides / size[:, None]) ** 2, least), np.float64
    )


@numba.njit(cache=True, nogil=True)
def _around(levels: Values, places: npt.NDArray[np.int64]) -> tuple[Values, npt.NDArray[np.int64]]:
    """Every other value around each place, the heart left out, infinite behind the last; their numbers."""
    out = np.full((len(places), (REACH_ROWS + 1) * (REACH_COLS + 1)), np.inf, np.float32)
    counts = np.zeros(len(places), np.int64)
    for n in range(len(places)):
        row, col, count = places[n, 0], places[n, 1], 0
        for r in range(max(0, row - REACH_ROWS), min(levels.shape[0], row + REACH_ROWS + 1), 2):
            for c in range(max(0, col - REACH_COLS), min(levels.shape[1], col + REACH_COLS + 1), 2):
                if abs(r - row) > _BODY_ROWS or abs(c - col) > _BODY_COLS:
                    out[n, count] = levels[r, c]
                    count += 1
        counts[n] = count
    return out, counts


@numba.njit(cache=True, nogil=True)
def _boxed(
    levels: Values,
    places: npt.NDArray[np.int64],
    ordered: Values,
    counts: npt.NDArray[np.int64],
    unlike: Measures,
    least: float,
) -> Measures:
    """As `boxed`, by the ordered values around; `unlike` (2, sides) is each side's squared log ratio."""
    rows, cols = 2 * REACH_ROWS + 1, 2 * REACH_COLS + 1
    deviation = np.zeros((rows, cols))
    sums = np.zeros((rows + 1, cols + 1))
    gains = np.zeros((rows + 1, cols + 1))
    out = np.zeros((len(places), COLUMNS))
    for n in range(len(places)):
        row, col, count = places[n, 0], places[n, 1], counts[n]
        low, middle = ordered[n, int(count * _USUAL)], ordered[n, count // 2]
        high = ordered[n, int(count * (1 - _USUAL))]
        peak = _peak(levels, row, col, low, high)
        if peak < least:
            continue
        threshold = max(least, _THRESHOLD * peak)
        _window(levels, row, col, low, high, threshold, deviation, sums, gains)
        box = _grown(gains, unlike)
        out[n, PEAK], out[n, SPREAD], out[n, MIDDLE], out[n, HIGH] = peak, high - low, middle, high
        _measure(levels, row, col, deviation, sums, box, threshold, low, out[n])
    return out


@numba.njit(cache=True, nogil=True)
def _peak(levels: Values, row: int, col: int, low: float, high: float) -> float:
    peak = 0.0
    for r in range(max(0, row - 3), min(levels.shape[0], row + 4)):
        for c in range(max(0, col - 3), min(levels.shape[1], col + 4)):
            peak = max(peak, low - levels[r, c], levels[r, c] - high)
    return peak


@numba.njit(cache=True, nogil=True)
def _window(
    levels: Values,
    row: int,
    col: int,
    low: float,
    high: float,
    threshold: float,
    deviation: Measures,
    sums: Measures,
    gains: Measures,
) -> None:
    """Deviations around a place, and the integral images of them and of what they count for a box."""
    for i in range(deviation.shape[0]):
        sum_row = gain_row = 0.0
        r = row - REACH_ROWS + i
        for j in range(deviation.shape[1]):
            c = col - REACH_COLS + j
            off = gain = 0.0
            if 0 <= r < levels.shape[0] and 0 <= c < levels.shape[1]:
                off = max(0.0, low - levels[r, c], levels[r, c] - high)
                gain = min(max(off / threshold - 1, -_MOST_AGAINST), _MOST_FOR)
            deviation[i, j] = off
            sum_row += off
            gain_row += gain
            sums[i + 1, j + 1] = sums[i, j + 1] + sum_row
            gains[i + 1, j + 1] = gains[i, j + 1] + gain_row


@numba.njit(cache=True, nogil=True)
def _sum(integral: Measures, top: int, bottom: int, left: int, right: int) -> float:
    return float(
        integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
    )


@numba.njit(cache=True, nogil=True)
def _worth(gains: Measures, unlike: Measures, top: int, bottom: int, left: int, right: int) -> float:
    price = _PRICE * (unlike[0, right - left - 1] + unlike[1, bottom - top - 1])
    return float(_sum(gains, top, bottom, left, right) - price)


@numba.njit(cache=True, nogil=True)
def _grown(gains: Measures, unlike: Measures) -> tuple[int, int, int, int]:
    """Top, bottom, left and right (the last two of each pair excluded) in the window."""
    top, bottom, left, right = REACH_ROWS - 2, REACH_ROWS + 3, REACH_COLS - 1, REACH_COLS + 2
    best = _worth(gains, unlike, top, bottom, left, right)
    for _ in range(_STEPS):
        taken = (top, bottom, left, right)
        for side in range(4):
            for step in range(-2, 5):
                t = top - step * (side == 0)
                b = bottom + step * (side == 1)
                le = left - step * (side == 2)
                ri = right + step * (side == 3)
                if t < 0 or b >= gains.shape[0] or le < 0 or ri >= gains.shape[1] or b - t < 3 or ri - le < 3:
                    continue
                worth = _worth(gains, unlike, t, b, le, ri)
                if worth > best + 1e-3:
                    best, taken = worth, (t, b, le, ri)
        if taken == (top, bottom, left, right):
            break
        top, bottom, left, right = taken
    return top, bottom, left, right


@numba.njit(cache=True, nogil=True)
def _measure(
    levels: Values,
    row: int,
    col: int,
    deviation: Measures,
    sums: Measures,
    box: tuple[int, int, int, int],
    threshold: float,
    low: float,
    out: Measures,
) -> None:
    top, bottom, left, right = box
    area = (bottom - top) * (right - left)
    inside = _sum(sums, top, bottom, left, right)
    t, b = max(top - _RING_PX, 0), min(bottom + _RING_PX, sums.shape[0] - 1)
    le, ri = max(left - _RING_PX, 0), min(right + _RING_PX, sums.shape[1] - 1)
    out[LEFT], out[TOP] = col - REACH_COLS + left, row - REACH_ROWS + top
    out[WIDTH], out[HEIGHT] = right - left, bottom - top
    out[INSIDE] = inside / area
    out[AROUND] = (_sum(sums, t, b, le, ri) - inside) / max((b - t) * (ri - le) - area, 1)
    warm = cold = warm_sum = cold_sum = warm_value = cold_value = 0.0
    count = r1 = c1 = rr = cc = rc = 0.0
    warmest, coldest = -np.inf, np.inf
    for i in range(top, bottom):
        for j in range(left, right):
            r, c = row - REACH_ROWS + i, col - REACH_COLS + j
            if not (0 <= r < levels.shape[0] and 0 <= c < levels.shape[1]):
                continue
            value, off = levels[r, c], deviation[i, j]
            warmest, coldest = max(warmest, value), min(coldest, value)
            if off < threshold:
                continue
            if value < low:
                cold, cold_sum, cold_value = cold + off, cold_sum + off**3, cold_value + off**3 * value
            else:
                warm, warm_sum, warm_value = warm + off, warm_sum + off**3, warm_value + off**3 * value
            count, r1, c1 = count + 1, r1 + r, c1 + c
            rr, cc, rc = rr + r * r, cc + c * c, rc + r * c
    out[WARMEST], out[COLDEST], out[WARMTH] = warmest, coldest, warm - cold
    out[HEART_WARM], out[HEART_COLD] = warm_value / max(warm_sum, 1e-9), cold_value / max(cold_sum, 1e-9)
    out[AREA] = count
    n = max(count, 1.0)
    r1, c1 = r1 / n, c1 / n
    out[ROW], out[COL] = r1 + 0.5, c1 + 0.5
    half_sum = (rr / n - r1 * r1 + cc / n - c1 * c1) / 2 + 1 / 12
    half_off = np.sqrt(((rr / n - r1 * r1 - cc / n + c1 * c1) / 2) ** 2 + (rc / n - r1 * c1) ** 2)
    out[LONG], out[SHORT] = 4 * np.sqrt(half_sum + half_off), 4 * np.sqrt(max(half_sum - half_off, 1 / 12))


@numba.njit(cache=True, nogil=True)
def apart(boxes: Measures, most_shared: float) -> npt.NDArray[np.bool_]:
    """Which (n, 4) boxes, given best first, no kept one before overlaps by more (intersection over union)."""
    kept = np.ones(len(boxes), np.bool_)
    for n in range(len(boxes)):
        for m in range(n):
            if not kept[m]:
                continue
            wide = min(boxes[n, 0] + boxes[n, 2], boxes[m, 0] + boxes[m, 2]) - max(boxes[n, 0], boxes[m, 0])
            high = min(boxes[n, 1] + boxes[n, 3], boxes[m, 1] + boxes[m, 3]) - max(boxes[n, 1], boxes[m, 1])
            if wide > 0 and high > 0:
                union = boxes[n, 2] * boxes[n, 3] + boxes[m, 2] * boxes[m, 3] - wide * high
                if wide * high >= most_shared * union:
                    kept[n] = False
                    break
    return kept
