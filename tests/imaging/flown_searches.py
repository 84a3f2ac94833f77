"""Searches that a real ArduPilot flies over people whose places are known, searched as an operator would.

    python -m tests.imaging.flown_searches FIRST LAST > SEARCHES
    python -m tests.imaging.flown_table SEARCHES

The first prints a line of JSON a search. Ten searches share a flight: over the same recorded track each has a
world, people, light and a drone's errors of its own, all by its seed. Each is searched by contrast, by the
learned detector and by both together, as `heat` does by default, on the same frames. ArduPilot must be
installed (docs/sitl.md).
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from shapely import Point

from imaging.finds import Finds
from imaging.geolocate import CHI2_95_2D, ellipse95
from imaging.heat import HeatOptions, heat
from imaging.searched.searching import Searching
from imaging.searched.viewpoints import Looking, views_of_frames
from imaging.thermal.detector import DetectorName, detector_called
from imaging.thermal.find import Find
from imaging.thermal.placing.errors import Sigmas
from missions.local import local_from_area
from missions.search.bookkeeping import Score
from missions.search.detection import detections
from missions.search.grid import SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.probability import ProbabilityMap
from missions.search.seen_ground import SeenGround
from missions.wind import Wind
from sitl.proof.flight import GROUND_AMSL_M
from sitl.world import Person, ThermalTruth, World, render_thermal
from sitl.world.canvas import Material
from sitl.world.temperature import DAY_C, NIGHT_C
from tests.imaging.flown_drone import CENTRE, FlownSearch, TrueCamera, fly_search, search_plan
from tests.imaging.heat_flights import POSTURES

DETECTORS: tuple[DetectorName, ...] = ("contrast", "learned", "both")
SEARCHES_A_FLIGHT = 10
SIDE_M, PEOPLE = 200.0, 3
INTERVAL_S = 2.5
"""At 9 m/s a place is in two or three frames."""
FIRST_WORLD = 91_000
"""The learned detector has seen the worlds of seeds 90,000 to 90,025."""
WARMER_K = {True: (5.0, 3.0), False: (2.0, 4.0)}
"""By night and day: what a person's clothes are warmer than grass, mean and spread; the same that the search
model's figures were fitted on (missions/data/detection.toml)."""
CELL_M, OUTSIDE = 10.0, 0.05
_FLAT_M, _NEAR_PX = 0.3, 12.0


@dataclass(frozen=True)
class Answer:
    """What one detector made of one person: his finds, and the best of them against the truth.

    `better` counts the false alarms that are listed above it, `seconds` are from take-off to the first frame
    of it.
    """

    finds: int = 0
    sightings: int = 0
    kind: str = ""
    better: int = 0
    seconds: float | None = None
    off_m: float | None = None
    semi_major_m: float | None = None
    holds: bool | None = None


@dataclass(frozen=True)
class Missing:
    """One person: how he lay, what the search model foretold of his cell (`pod`), and the answers.

    `shown` counts the frames that show a part of him, `contrast_k` is the best of them.
    """

    name: str
    posture: str
    canopy: float
    warmer_k: float
    shown: int
    contrast_k: float
    pod: float
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Alarms:
    """One detector's list: how long, how many of it are nobody, and of what those are."""

    finds: int
    nobody: int
    nobody_as_person: int
    nobody_seen_twice: int
    of: Mapping[str, int]
    processor_s: float


@dataclass(frozen=True)
class Outcome:
    """One search."""

    seed: int
    night: bool
    wind_m_s: float
    frames: int
    flown_s: float
    ahead_s: float
    pos: float
    mean_pod: float
    people: tuple[Missing, ...]
    alarms: Mapping[str, Alarms]


@dataclass(frozen=True)
class Scene:
    """A search before it is looked at: who is where, and the frames that were taken."""

    seed: int
    flown: FlownSearch
    night: bool
    people: tuple[Person, ...]
    warmer_k: tuple[float, ...]
    truth: ThermalTruth
    ahead_s: float


@lru_cache(maxsize=1)
def flight_of(number: int, folder: Path) -> FlownSearch:
    """The flight that ten searches share: a square that lies as it falls, in some wind."""
    rng = np.random.default_rng([number, 31])
    wind = Wind(float(rng.uniform(0, 6)), float(rng.uniform(0, 360)))
    return fly_search(search_plan(SIDE_M, float(rng.uniform(0, 90)), wind), folder / f"flight-{number}")


