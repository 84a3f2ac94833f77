"""Coverage beside other planners, on the same areas in one run.

    python tests/bench/bench_coverage.py [POLYGONS.json]

Without a file it makes five areas. Peers are run where they import (opencoverage, trajgenpy and
coverage_path_planner; none is needed or shipped here), each for lanes 40 m apart, its camera always on. A
peer that does not import, or fails on an area, is named. Prints the length, the share seen by a 40 m square
footprint, metres more than 0.5 m outside the area, the length over area / 40 m, and seconds; then each
peer's length over ours, and on how many areas it covers 99 % with nothing outside. Figures of planners that
cannot be imported, measured elsewhere on the areas of the benchmark's file, stand beside them where those
areas are given.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import LineString, Polygon

from missions.coverage import Settings, Swath, cover

LANE_M = 40.0
Planner = Callable[[Polygon], tuple[Any, Any]]

QUOTED = {
    "Mission Planner (quoted)": {
        "rect": (10880, 100.0, 0),
        "L": (10760, 98.9, 0),
        "comb": (12480, 96.3, 298),
        "star24": (13753, 98.2, 1387),
        "holes": (18337, 99.7, 924),
    },
    "Fields2Cover (quoted)": {
        "rect": (10040, 96.0, 0),
        "L": (10760, 100.0, 0),
        "comb": (11640, 96.2, 0),
        "star24": (14275, 99.2, 0),
        "holes": (18340, 99.6, 0),
    },
}


def made_up() -> dict[str, Polygon]:
    """A rectangle, a corner, a comb, a star, and a field with holes."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radii = 500 * np.random.default_rng(24).uniform(0.4, 1, 24)
    star = Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])
    comb = shapely.box(0, 0, 900, 600) - shapely.box(200, 200, 350, 600) - shapely.box(550, 200, 700, 600)
    holes = shapely.box(0, 0, 900, 700) - shapely.box(100, 100, 250, 300) - shapely.box(500, 300, 700, 500)
    return {
        "rectangle": shapely.box(0, 0, 800, 500),
        "corner": Polygon([(0, 0), (800, 0), (800, 300), (300, 300), (300, 800), (0, 800)]),
        "comb": comb,
        "star": star,
        "holes": holes,
    }


def ours(area: Polygon) -> tuple[Any, Any]:
    route = cover(area, Settings(Swath(LANE_M, LANE_M / 2), turn_m=5.0)).route
    return route.points, route.legs


def opencoverage() -> Planner:
    """Back and forth across the narrowest width; holes are not known to it."""
    sweep = importlib.import_module("opencoverage.gpu.optimal_sweep")
    patterns = importlib.import_module("opencoverage.patterns")
    survey = importlib.import_module("opencoverage.geometry.map")

    def plan(area: Polygon) -> tuple[Any, Any]:
        known = survey.SurveyMap.from_polygon(Polygon(area.exterior))
        pattern = patterns.BackAndForthPattern(None, None, known)
        pattern.lateral_spacing = LANE_M
        angle = sweep.find_optimal_sweep_angle(known.vertices, n_steps=10_000, prefer_gpu=False)
        return all_recorded(pattern.generate_rotated_pattern(angle))

    return plan


def trajgenpy() -> Planner:
    """Boustrophedon cells, each swept, in the order given."""
    geometries = importlib.import_module("trajgenpy.Geometries")

    def plan(area: Polygon) -> tuple[Any, Any]:
        holes = shapely.MultiPolygon([Polygon(hole) for hole in area.interiors]) if area.interiors else None
        cells = geometries.decompose_polygon(Polygon(area.exterior), holes)
        sweeps = [geometries.generate_sweep_pattern(cell, LANE_M, connect_sweeps=True)[0] for cell in cells]
        return all_recorded(np.concatenate([shapely.get_coordinates(sweep) for sweep in sweeps]))

    return plan


