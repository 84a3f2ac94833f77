"""An area shared among aircraft, beside equal strips and beside a bound that nobody can beat.

    python tests/bench/bench_fleet.py [SEEDS]

Each seed draws an area of 20 to 100 hectares (boxes, stars, an L with a hole, combs) and a team of two to
four unequal aircraft that take off beside each other or apart, kept apart in height. `equal` gives every
aircraft a strip of equal area across the longer side, with the same lanes, batteries and starts. The bound
counts each way to the area and back, climb, landing and batteries, and lanes at cruise speed without a
single turn. Ratios are of the last landing.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.catalogue import aircraft, camera
from missions.fleet import Member, apart, share
from missions.fleet.clashes import Keep
from missions.fleet.sharing import _batteries, _ground
from missions.fleet.starts import started
from missions.fleet.team import rates_of, views_of
from missions.fleet.work import Hand, work_of
from missions.fleet.zones import Division, sweep_of, zones_of
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.plan import Plan
from missions.view import View

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
CREATED = "2026-03-01T10:00:00Z"
CRAFT = ("ardupilot-copter", "dji-matrice-30t", "dji-mavic-3t", "dji-matrice-300-rtk")
CAMERAS = ("demo-thermal", "demo-wide", "dji-m30t-thermal")
Shape = Polygon | MultiPolygon


def area_of(chance: np.random.Generator) -> Shape:
    """An area of one of four kinds, turned anyhow."""
    size_m = float(chance.uniform(500, 900))
    kind = int(chance.integers(0, 4))
    if kind == 0:
        shape = shapely.box(0, 0, size_m * chance.uniform(0.6, 1.6), size_m)
    elif kind == 1:
        angles = np.sort(chance.uniform(0, 2 * np.pi, int(chance.integers(6, 12))))
        shape = Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * size_m * 0.7).convex_hull
    elif kind == 2:
        hole = shapely.box(0.2 * size_m, 0.2 * size_m, 0.4 * size_m, 0.4 * size_m)
        shape = (
            shapely.box(0, 0, 1.3 * size_m, size_m) - shapely.box(size_m * 0.7, size_m * 0.6, 2e3, 2e3) - hole
        )
    else:
        teeth = [shapely.box(x * size_m, 0.3 * size_m, (x + 0.2) * size_m, 2e3) for x in (0.3, 0.8)]
        shape = shapely.box(0, 0, 1.3 * size_m, size_m) - shapely.union_all(teeth)
    return shapely.affinity.rotate(shape, float(chance.uniform(0, 180)))


def team_of(chance: np.random.Generator, shape: Shape) -> list[Member]:
    """Two to four aircraft, beside each other or apart."""
    west, south, east, north = shape.bounds
    beside = chance.random() < 0.5
    base = chance.uniform([west, south], [east, north])
    found = []
    for number in range(int(chance.integers(2, 5))):
        craft = aircraft(CRAFT[int(chance.integers(0, len(CRAFT)))])
        aged = dataclasses.replace(craft, battery_wh=craft.battery_wh * float(chance.uniform(0.5, 1)))
        place = (
            base + np.array([40.0 * number, 0.0]) if beside else chance.uniform([west, south], [east, north])
        )
        found.append(
            Member(aged, camera(CAMERAS[int(chance.integers(0, 3))]), FRAME.point_from_local(*place))
        )
    return found


def equal_s(shape: Shape, team: Sequence[Member]) -> float:
    """When the last lands of equal strips."""
    ground = _ground(area_from_local(shape, FRAME, "area"), (), None, (CREATED, "area"))
    west, south, east, north = ground.shape.bounds
    sweep = sweep_of(ground.shape, 0.0 if east - west > north - south else 90.0)
    shares = np.linspace(0, 1, len(team) + 1) * sweep.below_m2[-1]
    levels = tuple(np.interp(shares, sweep.below_m2, sweep.y))
    zones = zones_of(Division(sweep, tuple(range(len(team))), levels, 0.0))
    views = views_of(team, (60.0, 25.0, 60.0), "height", 15.0)
    works = [
        work_of(ground, Hand(team[n], views[n], _batteries(team[n], None, 100.0, 300.0)), zones[n], n + 1)
        for n in zones
    ]
    sorties = started([work.sorties for work in works], ground.frame, None, 300.0, Keep(30.0, 12.0))
    return max(sortie.ends_s for sortie in sorties)


def bound_s(shape: Shape, team: Sequence[Member]) -> float:
    """No team is done sooner."""
    views: list[View] = views_of(team, (60.0, 25.0, 60.0), "height", 15.0)
    rates = [
        rates_of(member, view, 100 - member.aircraft.reserve_pct, 300.0)
        for member, view in zip(team, views, strict=True)
    ]
    homes = local_from_ring([member.take_off for member in team], FRAME)
    travel = [
        2 * shape.distance(shapely.Point(home)) / rate.speed_m_s + rate.vertical_s
        for rate, home in zip(rates, homes, strict=True)
    ]

    def done_m2(seconds: float) -> float:
        total = 0.0
        for rate, away_s in zip(rates, travel, strict=True):
            left_s = seconds
            while left_s > away_s < rate.airborne_s:
                total += rate.area_m2_s * (min(left_s, rate.airborne_s) - away_s)
                left_s -= rate.airborne_s + rate.swap_s
        return total

    low, high = 0.0, 1e5
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if done_m2(middle) < shape.area else (low, middle)
    return high


def seen_pct(plan: Plan) -> float:
    """Per cent of the area in the footprints of all aircraft."""
    frame, strips = frame_of(plan.area), []
    for sortie in plan.sorties:
        places = local_from_ring([row.place for row in sortie.route], frame)
        reach_m = sortie.totals.footprint_along_m / 2 - sortie.totals.trigger_distance_m
        for row, a, b in zip(sortie.route, places, places[1:], strict=False):
            if row.recording and np.hypot(*(b - a)) > 0:
                on = (b - a) / np.hypot(*(b - a)) * reach_m
                strips.append(
                    LineString([a - on, b + on]).buffer(
                        sortie.totals.footprint_across_m / 2, cap_style="flat"
                    )
                )
    shape = local_from_area(plan.area, frame)
    return 100 * shapely.union_all(strips, grid_size=0.01).intersection(shape).area / shape.area


def main(seeds: int) -> None:
    """One line a seed, then the medians."""
    print("seed  ha  aircraft  flights  last s  / equal  / bound  seen %  apart m  seconds")
    to_equal, to_bound = [], []
    for seed in range(seeds):
        chance = np.random.default_rng(seed)
        shape = area_of(chance)
        team = team_of(chance, shape)
        begun = time.perf_counter()
        plan = share(area_from_local(shape, FRAME, "area"), team, created=CREATED)
        took_s = time.perf_counter() - begun
        last_s = plan.totals.duration_s
        to_equal.append(last_s / equal_s(shape, team))
        to_bound.append(last_s / bound_s(shape, team))
        near_m = apart(plan).distance_m
        print(
            f"{seed:4d} {shape.area / 1e4:3.0f} {len(team):9d} {len(plan.sorties):8d} {last_s:7.0f}"
            f" {to_equal[-1]:8.2f} {to_bound[-1]:8.2f} {seen_pct(plan):7.2f}"
            f" {'never' if math.isinf(near_m) else f'{near_m:.0f}':>8} {took_s:8.1f}",
            flush=True,
        )
    equal, bound = statistics.median(to_equal), statistics.median(to_bound)
    print(f"median: {equal:.2f} of equal strips, {bound:.2f} of the bound")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
