"""Bundle adjustments without pictures: a block of photos over rough ground, observed with known errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from imaging.adjustment import LensPrior, Named, Network, Pointings, Positions, Ties, indices
from imaging.lens import Array, Lens, View

WIDTH_PX, HEIGHT_PX = 1600, 1200
LENS = Lens(
    WIDTH_PX, HEIGHT_PX, 1200.0, 806.0, 595.0, -0.03, focal_known=True,
    radial2=0.01, tangential_x=4e-4, tangential_y=-3e-4,
)  # fmt: skip
TOLD = Lens(WIDTH_PX, HEIGHT_PX, 1215.0, 800.0, 600.0, 0.0, focal_known=True)
DOWN = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])


@dataclass(frozen=True, slots=True)
class Truth:
    """What the observations were made from."""

    views: tuple[View, ...]
    lens: Lens
    points: Array
    targets: dict[str, Array]


def block(
    seed: int,
    *,
    rows: int = 3,
    columns: int = 4,
    points: int = 300,
    height_m: float = 30.0,
    sigma_px: float = 0.4,
    gps_m: float = 0.3,
    targets: int = 8,
    spoiled: float = 0.0,
) -> tuple[Network, Truth]:
    """A network with start values somewhat off, no control yet, and the truth."""
    random = np.random.default_rng(seed)
    truth = _truth(random, rows, columns, points, height_m, targets)
    view, point, px = _observed(truth, truth.points)
    px = px + random.normal(0, sigma_px, px.shape)
    wrong = random.random(len(px)) < spoiled
    px[wrong] += random.normal(0, 40, (int(wrong.sum()), 2))
    keep = np.bincount(point, minlength=points)[point] >= 2
    used, renumbered = np.unique(point[keep], return_inverse=True)
    centres = np.array([each.centre for each in truth.views])
    gps = centres + random.normal(0, gps_m, centres.shape)
    count = len(centres)
    network = Network(
        views=tuple(
            replace(
                each,
                rotation=Rotation.from_rotvec(random.normal(0, 0.01, 3)).as_matrix() @ each.rotation,
                centre=place,
            )
            for each, place in zip(truth.views, gps, strict=True)
        ),
        lenses={"lens": TOLD},
        priors={"lens": LensPrior(focal=0.02)},
        points=truth.points[used] + random.normal(0, 0.3, (len(used), 3)),
        ties=Ties(view[keep], indices(renumbered), px[keep]),
        positions=Positions(indices(range(count)), gps, gps_m**2 * np.eye(3 * count)),
    )
    return network, truth


def marked(
    truth: Truth, name: str, random: np.random.Generator, *, sigma_px: float, sigma_m: float | None
) -> Named:
    """A target as it is marked in the pictures and, with `sigma_m`, surveyed."""
    place = truth.targets[name]
    view, _, px = _observed(truth, place[None, :])
    marks = Pointings(view, px + random.normal(0, sigma_px, px.shape), np.full(len(view), sigma_px))
    if sigma_m is None:
        return Named(name, place + random.normal(0, 0.5, 3), marks)
    return Named(name, place + random.normal(0, sigma_m, 3), marks, sigma_m**2 * np.eye(3))


def _truth(
    random: np.random.Generator, rows: int, columns: int, points: int, height_m: float, targets: int
) -> Truth:
    step_m = 0.3 * height_m
    views = []
    for row in range(rows):
        for column in range(columns):
            centre = np.array([
                (column - (columns - 1) / 2) * step_m, (row - (rows - 1) / 2) * step_m, height_m,
            ]) + random.normal(0, 0.5, 3)  # fmt: skip
            turn = Rotation.from_euler("zyx", [90.0 * (row % 2) * 2, *random.normal(0, 2, 2)], degrees=True)
            views.append(View(f"{row}{column}.jpg", "lens", turn.as_matrix() @ DOWN, centre, 0, 0.0))
    reach = np.array([columns, rows]) * step_m / 2 + 5
    ground = random.uniform(-reach, reach, (points + targets, 2))
    heights = 0.05 * ground[:, 0] + np.sin(ground[:, 1] / 6) + random.exponential(0.4, len(ground))
    places = np.column_stack([ground, heights])
    inner = places[points:] * [0.8, 0.8, 1.0]
    return Truth(tuple(views), LENS, places[:points], {f"T{i + 1}": place for i, place in enumerate(inner)})


def _observed(truth: Truth, points: Array) -> tuple[Array, Array, Array]:
    views, numbers, pixels = [], [], []
    for number, view in enumerate(truth.views):
        px = truth.lens.pixels((points - view.centre) @ view.rotation.T)
        with np.errstate(invalid="ignore"):
            seen = np.flatnonzero(((px > 8) & (px < [WIDTH_PX - 8, HEIGHT_PX - 8])).all(axis=1))
        views.append(np.full(len(seen), number))
        numbers.append(seen)
        pixels.append(px[seen])
    return indices(np.concatenate(views)), indices(np.concatenate(numbers)), np.concatenate(pixels)
