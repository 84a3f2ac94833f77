"""Upload a plan, read back what the autopilot holds, fly it, and record all of it."""

import sys
from pathlib import Path

from missions import catalogue
from missions.flown import deviation_from_plan
from missions.formats import area_from_geojson
from missions.items import MissionType
from missions.plan_items import mission_items
from missions.search_plan import plan_search
from sitl.clock import HurriedClock
from sitl.home import Home
from sitl.scenarios import open_vehicle
from telemetry.client import VehicleClient
from telemetry.flight import fly
from telemetry.links import open_link
from telemetry.recorder import Recorder
from telemetry.track import Track
from telemetry.transfer import upload_and_verify

SPEEDUP = 20.0
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
corners = [[5.8000, 52.0900], [5.8015, 52.0900], [5.8015, 52.0908], [5.8000, 52.0908], [5.8000, 52.0900]]
plan = plan_search(
    area_from_geojson({"type": "Polygon", "coordinates": [corners]}, "a field", "field"),
    catalogue.aircraft("ardupilot-copter"),
    catalogue.camera("demo-thermal"),
    created="2026-01-01T00:00:00Z",
)

clock = HurriedClock(SPEEDUP)
home = Home(plan.take_off.lat_deg, plan.take_off.lon_deg)
with open_vehicle("copter", home, SPEEDUP, prefer="small") as vehicle:
    print(vehicle.description)
    recorder = Recorder(folder / "telemetry", clock)
    with recorder, VehicleClient(open_link(vehicle.address, clock), clock, listener=recorder) as client:
        client.connect()
        assert upload_and_verify(client, MissionType.MISSION, mission_items(plan)) == []
        result = fly(client)
print(f"{result.reason}: {result.flown_m:.0f} m in {result.duration_s:.0f} s")

track = Track.from_tlog(recorder.segments[0])
deviation = deviation_from_plan(plan, track.lonlat_deg)
print(f"at most {deviation.max_m:.1f} m off the plan")
assert deviation.within(5.0)
