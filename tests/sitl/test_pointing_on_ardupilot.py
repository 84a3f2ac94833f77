"""What a plan points at is where an ArduPilot copter's nose and gimbal point."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import pytest

from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import MissionType
from missions.plan import LookAt, Plan, Waypoint
from missions.plan_items import mission_items
from missions.search_plan import plan_search
from sitl.ardupilot import ArduPilot, find, where_looked
from sitl.home import DEFAULT_HOME
from telemetry import transfer
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.flight import fly
from telemetry.links import open_link

pytestmark = [pytest.mark.sitl, pytest.mark.timeout(180)]

FRAME = LocalFrame(DEFAULT_HOME.place)
HEIGHT_M = 30.0
# A gimbal on two servos' outputs that tilts and rolls but does not pan, as most do.
TILTING = {"MNT1_TYPE": 1, "SERVO9_FUNCTION": 7, "SERVO10_FUNCTION": 8, "MNT1_PITCH_MIN": -90}


def place(east_m: float, north_m: float) -> GeoPoint:
    return FRAME.point_from_local(east_m, north_m)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VehicleClient]:
    """On an ArduPilot copter with a gimbal."""
    binary = find("copter")
    if binary is None:
        pytest.skip(where_looked("copter"))
    folder = tmp_path_factory.mktemp("gimbal")
    with (
        ArduPilot(binary, folder, speedup=8.0, parameters=TILTING) as vehicle,
        VehicleClient(open_link(vehicle.address, SystemClock()), SystemClock()) as opened,
    ):
        opened.connect()
        yield opened


def plan_of(*route: Waypoint) -> Plan:
    corners = [(-50, -50), (50, -50), (50, 50), (-50, 50)]
    area = Area("Square", (Part(tuple(place(*corner) for corner in corners)),))
    copter = aircraft("ardupilot-copter")
    plan = plan_search(
        area, copter, camera("demo-wide"), created="2026-03-01T10:00:00Z", take_off=DEFAULT_HOME.place
    )
    return dataclasses.replace(plan, route=route)


def test_nose_and_gimbal_point_where_each_way_asks(client: VehicleClient) -> None:
    middle = place(60, 60)
    plan = plan_of(
        Waypoint(DEFAULT_HOME.place, HEIGHT_M, gimbal_pitch_deg=-60.0),
        Waypoint(place(0, 120), HEIGHT_M, gimbal_pitch_deg=-90.0, heading_deg=200.0),
        Waypoint(place(120, 120), HEIGHT_M, look_at=LookAt(middle)),
        Waypoint(place(120, 0), HEIGHT_M, look_at=LookAt(middle)),
        Waypoint(place(0, 0), HEIGHT_M, gimbal_pitch_deg=-45.0),
        Waypoint(place(-90, 0), HEIGHT_M),
    )
    items = mission_items(plan)
    assert transfer.upload_and_verify(client, MissionType.MISSION, items) == []
    # The item that each way ends at, in order.
    ends = [number for number, item in enumerate(items) if number > 1 and item.command == 16]
    seen: dict[int, list[tuple[float, float, float, float]]] = {number: [] for number in ends}
    client.request_message_rate("GIMBAL_DEVICE_ATTITUDE_STATUS", 10)
    client.request_message_rate("ATTITUDE", 10)
    pitch_deg = [math.nan]
    pump = client.pump

    def watched(timeout_s: float = 0.1) -> list[object]:
        messages = pump(timeout_s)
        for message in messages:
            if message.name == "GIMBAL_DEVICE_ATTITUDE_STATUS":
                w, x, y, z = message.q
                pitch_deg[0] = math.degrees(math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x)))))
            elif message.name == "ATTITUDE" and client.state.mission_current in seen:
                lat, lon = client.state.lat_deg, client.state.lon_deg
                if lat is not None and lon is not None:
                    east, north = FRAME.local_from_geo([[lon, lat]])[0]
                    row = (math.degrees(message.yaw) % 360, pitch_deg[0], float(east), float(north))
                    seen[client.state.mission_current].append(row)
        return list(messages)

    client.pump = watched  # type: ignore[method-assign,assignment]
    try:
        assert fly(client, timeout_s=150).completed
    finally:
        client.pump = pump  # type: ignore[method-assign]

    def late(number: int) -> list[tuple[float, float, float, float]]:
        rows = seen[number]
        assert len(rows) > 20
        return rows[round(len(rows) * 0.6) : round(len(rows) * 0.9)]

    def turned(a_deg: float, b_deg: float) -> float:
        return abs((a_deg - b_deg + 180) % 360 - 180)

    first, second, third, fourth, last = ends
    assert all(turned(yaw, 0) < 15 and abs(pitch + 60) < 8 for yaw, pitch, _, _ in late(first))
    assert all(turned(yaw, 200) < 8 and abs(pitch + 90) < 12 for yaw, pitch, _, _ in late(second))
    for number in (third, fourth):
        for yaw, pitch, east, north in late(number):
            away_m = math.hypot(60 - east, 60 - north)
            assert turned(yaw, math.degrees(math.atan2(60 - east, 60 - north))) < 15
            assert pitch == pytest.approx(-math.degrees(math.atan2(HEIGHT_M, away_m)), abs=12)
    assert all(turned(yaw, 270) < 15 and abs(pitch + 45) < 8 for yaw, pitch, _, _ in late(last))
