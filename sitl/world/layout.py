"""Where things stand: a crash at a junction, cars in the parking bays, trees along the road and in woods."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sitl.world.canvas import Canvas, Colour
from sitl.world.road import SIDE_ROAD_AT_M, Road
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
class Layout:
    """What stands in the world, in metres east and north of its origin."""

    road: Road
    vehicles: tuple[Vehicle, ...]
    stones: tuple[Stone, ...]
    trees: tuple[tuple[float, float, float, float], ...]
    targets: tuple[tuple[float, float], ...]


def lay_out(rng: np.random.Generator, size_m: float) -> Layout:
    """Draw the places by lot; nothing is painted yet."""
    road = Road(float(rng.uniform(20, 160)))
    reach = size_m / 2 - 2
    targets = tuple(
        place for place in (road.place(*spot) for spot in TARGETS_ALONG_ACROSS_M) if _within(place, reach)
    )
    vehicles = _vehicles(rng, road)
    stones = _stones(rng, road, size_m, targets)
    return Layout(road, vehicles, stones, _trees(rng, road, size_m, targets), targets)


def paint_things(canvas: Canvas, layout: Layout) -> None:
    """Paint everything that lies and stands on the ground."""
    road = layout.road
    _paint_traces(canvas, layout)
    for stone in layout.stones:
        paint_stone(canvas, stone.east_m, stone.north_m, stone.radius_m)
    for east_m, north_m in layout.targets:
        paint_target(canvas, east_m, north_m, road.bearing_deg + float(canvas.rng.uniform(-30, 30)))
    for along_m in np.arange(-19.5, -9.0, 2.0):
        paint_cone(canvas, *road.place(float(along_m), 0.2 + 0.28 * (float(along_m) + 19.5)))
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


def _paint_traces(canvas: Canvas, layout: Layout) -> None:
    """Skid marks up to the point of impact, marks of the cars turning after it, a stain and broken parts."""
    road = layout.road
    for wheel_m in (-0.74, 0.74):
        braked = [
            (along, 1.85 + wheel_m - 0.012 * max(0.0, along - 2) ** 2)
            for along in np.arange(-14.0, 10.1, 0.4)
        ]
        paint_skid(canvas, [road.place(*spot) for spot in braked])
        turned = [
            (SIDE_ROAD_AT_M - 0.3 - 0.035 * step**1.6 + wheel_m * math.cos(step / 9), 6.0 - 0.42 * step)
            for step in range(18)
        ]
        paint_skid(canvas, [road.place(*spot) for spot in turned], 0.5)
    impact = road.place(14.0, 0.2)
    paint_stain(canvas, *road.place(13.4, 0.9), 0.9)
    paint_stain(canvas, *road.place(17.4, -2.6), 0.6)
    paint_debris(canvas, *impact, 2.4, 220)
    paint_debris(canvas, *road.place(0.0, 8.0), 12.0, 60)


def _stones(
    rng: np.random.Generator, road: Road, size_m: float, targets: tuple[tuple[float, float], ...]
) -> tuple[Stone, ...]:
    stones = []
    for east_m, north_m in rng.uniform(-size_m / 2, size_m / 2, (int(size_m**2 / 500), 2)):
        _, across = road.along_across(np.array(east_m), np.array(north_m))
        clear = all(math.dist((east_m, north_m), target) > 2 for target in targets)
        if clear and abs(float(across)) > 8:
            stones.append(Stone(float(east_m), float(north_m), float(rng.uniform(0.15, 0.55))))
    return tuple(stones)


def _trees(
    rng: np.random.Generator, road: Road, size_m: float, targets: tuple[tuple[float, float], ...]
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
