"""Searches for one person, simulated in more detail than the detection model knows, to check that model.

Each person is an ellipsoid that lies, sits or stands, warmer or colder than grass by an amount of his own,
anywhere open in a world of `sitl.world`, below crowns made of clumps of leaves. Every frame is rendered as a
thermal camera of a quarter of the common size would take it (rays past the clumps, optics, smear, noise) and
given to the detectors that `heat` uses by default. What they mark on him, and would not mark there without
him, a person confirms nine times of ten in each pass. No formula of `missions.search.missed` is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from imaging.thermal.detector import detector_called
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.options import Detector
from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.grid import SearchGrid
from missions.search.looks import Looks, Viewpoint, looks_of
from missions.search.seen_ground import SeenGround
from tests.imaging.searched_ground import WORLDS, Ground, ground_of, seen

Floats = npt.NDArray[np.float64]
FRAME = LocalFrame(GeoPoint(52.1, 5.2))
CAMERA = Camera("thermal", 3.84, 3.072, 9.1, 320, 256, "thermal")
GROUND = SeenGround.level(FRAME, 0.0)
CELL_M = 20.0
EXPOSURE_S = 0.01
CONFIRMED = 0.9
NOISE_K, BLUR_PX = 0.05, 0.7
NIGHT = "thermal-night"
SETTINGS = {NIGHT: (5.0, 3.0), "thermal-day": (2.0, 4.0)}
"""By kind: the mean and spread of what a person is warmer than grass, C."""
_POSTURES = (((0.85, 0.24, 0.14), 0.5), ((0.35, 0.35, 0.45), 0.2), ((0.25, 0.18, 0.85), 0.3))
"""Half axes along, across, up in metres, and how many are so."""


@dataclass(frozen=True, eq=False)
class Search:
    """One search for one person: the looks at his very place and at his cell, and how it ended."""

    kind: str
    at_him: Looks
    at_cell: Looks
    cover: float
    found: bool


@dataclass(frozen=True, eq=False)
class _Person:
    place: Floats
    half_axes: Floats
    turned: Floats
    celsius: float


def searches(
    count: int, seed: int, kinds: Sequence[str] = tuple(SETTINGS), worlds: int = WORLDS
) -> list[Search]:
    """So many independent searches, of the kinds in turn, in so many worlds."""
    rng = np.random.default_rng(seed)
    return [_search(kinds[index % len(kinds)], worlds, rng) for index in range(count)]


def _search(kind: str, worlds: int, rng: np.random.Generator) -> Search:
    place = rng.uniform(-CELL_M / 2, CELL_M / 2, 2)
    ground = ground_of(int(rng.integers(worlds)), kind == NIGHT)
    origin = ground.open_m[rng.integers(len(ground.open_m))] - place
    person = _person(kind, place, ground.grass_c, rng)
    clumps, cover = _crowns(rng)
    views = _flight(kind, rng)
    here = SearchGrid(FRAME, place[0] - 0.005, place[1] + 0.005, 0.01, 1, 1)
    cell = SearchGrid(FRAME, -CELL_M / 2, CELL_M / 2, CELL_M, 1, 1)
    at_him = looks_of(views, here, GROUND, per_side=1)
    at_cell = looks_of(views, cell, GROUND, per_side=4)
    passes: dict[str, bool] = {}
    for index in at_him.frame:
        view = views[int(index)]
        if not passes.get(view.source) and _marked(person, view, clumps, (ground, origin), rng):
            passes[view.source] = True
    found = any(rng.random(sum(passes.values())) < CONFIRMED)
    return Search(kind, at_him, at_cell, cover, bool(found))


def _person(kind: str, place: Floats, grass_c: float, rng: np.random.Generator) -> _Person:
    axes = _POSTURES[rng.choice(3, p=[share for _, share in _POSTURES])][0]
    turn = rng.uniform(0, 2 * np.pi)
    turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return _Person(
        np.array([*place, axes[2]]),
        np.array(axes),
        turned,
        grass_c + float(rng.normal(*SETTINGS[kind])),
    )


def _crowns(rng: np.random.Generator) -> tuple[Floats, float]:
    """(n, 4) clumps of leaves as spheres, and the share of ground that they hide from straight above."""
    wanted = 0.0 if rng.random() < 0.4 else rng.uniform(0.05, 0.95)
    reach_m = 26.0
    crowns = rng.poisson(-np.log(1 - wanted) * (2 * reach_m) ** 2 / (np.pi * 9.0) * 1.1)
    if crowns == 0:
        return np.zeros((0, 4)), 0.0
    radius = rng.uniform(2.0, 4.0, crowns)
    middle = np.column_stack([rng.uniform(-reach_m, reach_m, (crowns, 2)), rng.uniform(6.0, 14.0, crowns)])
    clumps = []
    for where, size in zip(middle, radius, strict=True):
        inside = rng.normal(size=(70, 3))
        inside *= (rng.random(70) ** (1 / 3) * size / np.linalg.norm(inside, axis=1))[:, None]
        clumps.append(np.column_stack([where + inside, rng.uniform(0.3, 0.7, 70)]))
    every = np.vstack(clumps)
    places = rng.uniform(-CELL_M / 2, CELL_M / 2, (400, 2))
    hidden = [np.any(np.hypot(every[:, 0] - x, every[:, 1] - y) < every[:, 3]) for x, y in places]
    return every, float(np.mean(hidden))


def _flight(kind: str, rng: np.random.Generator) -> list[Viewpoint]:
    """One to three straight passes somewhere near, each at its own height, speed, course and gimbal angle."""
    views = []
    for number in range(int(rng.integers(1, 4))):
        height, speed = float(rng.uniform(35, 140)), float(rng.uniform(3, 15))
        course, below = rng.uniform(0, 2 * np.pi), np.radians(rng.choice([90.0, 90.0, 65.0, 45.0]))
        ahead = np.array([np.sin(course), np.cos(course)])
        middle = np.array([ahead[1], -ahead[0]]) * rng.normal(0, 0.15 * height)
        forward = np.array([np.cos(course) * np.cos(below), np.sin(course) * np.cos(below), np.sin(below)])
        right = np.array([-np.sin(course), np.cos(course), 0.0])
        turned = np.column_stack([right, np.cross(forward, right), forward])
        reach_s = min(40.0, 1.6 * height / speed)
        for second in np.arange(-reach_s, reach_s, rng.choice([0.5, 1.0, 2.0])):
            eye = np.array([*(middle + ahead * speed * second), height])
            name = f"{number}-{second:g}"
            time_s = 1000.0 * number + float(second)
            views.append(
                Viewpoint(name, time_s, eye, turned, CAMERA, kind, speed_m_s=speed, source=str(number))
            )
    return views


def _marked(
    person: _Person,
    view: Viewpoint,
    clumps: Floats,
    ground: tuple[Ground, Floats],
    rng: np.random.Generator,
) -> bool:
    """Whether the detectors mark the person, and without him nothing there."""
    enu_from_camera = view.enu_from_camera
    away = person.place - view.eye_m
    right, down, depth = away @ enu_from_camera
    focal_px = view.camera.focal_length_px
    size = np.array([CAMERA.image_width_px, CAMERA.image_height_px])
    middle = np.array([right, down]) / depth * focal_px + size / 2
    gsd_m = depth / focal_px
    filled = _rendered(person, view, clumps, enu_from_camera, middle, gsd_m)
    if not filled.any():
        return False
    celsius = seen(ground[0], view, ground[1])
    noise = rng.normal(0, NOISE_K, celsius.shape)
    middle_gsd_m = view.eye_m[2] / -enu_from_camera[2, 2] / focal_px
    smear_px = max(1, round(view.speed_m_s / middle_gsd_m * EXPOSURE_S * 2.5))

    def is_marked(scene: Floats) -> bool:
        soft = cv2.blur(cv2.GaussianBlur(scene, (0, 0), BLUR_PX), (1, smear_px)) + noise
        frame = ThermalFrame(Path("rendered.tiff"), soft.astype(np.float32), "degC", Exposure(), "")
        near = 2.0 + 0.5 / gsd_m
        return any(
            np.hypot(spot.col - middle[0], spot.row - middle[1]) < near
            for spot in _detector()(frame, middle_gsd_m)
            if spot.proposed
        )

    return is_marked(celsius + filled * (person.celsius - celsius)) and not is_marked(celsius)


@cache
def _detector() -> Detector:
    return detector_called("both")


def _rendered(
    person: _Person,
    view: Viewpoint,
    clumps: Floats,
    enu_from_camera: Floats,
    middle: Floats,
    gsd_m: float,
) -> Floats:
    """The share of each pixel that he fills, leaves off."""
    fine = 4
    first = np.maximum(np.floor(middle - 1.2 / gsd_m), 0).astype(int)
    size = (CAMERA.image_width_px, CAMERA.image_height_px)
    last = np.minimum(np.ceil(middle + 1.2 / gsd_m), size).astype(int)
    filled = np.zeros(size[::-1])
    wide, high = last - first
    if wide <= 0 or high <= 0:
        return filled
    rows, columns = np.mgrid[0 : high * fine, 0 : wide * fine]
    plane = ((np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) / fine + first - middle) * gsd_m
    # the shadow of an ellipsoid along the line of sight is the ellipse x' (J A J')^-1 x <= 1
    body = person.turned @ np.diag(person.half_axes**2) @ person.turned.T
    shadow = np.linalg.inv((enu_from_camera.T @ body @ enu_from_camera)[:2, :2])
    on_him = np.einsum("ij,jk,ik->i", plane, shadow, plane) <= 1
    if len(clumps) and on_him.any():
        spots = person.place + plane[on_him] @ enu_from_camera[:, :2].T
        on_him[on_him] = ~_behind(spots, view.eye_m, clumps)
    shares = on_him.reshape(high, fine, wide, fine).mean(axis=(1, 3))
    filled[first[1] : last[1], first[0] : last[0]] = shares
    return filled


def _behind(places: Floats, eye: Floats, clumps: Floats) -> npt.NDArray[np.bool_]:
    """Which places (n, 3) a clump hides from the eye."""
    sight = (eye - places.mean(axis=0)) / np.linalg.norm(eye - places.mean(axis=0))
    to_clump = clumps[:, :3] - places.mean(axis=0)
    beside = np.linalg.norm(to_clump - (to_clump @ sight)[:, None] * sight, axis=1)
    close = clumps[beside < clumps[:, 3] + 1.2]
    if not len(close):
        return np.zeros(len(places), bool)
    line = close[None, :, :3] - places[:, None, :]
    beside = np.linalg.norm(line - (line @ sight)[..., None] * sight, axis=2)
    return np.asarray((beside < close[:, 3]).any(axis=1))
