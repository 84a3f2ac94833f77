"""An area becomes a plan: lanes for one camera, in the direction that is flown soonest."""

import sys
from pathlib import Path

from missions import catalogue
from missions.formats import area_from_geojson
from missions.plan_file import write_plan
from missions.search_plan import plan_search

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
corners = [
    [5.800, 52.090],
    [5.804, 52.090],
    [5.804, 52.092],
    [5.802, 52.092],
    [5.802, 52.094],
    [5.800, 52.094],
]
area = area_from_geojson(
    {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}, "an L of heath", "heath"
)

plan = plan_search(
    area,
    catalogue.aircraft("ardupilot-copter"),
    catalogue.camera("demo-thermal"),
    created="2026-01-01T00:00:00Z",
    height_agl_m=60,
)
write_plan(plan, folder / "search.plan.json")

totals = plan.totals
print(f"{totals.lanes} lanes {totals.lane_spacing_m:.0f} m apart, turned to {totals.angle_deg:.0f} degrees")
print(f"{totals.length_m:.0f} m in {totals.duration_s:.0f} s, {totals.battery_pct:.0f} % of a battery")
for finding in plan.findings:
    print(f"{finding.severity}: {finding.text}")
