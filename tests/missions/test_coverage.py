"""Lanes cover the area, and no metre is flown outside it."""

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon

from missions.coverage import Coverage, Settings, Swath, cover
from missions.coverage.gaps import unseen
from missions.coverage.lanes import footprints
from missions.errors import AreaError

LANE_M = 40.0
SETTINGS = Settings(Swath(LANE_M, LANE_M / 2), turn_m=5.0)

KNOWN: dict[str, tuple[Polygon, float]] = {
    "rectangle": (shapely.box(0, 0, 800, 500), 1.06),
    "corner": (Polygon([(0, 0), (800, 0), (800, 300), (300, 300), (300, 800), (0, 800)]), 1.08),
    "comb": (
        shapely.box(0, 0, 900, 600) - shapely.box(200, 200, 350, 600) - shapely.box(550, 200, 700, 600),
        1.10,
    ),
    "hole": (shapely.box(0, 0, 900, 700) - shapely.box(300, 250, 500, 400), 1.10),
}


def outside_m(area: Polygon | MultiPolygon, coverage: Coverage) -> float:
    """Metres of route outside the area, ways between parts and from a start outside left out."""
    route = coverage.route
    legs = shapely.linestrings(np.stack([route.points[:-1], route.points[1:]], axis=1))
    crossing = route.outside[:-1].copy()
    if route.approach_m:
        crossing[[0, -1]] = True
    return float(shapely.length(shapely.difference(legs, area))[~crossing].sum())


def seen_share(area: Polygon | MultiPolygon, coverage: Coverage, swath: Swath) -> float:
    seen = shapely.union_all(footprints(coverage.route.legs, swath), grid_size=1e-4)
    return float(seen.intersection(area).area / area.area)


@pytest.mark.parametrize("name", KNOWN)
def test_known_areas_are_covered_inside_and_without_much_detour(name: str) -> None:
    area, most = KNOWN[name]
    coverage = cover(area, SETTINGS)
    assert outside_m(area, coverage) == 0.0
    assert seen_share(area, coverage, SETTINGS.swath) >= 0.99
    assert coverage.route.length_m / (area.area / LANE_M) <= most


@pytest.mark.parametrize(
    ("name", "most"),
    [("rect", 1.06), ("L", 1.08), ("comb", 1.10), ("star24", 1.18), ("holes", 1.10), ("rough200", 1.15)],
)
def test_the_benchmark_stays_as_good_as_it_was(shared: Callable[[str], Path], name: str, most: float) -> None:
    rings = json.loads(shared("polygons/coverage.json").read_text())[name]
    area = Polygon(rings[0], rings[1:])
    coverage = cover(area, SETTINGS)
    assert outside_m(area, coverage) == 0.0
    assert seen_share(area, coverage, SETTINGS.swath) >= 0.99
    assert coverage.route.length_m / (area.area / LANE_M) <= most


def test_a_thousand_corners_are_planned(shared: Callable[[str], Path]) -> None:
    area = Polygon(json.loads(shared("polygons/coverage.json").read_text())["rough1000"][0])
    coverage = cover(area, SETTINGS)
    assert outside_m(area, coverage) == 0.0
    assert seen_share(area, coverage, SETTINGS.swath) >= 0.99


def star(chance: np.random.Generator, corners: int, centre: tuple[float, float], radius_m: float) -> Polygon:
    angles = np.sort(chance.uniform(0, 2 * np.pi, corners))
    radii = radius_m * chance.uniform(0.3, 1, corners)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None] + centre
    shape = Polygon(ring).buffer(0)
    return max(shapely.get_parts(shape), key=lambda part: float(part.area))


def random_area(seed: int) -> Polygon | MultiPolygon:
    """Stars, stars with holes, two parts, boxes without boxes, thin strips with a blob."""
    chance = np.random.default_rng(seed)
    area = star(chance, int(chance.integers(3, 30)), (0, 0), 400)
    match seed % 5:
        case 1:
            for _ in range(3):
                area = area - star(chance, 6, tuple(chance.uniform(-200, 200, 2)), 100)
        case 2:
            area = area | star(chance, 6, (900, 100), 300)
        case 3:
            corners = chance.uniform([-400, -400, 20, 20], [300, 300, 400, 400], (6, 4))
            boxes = [shapely.box(x, y, x + width, y + height) for x, y, width, height in corners]
            area = shapely.union_all(boxes[:4]) - shapely.union_all(boxes[4:])
        case 4:
            strip = LineString(chance.uniform(-400, 400, (4, 2))).buffer(
                float(chance.uniform(2, 40)), quad_segs=3
            )
            area = strip | star(chance, 5, (0, 0), 150)
    parts = [part for part in shapely.get_parts(area) if part.area > 1]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


@pytest.mark.parametrize("seed", range(20))
def test_no_metre_of_a_random_area_is_flown_outside_and_little_stays_unseen(seed: int) -> None:
    area = random_area(seed)
    chance = np.random.default_rng(seed)
    swath = Swath(float(chance.choice([20, 40, 80])), float(chance.choice([0, 5, 20])))
    start = chance.uniform(-500, 500, 2) if seed % 2 else None
    coverage = cover(area, Settings(swath, turn_m=10.0, finalists=2, shakes=40), start)
    assert outside_m(area, coverage) == 0.0
    assert seen_share(area, coverage, swath) >= 0.99
    assert coverage.seen == pytest.approx(seen_share(area, coverage, swath), abs=1e-4)
    check_route(coverage, start)