def scene_of(
    seed: int, flown: FlownSearch, folder: Path, side_m: float = SIDE_M, *, plain: bool = False
) -> Scene:
    """Frames along the flight over a world with people, by night for even seeds.

    `plain` people lie on the open ground, 12 K warmer than grass.
    """
    rng = np.random.default_rng([seed, 7])
    night = seed % 2 == 0
    size_m = side_m + 120
    world = World(FIRST_WORLD + seed, CENTRE, ground_amsl_m=GROUND_AMSL_M, size_m=size_m, texel_m=0.12)
    warmer_k = [12.0] * PEOPLE if plain else rng.normal(*WARMER_K[night], PEOPLE).tolist()
    grass_c = (NIGHT_C if night else DAY_C)[Material.GRASS]
    people = tuple(
        _person(f"person-{n}", world, rng, grass_c + warmer, flown) for n, warmer in enumerate(warmer_k)
    )
    if plain:
        people = tuple(replace(person, canopy=0.0, posture="lying") for person in people)
    drone = TrueCamera(flown, seed, Sigmas())
    poses = [drone.frame_pose(t) for t in flown.frame_times(INTERVAL_S, side_m / math.sqrt(2) + 10)]
    truth = render_thermal(world, folder, drone.camera, poses, people, night=night)
    return Scene(seed, flown, night, people, tuple(warmer_k), truth, drone.ahead_s)


def _person(
    name: str, world: World, rng: np.random.Generator, temperature_c: float, flown: FlownSearch
) -> Person:
    """Somewhere in the area on open ground; one of three under the leaves of a bush or a birch."""
    area = local_from_area(flown.plan.area, world.frame)
    west, south, east, north = area.bounds
    around = np.stack(np.meshgrid(np.linspace(-0.7, 0.7, 5), np.linspace(-0.7, 0.7, 5)), -1).reshape(-1, 2)
    while True:
        place = np.array([rng.uniform(west, east), rng.uniform(south, north)])
        spots = around + place
        clear = np.max(world.surface_height(spots) - world.ground_height(spots)) < _FLAT_M
        if clear and area.contains(Point(*place)):
            break
    return Person(
        world.frame.point_from_local(*map(float, place)),
        POSTURES[int(rng.integers(3))],
        temperature_c,
        float(rng.uniform(0.15, 0.5)) if rng.random() < 1 / 3 else 0.0,
        float(rng.uniform(0, 360)),
        name,
    )


def outcome_of(scene: Scene) -> tuple[Outcome, dict[str, Finds]]:
    """Every detector's finds against the truth, and what the search map made of the flight."""
    score, pods = foretold(scene)
    found: dict[str, Finds] = {}
    alarms: dict[str, Alarms] = {}
    answers: list[dict[str, Answer]] = [{} for _ in scene.people]
    for name in DETECTORS:
        detector = detector_called(name)
        began_s = time.process_time()
        finds = heat(
            scene.truth.folder,
            scene.flown,
            camera=scene.flown.plan.camera,
            options=HeatOptions(detector=detector),
        )
        spent_s = time.process_time() - began_s
        of = [shown_by(scene.truth, find) for find in finds.finds]
        found[name], alarms[name] = finds, _alarms(finds, of, spent_s)
        for n, person in enumerate(scene.people):
            answers[n][name] = _answer(scene, person, finds, of)
    people = tuple(replace(_missing(scene, n, pods[n]), answers=answers[n]) for n in range(len(scene.people)))
    wind = scene.flown.plan.wind
    return Outcome(
        seed=scene.seed,
        night=scene.night,
        wind_m_s=wind.speed_m_s if wind else 0.0,
        frames=len(scene.truth.frames),
        flown_s=scene.flown.end_s - scene.flown.take_off_s,
        ahead_s=scene.ahead_s,
        pos=score.pos,
        mean_pod=score.mean_pod,
        people=people,
        alarms=alarms,
    ), found


def foretold(scene: Scene) -> tuple[Score, list[float]]:
    """What the search map makes of the flight, had nobody been found, and POD of each person's cell.

    The map knows how much leaves hide of a cell where somebody is, and believes the recording.
    """
    grid = SearchGrid.over(scene.flown.plan.area, CELL_M)
    area = local_from_area(scene.flown.plan.area, grid.frame)
    even = ProbabilityMap.normalised(grid, grid.share_inside(area), OUTSIDE * area.area / CELL_M**2)
    cells = [_cell(grid, person) for person in scene.people]
    cover = np.zeros(grid.shape)
    for cell, person in zip(cells, scene.people, strict=True):
        cover[cell] = person.canopy
    ground = SeenGround.level(grid.frame, 0.0)
    kind = "thermal-night" if scene.night else "thermal-day"
    looking = Looking(scene.flown.plan.camera, kind=kind, straight_down=True)
    views = views_of_frames(scene.truth.folder, scene.flown, looking, grid.frame, ground)
    searching = Searching(Mixture.of(Hypothesis("here", 1.0, even)), detections(), ground, cover=cover)
    score = searching.see(views.views)
    return score, [float(1 - searching.missed[cell]) for cell in cells]


