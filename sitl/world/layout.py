"""Where things stand: a crash at a junction, cars in the parking bays, trees along the road and in woods."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sitl.world.canvas import Canvas, Colour
from sitl.world.marks import Mark, paint_chalk
from sitl.world.road import HALF_WIDTH_M, KERB_M, SIDE_HALF_WIDTH_M, SIDE_ROAD_AT_M, Road
from sitl.world.terrain import Terrain
from sitl.world.things import (
    paint_cone,
    paint_debris,
    paint_skid,
    paint_stain,
    paint_stone,
    paint_target,
    paint_tree,
)
from sitl.world.vehicles import Vehicle, paint_vehicle

Place = tuple[float, float]
CAR_COLOURS: tuple[Colour, ...] = (
    (164, 168, 172),
    (36, 40, 46),
    (222, 222, 218),
    (40, 62, 104),
    (92, 98, 88),
    (118, 34, 32),
)
TARGETS_ALONG_ACROSS_M = (
    (-22.0, -1.7),
    (-17.5, 5.0),
    (-10.6, 0.3),
    (4.0, -2.6),
    (24.0, 2.4),
    (20.5, -8.5),
    (2.0, 9.0),
    (-12.0, -11.0),
    (28.0, 9.0),
    (-28.0, 8.5),
)


@dataclass(frozen=True, slots=True)
class Stone:
    """A boulder in the grass."""

    east_m: float
    north_m: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Skid:
    """A tyre's rubber along a path (east, north), black where it ends."""

    path: tuple[Place, ...]
    strength: float = 0.75


@dataclass(frozen=True, slots=True)
class Debris:
    """Broken parts scattered around a place."""

    east_m: float
    north_m: float
    spread_m: float
    pieces: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands and lies in the world, in metres east and north of its origin.

    A tree is its place, crown radius and height; a stain its place and radius.
    """

    road: Road
    vehicles: tuple[Vehicle, ...]
    stones: tuple[Stone, ...]
    trees: tuple[tuple[float, float, float, float], ...]
    targets: tuple[Place, ...]
    skids: tuple[Skid, ...] = ()
    stains: tuple[tuple[float, float, float], ...] = ()
    debris: tuple[Debris, ...] = ()
    cones: tuple[Place, ...] = ()
    marks: tuple[Mark, ...] = ()
    terrain: Terrain | None = None


def lay_out(rng: np.random.Generator, size_m: float) -> Layout:
    """Draw the places by lot; nothing is painted yet."""
    road = Road(float(rng.uniform(20, 160)))
    reach = size_m / 2 - 2
    targets = tuple(
        place for place in (road.place(*spot) for spot in TARGETS_ALONG_ACROSS_M) if _within(place, reach)
    )
    vehicles = _vehicles(rng, road)
    stones = stones_of(rng, road, size_m, targets)
    skids = _skids(road)
    return Layout(
        road,
        vehicles,
        stones,
        _trees(rng, road, size_m, targets),
        targets,
        skids,
        stains=((*road.place(13.4, 0.9), 0.9), (*road.place(17.4, -2.6), 0.6)),
        debris=(Debris(*road.place(14.0, 0.2), 2.4, 220), Debris(*road.place(0.0, 8.0), 12.0, 60)),
        cones=tuple(
            road.place(float(along_m), 0.2 + 0.28 * (float(along_m) + 19.5))
            for along_m in np.arange(-19.5, -9.0, 2.0)
        ),
        marks=tuple(
            mark
            for mark in (*skid_marks(skids), *road_marks(road))
            if _within((mark.east_m, mark.north_m), reach)
        ),
    )


def skid_marks(skids: tuple[Skid, ...]) -> tuple[Mark, ...]:
    """Where each tyre's mark begins and ends."""
    return tuple(
        Mark(f"skid-{number}-{end}", "skid", *place)
        for number, skid in enumerate(skids, 1)
        for end, place in (("start", skid.path[0]), ("end", skid.path[-1]))
    )


def road_marks(road: Road) -> tuple[Mark, ...]:
    """Corners of the dashes of the middle line, and the kerb's corner stones where the side road comes in."""
    corners = [(f"dash-{along:+.0f}", "paint", (along, -0.075)) for along in (-21.0, -9.0, 6.0, 18.0, 30.0)]
    if road.has_side_road and road.pavement:
        corners += [
            (
                f"kerb-{side}",
                "kerb",
                (road.side_at_m + sign * (SIDE_HALF_WIDTH_M + KERB_M / 2), HALF_WIDTH_M + KERB_M / 2),
            )
            for side, sign in (("near", -1), ("far", 1))
        ]
    return tuple(Mark(name, kind, *road.place(*spot)) for name, kind, spot in corners)


