"""Random areas shared by random teams: all of it seen, nobody outside, in a zone or near another.

A share runs always, the rest in the campaign. Seen, outside and near are worked out here once more, from the
routes alone.
"""

import dataclasses
import math

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.affinity import rotate

from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.fleet import Member, apart, share
from missions.fleet.strips import strips_of
from missions.fleet.zones import Division, sweep_of, zones_of
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.plan import Plan
from missions.view import View

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
CRAFT = ("ardupilot-copter", "dji-matrice-30t", "dji-mavic-3t", "dji-matrice-300-rtk")
CAMERAS = ("demo-thermal", "demo-wide", "dji-m30t-thermal", "dji-h20t-wide")
COMB = shapely.box(0, 0, 900, 600) - shapely.box(200, 150, 350, 700) - shapely.box(550, 150, 700, 700)
SHARE, CAMPAIGN = (0, 2, 3), range(40)
Shape = Polygon | MultiPolygon


def area_of(chance: np.random.Generator) -> Shape:
    """A box, a star, a box with holes, two boxes apart, or a comb, turned anyhow."""
    size_m, kind = float(chance.uniform(250, 600)), int(chance.integers(0, 5))
    box = shapely.box(0, 0, 1.4 * size_m, size_m)
    if kind == 1:
        angles = np.sort(chance.uniform(0, 2 * np.pi, 9))
        radii = size_m * chance.uniform(0.5, 1, 9)
        box = Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])
    elif kind == 2:
        box = box - shapely.box(*(size_m * np.array([0.3, 0.3, 0.6, 0.7])))
    elif kind == 3:
        box = box.union(shapely.box(1.6 * size_m, 0.1 * size_m, 2.2 * size_m, 0.8 * size_m))
    elif kind == 4:
        box = (
            box
            - shapely.box(*(size_m * np.array([0.3, 0.3, 0.5, 2])))
            - shapely.box(*(size_m * np.array([0.8, -1, 1, 0.6])))
        )
    return rotate(box if box.is_valid else box.convex_hull, float(chance.uniform(0, 180)))


def team_of(chance: np.random.Generator, shape: Shape) -> list[Member]:
    """Two to four aircraft, beside each other or apart, now and then a plane among them."""
    west, south, east, north = shape.bounds
    base, beside, found = chance.uniform([west, south], [east, north]), chance.random() < 0.5, []
    for number in range(int(chance.integers(2, 5))):
        plane = number == 0 and chance.random() < 0.3
        craft = aircraft("ardupilot-plane" if plane else CRAFT[int(chance.integers(0, 4))])
        aged = dataclasses.replace(craft, battery_wh=craft.battery_wh * float(chance.uniform(0.5, 1)))
        lens = camera(CAMERAS[int(chance.integers(0, 4))])
        place = (
            base + np.array([12.0 * number, 0.0]) if beside else chance.uniform([west, south], [east, north])
        )
        home = FRAME.point_from_local(float(place[0]), float(place[1]))
        found.append(Member(aged, lens, home, View(lens, 100.0) if plane else None))
    return found


def zone_in(chance: np.random.Generator, shape: Shape, homes: list[GeoPoint]) -> Polygon | None:
    """A no-fly zone somewhere in the area that no aircraft takes off in; none half of the time."""
    west, south, east, north = shape.bounds
    zone = shapely.Point(chance.uniform([west, south], [east, north])).buffer(40, quad_segs=2)
    clear = zone.distance(shapely.MultiPoint(local_from_ring(homes, FRAME))) > 25
    return zone if clear and chance.random() < 0.5 else None


