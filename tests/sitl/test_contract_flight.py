"""What every vehicle must do in the air: one suite for ArduPilot and for the small vehicle."""

from __future__ import annotations

import pytest
from shapely import LineString, Point

from missions.geodesy import LocalFrame
from missions.items import Command, Frame, MissionItem, MissionType
from sitl.scenarios import SimulatedVehicle
from telemetry import transfer
from telemetry.client import VehicleClient
from telemetry.flight import fly
from telemetry.messages import Message

pytestmark = pytest.mark.timeout(240)

DISARM = 400
HEIGHT_M = 40.0
COPTER_LEGS = [(0.0, 0.0), (0.0, 120.0), (60.0, 120.0), (60.0, 0.0)]
PLANE_LEGS = [(0.0, 400.0), (300.0, 400.0), (300.0, -500.0), (0.0, -500.0)]
PLANE_MAY_PASS_BY_M = 90.0
"""ArduPilot turns as early as WP_RADIUS (50 m in both) before a waypoint; the rest is its turn."""


PLANE_MAY_OVERSHOOT_M = 20.0
"""ArduPlane climbs about 10 m beyond its take-off height before it levels out."""


class Recorder:
    """Where the vehicle was, metres from home, and which items it reached."""

    def __init__(self, vehicle: SimulatedVehicle) -> None:
        self._frame = LocalFrame(vehicle.home.place)
        self.track: list[tuple[float, float, float]] = []
        self.reached: list[int] = []
        self.texts: list[str] = []

    def note(self, message: Message) -> None:
        if message.name == "GLOBAL_POSITION_INT":
            east, north = self._frame.local_from_geo([[message.lon / 1e7, message.lat / 1e7]])[0]
            self.track.append((float(east), float(north), message.relative_alt / 1000))
        elif message.name == "MISSION_ITEM_REACHED":
            self.reached.append(message.seq)
        elif message.name == "STATUSTEXT":
            self.texts.append(message.text)


@pytest.fixture
def recorder(vehicle: SimulatedVehicle, client: VehicleClient, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Sees every message that the client pumps."""
    recorder = Recorder(vehicle)
    pump = client.pump

    def pump_and_note(timeout_s: float = 0.1) -> list[Message]:
        messages = pump(timeout_s)
        for message in messages:
            recorder.note(message)
        return messages

    monkeypatch.setattr(client, "pump", pump_and_note)
    client.request_message_rate("GLOBAL_POSITION_INT", 10)
    return recorder


def waypoint(vehicle: SimulatedVehicle, at: tuple[float, float], height_m: float = HEIGHT_M) -> MissionItem:
    point = LocalFrame(vehicle.home.place).point_from_local(*at)
    return MissionItem(Command.WAYPOINT, x=point.lat_deg, y=point.lon_deg, z=height_m)


def mission(vehicle: SimulatedVehicle) -> tuple[MissionItem, ...]:
    """Take off, three or four waypoints, and down: a copter by returning, a plane by landing at home."""
    home = vehicle.home
    start = MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=home.lat_deg, y=home.lon_deg)
    up = MissionItem(Command.TAKEOFF, p1=15.0, x=home.lat_deg, y=home.lon_deg, z=HEIGHT_M)
    if vehicle.kind == "copter":
        legs = [waypoint(vehicle, leg) for leg in COPTER_LEGS[1:]]
        speed = MissionItem(Command.DO_CHANGE_SPEED, Frame.MISSION, p1=1, p2=8, p3=-1)
        return (start, up, speed, *legs, MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION))
    legs = [waypoint(vehicle, leg) for leg in PLANE_LEGS]
    land = MissionItem(Command.LAND, p4=1, x=home.lat_deg, y=home.lon_deg, z=0)
    return (start, up, *legs, land)


def test_a_mission_is_flown_and_ends_on_the_ground(
    vehicle: SimulatedVehicle, client: VehicleClient, recorder: Recorder
) -> None:
    items = mission(vehicle)
    assert transfer.upload_and_verify(client, MissionType.MISSION, items) == []
    result = fly(client, timeout_s=200)
    assert result.landed, result.reason
    assert client.state.armed is False
    waypoints = [index for index, item in enumerate(items) if index and item.command == Command.WAYPOINT]
    assert [seq for seq in recorder.reached if seq in waypoints] == waypoints, recorder.texts
    too_high_m = max(height for _, _, height in recorder.track) - HEIGHT_M
    assert abs(too_high_m) < (3 if vehicle.kind == "copter" else PLANE_MAY_OVERSHOOT_M)
    if vehicle.kind == "copter":
        assert farthest_from_legs_m(recorder) < 5
    else:
        for leg in PLANE_LEGS:
            assert nearest_m(recorder, leg) < PLANE_MAY_PASS_BY_M


def farthest_from_legs_m(recorder: Recorder) -> float:
    """Of all places at mission height, from the legs, the way home included."""
    legs = LineString([*COPTER_LEGS, COPTER_LEGS[0]])
    return max(legs.distance(Point(east, north)) for east, north, _ in recorder.track)


def nearest_m(recorder: Recorder, place: tuple[float, float]) -> float:
    return min(Point(east, north).distance(Point(place)) for east, north, _ in recorder.track)


def test_it_returns_when_told(vehicle: SimulatedVehicle, client: VehicleClient, recorder: Recorder) -> None:
    """A copter comes back and lands; a plane comes back, circles, and is landed by its mission."""
    by_hand = "STABILIZE" if vehicle.kind == "copter" else "MANUAL"
    client.set_mode(by_hand)  # ArduPlane does not arm while it thinks that it is still landing
    transfer.upload(client, MissionType.MISSION, mission(vehicle))
    client.set_mode("GUIDED" if vehicle.kind == "copter" else "AUTO")
    client.arm(60)
    if vehicle.kind == "copter":
        assert client.command(Command.TAKEOFF, p7=20) == 0
        assert client.wait_for(lambda: (client.state.height_relative_m or 0) > 18, 60)
        client.set_mode("AUTO")
    assert client.wait_for(lambda: away_m(vehicle, client) > 100, 60), recorder.texts
    assert client.command(DISARM, 0) != 0
    assert client.state.armed is True, "it was disarmed in the air"
    client.set_mode("RTL")
    assert client.wait_for(lambda: away_m(vehicle, client) < (3 if vehicle.kind == "copter" else 100), 60)
    if vehicle.kind == "plane":
        client.send("MISSION_SET_CURRENT", seq=4)
        client.set_mode("AUTO")
    assert client.wait_for(lambda: client.state.armed is False, 120), recorder.texts
    assert client.state.height_relative_m == pytest.approx(0, abs=2)


def away_m(vehicle: SimulatedVehicle, client: VehicleClient) -> float:
    place = client.state.place
    assert place is not None
    east, north = LocalFrame(vehicle.home.place).local_from_geo([[place[1], place[0]]])[0]
    return float((east**2 + north**2) ** 0.5)
