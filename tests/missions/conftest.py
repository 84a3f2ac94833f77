"""An area with a corner and a hole, and a plan of it."""

from typing import Any

import pytest

from missions.area import Area
from missions.catalogue import aircraft, camera
from missions.formats import area_from_geojson
from missions.plan import Plan
from missions.search_plan import plan_search

CREATED = "2026-03-01T10:00:00Z"


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
