"""The true centre of a target under a click, to a fraction of a pixel.

What is laid out or painted to be marked (black and white quarters, a disc, a ring, a cross) looks the same
turned by half a circle about its centre, also seen aslant and through a lens: the centre is where a window
of the photo differs least from itself so turned. About a first place the difference is linear in the shift
(Förstner 1982, least squares matching of a patch with itself), solved for with a slope of brightness across
the window. The standard deviation comes from what is left of the difference, pixels near each other taken as
erring together (the sandwich of White 1980, with neighbours as in Conley 1999), and from how windows of
several sizes differ.

How large a target is nobody knows, so windows of many radii are tried. Ground is symmetric by chance in one
small window now and then; a target is in several, one inside the other, about the same centre, in two tones.
Whatever is not, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from imaging.lens import Array
from imaging.photos import Pixels

STEP = (4 / 3) ** 0.5
RADII_PX = tuple(3 * STEP**number for number in range(17))
"""Of the windows: 3 to 30 pixels."""
LEAST_WINDOWS = 3
"""That must show the same centre, each half as large again in area as the one before."""
MOST_ASYMMETRY = 0.03
"""Of the window's variance, what differs between it and itself turned: 1 for ground that has no symmetry."""
LEAST_CONTRAST = 15.0
"""Standard deviation of the window's grey values, of 255."""
LEAST_TWO_TONES = 0.7
"""Share of the window's variance that parting it in dark and light explains (Otsu 1979); 0.64 for a normal
distribution of grey values, 0.75 for a uniform one."""
APART_PX = 0.35
"""How far the centres of two windows may lie apart."""
OTHER_PX = 0.7
"""From where on another centre is another target's."""
MOST_SIGMA_PX, LEAST_SIGMA_PX = 0.3, 0.02
"""No centre is surer than the second: the lens bends, JPEG and interpolation err within a window."""
REACH_SIGMAS, REACH_PX = 3.5, (1.5, 6.0)
"""How far a centre may lie from the click: so many of its standard deviations, within these pixels."""
STEPS, SMALL_PX, MOST_STEP_PX, ASTRAY_PX = 15, 0.005, 1.0, 1.5
NEIGHBOURS_PX = 5
BEGINNINGS = 3

NO_TARGET = "no target is seen there"
TWO_ALIKE = "two places there could be its centre"
TOO_FAR = "the target is too far from the click"
AT_THE_EDGE = "it is too near to the edge of the photo"


@dataclass(frozen=True, slots=True)
class Centre:
    """Where a target's centre is: pixels, (0.5, 0.5) the middle of the first one.

    `sigma_px` is one standard deviation of each coordinate, `radius_px` that of the largest window in which
    the target is symmetric.
    """

    x_px: float
    y_px: float
    sigma_px: float
    radius_px: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a click is not centred."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Fit:
    """A window about the centre that was found in it, `place` (2,) in steps of pixels from the middle of the
    first one.
    """

    number: int
    place: Array
    sigma_px: float


def centre_near(picture: Pixels, x_px: float, y_px: float, sigma_px: float) -> Centre | Refused:
    """The centre of the target at a click, `sigma_px` the standard deviation of each of its coordinates.

    `picture` is (height, width, 3) or (height, width).
    """
    reach_px = min(REACH_PX[1], max(REACH_PX[0], REACH_SIGMAS * sigma_px))
    click = np.array([x_px, y_px]) - 0.5
    search = int(np.ceil(reach_px)) + 1
    corner, grey = _cut_out(picture, click, search)
    fits = [fit for number in range(len(RADII_PX)) for fit in _fits(grey, click - corner, number, search)]
    if not fits and not _room(grey, click - corner, LEAST_WINDOWS - 1, search):
        return Refused(AT_THE_EDGE)
    found = sorted(_targets(fits), key=lambda run: -run[-1].number)
    if not found:
        return Refused(NO_TARGET)
    best = _surest(found[0])
    if any(
        run[-1].number >= found[0][-1].number - 1 and _apart_px(_surest(run), best) > OTHER_PX
        for run in found[1:]
    ):
        return Refused(TWO_ALIKE)
    if float(np.hypot(*(best.place + corner - click))) > reach_px:
        return Refused(TOO_FAR)
    x, y = (best.place + corner + 0.5).tolist()
    # A disc's edge mixes with the ground in every window alike; how the windows differ tells of that.
    apart_px = float(np.sqrt(np.mean([_apart_px(fit, best) ** 2 for fit in found[0]])))
    sigma_px = float(np.hypot(np.hypot(best.sigma_px, apart_px), LEAST_SIGMA_PX))
    return Centre(x, y, sigma_px, RADII_PX[found[0][-1].number])