def _cell(grid: SearchGrid, person: Person) -> tuple[int, int]:
    east, north = grid.frame.local_from_geo([[person.place.lon_deg, person.place.lat_deg]])[0]
    return int((grid.north_m - north) // grid.cell_m), int((east - grid.west_m) // grid.cell_m)


def shown_by(truth: ThermalTruth, find: Find) -> str:
    """Whom or what most of a find's sightings show, by where each body truly shows; "" for bare ground."""
    frames = {frame.file: frame.sightings for frame in truth.frames}
    votes: Counter[str] = Counter()
    for sighting in find.sightings:
        spot = sighting.spot
        near = [
            (math.dist((spot.col, spot.row), body.pixel), body.name)
            for body in frames[Path(sighting.frame).name]
            if body.visible_share > 0
        ]
        away, name = min(near, default=(math.inf, ""))
        if away < _NEAR_PX:
            votes[name] += 1
    best = votes.most_common(1)
    return best[0][0] if best and 2 * best[0][1] > len(find.sightings) else ""


def _is_person(name: str) -> bool:
    return name.startswith("person-")


def _alarms(finds: Finds, of: Sequence[str], spent_s: float) -> Alarms:
    nobody = [find for find, name in zip(finds.finds, of, strict=True) if not _is_person(name)]
    kinds = Counter(name.partition("-")[0] or "ground" for name in of if not _is_person(name))
    return Alarms(
        finds=len(finds.finds),
        nobody=len(nobody),
        nobody_as_person=sum(find.kind == "person?" for find in nobody),
        nobody_seen_twice=sum(len(find.sightings) > 1 for find in nobody),
        of=dict(kinds),
        processor_s=spent_s,
    )


def _answer(scene: Scene, person: Person, finds: Finds, of: Sequence[str]) -> Answer:
    at = [n for n, name in enumerate(of) if name == person.name]
    if not at:
        return Answer()
    best = min(at, key=lambda n: (-len(finds.finds[n].sightings), n))
    find = finds.finds[best]
    truth = next(body for body in scene.truth.bodies if body.name == person.name)
    frame = SearchGrid.over(scene.flown.plan.area, CELL_M).frame
    there, here = frame.local_from_geo(
        [[find.place.lon_deg, find.place.lat_deg], [truth.lon_deg, truth.lat_deg]]
    )
    away = there - here
    first_s = min(finds.finds[n].first_s or math.inf for n in at)
    return Answer(
        finds=len(at),
        sightings=len(find.sightings),
        kind=find.kind,
        better=sum(not _is_person(name) for name in of[: at[0]]),
        seconds=first_s - scene.ahead_s - scene.flown.take_off_s,
        off_m=float(np.linalg.norm(away)),
        semi_major_m=ellipse95(find.covariance).semi_major_m,
        holds=bool(away @ np.linalg.solve(find.covariance, away) <= CHI2_95_2D),
    )


def _missing(scene: Scene, number: int, pod: float) -> Missing:
    person = scene.people[number]
    seen = [s for frame in scene.truth.frames for s in frame.sightings if s.name == person.name]
    shows = [s for s in seen if s.visible_share > 0]
    return Missing(
        name=person.name,
        posture=person.posture,
        canopy=person.canopy,
        warmer_k=scene.warmer_k[number],
        shown=len(shows),
        contrast_k=max((s.contrast_k for s in shows), key=abs, default=0.0),
        pod=pod,
    )


def search_of(seed: int, folder: Path) -> Outcome:
    """The search of a seed; its flight is recorded in `folder`, its frames are gone afterwards."""
    flown = flight_of(seed // SEARCHES_A_FLIGHT, folder)
    with tempfile.TemporaryDirectory(dir=folder) as frames:
        return outcome_of(scene_of(seed, flown, Path(frames)))[0]


def main(first: int, last: int) -> None:
    """One line of JSON a search."""
    with tempfile.TemporaryDirectory(prefix="droneteam-flown-") as folder:
        for seed in range(first, last + 1):
            sys.stdout.write(json.dumps(asdict(search_of(seed, Path(folder)))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
