"""What every vehicle must do on the link: one suite for ArduPilot and for the small vehicle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from missions.errors import NoAnswer, Refused
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.items import Command, Frame, MissionItem, MissionType
from sitl.scenarios import SimulatedVehicle, open_vehicle
from telemetry import transfer
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame as WireFrame
from telemetry.links import Link, open_link
from telemetry.messages import Encoder, Message
from telemetry.transfer.machine import Timing
from tests.waiting import PATIENCE_S

ACCEPTED, UNSUPPORTED = 0, 3
REQUEST_MESSAGE, SET_MESSAGE_INTERVAL, SET_MODE, ARM = 512, 511, 176, 400
NOBODYS_COMMAND = 31_990


def place(vehicle: SimulatedVehicle, east_m: float, north_m: float) -> dict[str, float]:
    point = LocalFrame(vehicle.home.place).point_from_local(east_m, north_m)
    return {"x": point.lat_deg, "y": point.lon_deg}


def home_item(vehicle: SimulatedVehicle) -> MissionItem:
    return MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=vehicle.home.lat_deg, y=vehicle.home.lon_deg)


def search_mission(vehicle: SimulatedVehicle, waypoints: int = 4) -> tuple[MissionItem, ...]:
    """Home, take-off, a speed, lanes with the camera on and off, and the way home."""
    lanes = [
        MissionItem(
            Command.WAYPOINT, **place(vehicle, 40 * (n // 2), 300 * ((n + 1) // 2 % 2)), z=40 + n / 100
        )
        for n in range(waypoints)
    ]
    return (
        home_item(vehicle),
        MissionItem(
            Command.TAKEOFF, p1=15.0 if vehicle.kind == "plane" else 0.0, **place(vehicle, 0, 0), z=40
        ),
        MissionItem(Command.DO_CHANGE_SPEED, Frame.MISSION, p1=1, p2=12.5, p3=-1),
        MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION, p1=17.25, p3=1),
        *lanes,
        MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION),
        MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION),
    )


def fence(vehicle: SimulatedVehicle) -> tuple[MissionItem, ...]:
    def ring(command: Command, size_m: float, corners: int) -> Iterator[MissionItem]:
        for east, north in [(-1, -1), (1, -1), (1, 1), (-1, 1)][:corners]:
            at = place(vehicle, east * size_m, north * size_m)
            yield MissionItem(command, Frame.GLOBAL_AMSL, p1=corners, **at)

    return (
        *ring(Command.FENCE_POLYGON_INCLUSION, 600, 4),
        *ring(Command.FENCE_POLYGON_EXCLUSION, 50, 3),
    )


def rally(vehicle: SimulatedVehicle) -> tuple[MissionItem, ...]:
    return tuple(
        MissionItem(Command.RALLY_POINT, **place(vehicle, east, 30), z=35) for east in (-30.0, 0.0, 30.0)
    )


def next_message(
    client: VehicleClient,
    name: str,
    wanted: Callable[[Message], bool] = lambda _: True,
    timeout_s: float = PATIENCE_S,
) -> Message:
    deadline_s = client.clock.monotonic_s() + timeout_s
    while client.clock.monotonic_s() < deadline_s:
        for message in client.pump(0.1):
            if message.name == name and wanted(message):
                return message
    pytest.fail(f"no {name} within {timeout_s} s")


def heard_until_heartbeats(client: VehicleClient, count: int) -> list[Message]:
    """Everything up to the next so many heartbeats: simulated seconds, however fast the machine is."""
    heard: list[Message] = []
    while sum(message.name == "HEARTBEAT" for message in heard) < count:
        heard += client.pump(0.1)
    return heard


def asked_for(client: VehicleClient, name: str) -> Message:
    client.send("COMMAND_LONG", command=REQUEST_MESSAGE, param1=BY_NAME[name].message_id)
    return next_message(client, name)


class TestIdentity:
    def test_it_is_an_ardupilot_of_its_kind(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        heartbeat = next_message(client, "HEARTBEAT")
        assert client.state.autopilot == "ardupilotmega"
        assert client.state.kind == vehicle.kind
        assert (heartbeat.system, heartbeat.component) == (1, 1)
        assert client.state.armed is False

    def test_it_tells_what_it_can_do(self, client: VehicleClient) -> None:
        capabilities = asked_for(client, "AUTOPILOT_VERSION").capabilities
        for needed in (0x4, 0x8, 0x2000, 0x4000, 0x8000):  # mission int, command int, MAVLink 2, fence, rally
            assert capabilities & needed

    def test_it_stands_at_home(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        home = asked_for(client, "HOME_POSITION")
        told = GeoPoint(home.latitude / 1e7, home.longitude / 1e7)
        assert distance_m(told, vehicle.home.place) < 2
        assert home.altitude / 1000 == pytest.approx(vehicle.home.height_amsl_m, abs=2)
        next_message(client, "GLOBAL_POSITION_INT")
        assert client.state.place is not None
        assert distance_m(GeoPoint(*client.state.place), vehicle.home.place) < 3


class TestLists:
    def test_a_mission_comes_back_as_it_was_sent(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        mission = search_mission(vehicle)
        assert transfer.upload_and_verify(client, MissionType.MISSION, mission) == []

    def test_a_shorter_mission_replaces_a_longer_one(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle, 8))
        assert transfer.upload_and_verify(client, MissionType.MISSION, search_mission(vehicle, 2)) == []

    def test_a_cleared_mission_holds_no_more_than_home(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        transfer.clear(client, MissionType.MISSION)
        assert len(transfer.download(client, MissionType.MISSION)) <= 1

    @pytest.mark.parametrize("kind", MissionType, ids=lambda kind: kind.name.lower())
    def test_an_empty_list_empties_it(
        self, vehicle: SimulatedVehicle, client: VehicleClient, kind: MissionType
    ) -> None:
        transfer.upload(client, kind, ())
        assert len(transfer.download(client, kind)) <= (1 if kind is MissionType.MISSION else 0)

    @pytest.mark.parametrize(
        ("kind", "items"), [(MissionType.FENCE, fence), (MissionType.RALLY, rally)], ids=["fence", "rally"]
    )
    def test_fence_and_rally_points_come_back_as_they_were_sent(
        self, vehicle: SimulatedVehicle, client: VehicleClient, kind: MissionType, items: Any
    ) -> None:
        assert transfer.upload_and_verify(client, kind, items(vehicle)) == []
        transfer.clear(client, kind)
        assert transfer.download(client, kind) == ()

    def test_the_three_lists_are_apart(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        transfer.upload(client, MissionType.FENCE, fence(vehicle))
        transfer.upload(client, MissionType.RALLY, rally(vehicle))
        transfer.clear(client, MissionType.FENCE)
        assert len(transfer.download(client, MissionType.MISSION)) == len(search_mission(vehicle))
        assert len(transfer.download(client, MissionType.RALLY)) == len(rally(vehicle))
        transfer.clear(client, MissionType.RALLY)

    def test_two_hundred_items_fit(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        mission = search_mission(vehicle, 194)
        assert len(mission) == 200
        assert transfer.upload_and_verify(client, MissionType.MISSION, mission) == []

    def test_an_item_that_nobody_knows_is_refused(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        mission = (*search_mission(vehicle), MissionItem(NOBODYS_COMMAND, **place(vehicle, 0, 0), z=10))
        with pytest.raises(Refused, match="unsupported"):
            transfer.upload(client, MissionType.MISSION, mission)
        assert transfer.upload_and_verify(client, MissionType.MISSION, search_mission(vehicle)) == []

    def test_a_place_that_is_none_is_refused(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        mission = (home_item(vehicle), MissionItem(Command.WAYPOINT, x=95.0, y=5.0, z=10))
        with pytest.raises(Refused):
            transfer.upload(client, MissionType.MISSION, mission)

    def test_a_fence_ring_that_lacks_a_corner_is_refused(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        with pytest.raises(Refused):
            transfer.upload(client, MissionType.FENCE, fence(vehicle)[:3])
        assert transfer.upload_and_verify(client, MissionType.FENCE, fence(vehicle)) == []
        transfer.clear(client, MissionType.FENCE)

    def test_an_item_beyond_the_last_is_answered_with_no(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        client.send("MISSION_REQUEST_INT", seq=500, mission_type=0)
        assert next_message(client, "MISSION_ACK").type != 0

    def test_a_link_that_loses_frames_carries_a_mission_all_the_same(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        whole = client.link
        client.link = LossyLink(whole, random.Random(7), lost_share=0.1)
        try:
            differences = transfer.upload_and_verify(
                client,
                MissionType.MISSION,
                search_mission(vehicle, 12),
                timing=Timing(answer_s=0.3, tries=20),
            )
        finally:
            client.link = whole
        assert differences == []

    def test_the_mission_begins_where_it_is_told(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        client.send("MISSION_SET_CURRENT", seq=4)
        next_message(client, "MISSION_CURRENT", lambda message: message.seq == 4)


class LossyLink(Link):
    """A link that loses a share of the frames either way."""

    def __init__(self, link: Link, chance: random.Random, lost_share: float) -> None:
        self.address = link.address
        self._link = link
        self._chance = chance
        self._lost_share = lost_share

    def receive(self, timeout_s: float) -> list[WireFrame]:
        return [frame for frame in self._link.receive(timeout_s) if not self._lost()]

    def send(self, data: bytes) -> None:
        if not self._lost():
            self._link.send(data)

    def close(self) -> None:
        self._link.close()

    def _lost(self) -> bool:
        return self._chance.random() < self._lost_share


class TestParameters:
    def test_one_can_be_set_and_read_back(self, client: VehicleClient) -> None:
        before = client.parameter("RALLY_LIMIT_KM")
        assert client.set_parameter("RALLY_LIMIT_KM", 1.25) == pytest.approx(1.25)
        assert client.parameter("RALLY_LIMIT_KM") == pytest.approx(1.25)
        assert client.set_parameter("RALLY_LIMIT_KM", before) == pytest.approx(before)

    def test_a_whole_number_stays_one(self, client: VehicleClient) -> None:
        before = client.parameter("BATT_CAPACITY")
        assert client.set_parameter("BATT_CAPACITY", 7000) == 7000
        client.set_parameter("BATT_CAPACITY", before)

    def test_all_of_them_come(self, client: VehicleClient) -> None:
        parameters = client.parameters(timeout_s=60)
        assert {"SYSID_THISMAV", "RALLY_LIMIT_KM", "BATT_CAPACITY", "MIS_TOTAL"} <= parameters.keys()
        assert parameters["SYSID_THISMAV"] == 1

    def test_one_that_is_none_is_not_answered(self, client: VehicleClient) -> None:
        with pytest.raises(NoAnswer, match="NO_SUCH_THING"):
            client.parameter("NO_SUCH_THING", timeout_s=1.0)

    def test_the_number_of_items_is_one(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        assert client.parameter("MIS_TOTAL") == len(search_mission(vehicle))


class TestModes:
    def test_modes_change_when_told(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        transfer.upload(client, MissionType.MISSION, search_mission(vehicle))
        by_hand = "STABILIZE" if vehicle.kind == "copter" else "MANUAL"
        for name in ("LOITER", "AUTO", "GUIDED", by_hand):
            client.set_mode(name)
            assert client.state.mode == name

    def test_a_mode_that_is_none_is_refused(self, client: VehicleClient) -> None:
        before = client.state.mode
        assert client.command(SET_MODE, 1, 99) != ACCEPTED
        next_message(client, "HEARTBEAT")
        assert client.state.mode == before


class TestArming:
    def test_it_is_refused_until_the_place_is_known(self, vehicle: SimulatedVehicle, tmp_path: Path) -> None:
        clock = SystemClock()
        prefer = "ardupilot" if vehicle.real else "small"
        with (
            open_vehicle(vehicle.kind, speedup=10, folder=tmp_path, prefer=prefer) as fresh,
            VehicleClient(open_link(fresh.address, clock), clock) as client,
        ):
            client.connect()
            assert client.command(ARM, 1) != ACCEPTED
            assert client.texts, "it was not said why"
            client.arm(60)
            assert client.state.armed is True
            client.disarm()

    def test_it_arms_and_disarms_on_the_ground(
        self, vehicle: SimulatedVehicle, client: VehicleClient
    ) -> None:
        client.set_mode("STABILIZE")
        client.arm(60)
        assert client.state.armed is True
        client.disarm()
        assert client.state.armed is False


class TestCommands:
    def test_one_that_nobody_knows_is_unsupported(self, client: VehicleClient) -> None:
        assert client.command(NOBODYS_COMMAND) == UNSUPPORTED

    def test_one_for_another_vehicle_is_not_answered(self, client: VehicleClient) -> None:
        client.send("COMMAND_LONG", target_system=77, command=ARM, param1=1)
        answers = [m for m in heard_until_heartbeats(client, 5) if m.name == "COMMAND_ACK"]
        assert answers == []
        assert client.state.armed is False

    def test_noise_on_the_link_does_no_harm(self, client: VehicleClient) -> None:
        client.link.send(random.Random(1).randbytes(5000))
        client.link.send(Encoder(255, 190).encode("HEARTBEAT", type=6, autopilot=8)[:-1] + b"\0")
        assert client.parameter("SYSID_THISMAV") == 1


class TestTelemetry:
    @pytest.mark.parametrize(
        ("name", "hz"), [("ATTITUDE", 10), ("GLOBAL_POSITION_INT", 4), ("SYSTEM_TIME", 2)]
    )
    def test_messages_come_as_often_as_asked(self, client: VehicleClient, name: str, hz: float) -> None:
        client.request_message_rate(name, hz)
        next_message(client, name)
        boots_ms: list[int] = []
        while len(boots_ms) < hz * 12:
            boots_ms += [message.time_boot_ms for message in client.pump(0.1) if message.name == name]
        rate_hz = 1000 * (len(boots_ms) - 1) / (boots_ms[-1] - boots_ms[0])
        assert rate_hz == pytest.approx(hz, rel=0.1)

    def test_a_message_stops_when_told(self, client: VehicleClient) -> None:
        client.request_message_rate("VFR_HUD", 10)
        next_message(client, "VFR_HUD")
        client.request_message_rate("VFR_HUD", 0)
        next_message(client, "HEARTBEAT")
        assert "VFR_HUD" not in {message.name for message in heard_until_heartbeats(client, 5)}

    def test_a_message_that_is_none_cannot_be_asked_for(self, client: VehicleClient) -> None:
        assert client.command(SET_MESSAGE_INTERVAL, 65_000, 100_000) != ACCEPTED

    def test_old_stream_requests_are_obeyed(self, client: VehicleClient) -> None:
        client.request_message_rate("VFR_HUD", 0)
        client.send("REQUEST_DATA_STREAM", req_stream_id=11, req_message_rate=5, start_stop=1)
        next_message(client, "VFR_HUD")

    def test_everything_that_the_desk_shows_is_told(self, client: VehicleClient) -> None:
        names = {"SYS_STATUS", "GPS_RAW_INT", "BATTERY_STATUS", "EXTENDED_SYS_STATE", "MISSION_CURRENT"}
        for name in names:
            client.request_message_rate(name, 5)
        heard: set[str] = set()
        deadline_s = client.clock.monotonic_s() + PATIENCE_S
        while not names <= heard and client.clock.monotonic_s() < deadline_s:
            heard |= {message.name for message in client.pump(0.1)}
        assert names <= heard
        assert client.state.fix not in (None, "no GPS", "no fix")
        assert client.state.landed == "on ground"
        assert client.state.battery_v is not None
        assert client.state.battery_v > 10

    def test_a_second_client_may_listen(self, vehicle: SimulatedVehicle, client: VehicleClient) -> None:
        clock = SystemClock()
        client.pump(0)
        with VehicleClient(open_link(vehicle.second_address, clock), clock, own_system=254) as second:
            second.connect()
            assert second.state.kind == vehicle.kind
            assert second.wait_for(lambda: second.state.place is not None, PATIENCE_S)
            assert client.parameter("SYSID_THISMAV") == 1