def check_route(coverage: Coverage, start: np.ndarray | None) -> None:
    """The legs are pieces of the route, in its order; it comes back to where it began."""
    route = coverage.route
    recorded = [pair for pair, on in zip(pairwise(route.points), route.recording, strict=False) if on]
    assert np.array_equal(np.array(recorded), route.legs)
    assert not route.recording[-1]
    assert len(route.points) == len(route.recording) == len(route.outside)
    if start is not None:
        assert np.allclose(route.points[0], start)
        assert np.allclose(route.points[-1], start)


def test_the_way_between_parts_goes_round_the_holes() -> None:
    ring = shapely.box(0, 0, 400, 400) - shapely.box(20, 20, 380, 380)
    area = MultiPolygon([*shapely.get_parts(ring), shapely.box(500, 100, 600, 300)])
    coverage = cover(area, SETTINGS)
    hole = shapely.box(20, 20, 380, 380)
    assert LineString(coverage.route.points).intersection(hole).length < 1e-6
    assert coverage.route.outside.any()


def test_the_lanes_keep_the_bearing_that_was_asked() -> None:
    coverage = cover(shapely.box(0, 0, 800, 500), Settings(SETTINGS.swath, bearing_deg=30.0))
    vectors = coverage.route.legs[:, 1] - coverage.route.legs[:, 0]
    lengths = np.hypot(*vectors.T)
    bearings = np.degrees(np.arctan2(vectors[:, 0], vectors[:, 1])) % 180
    assert np.allclose(bearings[lengths > 100], 30.0)
    assert coverage.grid.bearing_deg == 30.0


def test_lanes_run_along_a_long_area_where_turns_cost() -> None:
    along_east = cover(shapely.box(0, 0, 1000, 200), Settings(SETTINGS.swath, turn_m=40.0))
    assert along_east.grid.bearing_deg == pytest.approx(90.0)
    along_north = cover(shapely.box(0, 0, 200, 1000), Settings(SETTINGS.swath, turn_m=40.0))
    assert along_north.grid.bearing_deg % 180 == pytest.approx(0.0)


def test_the_same_area_gives_the_same_route() -> None:
    area = random_area(7)
    quick = Settings(SETTINGS.swath, finalists=2, shakes=50)
    first, second = cover(area, quick), cover(area, quick)
    assert np.array_equal(first.route.points, second.route.points)


def test_turning_the_area_turns_the_route_but_hardly_changes_its_length() -> None:
    area = KNOWN["corner"][0]
    lengths = [
        cover(shapely.affinity.rotate(area, angle), SETTINGS).route.length_m for angle in (0.0, 17.0, 73.0)
    ]
    assert max(lengths) / min(lengths) < 1.05


def test_a_neck_thinner_than_the_margin_is_flown_through_and_not_jumped() -> None:
    neck = shapely.box(0, 0, 200, 200) | shapely.box(190, 100, 310, 100.3) | shapely.box(300, 0, 500, 200)
    coverage = cover(neck, SETTINGS)
    assert outside_m(neck, coverage) == 0.0
    assert not coverage.route.outside.any()


def test_an_area_smaller_than_the_footprint_gets_one_short_leg() -> None:
    area = shapely.box(0, 0, 10, 8)
    coverage = cover(area, SETTINGS)
    assert coverage.seen == pytest.approx(1.0)
    assert coverage.route.length_m <= 10
    assert outside_m(area, coverage) == 0.0


def test_an_area_that_needs_too_many_lanes_is_refused() -> None:
    with pytest.raises(AreaError, match="lanes 1 m apart"):
        cover(shapely.box(0, 0, 5000, 5000), Settings(Swath(1.0, 0.0)))


def test_a_start_outside_is_joined_by_the_shortest_way_in() -> None:
    area = shapely.box(0, 0, 400, 300)
    coverage = cover(area, SETTINGS, np.array([200.0, -80.0]))
    assert coverage.route.approach_m == pytest.approx(80.0, abs=0.3)
    assert outside_m(area, coverage) == 0.0


def test_what_is_unseen_is_all_of_the_area_before_the_first_leg() -> None:
    area = shapely.box(0, 0, 100, 100)
    assert unseen(area, np.zeros((0, 2, 2)), SETTINGS.swath).equals(area)


def test_the_command_writes_what_the_score_reads(tmp_path: Path) -> None:
    polygons, routes = tmp_path / "polygons.json", tmp_path / "routes.json"
    polygons.write_text(json.dumps({"box": [[[0, 0], [300, 0], [300, 200], [0, 200]]]}))
    command = [sys.executable, "-m", "missions.coverage", str(polygons), "--lane", "40", "-o", str(routes)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    route = json.loads(routes.read_text())["box"]
    assert len(route["path"]) >= 2 * len(route["legs"]) > 0
    assert route["seconds"] >= 0
