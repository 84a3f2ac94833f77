"""Many vehicles on one socket with the recorder on: every frame is taken, folded and written."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.clock import SystemClock
from telemetry.columns import frames_of
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.reader import LinkReader
from telemetry.recorder import Recorder
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


def ingest(folder: Path, vehicles: int, rate_hz: float, for_s: float) -> float:
    """Take in a swarm, check that nothing is lost; the processor time it took, seconds."""
    clock = SystemClock()
    hub = Hub(clock)
    link = open_link("udp:127.0.0.1:0", clock)
    with Recorder(folder, clock) as recorder:
        hub.subscribe(recorder)
        with LinkReader(link, hub) as reader:
            before = resource.getrusage(resource.RUSAGE_SELF)
            command = [sys.executable, "-m", "sitl.swarm", f"127.0.0.1:{link.port}"]  # type: ignore[attr-defined]
            options = ["--vehicles", str(vehicles), "--rate", str(rate_hz), "--for", str(for_s)]
            said = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=True)
            sent = json.loads(said.stdout)["frames"]
            eventually(lambda: recorder.watermark.frames == sent)
            after = resource.getrusage(resource.RUSAGE_SELF)
        losses = hub.losses(link.address)
    assert sent == round(rate_hz * for_s)
    assert reader.health.frames == sent, f"{sent - reader.health.frames} of {sent} frames were lost"
    assert reader.health.bad_bytes == 0
    assert sum(loss.lost for loss in losses.values()) == 0
    assert (recorder.watermark.frames, recorder.dropped) == (sent, 0)
    assert sum(len(frames_of(path)[1].found) for path in recorder.segments) == sent
    assert set(hub.vehicles()) == set(range(1, vehicles + 1))
    return sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))


def test_nothing_is_lost_of_a_hundred_and_ninety_vehicles(tmp_path: Path) -> None:
    ingest(tmp_path, 190, 3_000, 3)


@pytest.mark.campaign
def test_fifteen_thousand_messages_a_second_on_one_core(tmp_path: Path) -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        used_s = ingest(tmp_path, 190, 15_000, 60)
    finally:
        os.sched_setaffinity(0, cores)
    print(f"900,000 frames in 60 s: {100 * used_s / 60:.0f} % of one core")  # noqa: T201
