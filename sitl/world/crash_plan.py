"""A crash drawn by lot: road, slope, vehicles, traces, trees, survey targets and what is to be measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from sitl.world.canvas import Colour
from sitl.world.layout import (
    CAR_COLOURS,
    Debris,
    Layout,
    Place,
    Skid,
    road_marks,
    skid_marks,
    stones_of,
)
from sitl.world.marks import Mark
from sitl.world.road import HALF_WIDTH_M, NOWHERE_M, Road
from sitl.world.terrain import Terrain
from sitl.world.vehicles import Vehicle

RoadShape = Literal["straight", "bend", "junction"]
ROAD_SHAPES: tuple[RoadShape, ...] = ("straight", "bend", "junction")
TRIALS = 60
TREE_CLEAR_M = 4.5


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """What a random crash scene is made of; what is None is drawn by lot.

    The crash is at the world's origin; targets lie within `reach_m` of it east, north, west and south.
    `vehicles` is 2 to 12. `slope` is the rise for each metre in the steepest direction, whose bearing is
    drawn by lot, so that the road climbs and has a crossfall; by lot up to `most_slope`.
    """

    reach_m: float = 20.0
    road: RoadShape | None = None
    vehicles: int | None = None
    slope: float | None = None
    most_slope: float = 0.08
    targets: int = 12
    trees: bool = True

    def __call__(self, rng: np.random.Generator, size_m: float) -> Layout:
        """Draw the places by lot; nothing is painted yet."""
        road = _road(rng, self.road or ROAD_SHAPES[int(rng.integers(3))])
        count = int(rng.integers(2, 13)) if self.vehicles is None else self.vehicles
        vehicles = _vehicles(rng, road, count)
        skids = _skids(rng, road)
        crash = vehicles[:2]
        marks = [*skid_marks(skids), *road_marks(road), *(m for car in crash for m in wheel_marks(car))]
        marks = [
            replace(mark, chalked=mark.kind == "wheel")
            for mark in marks
            if max(abs(mark.east_m), abs(mark.north_m)) < min(1.2 * self.reach_m, size_m / 2 - 2)
            and not any(covers(vehicle, (mark.east_m, mark.north_m), 0.08) for vehicle in vehicles)
        ]
        targets = self._targets(rng, road, vehicles, skids, marks)
        return Layout(
            road,
            vehicles,
            stones_of(rng, road, size_m, targets),
            _trees(rng, road, size_m, (*targets, *((m.east_m, m.north_m) for m in marks)))
            if self.trees
            else (),
            targets,
            skids,
            stains=((*road.place(*rng.normal(0, 1.2, 2).tolist()), float(rng.uniform(0.4, 1.0))),),
            debris=(
                Debris(*road.place(1.0, 0.2), 2.2, int(rng.integers(80, 220))),
                Debris(*road.place(float(rng.normal(0, 4)), 4.0), 9.0, 60),
            ),
            cones=tuple(road.place(-9.0 - 2.2 * n, -0.6 + 0.5 * n) for n in range(int(rng.integers(0, 6)))),
            marks=tuple(marks),
            terrain=self._terrain(rng),
        )

    def _terrain(self, rng: np.random.Generator) -> Terrain:
        slope = float(rng.uniform(0, self.most_slope)) if self.slope is None else self.slope
        towards = rng.uniform(0, 2 * math.pi)
        swell_m = float(rng.uniform(0, 0.4)) if self.slope is None else 0.0
        length_m, bearing_deg, phase_rad = rng.uniform((45, 0, 0), (90, 360, 2 * math.pi)).tolist()
        return Terrain(
            slope * math.sin(towards), slope * math.cos(towards), swell_m, length_m, bearing_deg, phase_rad
        )

    def _targets(
        self,
        rng: np.random.Generator,
        road: Road,
        vehicles: Sequence[Vehicle],
        skids: Sequence[Skid],
        marks: Sequence[Mark],
    ) -> tuple[Place, ...]:
        """One in each cell of a grid over the scene, clear of what stands and is measured there."""
        columns = max(1, math.ceil(math.sqrt(self.targets)))
        rows = max(1, math.ceil(self.targets / columns))
        taken = [*(skid_place for skid in skids for skid_place in skid.path)]
        taken += [(mark.east_m, mark.north_m) for mark in marks]
        chosen: list[Place] = []
        for cell in rng.permutation(rows * columns)[: self.targets]:
            low = np.array([cell % columns / columns, cell // columns / rows])
            size = np.array([1 / columns, 1 / rows])
            for _ in range(TRIALS):
                east, north = ((2 * (low + size * rng.uniform(0.1, 0.9, 2)) - 1) * self.reach_m).tolist()
                _, across = road.along_across(np.array(east), np.array(north))
                kerbs = min(abs(abs(float(across)) - edge) for edge in (HALF_WIDTH_M, 5.8))
                if kerbs < 0.8 or any(math.dist((east, north), place) < 1.0 for place in taken):
                    continue
                if not any(covers(vehicle, (east, north), 1.3) for vehicle in vehicles):
                    chosen.append((east, north))
                    break
        return tuple(chosen)


def covers(vehicle: Vehicle, place: Place, margin_m: float) -> bool:
    """Whether a place lies within the vehicle's outline, or so near to it."""
    turn = math.radians(vehicle.heading_deg)
    east, north = place[0] - vehicle.east_m, place[1] - vehicle.north_m
    ahead, aside = (
        east * math.sin(turn) + north * math.cos(turn),
        east * math.cos(turn) - north * math.sin(turn),
    )
    length_m, width_m, _ = vehicle.size_m
    return abs(ahead) < length_m / 2 + margin_m and abs(aside) < width_m / 2 + margin_m


