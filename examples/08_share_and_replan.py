"""One area for two aircraft; one flies a third of its part and fails, the other takes over what is left."""

import sys
from pathlib import Path

import numpy as np
import shapely

from missions import catalogue
from missions.fleet import FlownTrack, Member, apart, rest_of, seen_of, share, take_over
from missions.formats import area_from_geojson
from missions.local import frame_of, local_from_ring
from missions.plan import Plan
from missions.plan_file import write_plan
from missions.sorties import flights

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
corners = [[5.800, 52.090], [5.807, 52.090], [5.807, 52.093], [5.800, 52.093], [5.800, 52.090]]
area = area_from_geojson({"type": "Polygon", "coordinates": [corners]}, "a heath", "heath")
home = frame_of(area).point_from_local(-230, -160)
beside = frame_of(area).point_from_local(-190, -160)
team = [
    Member(catalogue.aircraft("ardupilot-copter"), catalogue.camera("demo-thermal"), home),
    Member(catalogue.aircraft("dji-matrice-30t"), catalogue.camera("dji-m30t-thermal"), beside),
]
plan = share(area, team, created="2026-01-01T00:00:00Z")
write_plan(plan, folder / "team.plan.json")
for sortie in plan.sorties:
    print(f"aircraft {sortie.vehicle}, {sortie.aircraft.name}: {sortie.start_s:.0f} to {sortie.ends_s:.0f} s")
print(f"at one height they stay {apart(plan).distance_m:.0f} m apart or more")


def track(flight: Plan, share_flown: float) -> np.ndarray:
    """Where a flight was, broken off after a share of its way; a recording's `Track` has the same."""
    frame = frame_of(flight.area)
    line = shapely.LineString(local_from_ring([row.place for row in flight.route], frame))
    along = np.arange(0, share_flown * line.length, 4.0)
    return frame.geo_from_local(shapely.get_coordinates(shapely.line_interpolate_point(line, along)))


first, second = flights(plan)
gap = np.full((1, 2), np.nan)
flown = np.concatenate([track(first, 0.33), gap, track(second, 1.0)])
for vehicle, done in seen_of(plan, FlownTrack(flown)).items():
    print(f"aircraft {vehicle} left {done.left_m:.0f} of {done.work_m:.0f} m")

same = rest_of(plan, FlownTrack(flown))
other = take_over(plan, FlownTrack(flown), team[1:], created="2026-01-01T01:00:00Z")
assert same is not None
assert other is not None
assert not other.blocking
write_plan(other, folder / "rest.plan.json")
print(f"by the same aircraft {same.totals.duration_s:.0f} s, by the other {other.totals.duration_s:.0f} s")
