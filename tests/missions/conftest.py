"""An area with a corner and a hole, and a plan of it."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.formats import area_from_geojson
from missions.plan import Plan
from missions.search_plan import plan_search

CREATED = "2026-03-01T10:00:00Z"
# MAVSDK in a process of its own: it keeps threads, and must not outlive the test.
MAVSDK = """
import json, sys
from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.mission_raw import MissionRaw
from pymavlink.dialects.v20 import ardupilotmega as mav

sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
sdk.add_any_connection("raw://")
link = mav.MAVLink(None, 1, 1)
sdk.pass_received_raw_bytes(link.heartbeat_encode(2, 3, 0, 0, 3).pack(link))
raw = MissionRaw(sdk.first_autopilot(10.0))
read = {"plan": raw.import_qgroundcontrol_mission, "waypoints": raw.import_mission_planner_mission}
got = read[sys.argv[1]](sys.argv[2])
lists = (got.mission_items, got.geofence_items, got.rally_items)
with open(sys.argv[3], "w") as out:
    json.dump([[vars(item) for item in items] for items in lists], out)
raw.destroy()
sdk.destroy()
"""


@pytest.fixture(scope="session")
def corner_geojson() -> dict[str, Any]:
    """An L of about 390 by 420 m with a rectangular hole."""
    border = [
        [4.350, 52.0],
        [4.3557, 52.0],
        [4.3557, 52.0018],
        [4.3529, 52.0018],
        [4.3529, 52.0038],
        [4.35, 52.0038],
    ]
    hole = [[4.3508, 52.0005], [4.3508, 52.001], [4.3518, 52.001], [4.3518, 52.0005]]
    rings = [[*border, border[0]], [*hole, hole[0]]]
    return {
        "type": "Feature",
        "properties": {"name": "Corner"},
        "geometry": {"type": "Polygon", "coordinates": rings},
    }


@pytest.fixture(scope="session")
def corner(corner_geojson: dict[str, Any]) -> Area:
    return area_from_geojson(corner_geojson, "corner.geojson")


@pytest.fixture(scope="session")
def plan(corner: Area) -> Plan:
    return plan_search(corner, aircraft("ardupilot-copter"), camera("demo-thermal"), created=CREATED)


@pytest.fixture(scope="session")
def plane_plan(corner: Area) -> Plan:
    return plan_search(
        corner, aircraft("ardupilot-plane"), camera("demo-wide"), created=CREATED, height_agl_m=100
    )


@pytest.fixture(scope="module")
def mavsdk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes], list[list[dict[str, Any]]]]:
    """Reads a file as MAVSDK does."""
    if find_spec("mavsdk") is None:
        pytest.skip("the package mavsdk is not installed")
    folder = tmp_path_factory.mktemp("mavsdk")

    def read(kind: str, content: bytes) -> list[list[dict[str, Any]]]:
        path, result = folder / f"mission.{kind}", folder / "items.json"
        path.write_bytes(content)
        result.unlink(missing_ok=True)
        command = [sys.executable, "-c", MAVSDK, kind, str(path), str(result)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.exists(), done.stdout + done.stderr
        lists: list[list[dict[str, Any]]] = json.loads(result.read_text())
        return lists

    return read
