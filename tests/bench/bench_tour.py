"""The order of lanes beside OR-Tools' own search, on the same lanes and costs, in one run.

    python tests/bench/bench_tour.py [POLYGONS.json] [--seconds N]

For each area the cost matrix of its best layout is taken from a planner's run: what it takes to get from
every end of every lane to every other, ways round corners and turns counted. OR-Tools' routing solver (guided
local search) gets N seconds for each, 3 unless told. Prints both tours' metres between lanes, their ratio,
and seconds.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from shapely import Polygon

from missions.coverage import Settings, Swath, cover, route
from missions.coverage.tour import short_tour

LANE_M = 40.0
_FAR = 10**9
_SCALE = 100


def costs_of(area: Polygon) -> tuple[np.ndarray, int]:
    """The matrix of the planner's last, longest look, and its shakes."""
    seen: list[tuple[np.ndarray, int]] = []
    planned = route.short_tour

    def noted(costs: np.ndarray, shakes: int, seed: int = 1) -> list[int]:
        seen.append((costs, shakes))
        return planned(costs, shakes, seed)

    route.short_tour = noted
    try:
        cover(area, Settings(Swath(LANE_M, LANE_M / 2), turn_m=5.0))
    finally:
        route.short_tour = planned
    return max(seen, key=lambda each: each[1])


def between_m(costs: np.ndarray, tour: list[int]) -> float:
    return sum(float(costs[a ^ 1, b]) for a, b in zip(tour, [*tour[1:], tour[0]], strict=True))


def by_ortools(costs: np.ndarray, seconds: float) -> list[int]:
    """Its tour, as ends at which lanes are entered: a lane's ends are so near that it flies between them."""
    count = len(costs)
    whole = np.minimum(np.rint(costs * _SCALE), _FAR / 100).astype(np.int64) + _FAR // 100
    whole[np.arange(count), np.arange(count) ^ 1] = 0
    manager = pywrapcp.RoutingIndexManager(count, 1, 0)
    model = pywrapcp.RoutingModel(manager)
    # Leg 0 is begun at end 0 and left by end 1.
    arc = model.RegisterTransitMatrix(whole.tolist())
    model.SetArcCostEvaluatorOfAllVehicles(arc)
    search: Any = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.FromMilliseconds(int(seconds * 1000))
    found = model.SolveWithParameters(search)
    order, index = [], model.Start(0)
    while not model.IsEnd(index):
        order.append(manager.IndexToNode(index))
        index = found.Value(model.NextVar(index))
    if order[1] != 1:
        order = [order[0], *reversed(order[1:])]
    return order[::2]


def main() -> None:
    given = [word for word in sys.argv[1:] if word.endswith(".json")]
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 3.0
    if given:
        held = json.loads(Path(given[0]).read_text())
        areas = {name: Polygon(rings[0], rings[1:]) for name, rings in held.items()}
    else:
        areas = runpy.run_path(str(Path(__file__).with_name("bench_coverage.py")))["made_up"]()
    for name, area in areas.items():
        costs, shakes = costs_of(area)
        began_s = time.perf_counter()
        ours = between_m(costs, short_tour(costs, shakes))
        ours_s = time.perf_counter() - began_s
        theirs = between_m(costs, by_ortools(costs, seconds))
        sys.stdout.write(
            f"{name}: {len(costs) // 2 - 1} lanes, ours {ours:.0f} m in {ours_s:.2f} s, "
            f"OR-Tools {theirs:.0f} m in {seconds:g} s, ratio {theirs / ours:.3f}\n"
        )


if __name__ == "__main__":
    main()
