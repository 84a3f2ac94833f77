"""Whatever comes, and whatever the clock does: no crash, and the state of a clean replay of what came."""

from __future__ import annotations

import json
import logging
import math
import random
from pathlib import Path

import pytest

from telemetry.clock import ManualClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.links import LinkClosed, open_link
from telemetry.recorder import Recorder
from telemetry.tlog import read_tlog
from tests.telemetry.mangling import mangled

PEERS = 5


def check(seed: int, packets: int, folder: Path) -> None:
    rng = random.Random(seed)
    clock = ManualClock(1_771_841_700.0)
    hub = Hub(clock)
    heard: list[Frame] = []
    hub.subscribe(heard.extend)
    readers = [FrameReader() for _ in range(PEERS)]
    with Recorder(folder, clock, sync_s=math.inf) as recorder:
        hub.subscribe(recorder)
        for datagram in mangled(seed, packets):
            if rng.random() < 0.001:
                clock.jump(rng.choice((-1, 1)) * rng.choice((0.5, 60.0, 86_400.0, 400 * 86_400.0)))
            clock.sleep(0.0001)
            frames = rng.choice(readers).feed(datagram, round(clock.now_s() * 1e6))
            hub.publish(frames, "udp")
            if rng.random() < 0.0005:
                recorder.flush()
    assert hub.vehicles()
    for state in hub.vehicles().values():
        json.dumps(state.as_dict(), allow_nan=False)
    read = [frame for path in recorder.segments for frame in read_tlog(path)]
    assert known(read) == known(heard)
    again = Hub(ManualClock())
    for path in recorder.segments:
        replay(again, path)
    assert again.vehicles() == hub.vehicles()


def known(frames: list[Frame]) -> list[tuple[int, bytes]]:
    """When what came, without unknown types: each is believed from its second frame on, per stream."""
    return [(frame.time_us, frame.raw) for frame in frames if frame.layout is not None]


def replay(hub: Hub, path: Path) -> None:
    with open_link(f"tlog:{path}@0", hub.clock) as link:
        try:
            while True:
                hub.publish(link.receive(0), "udp")
        except LinkClosed:
            return


@pytest.mark.parametrize("seed", range(3))
def test_the_state_after_bad_links_is_that_of_a_clean_replay(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        check(seed, 8_000, tmp_path)
    assert caplog.records == []


@pytest.mark.campaign
def test_a_million_packets(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for seed in range(10):
            check(100 + seed, 100_000, tmp_path / str(seed))
    assert caplog.records == []
