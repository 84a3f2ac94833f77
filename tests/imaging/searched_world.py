"""Searches for one person, simulated in more detail than the detection model knows, to check that model.

Each person is an ellipsoid that lies, sits or stands, warmer or colder than grass by an amount of his own,
anywhere open in a world of `sitl.world`, below crowns made of clumps of leaves. Every frame is rendered as a
thermal camera of a quarter of the common size would take it (rays past the clumps, optics, smear, noise) and
given to the detectors that `heat` uses by default. What either marks on him, where neither would mark
anything without him, a person confirms nine times of ten, once a sortie: all frames of one find are shown to
him together. One in five walks, and every other one lies otherwise when a second sortie comes. No formula of
`missions.search.missed` is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from imaging.searched.measured_ground import ground_heat_of
from imaging.thermal.detector import ContrastDetector, detector_called
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.options import Detector
from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.calibration import together
from missions.search.detection import Detection
from missions.search.grid import SearchGrid
from missions.search.ground_heat import MEASURED
from missions.search.looks import PERSON_HEIGHT_M, Looks, Viewpoint, looks_of, places_m
from missions.search.missed import missed_cells
from missions.search.seen_ground import SeenGround
from tests.imaging.searched_ground import FIT_WORLDS, ground_of, seen
from tests.imaging.searched_passes import flown

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
WALKING, WALKING_M_S, MOVED = 0.2, (0.4, 1.5), 0.5
"""How many walk, how fast, and how many lie otherwise when a second sortie comes."""
HIDDEN_K = 0.2
"""Who changes no pixel by more is not marked: the contrast detector asks for twice as much."""
_STANDING = 2
_PER_SIDE, _MAPPED = 4, (1, 7, 8, 14)
"""Places of the cell along a side, and which of them stand for its four quarters."""
_POSTURES = (((0.85, 0.24, 0.14), 0.5), ((0.35, 0.35, 0.45), 0.2), ((0.25, 0.18, 0.85), 0.3))
"""Half axes along, across, up in metres, and how many are so."""


@dataclass(frozen=True, eq=False)
class Search:
    """One search for one person: the looks at his very place and at his cell, and how it ended.

    Who walks is in the middle of each sortie where `at_him` has him. `marked` is the number of sorties in
    which he was marked, `warmer_k` how much warmer he is than grass and `contrast_k` than the ground that he
    is on, `ground` the number of the ground, and `in_cell` the share of the frames that looked at the cell
    while he was in it.
    """

    kind: str
    at_him: Looks
    at_cell: Looks
    cover: float
    found: bool
    marked: int
    walks: bool
    warmer_k: float
    contrast_k: float
    ground: int
    in_cell: float

    @property
    def as_mapped(self) -> Looks:
        """The looks at four places of the cell, one a quarter: as many as a map reckons with."""
        rows = np.flatnonzero(np.isin(self.at_cell.place, _MAPPED))
        row, column = np.divmod(self.at_cell.place[rows], _PER_SIDE)
        half = _PER_SIDE // 2
        return dataclasses.replace(
            self.at_cell.taken(rows), per_side=2, place=row // half * 2 + column // half
        )

    @property
    def share_found(self) -> float:
        """The share of such searches that end with him found: only the word of who confirms is left open."""
        return float(1 - (1 - CONFIRMED) ** self.marked)


@dataclass(frozen=True, eq=False)
class _Person:
    place: Floats
    half_axes: Floats
    turned: Floats
    celsius: float


def searches(
    count: int,
    seed: int,
    kinds: Sequence[str] = tuple(SETTINGS),
    worlds: Sequence[int] = FIT_WORLDS,
    first: int = 0,
) -> list[Search]:
    """So many independent searches, of the kinds in turn, in these worlds; the `first` of a seed are skipped.

    Each is drawn by itself from the seed and its number, so any part of them is the same as within the whole.
    """
    return [
        _search(kinds[number % len(kinds)], worlds, np.random.default_rng([seed, number]))
        for number in range(first, first + count)
    ]


def promised(some: Sequence[Search], known: Mapping[str, Detection], ending: str = MEASURED) -> Floats:
    """(n,) POD of the cell that each person was in: what a map is told, by kinds with that ending."""
    kinds = np.array([each.kind for each in some])
    chance = np.zeros(len(some))
    for kind in set(kinds):
        rows = np.flatnonzero(kinds == kind)
        looks = together([some[row].as_mapped for row in rows])
        covers = np.array([[some[row].cover for row in rows]])
        chance[rows] = 1 - missed_cells(looks, {kind: known[kind + ending]}, covers)[0]
    return chance


def _search(kind: str, worlds: Sequence[int], rng: np.random.Generator) -> Search:
    place = rng.uniform(-CELL_M / 2, CELL_M / 2, 2)
    number = int(rng.choice(worlds))
    ground = ground_of(number, kind == NIGHT)
    origin = ground.open_m[rng.integers(len(ground.open_m))] - place
    walks = bool(rng.random() < WALKING)
    warmer_k = float(rng.normal(*SETTINGS[kind]))
    clumps, cover = _crowns(rng)
    flight = flown(kind, CAMERA, rng)
    people = [_person(place, ground.grass_c + warmer_k, walks, rng)]
    for _ in flight.middle_s[1:]:
        people.append(_person(place, people[0].celsius, walks, rng) if rng.random() < MOVED else people[-1])
    steps = [_step_m_s(rng) if walks else np.zeros(3) for _ in people]
    here = SearchGrid(FRAME, place[0] - 0.005, place[1] + 0.005, 0.01, 1, 1)
    cell = SearchGrid(FRAME, -CELL_M / 2, CELL_M / 2, CELL_M, 1, 1)
    lattice = np.vstack([places_m(cell, _PER_SIDE, np.arange(_PER_SIDE**2)), place])
    views = []
    ended: set[int] = set()
    within = []
    for view in _looking_at(lattice, flight.views):
        empty = seen(ground, view, origin)
        noise = rng.standard_normal(empty.shape, np.float32) * np.float32(NOISE_K)
        taken = _taken(view, empty, noise)
        views.append(dataclasses.replace(view, ground=ground_heat_of(taken, CAMERA)))
        sortie = int(view.source)
        away_m = steps[sortie] * (view.time_s - flight.middle_s[sortie])
        person = dataclasses.replace(people[sortie], place=people[sortie].place + away_m)
        within.append(bool(np.abs(person.place[:2]).max() <= CELL_M / 2))
        if sortie not in ended and _marked(person, view, clumps, (empty, noise, taken)):
            ended.add(sortie)
    found = any(rng.random() < CONFIRMED for _ in ended)
    return Search(
        kind,
        looks_of(views, here, GROUND, per_side=1),
        looks_of(views, cell, GROUND, per_side=_PER_SIDE),
        cover,
        found,
        len(ended),
        walks,
        warmer_k,
        people[0].celsius - ground.at(origin + place),
        number,
        float(np.mean(within)) if within else 1.0,
    )


def _looking_at(points_m: Floats, views: Sequence[Viewpoint]) -> list[Viewpoint]:
    """The frames that have any of these (n, 2) places on their sensor: `looks_of` sees nothing in others."""
    if not views:
        return []
    points = np.column_stack([points_m, np.full(len(points_m), PERSON_HEIGHT_M)])
    away = points[None] - np.array([view.eye_m for view in views])[:, None]
    right, down, depth = np.moveaxis(away @ np.array([view.enu_from_camera for view in views]), 2, 0)
    half = np.array([CAMERA.image_width_px, CAMERA.image_height_px]) / 2 / CAMERA.focal_length_px + 1e-9
    inside = (depth > 0) & (np.abs(right) <= half[0] * depth) & (np.abs(down) <= half[1] * depth)
    return [view for view, some in zip(views, inside.any(axis=1), strict=True) if some]


def _person(place: Floats, celsius: float, walks: bool, rng: np.random.Generator) -> _Person:
    posture = _STANDING if walks else rng.choice(3, p=[share for _, share in _POSTURES])
    axes = _POSTURES[posture][0]
    turn = rng.uniform(0, 2 * np.pi)
    turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return _Person(np.array([*place, axes[2]]), np.array(axes), turned, celsius)


def _step_m_s(rng: np.random.Generator) -> Floats:
    way = rng.uniform(0, 2 * np.pi)
    return rng.uniform(*WALKING_M_S) * np.array([np.sin(way), np.cos(way), 0.0])


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
    above = every[(np.abs(every[:, :2]) < CELL_M / 2 + every[:, 3:]).all(axis=1)]
    hidden = [((above[:, :2] - place) ** 2).sum(axis=1) < above[:, 3] ** 2 for place in places]
    return every, float(np.mean([over.any() for over in hidden]))


def _taken(view: Viewpoint, scene: Floats, noise: Floats) -> ThermalFrame:
    """The frame that a thermal camera makes of a scene: optics, smear and noise."""
    middle_gsd_m = _middle_gsd_m(view)
    smear_px = max(1, round(view.speed_m_s / middle_gsd_m * EXPOSURE_S * 2.5))
    soft = cv2.blur(cv2.GaussianBlur(scene, (0, 0), BLUR_PX), (1, smear_px)) + noise
    return ThermalFrame(Path("rendered.tiff"), soft.astype(np.float32), "degC", Exposure(), "")


def _middle_gsd_m(view: Viewpoint) -> float:
    return float(view.eye_m[2] / -view.enu_from_camera[2, 2] / view.camera.focal_length_px)


def _marked(
    person: _Person, view: Viewpoint, clumps: Floats, without: tuple[Floats, Floats, ThermalFrame]
) -> bool:
    """Whether one of the detectors marks the person, and without him neither marks anything there."""
    empty, noise, taken = without
    enu_from_camera = view.enu_from_camera
    away = person.place - view.eye_m
    right, down, depth = away @ enu_from_camera
    if depth <= 0:
        return False
    focal_px = view.camera.focal_length_px
    size = np.array([CAMERA.image_width_px, CAMERA.image_height_px])
    middle = np.array([right, down]) / depth * focal_px + size / 2
    gsd_m = depth / focal_px
    if (middle < -1.2 / gsd_m).any() or (middle > size + 1.2 / gsd_m).any():
        return False
    filled = _rendered(person, view, clumps, enu_from_camera, middle, gsd_m)
    shown = _taken(view, empty + filled * (np.float32(person.celsius) - empty), noise)
    if np.abs(shown.values - taken.values).max() < HIDDEN_K:
        return False

    def marks(detector: Detector, frame: ThermalFrame) -> bool:
        near = 2.0 + 0.5 / gsd_m
        return any(
            spot.proposed and np.hypot(spot.col - middle[0], spot.row - middle[1]) < near
            for spot in detector(frame, _middle_gsd_m(view))
        )

    # that by contrast is the quicker one, and often need not be followed by the other
    return any(marks(each, shown) for each in _detectors()) and not any(
        marks(each, taken) for each in _detectors()
    )


@cache
def _detectors() -> tuple[Detector, Detector]:
    return ContrastDetector(), detector_called("learned")


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
    filled = np.zeros(size[::-1], np.float32)
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
