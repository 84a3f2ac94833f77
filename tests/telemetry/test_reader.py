"""A reader brings a link into the hub, comes back when the link does, and stops at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from telemetry.clock import SystemClock
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.links import Link, open_link
from telemetry.messages import Encoder
from telemetry.reader import LinkReader
from tests.waiting import PATIENCE_S, eventually

ENCODER = Encoder(5, 1)


def heartbeat() -> bytes:
    return ENCODER.encode("HEARTBEAT", type=2, autopilot=3)


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


def test_what_a_link_receives_reaches_the_hub(hub: Hub) -> None:
    link = open_link("udp:0")
    with LinkReader(link, hub) as reader, open_link(f"udpout:127.0.0.1:{link.port}") as vehicle:  # type: ignore[attr-defined]
        vehicle.send(heartbeat())
        assert eventually(lambda: 5 in hub.vehicles())
        assert reader.health.frames == 1
        assert hub.links()["udp:0"].state == "open"
        reader.send(heartbeat())
        assert vehicle.receive(PATIENCE_S)


def test_several_links_are_read_side_by_side_and_stop_promptly(hub: Hub) -> None:
    before = threading.active_count()
    readers = [LinkReader(open_link("udp:0"), hub) for _ in range(6)]
    for reader in readers:
        reader.start()
    assert threading.active_count() == before + 6
    began_s = time.monotonic()
    for reader in readers:
        reader.stop()
    assert time.monotonic() - began_s < 20
    assert threading.active_count() == before


def test_a_lost_connection_is_made_again(hub: Hub) -> None:
    server = open_link("tcpin:0")
    port = server.port  # type: ignore[attr-defined]
    with LinkReader(open_link(f"tcp:127.0.0.1:{port}"), hub, backoff_s=(0.05, 0.2)) as reader:
        server.receive(1)
        server.close()
        assert eventually(lambda: reader.health.state == "reconnecting")
        assert "closed the connection" in reader.health.problem or "nobody accepts" in reader.health.problem
        with open_link(f"tcpin:127.0.0.1:{port}") as again:
            assert eventually(lambda: reader.health.state == "open" or again.receive(0.05))
            assert eventually(lambda: again.send(heartbeat()) or again.receive(0.05) or 5 in hub.vehicles())
        assert reader.health.problem == "" or reader.health.state == "reconnecting"


def test_stopping_while_reconnecting_is_prompt(hub: Hub) -> None:
    server = open_link("tcpin:0")
    link = open_link(f"tcp:127.0.0.1:{server.port}")  # type: ignore[attr-defined]
    reader = LinkReader(link, hub, backoff_s=(30, 30))
    reader.start()
    server.receive(0.5)
    server.close()
    assert eventually(lambda: reader.health.state == "reconnecting")
    began_s = time.monotonic()
    reader.stop()
    assert time.monotonic() - began_s < 15, "not the half minute until it tries again"


def test_a_recording_ends(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "flight.tlog"
    path.write_bytes(b"".join((10**15 + n).to_bytes(8, "big") + heartbeat() for n in range(700)))
    heard: list[Frame] = []
    hub.subscribe(heard.extend)
    with LinkReader(open_link(f"tlog:{path}@0"), hub) as reader:
        assert reader.wait(PATIENCE_S)
        assert reader.health.state == "ended"
    assert len(heard) == 700


@pytest.mark.filterwarnings("default::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_link_that_breaks_the_rules_is_seen_in_its_health(hub: Hub) -> None:
    class Broken(Link):
        address = "broken:1"

        def receive(self, timeout_s: float) -> list[Frame]:
            raise ZeroDivisionError("a bug")

        def send(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    with LinkReader(Broken(), hub) as reader:
        assert reader.wait(5)
    assert (reader.health.state, reader.health.problem) == ("failed", "a bug")


def test_time_passes_for_listeners_also_when_nothing_comes(hub: Hub) -> None:
    ticks: list[int] = []
    hub.subscribe(lambda frames: ticks.append(len(frames)))
    with LinkReader(open_link("udp:0"), hub):
        assert eventually(lambda: len(ticks) >= 2)
    assert set(ticks) == {0}
