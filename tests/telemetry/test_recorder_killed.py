"""`kill -9` while recording at full pace: what was said to be safe is there, as it was heard."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.segments import check_folder
from telemetry.tlog import read_tlog

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port on which 100 vehicles speak, so many frames a second in all, for as long as the test runs."""
    said = ("--vehicles", "100", "--rate", str(request.param), "--for", "36000")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    swarm = subprocess.Popen([sys.executable, "-m", "sitl.swarm", f"127.0.0.1:{number}", *said], cwd=ROOT)
    try:
        yield number
    finally:
        swarm.kill()
        swarm.wait()


def record_and_die(port: int, folder: Path, lives_s: float) -> tuple[float, list[str]]:
    """Record until `kill -9`; how long it took to the first frame, and what was said to be safe."""
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.telemetry.recording_child", str(port), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as told:
        try:
            assert told.readline() == "ready\n"
            ready_s = time.monotonic() - began_s
            time.sleep(lives_s)
        finally:
            process.send_signal(signal.SIGKILL)
        return ready_s, [line for line in told.read().splitlines(keepends=True) if line.endswith("\n")]


def check_kills(port: int, folder: Path, kills: int, seed: int) -> list[float]:
    """Kill a recorder so often at random times, in one folder; how long each took to its first frame."""
    rng = random.Random(seed)
    ready: list[float] = []
    there: set[Path] = set()
    for kill in range(kills):
        ready_s, told = record_and_die(port, folder, rng.uniform(0.05, 1.5))
        ready.append(ready_s)
        fresh = sorted(set(folder.glob("*.tlog")) - there)
        there |= set(fresh)
        frames = [frame for path in fresh if path.stat().st_size for frame in read_tlog(path)]
        sums = [0]
        for frame in frames:
            sums.append(zlib.crc32(frame.time_us.to_bytes(8, "big") + frame.raw, sums[-1]))
        for line in told:
            safe, checksum, dropped = (int(word) for word in line.split())
            assert dropped == 0
            assert safe <= len(frames), f"kill {kill}: {safe} were safe, {len(frames)} are there"
            assert sums[safe] == checksum, f"kill {kill}: other frames than were heard"
    return ready


@pytest.mark.parametrize("port", [2_000], indirect=True)
def test_what_was_safe_survives_a_kill_and_the_next_recorder_seals_it(port: int, tmp_path: Path) -> None:
    check_kills(port, tmp_path, kills=3, seed=1)
    verdicts = {check.verdict for check in check_folder(tmp_path)}
    assert verdicts <= {"as sealed", "not sealed"}
    assert "as sealed" in verdicts


@pytest.mark.campaign
@pytest.mark.parametrize("port", [10_000], indirect=True)
def test_two_hundred_kills_lose_nothing_that_was_safe(port: int, tmp_path: Path) -> None:
    ready = sorted(check_kills(port, tmp_path, kills=200, seed=2))
    print(f"200 kills; to the first frame: median {ready[100]:.2f} s, longest {ready[-1]:.2f} s")  # noqa: T201
    assert {check.verdict for check in check_folder(tmp_path)} <= {"as sealed", "not sealed"}
