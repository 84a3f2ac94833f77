"""Missions, fences and rally points arrive whole, whatever the link does to them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from missions.errors import InputError, NoAnswer, Refused
from missions.items import Command, Frame, MissionItem, MissionType
from telemetry.client import VehicleClient
from telemetry.clock import ManualClock
from telemetry.frames import FrameReader
from telemetry.messages import Encoder, Message, decode
from telemetry.transfer import clear, download, upload, upload_and_verify
from telemetry.transfer.items import fields_from_item, item_from_message
from telemetry.transfer.machine import Timing, Upload


def items_of(count: int, seed: int = 1) -> list[MissionItem]:
    random_ = random.Random(seed)
    route = [
        MissionItem(
            random_.choice((Command.WAYPOINT, Command.LOITER_TIME)),
            Frame.GLOBAL_RELATIVE,
            p1=float(random_.randrange(100)),
            x=round(random_.uniform(-90, 90), 7),
            y=round(random_.uniform(-180, 180), 7),
            z=float(random_.randrange(120)),
        )
        for _ in range(count - 1)
    ]
    return [MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=52.0, y=5.0), *route]


@pytest.fixture
def connected(fake_vehicle: Callable[..., Any], clock: ManualClock) -> Callable[..., Any]:
    """A vehicle on a link with these chances, and a client that is connected to it."""

    def connect(**chances: float) -> tuple[Any, VehicleClient]:
        vehicle = fake_vehicle(**chances)
        client = VehicleClient(vehicle, clock)
        client.connect(30)
        return vehicle, client

    return connect


@pytest.mark.parametrize("kind", list(MissionType))
@pytest.mark.parametrize("bad", [0.0, 0.2], ids=["good link", "bad link"])
def test_what_was_sent_is_what_is_held(kind: MissionType, bad: float, connected: Callable[..., Any]) -> None:
    vehicle, client = connected(loss=bad, doubling=bad, shuffling=bad)
    items = items_of(60)
    steps: list[tuple[int, int]] = []
    upload(client, kind, items, lambda moved, total: steps.append((moved, total)))
    assert vehicle.lists[kind] == items
    assert steps[-1] == (60, 60)
    assert list(download(client, kind)) == items


@pytest.mark.parametrize("seed", range(5))
def test_upload_and_verify_finds_no_difference_on_a_lossy_link(
    seed: int, connected: Callable[..., Any]
) -> None:
    vehicle, client = connected(loss=0.2, doubling=0.1, shuffling=0.2)
    vehicle._random.seed(seed)
    assert upload_and_verify(client, MissionType.MISSION, items_of(25, seed)) == []


def message_of(name: str, fields: dict[str, Any]) -> Message:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode(name, **fields), 0)
    message = decode(frame)
    assert message is not None
    return message


def test_a_difference_is_found(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    items = items_of(6)

    def keep_another(message: Message) -> None:
        fields = {**message.fields, "z": 99.0} if message.seq == 3 else message.fields
        vehicle._on_mission_item_int(message_of(message.name, fields))

    vehicle.answers["MISSION_ITEM_INT"] = keep_another
    differences = upload_and_verify(client, MissionType.MISSION, items)
    assert [(difference.index, difference.field) for difference in differences] == [(3, "z")]


@pytest.mark.parametrize("kind", list(MissionType))
def test_an_empty_list_empties_the_vehicles(kind: MissionType, connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    vehicle.lists[kind] = items_of(3)
    upload(client, kind, [])
    assert vehicle.lists[kind] == []
    assert download(client, kind) == ()
    vehicle.lists[kind] = items_of(3)
    clear(client, kind)
    assert vehicle.lists[kind] == []


def test_the_three_lists_are_kept_apart(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    for kind in MissionType:
        upload(client, kind, items_of(4, seed=int(kind)))
    assert [vehicle.lists[kind] for kind in MissionType] == [
        items_of(4, seed=int(kind)) for kind in MissionType
    ]


def test_the_reason_of_a_refusal_is_told(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    vehicle.answers["MISSION_ITEM_INT"] = lambda message: vehicle._mission_ack(0, 3)
    with pytest.raises(
        Refused, match=r"refused the transfer of its mission \(unsupported\) after 1 of 5 items"
    ):
        upload(client, MissionType.MISSION, items_of(5))


@pytest.mark.parametrize("answer", [1, 4], ids=["error", "no space"])
def test_a_vehicle_that_is_still_starting_is_asked_again(connected: Callable[..., Any], answer: int) -> None:
    vehicle, client = connected()
    answers = iter([lambda _: vehicle._mission_ack(0, answer)] * 2)
    vehicle.answers["MISSION_COUNT"] = lambda message: next(answers, vehicle._on_mission_count)(message)
    upload(client, MissionType.MISSION, items_of(5))
    assert vehicle.lists[0] == items_of(5)


@pytest.mark.parametrize(("answer", "told"), [(1, "error"), (4, "no space")])
def test_a_vehicle_that_takes_none_is_refused_in_the_end(
    connected: Callable[..., Any], answer: int, told: str
) -> None:
    vehicle, client = connected()
    vehicle.answers["MISSION_COUNT"] = lambda message: vehicle._mission_ack(0, answer)
    with pytest.raises(Refused, match=told):
        upload(client, MissionType.MISSION, items_of(5))


def test_silence_is_no_answer_with_the_count_that_was_reached(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    vehicle.answers["MISSION_COUNT"] = lambda message: None
    with pytest.raises(NoAnswer, match=r"stopped answering .*\(0 of 5 items\)"):
        upload(client, MissionType.MISSION, items_of(5))
    vehicle.lists[0] = items_of(5)
    vehicle.answers["MISSION_REQUEST_INT"] = lambda message: (
        vehicle._on_mission_request_int(message) if message.seq < 3 else None
    )
    with pytest.raises(NoAnswer, match=r"\(3 of 5 items\)") as caught:
        download(client, MissionType.MISSION)
    assert caught.value.where == vehicle.address


def test_a_lost_last_answer_does_not_fail_the_upload(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    acknowledged: list[int] = []

    def lose_the_first(kind: int, result: int) -> None:
        acknowledged.append(result)
        if len(acknowledged) > 1:
            vehicle.say(
                "MISSION_ACK", target_system=255, target_component=190, type=result, mission_type=kind
            )

    vehicle._mission_ack = lose_the_first
    upload(client, MissionType.MISSION, items_of(5))
    assert vehicle.lists[0] == items_of(5)


def test_an_old_answer_does_not_end_a_new_upload() -> None:
    machine = Upload(MissionType.MISSION, items_of(3))
    machine.begin(0)
    old = message_of("MISSION_ACK", {"type": 0, "mission_type": 0})
    assert machine.on_message(old, 0.1) == []
    assert not machine.over


def test_an_item_asked_for_twice_or_out_of_order_is_given_again() -> None:
    machine = Upload(MissionType.MISSION, items_of(5))
    machine.begin(0)
    given = [
        machine.on_message(message_of("MISSION_REQUEST", {"seq": number, "mission_type": 0}), 0.1)
        for number in (0, 1, 1, 0, 4, 2, 9)
    ]
    assert [[out.fields["seq"] for out in outgoing] for outgoing in given] == [
        [0],
        [1],
        [1],
        [0],
        [4],
        [2],
        [],
    ]


def test_a_vehicle_that_gave_up_is_sent_everything_again(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    given_up: list[bool] = []

    def give_up_once(message: Message) -> None:
        if message.seq == 3 and not given_up:
            given_up.append(True)
            vehicle._receiving = None
            vehicle._mission_ack(0, 15)
        else:
            vehicle._on_mission_item_int(message)

    vehicle.answers["MISSION_ITEM_INT"] = give_up_once
    upload(client, MissionType.MISSION, items_of(6))
    assert given_up
    assert vehicle.lists[0] == items_of(6)


def test_ctrl_c_tells_the_vehicle_that_the_transfer_is_over(connected: Callable[..., Any]) -> None:
    vehicle, client = connected()

    def interrupt(moved: int, total: int) -> None:
        if moved == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(client, MissionType.FENCE, items_of(9), interrupt)
    last = vehicle.heard[-1]
    assert (last.name, last.type, last.mission_type) == ("MISSION_ACK", 15, 1)


def test_older_items_are_understood() -> None:
    fields = fields_from_item(items_of(2)[1], 1, MissionType.MISSION)
    older = message_of("MISSION_ITEM", {**fields, "x": 52.5, "y": 5.5})
    assert (item_from_message(older).x, item_from_message(older).y) == (52.5, 5.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, 400.0])
def test_a_place_that_is_none_is_not_sent(value: float, connected: Callable[..., Any]) -> None:
    vehicle, client = connected()
    with pytest.raises(InputError, match="item 1 has no place"):
        upload(client, MissionType.MISSION, [items_of(1)[0], MissionItem(Command.WAYPOINT, x=value)])
    assert "MISSION_COUNT" not in vehicle.names_heard()


def test_parameters_that_are_no_place_are_not_scaled() -> None:
    item = MissionItem(Command.DO_DIGICAM_CONTROL, Frame.MISSION, x=1.0)
    assert fields_from_item(item, 0, MissionType.MISSION)["x"] == 1


def test_timing_can_be_chosen(connected: Callable[..., Any], clock: ManualClock) -> None:
    vehicle, client = connected()
    vehicle.answers["MISSION_REQUEST_LIST"] = lambda message: None
    began_s = clock.monotonic_s()
    with pytest.raises(NoAnswer):
        download(client, MissionType.MISSION, timing=Timing(answer_s=0.5, tries=2))
    assert clock.monotonic_s() - began_s == pytest.approx(1.5, abs=0.2)


def test_the_fake_is_a_fair_judge(fake_vehicle: Callable[..., Any], connected: Callable[..., Any]) -> None:
    vehicle, client = connected(loss=0.2, doubling=0.2)
    upload(client, MissionType.MISSION, items_of(40))
    asked = [message.seq for message in vehicle.heard if message.name == "MISSION_ITEM_INT"]
    assert len(asked) > 44