def seen_share(plan: Plan, needed: Shape) -> float:
    frame, strips = frame_of(plan.area), []
    for sortie in plan.sorties:
        places = local_from_ring([row.place for row in sortie.route], frame)
        reach_m = sortie.totals.footprint_along_m / 2 - sortie.totals.trigger_distance_m
        for row, a, b in zip(sortie.route, places, places[1:], strict=False):
            if row.recording and np.hypot(*(b - a)) > 0:
                on = (b - a) / np.hypot(*(b - a)) * reach_m
                half_m = sortie.totals.footprint_across_m / 2
                strips.append(LineString([a - on, b + on]).buffer(half_m, cap_style="flat"))
    return float(shapely.union_all(strips, grid_size=0.01).intersection(needed).area / needed.area)


def check(seed: int) -> None:
    chance = np.random.default_rng(seed)
    drawn = area_of(chance)
    team = team_of(chance, drawn)
    zone = zone_in(chance, drawn, [member.take_off for member in team])
    ring = () if zone is None else tuple(FRAME.point_from_local(*xy) for xy in zone.exterior.coords[:-1])
    separation = ("height", "time", "area")[seed % 3]
    plan = share(
        area_from_local(drawn, FRAME, "area"),
        team,
        created="2026-03-01T10:00:00Z",
        separation=separation,
        no_fly=(Part(ring),) if ring else (),
    )
    frame = frame_of(plan.area)
    shape = local_from_area(plan.area, frame)
    forbidden = Polygon(local_from_ring(ring, frame)) if ring else Polygon()
    assert not plan.blocking
    assert seen_share(plan, shape.difference(forbidden.buffer(10, join_style="mitre"))) > 0.99
    assert apart(plan, vertical_m=math.inf if separation == "area" else 12.0).distance_m >= 30.0
    homes = sum(shape.distance(shapely.Point(local_from_ring([m.take_off], frame)[0])) for m in team)
    between_parts = len(shapely.get_parts(shape)) > 1
    for sortie in plan.sorties:
        line = LineString(local_from_ring([row.place for row in sortie.route], frame))
        assert line.intersection(forbidden).length < 0.01
        assert sortie.totals.battery_pct <= 100 - sortie.aircraft.reserve_pct + 0.05
        if sortie.aircraft.kind != "plane" and not between_parts:
            # A take-off point outside is reached from the border nearest to it, there and back.
            assert line.difference(shape.buffer(0.02)).length <= 2.01 * homes


@pytest.mark.parametrize("seed", SHARE)
def test_a_random_area_is_shared(seed: int) -> None:
    check(seed)


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [seed for seed in CAMPAIGN if seed not in SHARE])
def test_another_random_area_is_shared(seed: int) -> None:
    check(seed)


@pytest.mark.parametrize("cut", [sweep_of(COMB, 20.0), strips_of(COMB, 38.0, 20.0)], ids=["slabs", "strips"])
def test_the_ground_of_all_is_the_area_and_of_no_two_the_same(cut: object) -> None:
    chance = np.random.default_rng(2)
    for _ in range(6):
        first, last = cut.y[0], cut.y[-1]  # type: ignore[attr-defined]
        levels = (first, *np.sort(chance.uniform(first, last, 3)), last)
        zones = list(zones_of(Division(cut, (2, 0, 3, 1), levels, 0.0)).values())  # type: ignore[arg-type]
        assert sum(zone.area for zone in zones) == pytest.approx(COMB.area, rel=1e-3)
        assert COMB.difference(shapely.union_all(zones).buffer(0.1)).area < 1.0
        assert all(zone.is_valid for zone in zones)
        levels_m2 = np.interp(levels, cut.y, cut.below_m2)  # type: ignore[attr-defined]
        assert np.diff(levels_m2).sum() == pytest.approx(COMB.area, rel=5e-3)


def test_strips_of_a_comb_keep_its_teeth_together() -> None:
    """Slabs across the teeth give the upper of two aircraft three pieces, strips one or two."""
    strips = strips_of(COMB, 38.0, 20.0)
    half = float(np.interp(COMB.area / 2, strips.below_m2, strips.y))
    zones = zones_of(Division(strips, (0, 1), (0.0, half, float(strips.y[-1])), 0.0))
    assert max(len(shapely.get_parts(zone)) for zone in zones.values()) <= 2
