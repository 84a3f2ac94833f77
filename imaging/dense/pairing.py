"""Which two photos are matched: those that overlap and stand apart by a useful share of their height.

A wider base gives better heights (error = distance² / (focal length x base) x error of the match) and worse
matches, as the two pictures differ more. Between 0.1 and 0.35 of the height both are good for things as tall
as vehicles (Rupnik, Pierrot-Deseilligny and Delorme 2018 choose angles of the same size); wider ones are
taken where the flight left no others, so that most ground is matched more than once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from imaging.footprints import project
from imaging.lens import Array, Lens, View
from imaging.surface import Surface

PARTNERS = 4
NEAREST = 16
BEST_RATIO = 0.2
RATIOS = (0.05, 0.85)
LEAST_OVERLAP = 0.25
LEAST_WORTH = 0.12
LATTICE = 9


@dataclass(frozen=True, slots=True)
class StereoPair:
    """Two views by index, `first` < `second`; base over height, and the share of ground both see."""

    first: int
    second: int
    ratio: float
    overlap: float


def stereo_pairs(views: tuple[View, ...], lenses: dict[str, Lens], surface: Surface) -> list[StereoPair]:
    """Up to four partners for each view, by base and overlap, from different sides where there are some."""
    if len(views) < 2:
        return []
    centres = np.array([view.centre for view in views])
    _, near = KDTree(centres[:, :2]).query(centres[:, :2], k=min(len(views), NEAREST + 1))
    grounds = [_ground(view, lenses[view.lens], surface) for view in views]
    candidates: dict[tuple[int, int], StereoPair] = {}
    for i in range(len(views)):
        for j in np.atleast_2d(near)[i].tolist():
            first, second = min(i, j), max(i, j)
            if i == j or (first, second) in candidates:
                continue
            pair = _pair(first, second, views, lenses, grounds, surface)
            if pair is not None:
                candidates[first, second] = pair
    chosen: set[tuple[int, int]] = set()
    for i in range(len(views)):
        chosen |= _partners(i, [pair for key, pair in candidates.items() if i in key], centres)
    return [candidates[key] for key in sorted(chosen)]


def _ground(view: View, lens: Lens, surface: Surface) -> Array:
    """(n, 3) points on level ground below a lattice of the picture's pixels; NaN above the horizon."""
    x, y = np.meshgrid(
        np.linspace(0.02, 0.98, LATTICE) * lens.width_px, np.linspace(0.02, 0.98, LATTICE) * lens.height_px
    )
    rays = lens.rays(np.column_stack([x.ravel(), y.ravel()])) @ view.rotation
    ground_m = float(surface.height_m(view.centre[:2]))
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(rays[:, 2] < -0.2, (ground_m - view.centre[2]) / rays[:, 2], np.nan)
    return np.asarray(view.centre + rays * reach[:, None])


def _pair(
    first: int,
    second: int,
    views: tuple[View, ...],
    lenses: dict[str, Lens],
    grounds: list[Array],
    surface: Surface,
) -> StereoPair | None:
    a, b = views[first], views[second]
    lens = lenses[b.lens]
    pixels, _ = project(b, lens, grounds[first])
    with np.errstate(invalid="ignore"):
        inside = np.all((pixels > 0) & (pixels < [lens.width_px, lens.height_px]), axis=-1)
    height_m = float(a.centre[2] - surface.height_m(a.centre[:2]))
    ratio = float(np.linalg.norm(b.centre - a.centre)) / max(height_m, 1e-3)
    overlap = float(inside.mean())
    # Photos taken at very different heights show things at different sizes, which block matching cannot bear.
    level = abs(float(b.centre[2] - a.centre[2])) < 0.2 * height_m
    if not (level and overlap >= LEAST_OVERLAP and RATIOS[0] <= ratio <= RATIOS[1]):
        return None
    return StereoPair(first, second, ratio, overlap)


def _partners(i: int, pairs: list[StereoPair], centres: Array) -> set[tuple[int, int]]:
    """The best pairs of view i; one in the direction of a better one counts for less."""
    left, taken, worth = list(pairs), list[StereoPair](), list[float]()
    while left and len(taken) < PARTNERS:
        best = max(left, key=lambda pair: _worth(i, pair, taken, centres))
        worth.append(_worth(i, best, taken, centres))
        if worth[-1] < LEAST_WORTH * worth[0]:
            break
        left.remove(best)
        taken.append(best)
    return {(pair.first, pair.second) for pair in taken}


def _worth(i: int, pair: StereoPair, taken: list[StereoPair], centres: Array) -> float:
    worth = pair.overlap**2 * math.exp(-((math.log(pair.ratio / BEST_RATIO) / 1.0) ** 2))
    for other in taken:
        worth *= 1 - 0.6 * max(0.0, float(_towards(i, pair, centres) @ _towards(i, other, centres)))
    return worth


def _towards(i: int, pair: StereoPair, centres: Array) -> Array:
    away = centres[pair.second if pair.first == i else pair.first, :2] - centres[i, :2]
    return np.asarray(away / max(float(np.linalg.norm(away)), 1e-9))
