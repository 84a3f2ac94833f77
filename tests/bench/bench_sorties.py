"""How long it takes to divide long routes over hills, and to plan large areas whole.

    python tests/bench/bench_sorties.py

Prints waypoints, flights, and processor seconds of one core: the plan without its division, and the division.
"""

from __future__ import annotations

import dataclasses
import sys
import time

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.heights import Relief
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from missions.sorties import divide
from missions.terrain import AnalyticTerrain

FRAME = LocalFrame(GeoPoint(52.0, 4.35))
Floats = npt.NDArray[np.float64]
CASES = (
    ("900 x 700 m, hills", 900, 700, True, 0.3),
    ("1.8 x 1.4 km, hills", 1800, 1400, True, 0.25),
    ("3 x 2.4 km, hills", 3000, 2400, True, 0.2),
    ("3.4 x 2.8 km, hills", 3400, 2800, True, 0.2),
    ("5 x 5 km, hills", 5000, 5000, True, 0.25),
    ("5 x 5 km, flat", 5000, 5000, False, 0.25),
)


def hills(east: Floats, north: Floats) -> Floats:
    """Ground that rises and falls by 78 m."""
    return np.asarray(20 * np.sin(east / 150) + 15 * np.cos(north / 90) + 4 * np.sin((east + north) / 40))


def field(wide_m: float, tall_m: float) -> Polygon:
    """A field with six ponds."""
    chance = np.random.default_rng(1)
    shape = shapely.box(0, 0, wide_m, tall_m)
    for _ in range(6):
        middle = chance.uniform(0.1, 0.9, 2) * [wide_m, tall_m]
        shape = shape.difference(shapely.Point(middle).buffer(chance.uniform(40, 120), quad_segs=4))
    return max(shapely.get_parts(shape), key=lambda part: float(part.area))


def planned(wide_m: float, tall_m: float, *, over_hills: bool) -> Plan:
    """The search of a field, in one flight."""
    ground = AnalyticTerrain(hills, FRAME.origin, 2.0 if wide_m < 4000 else 10.0)
    return plan_search(
        area_from_local(field(wide_m, tall_m), FRAME, "Field"),
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created="2026-03-01T10:00:00Z",
        take_off=FRAME.point_from_local(20, 20),
        relief=Relief(ground) if over_hills else None,
        divide=False,
    )


def with_battery(plan: Plan, share: float) -> Plan:
    """The plan for a battery that holds this share of what it takes, above the reserve."""
    battery_wh = plan.totals.energy_wh * share / (1 - plan.aircraft.reserve_pct / 100)
    totals = dataclasses.replace(plan.totals, battery_pct=100 * plan.totals.energy_wh / battery_wh)
    craft = dataclasses.replace(plan.aircraft, battery_wh=battery_wh)
    return dataclasses.replace(plan, aircraft=craft, totals=totals)


def main() -> int:
    """Every case, one line each."""
    print(f"{'area':22}{'waypoints':>10}{'flights':>9}{'plan s':>9}{'divide s':>10}")
    for name, wide_m, tall_m, over_hills, share in CASES:
        begun_s = time.process_time()
        plan = planned(wide_m, tall_m, over_hills=over_hills)
        planned_s = time.process_time()
        divided = divide(with_battery(plan, share))
        done_s = time.process_time()
        print(
            f"{name:22}{len(plan.route):10}{len(divided.sorties):9}"
            f"{planned_s - begun_s:9.2f}{done_s - planned_s:10.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
