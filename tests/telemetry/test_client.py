"""The client gets its way over a bad link, and says clearly when the vehicle does not want to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from missions.errors import InputError, LinkError, NoAnswer, Refused
from telemetry.client import VehicleClient
from telemetry.clock import ManualClock
from telemetry.frames import Frame
from telemetry.messages import Message


@pytest.fixture
def vehicle(fake_vehicle: Callable[..., Any]) -> Any:
    return fake_vehicle()


@pytest.fixture
def client(vehicle: Any, clock: ManualClock) -> VehicleClient:
    made = VehicleClient(vehicle, clock)
    made.connect(5)
    return made


def test_connecting_gives_the_state_and_asks_for_what_is_needed(vehicle: Any, clock: ManualClock) -> None:
    state = VehicleClient(vehicle, clock).connect(5)
    assert (state.system, state.kind, state.mode, state.armed) == (1, "copter", "STABILIZE", False)
    asked = {message.param1: message.param2 for message in vehicle.heard if message.name == "COMMAND_LONG"}
    assert asked[33] == pytest.approx(200_000)


def test_nobody_there_is_no_answer_in_the_time_given(vehicle: Any, clock: ManualClock) -> None:
    with pytest.raises(NoAnswer, match="nothing was heard of vehicle 9 for 3 s") as caught:
        VehicleClient(vehicle, clock, system=9).connect(3)
    assert 3 <= clock.monotonic_s() < 4
    assert caught.value.where == vehicle.address


def test_a_ground_station_on_the_link_is_not_taken_for_a_vehicle(vehicle: Any, clock: ManualClock) -> None:
    vehicle.autopilot = 8
    with pytest.raises(NoAnswer):
        VehicleClient(vehicle, clock).connect(3)


def test_a_heartbeat_goes_out_every_second(client: VehicleClient, vehicle: Any, clock: ManualClock) -> None:
    vehicle.heard.clear()
    client.wait_for(lambda: False, 20)
    beats = [message for message in vehicle.heard if message.name == "HEARTBEAT"]
    assert 19 <= len(beats) <= 21
    assert {(message.system, message.type) for message in beats} == {(255, 6)}


def test_rates_that_were_lost_are_asked_for_again_but_not_for_ever(
    client: VehicleClient, vehicle: Any
) -> None:
    vehicle.heard.clear()
    client.wait_for(lambda: False, 60)
    asked = [message for message in vehicle.heard if message.name == "COMMAND_LONG" and message.param1 == 33]
    assert 1 <= len(asked) <= 4


def test_the_listener_gets_what_came_and_what_went(vehicle: Any, clock: ManualClock) -> None:
    passed: list[Frame] = []
    client = VehicleClient(vehicle, clock, listener=passed.extend)
    client.connect(5)
    assert {frame.system for frame in passed} == {1, 255}


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_a_command_is_repeated_until_it_is_answered(
    loss: float, fake_vehicle: Callable[..., Any], clock: ManualClock
) -> None:
    vehicle = fake_vehicle(loss=loss, doubling=loss)
    client = VehicleClient(vehicle, clock)
    client.connect(20)
    for command in range(1000, 1040):
        assert client.command(command, timeout_s=20) == 0


def test_a_command_that_nobody_answers_is_no_answer(client: VehicleClient, vehicle: Any) -> None:
    vehicle.answers["COMMAND_LONG"] = lambda message: None
    with pytest.raises(NoAnswer, match="did not answer nav takeoff within 5 s"):
        client.command(22)
    tries = [message.confirmation for message in vehicle.heard if message.fields.get("command") == 22]
    assert tries == [0, 1, 2, 3, 4]


def test_progress_extends_the_time_and_is_not_the_answer(
    client: VehicleClient, vehicle: Any, clock: ManualClock
) -> None:
    def slowly(message: Message) -> None:
        for seconds, result in ((1, 5), (5, 5), (9, 5), (13, 0)):
            vehicle.after(seconds, lambda result=result: vehicle.acknowledge(241, result))

    client.wait_for(lambda: False, 1)
    began_s = clock.monotonic_s()
    vehicle.answers["COMMAND_LONG"] = slowly
    assert client.command(241, timeout_s=5) == 0
    assert clock.monotonic_s() >= began_s + 13
    asked = [message for message in vehicle.heard if message.fields.get("command") == 241]
    assert len(asked) <= 2


def test_a_temporary_rejection_is_tried_again(client: VehicleClient, vehicle: Any) -> None:
    client.wait_for(lambda: False, 1)
    results = [1, 1, 0]
    vehicle.answers["COMMAND_LONG"] = lambda message: vehicle.acknowledge(message.command, results.pop(0))
    assert client.command(400, 1) == 0
    assert results == []


def test_a_temporary_rejection_that_stays_is_the_answer(client: VehicleClient, vehicle: Any) -> None:
    vehicle.answers["COMMAND_LONG"] = lambda message: vehicle.acknowledge(message.command, 1)
    assert client.command(400, 1, timeout_s=3) == 1


def test_an_answer_to_someone_else_is_not_ours(client: VehicleClient, vehicle: Any) -> None:
    vehicle.answers["COMMAND_LONG"] = lambda message: vehicle.say(
        "COMMAND_ACK", command=message.command, result=4, target_system=254
    )
    with pytest.raises(NoAnswer):
        client.command(400, 1, timeout_s=2)


def test_a_mode_is_changed_and_confirmed(client: VehicleClient, vehicle: Any) -> None:
    client.set_mode("AUTO")
    assert vehicle.mode == 3
    assert client.state.mode == "AUTO"


def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(client: VehicleClient) -> None:
    with pytest.raises(LinkError, match="there is no mode FBWA") as caught:
        client.set_mode("FBWA")
    assert "GUIDED" in caught.value.remedy


def test_a_mode_that_the_vehicle_refuses_is_refused_with_its_reason(
    client: VehicleClient, vehicle: Any
) -> None:
    def refuse(message: Message) -> None:
        vehicle.say("STATUSTEXT", text="Mode change to AUTO failed: init failed")
        vehicle.acknowledge(message.command, 4)

    vehicle.answers["COMMAND_LONG"] = refuse
    with pytest.raises(
        Refused, match=r"refused mode AUTO \(failed: Mode change to AUTO failed: init failed\)"
    ):
        client.set_mode("AUTO")


def test_arming_is_repeated_until_the_vehicle_is_ready(
    client: VehicleClient, vehicle: Any, clock: ManualClock
) -> None:
    def not_yet(message: Message) -> None:
        ready = clock.monotonic_s() > 41
        vehicle.armed = ready
        if not ready:
            vehicle.say("STATUSTEXT", text="Arm: Need Position Estimate")
        vehicle.acknowledge(message.command, 0 if ready else 4)

    vehicle.answers["COMMAND_LONG"] = not_yet
    client.arm()
    assert client.state.armed is True
    assert 41 < clock.monotonic_s() < 46


def test_arming_that_stays_refused_gives_the_reasons(
    client: VehicleClient, vehicle: Any, clock: ManualClock
) -> None:
    def refuse(message: Message) -> None:
        vehicle.say("STATUSTEXT", text="Arm: Check fence")
        vehicle.acknowledge(message.command, 4)

    vehicle.answers["COMMAND_LONG"] = refuse
    with pytest.raises(Refused, match=r"refused arming \(failed: Arm: Check fence\)"):
        client.arm(10)
    assert 10 <= clock.monotonic_s() < 14


def test_disarming(client: VehicleClient, vehicle: Any) -> None:
    client.arm()
    client.disarm(force=True)
    assert client.state.armed is False
    assert [message.param2 for message in vehicle.heard if message.name == "COMMAND_LONG"][-1] == 21_196


def test_a_message_rate_is_asked_for_in_microseconds(client: VehicleClient, vehicle: Any) -> None:
    client.request_message_rate("ATTITUDE", 20)
    asked = [message for message in vehicle.heard if message.name == "COMMAND_LONG"]
    assert (asked[-1].command, asked[-1].param1, asked[-1].param2) == (511, 30, 50_000)
    with pytest.raises(LinkError, match="no MAVLink message"):
        client.request_message_rate("NONSENSE", 1)


def test_a_rate_that_was_refused_earlier_does_not_refuse_the_next(vehicle: Any, clock: ManualClock) -> None:
    vehicle.answers["COMMAND_LONG"] = lambda message: vehicle.acknowledge(
        message.command, 0 if message.param1 == 30 and message.param2 == 50_000 else 4
    )
    client = VehicleClient(vehicle, clock)
    client.connect(5)
    client.request_message_rate("ATTITUDE", 20)


def test_messages_of_other_systems_are_not_this_vehicles(
    client: VehicleClient, vehicle: Any, clock: ManualClock
) -> None:
    from telemetry.messages import Encoder

    vehicle._out.append(Encoder(2, 1).encode("SYS_STATUS", battery_remaining=3))
    assert "SYS_STATUS" not in [message.name for message in client.pump(0.1)]
    assert client.state.battery_pct is None


def test_a_link_that_ends_ends_the_wait(client: VehicleClient, vehicle: Any) -> None:
    client.close()
    with pytest.raises(LinkError, match="the vehicle is gone"):
        client.command(400, 1)


class TestParameters:
    """Reading and setting parameters."""

    def test_one_is_read_by_name(self, client: VehicleClient) -> None:
        assert client.parameter("WPNAV_SPEED") == 500

    def test_one_that_is_not_there_is_no_answer(self, client: VehicleClient) -> None:
        with pytest.raises(NoAnswer, match="did not give parameter NO_SUCH"):
            client.parameter("NO_SUCH")

    @pytest.mark.parametrize("name", ["", "A_NAME_THAT_IS_TOO_LONG", "SNELHEID_é"])
    def test_what_is_no_name_is_refused(self, name: str, client: VehicleClient) -> None:
        with pytest.raises(InputError, match="no parameter name"):
            client.parameter(name)

    @pytest.mark.parametrize("loss", [0.0, 0.2])
    def test_all_are_read_also_when_some_get_lost(
        self, loss: float, fake_vehicle: Callable[..., Any], clock: ManualClock
    ) -> None:
        vehicle = fake_vehicle(loss=loss, doubling=loss, shuffling=loss)
        vehicle.parameters = {f"P_{number}": (number / 2, 9) for number in range(500)}
        client = VehicleClient(vehicle, clock)
        client.connect(20)
        read = client.parameters(timeout_s=120)
        assert read == {name: value for name, (value, _) in vehicle.parameters.items()}

    def test_a_list_that_never_comes_is_no_answer(self, client: VehicleClient, vehicle: Any) -> None:
        vehicle.answers["PARAM_REQUEST_LIST"] = lambda message: None
        with pytest.raises(NoAnswer, match="gave 0 of its parameters in 5 s"):
            client.parameters(timeout_s=5)

    def test_one_is_set_and_read_back(self, client: VehicleClient, vehicle: Any) -> None:
        assert client.set_parameter("WPNAV_SPEED", 0.1) == pytest.approx(0.1)
        assert client.set_parameter("SYSID_THISMAV", 7) == 7
        assert vehicle.parameters["SYSID_THISMAV"][0] == 7

    def test_one_that_the_vehicle_keeps_is_refused(self, client: VehicleClient, vehicle: Any) -> None:
        vehicle.answers["PARAM_SET"] = lambda message: vehicle._parameter(message.param_id)
        with pytest.raises(Refused, match="keeps parameter WPNAV_SPEED at 500"):
            client.set_parameter("WPNAV_SPEED", 900)

    def test_what_the_type_cannot_hold_is_refused(self, client: VehicleClient) -> None:
        with pytest.raises(InputError, match="does not fit"):
            client.set_parameter("SYSID_THISMAV", 70_000)
        with pytest.raises(InputError, match="cannot be nan"):
            client.set_parameter("WPNAV_SPEED", float("nan"))

    def test_px4_sends_the_bytes_of_whole_numbers(
        self, fake_vehicle: Callable[..., Any], clock: ManualClock
    ) -> None:
        from telemetry.parameters import wire_from_value

        vehicle = fake_vehicle()
        vehicle.autopilot = 12
        vehicle.parameters = {"MAV_SYS_ID": (wire_from_value(-70_000, 6, bytewise=True), 6)}
        client = VehicleClient(vehicle, clock)
        client.connect(5)
        assert client.parameter("MAV_SYS_ID") == -70_000
        assert client.set_parameter("MAV_SYS_ID", 123_456) == 123_456
