"""A mission is flown from the ground to its end, and what goes wrong ends in a stated way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from missions.errors import NoAnswer, Refused
from missions.items import Command, Frame, MissionItem, MissionType
from sitl.autopilot import SmallVehicle
from sitl.home import Home
from telemetry.client import VehicleClient
from telemetry.clock import ManualClock, SystemClock
from telemetry.flight import FlightProgress, PilotTookOver, fly
from telemetry.links import open_link
from telemetry.messages import Message
from telemetry.transfer import upload

AUTO, LOITER, RTL = 3, 5, 6


def square(height_m: float, side_deg: float) -> list[MissionItem]:
    corners = [(1, 0), (1, 1), (0, 1)]
    return [
        MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=52.0, y=5.0),
        MissionItem(Command.TAKEOFF, p1=15, x=52.0, y=5.0, z=height_m),
        *(
            MissionItem(Command.WAYPOINT, x=52 + side_deg * north, y=5 + side_deg * east, z=height_m)
            for north, east in corners
        ),
        MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION),
    ]


@pytest.mark.parametrize(
    ("kind", "height_m", "side_deg", "take_off_m", "phases"),
    [
        ("copter", 20, 0.0004, None, ["arming", "take-off", "mission", "return", "landed"]),
        ("copter", 20, 0.0004, 10, ["arming", "take-off", "mission", "return", "landed"]),
        ("plane", 80, 0.004, None, ["arming", "take-off", "mission", "return"]),
    ],
)
def test_a_mission_is_flown_to_its_end(
    kind: str, height_m: float, side_deg: float, take_off_m: float | None, phases: list[str]
) -> None:
    seen: list[FlightProgress] = []
    clock = SystemClock()
    with (
        SmallVehicle(kind, home=Home(52.0, 5.0, 10.0, 0.0), speedup=30) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        client.connect()
        upload(client, MissionType.MISSION, square(height_m, side_deg))
        result = fly(client, take_off_relative_m=take_off_m, timeout_s=60, on_progress=seen.append)
    assert result.completed
    assert result.landed == (kind == "copter")
    assert result.last_waypoint == result.waypoint_count == 5
    assert list(dict.fromkeys(progress.phase for progress in seen)) == phases
    assert max(progress.state.height_relative_m or 0 for progress in seen) == pytest.approx(
        height_m, rel=0.35
    )
    assert result.flown_m > 3 * side_deg * 60_000
    waypoints = [progress.waypoint for progress in seen if progress.phase == "mission"]
    assert waypoints == sorted(waypoints)


def test_the_flight_of_a_plane_that_is_sent_home_early_ends_and_says_where() -> None:
    clock, sent = SystemClock(), []
    with (
        SmallVehicle("plane", home=Home(52.0, 5.0, 10.0, 0.0), speedup=30) as vehicle,
        VehicleClient(open_link(vehicle.address, clock), clock) as client,
    ):
        client.connect()
        upload(client, MissionType.MISSION, square(80, 0.008))

        def send_home(progress: FlightProgress) -> None:
            if progress.waypoint >= 3 and not sent:
                sent.append(progress.waypoint)
                client.set_mode("RTL")

        result = fly(client, timeout_s=60, on_progress=send_home)
    assert not result.completed
    assert not result.landed
    assert f"sent there at item {sent[0]} of 5" in result.reason


@pytest.fixture
def flying(fake_vehicle: Callable[..., Any], clock: ManualClock) -> tuple[Any, VehicleClient]:
    """A fake that starts its mission when told to, and its client."""
    vehicle = fake_vehicle()

    def obey(message: Message) -> None:
        if message.command == 300:
            vehicle.mode = AUTO
        vehicle._on_command_long(message)

    vehicle.answers["COMMAND_LONG"] = obey
    client = VehicleClient(vehicle, clock)
    client.connect()
    return vehicle, client


def test_a_pilot_who_takes_over_is_left_alone(flying: tuple[Any, VehicleClient]) -> None:
    vehicle, client = flying
    vehicle.after(20, lambda: setattr(vehicle, "mode", LOITER))
    with pytest.raises(PilotTookOver, match="changed to LOITER"):
        fly(client)
    assert vehicle.mode == LOITER
    assert vehicle.armed


@pytest.mark.parametrize(("reached", "completed"), [([1, 2, 3, 4], True), ([1, 2, 3], False)])
def test_a_last_item_that_passes_between_two_reports_is_flown_all_the_same(
    flying: tuple[Any, VehicleClient], reached: list[int], completed: bool
) -> None:
    vehicle, client = flying
    vehicle.say("MISSION_ITEM_REACHED", seq=5)  # of the flight before this one
    client.pump(0.1)
    vehicle.after(15, lambda: vehicle.say("MISSION_CURRENT", seq=3, total=5))
    for second, item in enumerate(reached, start=16):
        vehicle.after(second, lambda item=item: vehicle.say("MISSION_ITEM_REACHED", seq=item))
    vehicle.after(25, lambda: setattr(vehicle, "armed", False))
    result = fly(client)
    assert result.completed is completed
    assert result.last_waypoint == reached[-1] + 1


def test_ctrl_c_sends_the_vehicle_home(flying: tuple[Any, VehicleClient]) -> None:
    vehicle, client = flying

    def interrupt(progress: FlightProgress) -> None:
        if progress.elapsed_s > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fly(client, on_progress=interrupt)
    assert vehicle.mode == RTL
    assert vehicle.armed


def test_ctrl_c_before_arming_sends_nothing(flying: tuple[Any, VehicleClient]) -> None:
    vehicle, client = flying

    def interrupt(progress: FlightProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fly(client, on_progress=interrupt)
    assert (vehicle.mode, vehicle.armed) == (0, False)


def test_a_flight_in_which_nothing_changes_is_ended(
    flying: tuple[Any, VehicleClient], clock: ManualClock
) -> None:
    vehicle, client = flying
    with pytest.raises(NoAnswer, match="nothing has changed for 30 s at item 0"):
        fly(client, stall_s=30)
    assert clock.monotonic_s() < 60
    assert vehicle.mode == RTL


def test_a_flight_that_takes_too_long_is_ended(flying: tuple[Any, VehicleClient]) -> None:
    _, client = flying
    with pytest.raises(NoAnswer, match="longer than allowed"):
        fly(client, timeout_s=20)


def test_a_mission_that_does_not_start_is_refused_with_the_reason(flying: tuple[Any, VehicleClient]) -> None:
    vehicle, client = flying

    def refuse(message: Message) -> None:
        if message.command == 300:
            vehicle.say("STATUSTEXT", text="Auto: no mission")
            vehicle.acknowledge(300, 4)
        else:
            vehicle._on_command_long(message)

    vehicle.answers["COMMAND_LONG"] = refuse
    with pytest.raises(Refused, match="refused the start of the mission .failed: Auto: no mission"):  # noqa: RUF043
        fly(client)


def test_a_mode_that_is_refused_at_first_is_asked_for_again(
    flying: tuple[Any, VehicleClient], clock: ManualClock
) -> None:
    vehicle, client = flying
    obey = vehicle.answers["COMMAND_LONG"]

    def not_yet(message: Message) -> None:
        if message.command == 176 and clock.monotonic_s() < 15:
            vehicle.acknowledge(176, 4)
        else:
            obey(message)

    vehicle.answers["COMMAND_LONG"] = not_yet
    vehicle.after(40, lambda: setattr(vehicle, "armed", False))
    assert fly(client).landed
