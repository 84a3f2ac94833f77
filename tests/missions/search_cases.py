"""Simulated searches for one person each: maps of many shapes, people drawn from them or from elsewhere.

Two ways to search the same map with the same aircraft, camera, height and speed: parallel track over all of
it again and again, and the areas that `next_areas.propose` gives one after the other. Time runs from the
first take-off and counts turns, ways, landings and batteries. When a person is noticed is drawn from the
detection model at the very looks that the flights give him; a walker moves meanwhile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from missions import catalogue
from missions.energy import Track, effort
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Plan
from missions.planner import Setup
from missions.search.detection import detection
from missions.search.grid import SearchGrid
from missions.search.looks import PERSON_HEIGHT_M, Looks, Seen
from missions.search.missed import missed_places
from missions.search.next_areas import Situation, plan_over, propose
from missions.search.probability import ProbabilityMap
from missions.search.sweep import Sweep, best_sweep
from missions.sorties import SWAP_S, flights
from missions.view import PERSON_WIDTH_M

Floats = npt.NDArray[np.float64]
FRAME = LocalFrame(GeoPoint(52.1, 5.2))
CREATED = "2026-01-01T00:00:00Z"
SIDE_M, CELL_M = 2000.0, 40.0
MINUTES = 60.0
"""More than a battery lasts: flights are as long as those of the whole area."""
CATEGORIES = ("point", "ring", "path", "two places", "wedge", "patches", "wood", "flat")
WALK_M_S = 0.6
_ROUNDS = 2
"""How often parallel track goes over all of it before a search counts as given up, for both."""


@dataclass(frozen=True, eq=False)
class World:
    """A map of a category, with leaves, and how it is flown."""

    category: str
    chances: ProbabilityMap
    cover: Floats
    setup: Setup
    sweep: Sweep


@dataclass(frozen=True, eq=False)
class Camera:
    """Where the camera was at each frame: time from the first take-off, east, north, course."""

    time_s: Floats
    east_north_m: Floats
    course_rad: Floats


@dataclass(frozen=True, slots=True)
class Case:
    """One search: whether the person was drawn from the map, whether he walked, and seconds by each way."""

    category: str
    from_map: bool
    walks: bool
    whole_s: float
    ours_s: float
    whole_found: bool
    ours_found: bool

    @property
    def findable(self) -> bool:
        """Whether either way finds him: whom no camera sees tells nothing of where to look."""
        return self.whole_found or self.ours_found


def mean_ratio(some: Sequence[Case]) -> float:
    """Mean time to find by proposed areas over that by parallel track."""
    return float(np.mean([each.ours_s for each in some]) / np.mean([each.whole_s for each in some]))


def cases(
    maps_each: int, people_each: int, seed: int, categories: tuple[str, ...] = CATEGORIES
) -> Iterator[Case]:
    """So many maps of each category, so many people on each; a category is the same whichever others are."""
    for category in categories:
        rng = np.random.default_rng([seed, CATEGORIES.index(category)])
        for _ in range(maps_each):
            world = world_of(category, rng)
            whole, until_s = whole_area(world)
            ours = area_after_area(world, until_s)
            for number in range(people_each):
                from_map, walks = number % 2 == 0, number % 3 == 0
                yield _case(world, (whole, ours), until_s, rng, from_map=from_map, walks=walks)


def world_of(category: str, rng: np.random.Generator) -> World:
    """A map of the category somewhere on a square of SIDE_M, with a take-off place at its border."""
    side = round(SIDE_M / CELL_M)
    grid = SearchGrid(FRAME, -SIDE_M / 2, SIDE_M / 2, CELL_M, side, side)
    east, north = np.moveaxis(grid.centres_m, -1, 0)
    cover = np.zeros(grid.shape)
    if category == "wood":
        cover = np.where(_field(rng, side, 6) > 0, rng.uniform(0.4, 0.8), 0.0)
    weights = _weights(category, rng, east, north, cover)
    chances = ProbabilityMap.normalised(grid, weights, 0.1 / 0.9 * weights.sum())
    aircraft, camera = catalogue.aircraft("dji-matrice-30t"), catalogue.camera("dji-m30t-thermal")
    edge = rng.uniform(-0.5, 0.5) * SIDE_M
    home = [(edge, -SIDE_M / 2), (edge, SIDE_M / 2), (-SIDE_M / 2, edge), (SIDE_M / 2, edge)][rng.integers(4)]
    setup = Setup(aircraft=aircraft, created=CREATED, take_off=FRAME.point_from_local(*home))
    sweep = best_sweep(aircraft, camera, detection("thermal-night"))
    return World(category, chances, cover, setup, sweep)


def _weights(category: str, rng: np.random.Generator, east: Floats, north: Floats, cover: Floats) -> Floats:
    middle = rng.uniform(-0.25, 0.25, 2) * SIDE_M
    away = np.hypot(east - middle[0], north - middle[1])
    if category == "point":
        return np.exp(-0.5 * (away / rng.uniform(200, 450)) ** 2)
    if category == "ring":
        median, spread = rng.uniform(250, 600), rng.uniform(0.5, 0.9)
        return np.exp(-0.5 * (np.log(away / median) / spread) ** 2) / away**2
    if category == "path":
        line = shapely.LineString(np.cumsum(rng.normal(0, 420, (6, 2)), axis=0) * 0.6 + middle)
        beside = shapely.distance(line, shapely.points(east, north))
        return np.exp(-beside / rng.uniform(60, 150)) * np.exp(-0.5 * (away / 800) ** 2) + 1e-3
    if category == "two places":
        other = rng.uniform(-0.4, 0.4, 2) * SIDE_M
        there = np.hypot(east - other[0], north - other[1])
        share = rng.uniform(0.3, 0.7)
        return share * np.exp(-0.5 * (away / 250) ** 2) + (1 - share) * np.exp(-0.5 * (there / 250) ** 2)
    if category == "wedge":
        turn = np.angle(
            np.exp(1j * (np.arctan2(east - middle[0], north - middle[1]) - rng.uniform(-np.pi, np.pi)))
        )
        return np.exp(-away / 500 - 0.5 * (turn / 0.6) ** 2) + 0.02 * np.exp(-away / 500)
    if category == "patches":
        return np.exp(1.3 * _field(rng, len(east), 5))
    if category == "wood":
        return np.exp(-0.5 * (away / 500) ** 2) * np.where(cover > 0, rng.uniform(0.5, 2.0), 1.0)
    return np.ones(east.shape)


def _field(rng: np.random.Generator, side: int, cells: int) -> Floats:
    """A smooth field of mean 0 and spread 1."""
    waves = np.fft.fftfreq(side) * side
    smooth = np.exp(-0.5 * (np.hypot(waves[:, None], waves[None, :]) / (side / (2 * np.pi * cells / 2))) ** 2)
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) * smooth))
    return np.asarray((field - field.mean()) / field.std())


def whole_area(world: World) -> tuple[Camera, float]:
    """Parallel track over all of the map, _ROUNDS times, and when that ends."""
    west, south, east, north = world.chances.grid.bounds_m
    plan = plan_over(shapely.box(west, south, east, north), world.sweep, world.setup, FRAME, None)
    one, lasts_s = _flown(plan, world.sweep, 0.0)
    rounds = [_later(one, number * (lasts_s + SWAP_S)) for number in range(_ROUNDS)]
    return _joined(rounds), _ROUNDS * (lasts_s + SWAP_S)


def area_after_area(world: World, until_s: float) -> Camera:
    """One proposed area after the other, each with a full battery."""
    now = dataclasses.replace(Situation.fresh(world.chances), cover=world.cover)
    setup = dataclasses.replace(world.setup, divide=False)
    clock_s, parts = 0.0, []
    while clock_s < until_s:
        try:
            proposal = propose(now, world.sweep, setup, 60 * MINUTES, count=1)[0]
        except InputError:
            break
        part, lasts_s = _flown(proposal.plan, world.sweep, clock_s)
        parts.append(part)
        clock_s += lasts_s + SWAP_S
        now = now.flown(world.sweep, now.grid.share_inside(proposal.shape))
    return _joined(parts)


def _flown(plan: Plan, sweep: Sweep, start_s: float) -> tuple[Camera, float]:
    """The frames of all its flights, and how long they take together."""
    parts, begin_s, ends_s = [], start_s, start_s
    for number, flight in enumerate(flights(plan)):
        if plan.sorties:
            begin_s = start_s + plan.sorties[number].start_s
        parts.append(_frames(flight, sweep, begin_s))
        ends_s = begin_s + flight.totals.duration_s
    return _joined(parts), ends_s - start_s


def _frames(flight: Plan, sweep: Sweep, begin_s: float) -> Camera:
    cruise = flight.aircraft.cruise_speed_m_s
    rows = flight.route
    points = FRAME.local_from_geo([[row.place.lon_deg, row.place.lat_deg] for row in rows])
    speed = np.array([cruise if row.speed_m_s is None else row.speed_m_s for row in rows])
    height, none = np.array([row.height_relative_m for row in rows]), np.zeros(len(rows))
    at_s = effort(flight.aircraft, Track(points, height, speed, none, none)).at_s
    at_s = (
        at_s * flight.totals.duration_s / max(float(at_s[-1]), 1e-9)
        if at_s[-1] > flight.totals.duration_s
        else at_s
    )
    times = np.arange(at_s[0], at_s[-1], sweep.every_s)
    leg = np.clip(np.searchsorted(at_s, times, side="right") - 1, 0, len(rows) - 2)
    on = np.array([row.recording for row in rows])[leg]
    way = np.diff(points, axis=0)
    course = np.arctan2(way[:, 0], way[:, 1])[leg]
    places = np.column_stack([np.interp(times, at_s, points[:, axis]) for axis in (0, 1)])
    return Camera(begin_s + times[on], places[on], course[on])


def _joined(parts: list[Camera]) -> Camera:
    return Camera(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("time_s", "east_north_m", "course_rad")
        )
    )


def _later(camera: Camera, seconds: float) -> Camera:
    return dataclasses.replace(camera, time_s=camera.time_s + seconds)


def _case(
    world: World,
    ways: tuple[Camera, Camera],
    until_s: float,
    rng: np.random.Generator,
    *,
    from_map: bool,
    walks: bool,
) -> Case:
    place = person_of(world, rng, from_map=from_map)
    step = rng.normal(size=(400, 2))
    step *= WALK_M_S * 120 / np.linalg.norm(step, axis=1, keepdims=True)
    luck = rng.random()
    times = [_noticed_s(world, way, place, step if walks else None, luck) for way in ways]
    found = [time < until_s for time in times]
    whole_s, ours_s = (min(time, until_s) for time in times)
    return Case(world.category, from_map, walks, whole_s, ours_s, *found)


def person_of(world: World, rng: np.random.Generator, *, from_map: bool) -> Floats:
    """Where he is: as the map says, or as one says that is moved by 250 m, or half flat."""
    grid = world.chances.grid
    flat = not from_map and rng.random() < 0.25
    mass = world.chances.mass.ravel() / world.chances.mass.sum()
    cell = rng.integers(mass.size) if flat else rng.choice(mass.size, p=mass)
    place = grid.centres_m.reshape(-1, 2)[cell] + rng.uniform(-0.5, 0.5, 2) * grid.cell_m
    if not (from_map or flat):
        place = place + rng.normal(0, 250, 2)
    return np.clip(place, -SIDE_M / 2 + 1, SIDE_M / 2 - 1)


def _noticed_s(world: World, way: Camera, place: Floats, steps: Floats | None, luck: float) -> float:
    """When he is noticed; infinite for never. `luck` is the share of such people noticed before him."""
    looks = _looks_at(world, way, place, steps)
    count = len(looks)
    if not count:
        return np.inf
    # the chance to have been noticed by each look's time: place i holds the first i + 1 looks
    prefix, row = np.tril_indices(count)
    grid = SearchGrid(FRAME, 0.0, 0.0, 1.0, 1, count)
    grown = dataclasses.replace(looks.taken(row), grid=grid, place=prefix.astype(np.int64))
    cell = world.chances.grid.cell_of(place[None])[0]
    cover = np.full(len(row), world.cover[cell[0], cell[1]])
    figures = world.sweep.detection
    noticed = 1 - missed_places(grown, {figures.name: figures}, cover)[1]
    first = np.flatnonzero(noticed >= luck)
    return float(looks.time_s[first[0]]) if len(first) else np.inf


def _looks_at(world: World, way: Camera, place: Floats, steps: Floats | None) -> Looks:
    where = np.broadcast_to(place, way.east_north_m.shape)
    if steps is not None:
        walked = place + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
        clock = np.arange(len(walked)) * 120.0
        where = np.column_stack([np.interp(way.time_s, clock, walked[:, axis]) for axis in (0, 1)])
    away = where - way.east_north_m
    sine, cosine = np.sin(way.course_rad), np.cos(way.course_rad)
    ahead, right = away[:, 0] * sine + away[:, 1] * cosine, away[:, 0] * cosine - away[:, 1] * sine
    camera, depth = world.sweep.view.camera, world.sweep.view.height_agl_m - PERSON_HEIGHT_M
    half = np.array([camera.image_width_px, camera.image_height_px]) / 2 / camera.focal_length_px * depth
    rows = np.flatnonzero((np.abs(right) <= half[0]) & (np.abs(ahead) <= half[1]))
    kind = world.sweep.detection.name
    frames = tuple(Seen("", float(time), 0.0, 0.0, 0.0, kind, "") for time in way.time_s[rows])
    count, away = len(rows), away[rows]
    return Looks(
        SearchGrid(FRAME, 0.0, 0.0, 1.0, 1, 1),
        1,
        frames,
        np.zeros(count, np.int64),
        np.arange(count, dtype=np.int32),
        np.full(count, PERSON_WIDTH_M * camera.focal_length_px / depth),
        np.full(count, world.sweep.speed_m_s * camera.focal_length_px / depth),
        np.degrees(np.arctan2(np.hypot(*away.T), depth)),
        np.degrees(np.arctan2(-away[:, 0], -away[:, 1])) % 360,
    )
