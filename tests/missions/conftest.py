"""An area with a corner and a hole, and a plan of it."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.formats import area_from_geojson
from missions.plan import Plan
from missions.search_plan import plan_search

CREATED = "2026-03-01T10:00:00Z"
Lists = list[list[dict[str, Any]]]
# MAVSDK in a process of its own: it keeps threads, and must not outlive the test.
MAVSDK = """
import json, sys
from pathlib import Path
from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.mission_raw import MissionRaw
from pymavlink.dialects.v20 import ardupilotmega as mav

sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
sdk.add_any_connection("raw://")
link = mav.MAVLink(None, 1, 1)
sdk.pass_received_raw_bytes(link.heartbeat_encode(2, 3, 0, 0, 3).pack(link))
raw = MissionRaw(sdk.first_autopilot(10.0))
read = {".plan": raw.import_qgroundcontrol_mission, ".waypoints": raw.import_mission_planner_mission}
for path in sorted(Path(sys.argv[1]).iterdir()):
    got = read[path.suffix](str(path))
    lists = (got.mission_items, got.geofence_items, got.rally_items)
    told = json.dumps([[vars(one) for one in items] for items in lists])
    path.with_suffix(path.suffix + ".json").write_text(told)
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


@pytest.fixture(scope="session")
def by_mavsdk() -> Callable[[Path], dict[str, Lists]]:
    """Reads every file of a folder as MAVSDK does: mission, fence and rally points by the file's name."""
    if find_spec("mavsdk") is None:
        pytest.skip("the package mavsdk is not installed")

    def read(folder: Path) -> dict[str, Lists]:
        names = [path.name for path in folder.iterdir()]
        command = [sys.executable, "-c", MAVSDK, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        results = {name: folder / f"{name}.json" for name in names}
        missing = [name for name, path in results.items() if not path.exists()]
        assert not missing, f"{missing}: {done.stdout[-500:]}{done.stderr[-500:]}"
        return {name: json.loads(path.read_text()) for name, path in results.items()}

    return read


@pytest.fixture
def mavsdk(by_mavsdk: Callable[[Path], dict[str, Lists]], tmp_path: Path) -> Callable[[str, bytes], Lists]:
    """Reads one file as MAVSDK does."""

    def read(kind: str, content: bytes) -> Lists:
        folder = tmp_path / "mavsdk"
        folder.mkdir()
        (folder / f"mission.{kind}").write_bytes(content)
        return by_mavsdk(folder)[f"mission.{kind}"]

    return read
