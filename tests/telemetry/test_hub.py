"""The hub knows every vehicle, and no listener can spoil it for the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import pytest

from telemetry.clock import ManualClock
from telemetry.frames import Frame
from telemetry.hub import Hub

COPTER = {"type": 2, "autopilot": 3}
STATION = {"type": 6, "autopilot": 8}
MakeFrames = Callable[..., list[Frame]]


@pytest.fixture
def hub(clock: ManualClock) -> Hub:
    return Hub(clock)


def test_vehicles_are_those_whose_heartbeat_was_heard(hub: Hub, frames_of: MakeFrames) -> None:
    hub.publish(frames_of([(1, "HEARTBEAT", COPTER), (2, "SYS_STATUS", {"battery_remaining": 70})], system=4))
    hub.publish(frames_of([(1, "HEARTBEAT", STATION)], system=255))
    hub.publish(frames_of([(1, "SYS_STATUS", {"battery_remaining": 70})], system=9))
    assert list(hub.vehicles()) == [4]
    assert hub.vehicles()[4].battery_pct == 70


def test_a_radio_speaks_for_the_vehicles_of_its_link_only(hub: Hub, frames_of: MakeFrames) -> None:
    hub.publish(frames_of([(1, "HEARTBEAT", COPTER)], system=1), "serial:a")
    hub.publish(frames_of([(1, "HEARTBEAT", COPTER)], system=2), "udp:b")
    hub.publish(frames_of([(1, "RADIO_STATUS", {"rssi": 99})], system=51, component=68), "serial:a")
    assert [state.radio_rssi for state in hub.vehicles().values()] == [99, None]


def test_losses_are_kept_for_each_link_and_sender(hub: Hub, frames_of: MakeFrames) -> None:
    frames = frames_of([(n, "HEARTBEAT", COPTER) for n in range(10)])
    hub.publish([*frames[:3], *frames[6:]], "one")
    hub.publish(frames, "other")
    assert hub.losses("one")[1, 1].lost == 3
    assert hub.losses("other")[1, 1].lost == 0
    assert hub.losses("none") == {}


def test_one_failing_listener_does_not_stop_the_others(
    hub: Hub, frames_of: MakeFrames, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Frame] = []

    def fail(frames: Sequence[Frame]) -> None:
        raise ValueError("no disk")

    hub.subscribe(fail)
    hub.subscribe(heard.extend)
    frames = frames_of([(1, "HEARTBEAT", COPTER)])
    with caplog.at_level(logging.ERROR):
        hub.publish(frames)
    assert heard == frames
    assert "no disk" in caplog.text


def test_who_unsubscribes_hears_no_more(hub: Hub, frames_of: MakeFrames) -> None:
    heard: list[Frame] = []
    unsubscribe = hub.subscribe(heard.extend)
    hub.publish(frames_of([(1, "HEARTBEAT", COPTER)]))
    unsubscribe()
    hub.publish(frames_of([(2, "HEARTBEAT", COPTER)]))
    assert len(heard) == 1


def test_many_threads_may_publish_at_once(hub: Hub, frames_of: MakeFrames) -> None:
    running = [0]
    heard: list[Frame] = []

    def listen(frames: Sequence[Frame]) -> None:
        running[0] += 1
        assert running[0] == 1
        heard.extend(frames)
        running[0] -= 1

    hub.subscribe(listen)
    batches = {
        system: frames_of([(n, "HEARTBEAT", COPTER) for n in range(300)], system) for system in range(1, 9)
    }

    def publish(system: int) -> None:
        for frame in batches[system]:
            hub.publish([frame], str(system))

    threads = [threading.Thread(target=publish, args=(system,)) for system in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 8 * 300
    assert sorted(hub.vehicles()) == list(range(1, 9))
    assert all(hub.losses(str(system))[system, 1].lost == 0 for system in batches)