def wheel_marks(vehicle: Vehicle) -> list[Mark]:
    """The chalk beside each wheel of a vehicle: a hand's breadth outside its flank."""
    turn = math.radians(vehicle.heading_deg)
    length_m, width_m, _ = vehicle.size_m
    marks = []
    for axle, ahead in (("front", 0.3 * length_m), ("rear", -0.3 * length_m)):
        for side, aside in (("left", -width_m / 2 - 0.35), ("right", width_m / 2 + 0.35)):
            east = vehicle.east_m + ahead * math.sin(turn) + aside * math.cos(turn)
            north = vehicle.north_m + ahead * math.cos(turn) - aside * math.sin(turn)
            marks.append(Mark(f"wheel-{vehicle.name}-{axle}-{side}", "wheel", east, north))
    return marks


def _road(rng: np.random.Generator, shape: RoadShape) -> Road:
    bend_m = {"straight": 0.0, "bend": 9.0, "junction": 3.0}[shape]
    ploughed = rng.random() < 0.5
    return Road(
        bearing_deg=float(rng.uniform(0, 360)),
        bend_m=bend_m * float(rng.choice([-1, 1]) * rng.uniform(0.6, 1.2)),
        bend_length_m=float(rng.uniform(24, 32)),
        side_at_m=float(rng.uniform(-3, 7)) if shape == "junction" else 2 * NOWHERE_M,
        bays=bool(rng.random() < 0.5),
        pavement=bool(shape == "junction" or rng.random() < 0.5),
        zebra=bool(rng.random() < 0.3),
        irregular=True,
        gravel_path=not ploughed,
        ploughed_beyond_m=float(rng.uniform(10, 16)) if ploughed else NOWHERE_M,
    )