def paint_things(canvas: Canvas, layout: Layout) -> None:
    """Paint everything that lies and stands on the ground."""
    road = layout.road
    for skid in layout.skids:
        paint_skid(canvas, skid.path, skid.strength)
    for stain in layout.stains:
        paint_stain(canvas, *stain)
    for parts in layout.debris:
        paint_debris(canvas, parts.east_m, parts.north_m, parts.spread_m, parts.pieces)
    for stone in layout.stones:
        paint_stone(canvas, stone.east_m, stone.north_m, stone.radius_m)
    for east_m, north_m in layout.targets:
        paint_target(canvas, east_m, north_m, road.bearing_deg + float(canvas.rng.uniform(-30, 30)))
    for mark in layout.marks:
        if mark.chalked:
            paint_chalk(canvas, mark.east_m, mark.north_m, road.bearing_deg)
    for cone in layout.cones:
        paint_cone(canvas, *cone)
    for vehicle in layout.vehicles:
        paint_vehicle(canvas, vehicle)
    for tree in layout.trees:
        paint_tree(canvas, *tree)


def _within(place: tuple[float, float], reach_m: float) -> bool:
    return max(abs(place[0]), abs(place[1])) < reach_m


def _vehicles(rng: np.random.Generator, road: Road) -> tuple[Vehicle, ...]:
    """Two cars that met where the side road comes in, a police car behind them, and parked cars."""

    def standing(spot: tuple[float, float, float], name: str, colour: Colour, kind: str = "car") -> Vehicle:
        along_m, across_m, turn_deg = spot
        east_m, north_m = road.place(along_m, across_m)
        heading_deg = road.heading_deg(along_m) + turn_deg
        return Vehicle(name, east_m, north_m, heading_deg, colour, kind, damaged=name in ("A", "B"))

    vehicles = [
        standing((11.2, 0.4, -24 + float(rng.normal(0, 4))), "A", (150, 24, 26)),
        standing((16.4, -1.4, -118 + float(rng.normal(0, 6))), "B", (178, 182, 186)),
        standing((-24.5, 1.8, 4), "police", (236, 237, 238), "police"),
        standing((33.5, -1.9, 181), "van", (232, 226, 206), "van"),
    ]
    for bay, along_m in enumerate((-25.0, -19.0, -13.0, -1.0, 5.0)):
        if rng.random() < 0.75:
            colour = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
            spot = (along_m, -4.75 + float(rng.normal(0, 0.1)), 180 + float(rng.normal(0, 1.5)))
            vehicles.append(standing(spot, f"parked-{bay}", colour))
    return tuple(vehicles)


def _skids(road: Road) -> tuple[Skid, ...]:
    """Marks of braking up to the point of impact, and of the cars turning after it."""
    skids = []
    for wheel_m in (-0.74, 0.74):
        braked = [
            (float(along), 1.85 + wheel_m - 0.012 * max(0.0, float(along) - 2) ** 2)
            for along in np.arange(-14.0, 10.1, 0.4)
        ]
        skids.append(Skid(tuple(road.place(*spot) for spot in braked)))
        turned = [
            (SIDE_ROAD_AT_M - 0.3 - 0.035 * step**1.6 + wheel_m * math.cos(step / 9), 6.0 - 0.42 * step)
            for step in range(18)
        ]
        skids.append(Skid(tuple(road.place(*spot) for spot in turned), 0.5))
    return tuple(skids)


def stones_of(
    rng: np.random.Generator, road: Road, size_m: float, targets: tuple[Place, ...]
) -> tuple[Stone, ...]:
    stones = []
    for east_m, north_m in rng.uniform(-size_m / 2, size_m / 2, (int(size_m**2 / 500), 2)):
        _, across = road.along_across(np.array(east_m), np.array(north_m))
        clear = all(math.dist((east_m, north_m), target) > 2 for target in targets)
        if clear and abs(float(across)) > 8:
            stones.append(Stone(float(east_m), float(north_m), float(rng.uniform(0.15, 0.55))))
    return tuple(stones)


def _trees(
    rng: np.random.Generator, road: Road, size_m: float, targets: tuple[Place, ...]
) -> tuple[tuple[float, float, float, float], ...]:
    """East, north, crown radius and height: two rows along the road, and woods that thicken away from it."""
    reach = size_m * 0.75
    spots = [
        (along + float(rng.normal(0, 1.2)), across + float(rng.normal(0, 0.5)))
        for along in np.arange(-reach, reach, 10.5)
        for across in (-12.0, 10.0)
    ]
    count = int(size_m**2 * 0.006)
    spots += [(float(a), float(b)) for a, b in rng.uniform(-reach, reach, (count, 2)) if abs(b) > 24]
    trees = []
    for along, across in spots:
        if across > 0 and abs(along - SIDE_ROAD_AT_M) < 7.5:
            continue
        place = road.place(along, across)
        near_target = any(math.dist(place, target) < 4.5 for target in targets)
        if near_target or not _within(place, size_m / 2 + 3) or rng.random() < 0.12:
            continue
        radius = float(rng.uniform(1.4, 2.7))
        trees.append((*place, radius, radius * float(rng.uniform(1.4, 2.2))))
    return tuple(trees)