def _cut_out(picture: Pixels, click: Array, search: int) -> tuple[Array, Array]:
    """The corner of what can matter, and its grey values."""
    side = int(np.ceil(RADII_PX[-1])) + search + 4
    low = np.maximum(np.floor(click).astype(int) - side, 0)
    high = np.floor(click).astype(int) + side + 1
    part = np.asarray(picture[low[1] : max(0, high[1]), low[0] : max(0, high[0])], float)
    return low.astype(float), part if part.ndim == 2 else np.asarray(part.mean(axis=2))


def _room(grey: Array, at: Array, number: int, search: int) -> bool:
    """Whether a window fits wherever it is searched."""
    side = int(np.ceil(RADII_PX[number])) + search + 3
    middle = np.round(at).astype(int)
    return bool((middle - side >= 0).all() and (middle + side < np.array(grey.shape[::-1])).all())


def _fits(grey: Array, at: Array, number: int, search: int) -> Iterator[_Fit]:
    """The centres that one radius finds."""
    if not _room(grey, at, number, search):
        return
    window = _disc(RADII_PX[number])
    for begin in _beginnings(grey, np.round(at).astype(int), window, search):
        fit = _fit(grey, begin.astype(float), window, number)
        if fit is not None:
            yield fit


def _disc(radius_px: float) -> Array:
    """(n, n) weights of a window, its rim soft."""
    half = int(np.ceil(radius_px))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    return np.asarray(np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1), np.float32)


