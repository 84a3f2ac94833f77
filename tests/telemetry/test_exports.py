"""What we export is read by pymavlink's own loader, as MAVProxy and Mission Planner's scripts use it."""

from pathlib import Path

import pytest
from pymavlink import mavwp

from missions import catalogue
from missions.formats import area_from_geojson, export_plan
from missions.plan_items import mission_items
from missions.search_plan import plan_search

FIELD = [[5.8000, 52.0900], [5.8018, 52.0900], [5.8018, 52.0910], [5.8000, 52.0910], [5.8000, 52.0900]]


@pytest.mark.parametrize("aircraft", ["ardupilot-copter", "ardupilot-plane"])
def test_pymavlink_loads_our_waypoint_file_item_by_item(aircraft: str, tmp_path: Path) -> None:
    plan = plan_search(
        area_from_geojson({"type": "Polygon", "coordinates": [FIELD]}, "a field", "field"),
        catalogue.aircraft(aircraft),
        catalogue.camera("demo-thermal"),
        created="2026-01-01T00:00:00Z",
    )
    path = tmp_path / "field.waypoints"
    path.write_bytes(export_plan(plan, "waypoints"))
    loader = mavwp.MAVWPLoader()
    sent = mission_items(plan)
    assert loader.load(str(path)) == len(sent)
    for number, item in enumerate(sent):
        held = loader.wp(number)
        assert (held.seq, held.command, held.frame) == (number, item.command, item.frame)
        assert (held.x, held.y, held.z) == pytest.approx((item.x, item.y, item.z), abs=1e-7)
        assert (held.param1, held.param2) == pytest.approx((item.p1, item.p2), abs=1e-6)