def coverage_path_planner() -> Planner:
    """A mower's lines at its own angle of 0, ways between them found round obstacles."""
    peer = importlib.import_module("coverage_path_planner")

    def ring(of: Any) -> Any:
        return peer.Polygon([peer.Point(float(x), float(y)) for x, y in of.coords[:-1]])

    def plan(area: Polygon) -> tuple[Any, Any]:
        world = peer.Environment(ring(area.exterior))
        for hole in area.interiors:
            world.addObstacle(ring(hole))
        settings = peer.PathSettings()
        settings.pattern, settings.offset, settings.angle = "lines", LANE_M, 0.0
        settings.distanceToBorder, settings.borderLaps, settings.exclusionsBorderLaps = 0, 0, 0
        settings.mowArea, settings.mowBorder, settings.mowExclusionsBorder = True, False, False
        start = area.representative_point()
        found = peer.PathService().computeFullTask(world, settings, peer.Point(start.x, start.y))
        return all_recorded([place_of(point) for point in found.path.getPoints()])

    return plan


PEERS: dict[str, Callable[[], Planner]] = {
    "opencoverage": opencoverage,
    "trajgenpy": trajgenpy,
    "coverage_path_planner": coverage_path_planner,
}


def place_of(point: Any) -> tuple[float, float]:
    values = [getattr(point, name) for name in ("x", "y")]
    x, y = (value() if callable(value) else value for value in values)
    return float(x), float(y)


def all_recorded(points: Any) -> tuple[Any, Any]:
    """A path, all of it recorded: what is seen on the way from lane to lane counts too."""
    path = np.asarray(points, dtype=float)
    return path, np.stack([path[:-1], path[1:]], axis=1)


def scored(area: Polygon, path: Any, legs: Any) -> dict[str, float]:
    lines = [LineString(leg) for leg in np.round(legs, 3)]
    seen = shapely.union_all(
        [line.buffer(LANE_M / 2, cap_style="square") for line in lines if line.length > 0.01]
    )
    flown = LineString(np.round(path, 3))
    return {
        "length_m": round(flown.length),
        "cover_pct": round(100 * seen.intersection(area).area / area.area, 2),
        "outside_m": round(flown.difference(area.buffer(0.5)).length, 1),
        "ratio": round(flown.length / (area.area / LANE_M), 3),
    }


def run(name: str, plan: Planner, areas: dict[str, Polygon]) -> dict[str, dict[str, float]]:
    """Print every area's score, and give them all."""
    scores: dict[str, dict[str, float]] = {}
    for label, area in areas.items():
        began_s = time.perf_counter()
        try:
            path, legs = plan(area)
            seconds = time.perf_counter() - began_s
            score = scored(area, path, legs)
        except Exception as error:  # noqa: BLE001 - a peer may fail in any way; that is its result
            sys.stdout.write(f"{name}: {label}: failed ({type(error).__name__}: {error})\n")
            continue
        scores[label] = score
        sys.stdout.write(f"{name}: {label}: {json.dumps({**score, 'seconds': round(seconds, 2)})}\n")
    return scores


def main() -> None:
    areas = made_up()
    if len(sys.argv) > 1:
        rings = json.loads(Path(sys.argv[1]).read_text())
        areas = {name: Polygon(borders[0], borders[1:]) for name, borders in rings.items()}
    baseline = run("droneteam", ours, areas)
    found = {"droneteam": baseline}
    for name, make in PEERS.items():
        try:
            plan = make()
        except ImportError as error:
            sys.stdout.write(f"{name}: does not import ({error})\n")
            continue
        found[name] = run(name, plan, areas)
    for name, figures in QUOTED.items():
        if len(sys.argv) > 1:
            found[name] = {
                label: {"length_m": length_m, "cover_pct": cover_pct, "outside_m": outside_m}
                for label, (length_m, cover_pct, outside_m) in figures.items()
                if label in areas
            }
    for name, scores in found.items():
        compare(name, scores, baseline)


def compare(name: str, scores: dict[str, dict[str, float]], baseline: dict[str, dict[str, float]]) -> None:
    """One line: how far it flies beside us, and on how many areas it does what was asked."""
    done = sum(score["cover_pct"] >= 99 and score["outside_m"] == 0 for score in scores.values())
    ratios = [score["length_m"] / baseline[label]["length_m"] for label, score in scores.items()]
    if ratios:
        sys.stdout.write(
            f"ratio: {name}: {statistics.median(ratios):.2f} times our length (median); "
            f"99 % and nothing outside on {done} of {len(scores)} areas\n"
        )


if __name__ == "__main__":
    main()
