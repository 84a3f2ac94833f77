"""A replay onto a link: what vehicles said to all goes out, and no command is given twice."""

from __future__ import annotations

import socket

from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame, FrameReader
from telemetry.links import open_link
from telemetry.messages import Encoder
from telemetry.replay import FramesRecording, Replay, Timeline
from telemetry.replay.sending import sending

BEGIN_US = 1_770_000_000_000_000


def recorded() -> list[Frame]:
    """A copter, its ground station that armed it, and a companion computer that steered it."""
    copter, station, companion = Encoder(1, 1), Encoder(255, 190), Encoder(1, 191)
    said = [
        copter.encode("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3),
        station.encode("HEARTBEAT", type=6, autopilot=8),
        station.encode("COMMAND_LONG", target_system=1, command=400, param1=1),
        companion.encode("COMMAND_INT", target_system=1, command=192),
        copter.encode("GLOBAL_POSITION_INT", lat=521_000_000, lon=58_000_000),
        copter.encode("STATUSTEXT", severity=6, text="Arming motors"),
        copter.encode("COMMAND_ACK", target_system=255, command=400),
    ]
    reader = FrameReader()
    return [frame for n, raw in enumerate(said) for frame in reader.feed(raw, BEGIN_US + n * 1000)]


def test_what_vehicles_said_to_all_is_sent_and_no_command() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(5)
        clock = ManualClock()
        replay = Replay(Timeline([FramesRecording("flight", recorded())]), clock)
        with open_link(f"udpout:127.0.0.1:{heard.getsockname()[1]}", SystemClock()) as link:
            replay.hub.subscribe(sending(link, replay.hub))
            replay.play()
            while (wait_s := replay.advance()) is not None:
                clock.sleep(wait_s)
            reader = FrameReader()
            got = [frame for _ in range(3) for frame in reader.feed(heard.recv(2048), 0)]
            link.send(Encoder(9, 9).encode("HEARTBEAT"))
            (last,) = reader.feed(heard.recv(2048), 0)
    assert [frame.layout and frame.layout.name for frame in got] == [
        "HEARTBEAT",
        "GLOBAL_POSITION_INT",
        "STATUSTEXT",
    ]
    assert last.system == 9, "and nothing more"


def test_a_closed_link_does_not_stop_the_replay() -> None:
    clock = ManualClock()
    replay = Replay(Timeline([FramesRecording("flight", recorded())]), clock)
    link = open_link("udpout:127.0.0.1:9", SystemClock())
    link.close()
    replay.hub.subscribe(sending(link, replay.hub))
    replay.play()
    while (wait_s := replay.advance()) is not None:
        clock.sleep(wait_s)
    assert replay.over