def _beginnings(grey: Array, middle: Array, window: Array, search: int) -> Array:
    """(k, 2) whole pixels where the window differs less from itself turned than at all its neighbours."""
    side = len(window) // 2 + search
    part = grey[middle[1] - side : middle[1] + side + 1, middle[0] - side : middle[0] + side + 1]
    every = sliding_window_view(part, window.shape)
    weighted = every * window
    total = window.sum()
    mean = weighted.sum(axis=(2, 3)) / total
    square = (weighted * every).sum(axis=(2, 3))
    product = (weighted * every[:, :, ::-1, ::-1]).sum(axis=(2, 3))
    asymmetry = (square - product) / (square - mean**2 * total + 1e-3)
    least = cv2.erode(asymmetry, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((asymmetry <= least)[1:-1, 1:-1])
    order = np.argsort(asymmetry[rows + 1, columns + 1])[:BEGINNINGS]
    return middle + np.column_stack([columns, rows])[order] + 1 - search


def _fit(grey: Array, begin: Array, window: Array, number: int) -> _Fit | None:
    """The centre to which a window settles, None where it shows no target."""
    place = begin.copy()
    for _ in range(STEPS):
        _, rest, by = _turned(grey, place, len(window) // 2)
        normal, right = _normal(window, rest, by)
        shift = -np.linalg.solve(normal, right)[:2]
        length = float(np.hypot(*shift))
        place += shift * min(1.0, MOST_STEP_PX / max(length, 1e-9))
        if np.hypot(*(place - begin)) > ASTRAY_PX:
            return None
        if length < SMALL_PX:
            break
    values, rest, by = _turned(grey, place, len(window) // 2)
    normal, right = _normal(window, rest, by)
    slope = by[..., 2:] @ np.linalg.solve(normal, right)[2:]
    rest, values = rest - slope, values - slope / 2
    if not _like_a_target(window, values, rest):
        return None
    sigma_px = _sigma_px(window, rest, by, normal)
    return _Fit(number, place, sigma_px) if sigma_px < MOST_SIGMA_PX else None


def _turned(grey: Array, place: Array, half: int) -> tuple[Array, Array, Array]:
    """(n, n) values about a place, less those of the window turned, and (n, n, 4) what the difference
    changes by: for each pixel in x and y of the place, and for each slope of brightness in x and y.
    """
    around = _sampled(grey, place, half + 1)
    values = around[1:-1, 1:-1]
    down = (around[2:, 1:-1] - around[:-2, 1:-1]) / 2
    right = (around[1:-1, 2:] - around[1:-1, :-2]) / 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    by = np.stack([right - right[::-1, ::-1], down - down[::-1, ::-1], 2.0 * x, 2.0 * y], axis=-1)
    return values, values - values[::-1, ::-1], by


def _sampled(grey: Array, place: Array, half: int) -> Array:
    """(n, n) values about a place between pixels, by cubic convolution (Keys 1981)."""
    whole = np.floor(place).astype(int)
    columns, rows = (np.array(_cubic(float(each))) for each in place - whole)
    left, top = whole - half - 1
    size = 2 * half + 1
    part = grey[top : top + size + 3, left : left + size + 3].astype(float)
    across = sliding_window_view(part, 4, axis=1) @ columns
    return np.asarray(sliding_window_view(across, 4, axis=0) @ rows)


def _cubic(part: float) -> tuple[float, float, float, float]:
    """Weights of the pixels before, at, after and beyond a place that lies `part` of a pixel on."""
    return (
        ((2 - part) * part - 1) * part / 2,
        ((3 * part - 5) * part**2 + 2) / 2,
        ((4 - 3 * part) * part + 1) * part / 2,
        (part - 1) * part**2 / 2,
    )


def _normal(window: Array, rest: Array, by: Array) -> tuple[Array, Array]:
    """The (4, 4) normal matrix and its (4,) right side."""
    weighted = by * window[..., None]
    normal = np.einsum("ija,ijb->ab", weighted, by)
    return normal + np.diag(1e-6 * np.diag(normal) + 1e-6), np.einsum("ija,ij->a", weighted, rest)


def _like_a_target(window: Array, values: Array, rest: Array) -> bool:
    total = float(window.sum())
    mean = float((window * values).sum()) / total
    spread = float((window * (values - mean) ** 2).sum()) / total
    if spread < LEAST_CONTRAST**2 or float((window * rest**2).sum()) / total > 2 * MOST_ASYMMETRY * spread:
        return False
    return _two_tones(values[window > 0.5], spread) >= LEAST_TWO_TONES


def _two_tones(values: Array, spread: float) -> float:
    """The share of the variance between dark and light, parted where that share is largest."""
    ranked = np.sort(values)
    count = np.arange(1, len(ranked))
    dark = np.cumsum(ranked)[:-1]
    light_mean, dark_mean = (ranked.sum() - dark) / (len(ranked) - count), dark / count
    between = count * (len(ranked) - count) * (light_mean - dark_mean) ** 2
    return float(between.max()) / len(ranked) ** 2 / spread


def _sigma_px(window: Array, rest: Array, by: Array, normal: Array) -> float:
    """One standard deviation of the place along the direction in which it is least sure."""
    pulls = by * (window * rest)[..., None]
    sums = np.stack(
        [
            cv2.boxFilter(
                np.ascontiguousarray(pulls[..., number]),
                -1,
                (NEIGHBOURS_PX, NEIGHBOURS_PX),
                normalize=False,
                borderType=cv2.BORDER_CONSTANT,
            )
            for number in range(4)
        ],
        axis=-1,
    )
    inverse = np.linalg.inv(normal)
    # Every pair of pixels stands twice in these sums.
    covariance = 2 * inverse @ np.einsum("ija,ijb->ab", pulls, sums) @ inverse
    alone = 2 * inverse * float((window * rest**2).sum() / window.sum())
    largest = [float(np.linalg.eigvalsh((each + each.T)[:2, :2] / 2)[-1]) for each in (covariance, alone)]
    return float(np.sqrt(max(largest[0], largest[1] / 4, 0.0)))


def _targets(fits: list[_Fit]) -> Iterator[list[_Fit]]:
    """Runs of windows one inside the other about the same centre."""
    runs: list[list[_Fit]] = []
    for fit in fits:  # from small to large
        near = [
            run for run in runs if run[-1].number == fit.number - 1 and _apart_px(run[-1], fit) < APART_PX
        ]
        if near:
            min(near, key=lambda run: _apart_px(run[-1], fit)).append(fit)
        else:
            runs.append([fit])
    return (run for run in runs if len(run) >= LEAST_WINDOWS)


def _surest(run: list[_Fit]) -> _Fit:
    return min(run, key=lambda fit: fit.sigma_px)


def _apart_px(one: _Fit, other: _Fit) -> float:
    return float(np.hypot(*(one.place - other.place)))
