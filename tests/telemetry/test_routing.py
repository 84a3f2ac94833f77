"""Stations hear every vehicle, their words reach the vehicle that they mean, and nobody waits for them."""

from __future__ import annotations

import random
import threading

import pytest

from missions.errors import LinkError
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.messages import Encoder, target_of
from telemetry.reader import LinkReader
from telemetry.routing import Outbox, Router
from tests.waiting import eventually


class Ear:
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, data: bytes) -> None:
        self.heard.append(data)


def frame_of(system: int, name: str, **fields: object) -> Frame:
    return FrameReader().feed(Encoder(system, 1).encode(name, **fields), 1)[0]


def attitude(system: int) -> Frame:
    return frame_of(system, "ATTITUDE", roll=0.1)


def order(target: int) -> Frame:
    return frame_of(255, "COMMAND_LONG", target_system=target, command=20)


@pytest.fixture
def world() -> tuple[Hub, Router, dict[str, Ear]]:
    """Two links to vehicles, two stations."""
    hub = Hub(ManualClock())
    router = Router(hub)
    ears = {name: Ear() for name in ("radio", "modem", "qgc", "tablet")}
    router.add_vehicles("radio", ears["radio"])
    router.add_vehicles("modem", ears["modem"])
    router.add_station("qgc", ears["qgc"])
    router.add_station("tablet", ears["tablet"])
    return hub, router, ears


def heard(router: Router, ears: dict[str, Ear]) -> dict[str, list[bytes]]:
    router.close()
    return {name: ear.heard for name, ear in ears.items() if ear.heard}


def test_every_station_hears_every_vehicle_as_it_spoke(world: tuple[Hub, Router, dict[str, Ear]]) -> None:
    hub, router, ears = world
    said = [attitude(1), attitude(2), frame_of(2, "HEARTBEAT", type=2, autopilot=3)]
    hub.publish(said[:1], "radio")
    hub.publish(said[1:], "modem")
    raw = [frame.raw for frame in said]
    assert heard(router, ears) == {"qgc": raw, "tablet": raw}
    assert [(each.address, each.sent, each.dropped) for each in router.forwarded()] == [
        ("qgc", 3, 0),
        ("tablet", 3, 0),
    ]


def test_an_order_goes_where_its_target_was_heard_and_a_broadcast_everywhere(
    world: tuple[Hub, Router, dict[str, Ear]],
) -> None:
    hub, router, ears = world
    hub.publish([attitude(1)], "radio")
    hub.publish([attitude(2)], "modem")
    for_two, for_all, for_a_stranger = order(2), order(0), order(9)
    beat = frame_of(255, "HEARTBEAT", type=6, autopilot=8)
    hub.publish([for_two, for_all, for_a_stranger, beat], "qgc")
    got = heard(router, ears)
    everywhere = [for_all.raw, for_a_stranger.raw, beat.raw]
    assert got["radio"] == everywhere
    assert got["modem"] == [for_two.raw, *everywhere]
    assert got["tablet"] == [attitude(1).raw, attitude(2).raw]


def test_a_vehicle_that_moves_to_another_link_is_found_there(
    world: tuple[Hub, Router, dict[str, Ear]],
) -> None:
    hub, router, ears = world
    hub.publish([attitude(1)], "radio")
    hub.publish([attitude(1)], "modem")
    hub.publish([order(1)], "qgc")
    got = heard(router, ears)
    assert "radio" not in got
    assert got["modem"] == [order(1).raw]


def test_the_target_is_read_from_every_message_that_has_one() -> None:
    assert target_of(order(7)) == 7
    assert target_of(frame_of(255, "MISSION_REQUEST_INT", target_system=3, seq=1)) == 3
    assert target_of(attitude(1)) == 0


def test_a_station_that_takes_nothing_loses_the_oldest_and_holds_up_nobody() -> None:
    hub = Hub(ManualClock())
    router = Router(hub, held=50)
    stuck, quick = threading.Event(), Ear()
    slow = Ear()

    def send(data: bytes) -> None:
        assert stuck.wait(60)
        slow(data)

    router.add_station("stalled", send)
    router.add_station("quick", quick)
    frames = [frame_of(1, "ATTITUDE", time_boot_ms=number) for number in range(400)]
    for frame in frames:
        hub.publish([frame], "radio")
    stuck.set()
    router.close()
    stalled = router.forwarded()[0]
    assert stalled.sent + stalled.dropped == 400
    assert stalled.dropped >= 400 - 2 * 50
    assert slow.heard[-50:] == [frame.raw for frame in frames[-50:]]
    assert len(quick.heard) == router.forwarded()[1].sent


def test_a_station_that_is_away_is_told_of_and_heard_again() -> None:
    away = True
    ear = Ear()

    def send(data: bytes) -> None:
        if away:
            raise LinkError("nobody is there")
        ear(data)

    box = Outbox("station", send)
    box.put([b"lost"])
    assert eventually(lambda: box.dropped == 1)
    assert "nobody is there" in box.problem
    away = False
    box.put([b"heard"])
    box.close()
    assert (box.sent, box.dropped, box.problem) == (1, 1, "")


def test_over_real_sockets_a_station_hears_and_commands() -> None:
    """A vehicle over UDP, a ground station over TCP, both ways, with random frames."""
    clock = SystemClock()
    hub = Hub(clock)
    rng = random.Random(2)
    vehicles, stations = open_link("udp:127.0.0.1:0", clock), open_link("tcpin:127.0.0.1:0", clock)
    with (
        LinkReader(vehicles, hub) as near,
        LinkReader(stations, hub) as far,
        open_link(f"udpout:127.0.0.1:{vehicles.port}", clock) as vehicle,  # type: ignore[attr-defined]
        open_link(f"tcp:127.0.0.1:{stations.port}", clock) as station,  # type: ignore[attr-defined]
    ):
        router = Router(hub)
        router.add_vehicles(near.address, near.send)
        router.add_station(far.address, far.send)
        station.send(frame_of(255, "HEARTBEAT", type=6, autopilot=8).raw)
        assert eventually(lambda: far.health.frames == 1)
        said = [frame_of(1, "ATTITUDE", roll=rng.random(), time_boot_ms=n) for n in range(200)]
        for frame in said:
            vehicle.send(frame.raw)
        got: list[Frame] = []
        assert eventually(lambda: bool(got.extend(station.receive(0.1))) or len(got) >= 200)
        assert [frame.raw for frame in got] == [frame.raw for frame in said]
        station.send(order(1).raw)
        back: list[Frame] = []
        assert eventually(
            lambda: bool(back.extend(vehicle.receive(0.1))) or any(target_of(f) == 1 for f in back)
        )
        router.close()