def _vehicles(rng: np.random.Generator, road: Road, count: int) -> tuple[Vehicle, ...]:
    """A and B have met at the origin; the others queue, are parked or came to help, clear of each other."""

    def standing(name: str, along_m: float, across_m: float, turn_deg: float, kind: str = "car") -> Vehicle:
        colour: Colour = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
        colour = {"police": (236, 237, 238), "van": (232, 226, 206)}.get(kind, colour)
        place = road.place(along_m, across_m)
        heading_deg = (road.heading_deg(along_m) + turn_deg) % 360
        return Vehicle(name, *place, heading_deg, colour, kind, damaged=name in ("A", "B"))

    vehicles = [
        standing("A", float(rng.normal(-2.2, 0.3)), 0.6, float(rng.normal(-20, 15))),
        standing("B", float(rng.normal(3.4, 0.3)), -1.1, float(rng.normal(-110, 25))),
    ]
    spots = [
        ("police", -15.0, 1.8, 3.0, "police"),
        ("van", 12.0, -1.9, 181.0, "van"),
        *((f"queue-{n}", -23.0 - 7.5 * n, 1.8, 0.0, "car") for n in range(3)),
        *((f"oncoming-{n}", 20.0 + 7.5 * n, -1.8, 180.0, "car") for n in range(3)),
        *((f"parked-{n}", at, -4.75, 180.0, "car") for n, at in enumerate((-19.0, -13.0, -7.0, 5.0, 11.0))),
    ]
    if not road.bays:
        spots = [spot if "parked" not in spot[0] else (*spot[:2], 6.6, 5.0, "car") for spot in spots]
    for number in rng.permutation(len(spots)):
        if len(vehicles) >= count:
            break
        name, along_m, across_m, turn_deg, kind = spots[number]
        jitter = rng.normal(0, (0.5, 0.1, 2.0))
        vehicle = standing(
            name, along_m + float(jitter[0]), across_m + float(jitter[1]), turn_deg + float(jitter[2]), kind
        )
        if all(math.dist((o.east_m, o.north_m), (vehicle.east_m, vehicle.north_m)) > 5.3 for o in vehicles):
            vehicles.append(vehicle)
    return tuple(vehicles)


def _skids(rng: np.random.Generator, road: Road) -> tuple[Skid, ...]:
    """Both wheels of A braking up to the impact, and B's turning after it."""
    length_m, drift_m = float(rng.uniform(7, 24)), float(rng.normal(-0.6, 0.3))
    end_m = -5.4
    skids = []
    for wheel_m in (-0.74, 0.74):
        steps = np.linspace(0, 1, max(8, int(length_m / 0.4)))
        path = [(end_m - length_m * (1 - s), 1.75 + wheel_m + drift_m * s**2) for s in steps.tolist()]
        skids.append(Skid(tuple(road.place(*spot) for spot in path)))
    turned = [(6.8 + 1.6 * math.sin(s * 1.8), 4.6 - 5.2 * s) for s in np.linspace(0, 1, 20).tolist()]
    skids.append(Skid(tuple(road.place(*spot) for spot in turned), 0.6))
    return tuple(skids)


def _trees(
    rng: np.random.Generator, road: Road, size_m: float, clear: Sequence[Place]
) -> tuple[tuple[float, float, float, float], ...]:
    """East, north, crown radius and height: rows along some roads, and a few in the fields."""
    reach = size_m * 0.75
    spots: list[Place] = []
    for across in (-12.5, 10.5):
        if rng.random() < 0.6:
            gap_m = float(rng.uniform(8, 16))
            spots += [
                (float(along + rng.normal(0, 1.5)), across + float(rng.normal(0, 0.7)))
                for along in np.arange(-reach, reach, gap_m)
            ]
    count = int(size_m**2 * float(rng.uniform(0.0, 0.004)))
    spots += [(float(a), float(b)) for a, b in rng.uniform(-reach, reach, (count, 2)) if abs(b) > 13]
    trees = []
    for along, across in spots:
        place = road.place(along, across)
        blocked = across > 0 and abs(along - road.side_at_m) < 7.5
        within = max(abs(place[0]), abs(place[1])) < size_m / 2 + 3
        if within and not blocked and all(math.dist(place, other) > TREE_CLEAR_M for other in clear):
            radius = float(rng.uniform(1.2, 2.6))
            trees.append((*place, radius, radius * float(rng.uniform(1.4, 2.3))))
    return tuple(trees)


def path_clear(vehicles: Sequence[Vehicle], path: Sequence[Place], margin_m: float) -> bool:
    """Whether one can go along a path without touching a vehicle, looked at every half metre."""
    for start, end in pairwise(path):
        steps = max(1, math.ceil(2 * math.dist(start, end)))
        for share in np.linspace(0, 1, steps + 1).tolist():
            place = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            if any(covers(vehicle, place, margin_m) for vehicle in vehicles):
                return False
    return True
