"""What was recorded is on the disk, in a form that others read, whatever fails later."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import OutputError
from telemetry.clock import ManualClock
from telemetry.frames import Frame
from telemetry.recorder import Recorder
from telemetry.tlog import read_tlog

NOW_S = 1_771_841_700.0  # 2026-02-23 10:15:00 UTC


@pytest.fixture
def frames(frames_of: Callable[..., list[Frame]]) -> list[Frame]:
    return frames_of([(NOW_S + n / 10, "ATTITUDE", {"time_boot_ms": n, "roll": 0.1}) for n in range(100)])


def test_what_is_recorded_is_read_back(tmp_path: Path, frames: list[Frame]) -> None:
    with Recorder(tmp_path / "telemetry", ManualClock(NOW_S)) as recorder:
        recorder(frames[:40])
        recorder(frames[40:])
    assert [path.name for path in recorder.segments] == ["20260223T101500Z.tlog"]
    assert list(read_tlog(recorder.segments[0])) == frames
    assert (recorder.written, recorder.watermark, recorder.dropped, recorder.problem) == (100, 100, 0, "")


def test_a_segment_opens_in_pymavlink(tmp_path: Path, frames: list[Frame]) -> None:
    with Recorder(tmp_path, ManualClock(NOW_S)) as recorder:
        recorder(frames)
    script = (
        "import sys; from pymavlink import mavutil\n"
        "log = mavutil.mavlink_connection(sys.argv[1])\n"
        "while (m := log.recv_match()) is not None:\n"
        "    print(m.get_type(), m.time_boot_ms, round(m._timestamp * 10))\n"
    )
    read = subprocess.run(
        [sys.executable, "-c", script, str(recorder.segments[0])],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MAVLINK20": "1"},
    )
    expected = [f"ATTITUDE {n} {round(NOW_S * 10) + n}" for n in range(100)]
    assert read.stdout.splitlines() == expected


def test_the_watermark_follows_the_disk_once_a_second(tmp_path: Path, frames: list[Frame]) -> None:
    clock = ManualClock(NOW_S)
    with Recorder(tmp_path, clock, sync_s=1.0) as recorder:
        recorder(frames[:10])
        assert (recorder.written, recorder.watermark) == (10, 0)
        clock.sleep(1.1)
        recorder([])
        assert recorder.watermark == 10
        recorder(frames[10:20])
        assert recorder.watermark == 10
    assert recorder.watermark == 20


def test_segments_end_by_size_and_by_age_and_lose_nothing(tmp_path: Path, frames: list[Frame]) -> None:
    clock = ManualClock(NOW_S)
    with Recorder(tmp_path, clock, segment_bytes=800, segment_s=60) as recorder:
        for at in range(0, 50, 10):
            recorder(frames[at : at + 10])
        clock.sleep(61)
        recorder(frames[50:])
    names = [path.name for path in recorder.segments]
    assert names[:2] == ["20260223T101500Z.tlog", "20260223T101500Z-2.tlog"]
    assert names[-1] == "20260223T101601Z.tlog"
    assert [frame for path in recorder.segments for frame in read_tlog(path)] == frames


def test_an_older_recording_is_never_written_over(tmp_path: Path, frames: list[Frame]) -> None:
    for _ in range(2):
        with Recorder(tmp_path, ManualClock(NOW_S)) as recorder:
            recorder(frames)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "20260223T101500Z-2.tlog",
        "20260223T101500Z.tlog",
    ]


def test_a_disk_that_fills_up_costs_what_came_then_and_nothing_else(
    tmp_path: Path, frames: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(NOW_S)
    recorder = Recorder(tmp_path, clock)
    recorder(frames[:30])
    write = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 100:
            return write(file, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    recorder(frames[30:40])
    assert "No space left on device" in recorder.problem
    assert recorder.watermark == 30
    recorder(frames[40:50])
    assert recorder.dropped == 20
    monkeypatch.setattr(os, "write", write)
    recorder(frames[50:60])  # too early to try again
    clock.sleep(6)
    recorder(frames[60:])
    assert recorder.problem == ""
    recorder.close()
    assert recorder.dropped == 30
    assert recorder.watermark == recorder.written == 70
    assert [list(read_tlog(path)) for path in recorder.segments] == [frames[:30], frames[60:]]


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(OutputError, match="recordings cannot be written") as caught:
        Recorder(in_the_way / "telemetry", ManualClock())
    assert caught.value.remedy


def test_after_closing_nothing_is_written(tmp_path: Path, frames: list[Frame]) -> None:
    recorder = Recorder(tmp_path, ManualClock(NOW_S))
    recorder.close()
    recorder.close()
    recorder(frames)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_recorder_leaves_all_that_it_wrote(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from telemetry.recorder import Recorder; from telemetry.clock import SystemClock\n"
        "from telemetry.messages import Encoder; from telemetry.frames import FrameReader\n"
        "recorder = Recorder(Path(sys.argv[1]), SystemClock())\n"
        "encoder, reader = Encoder(1, 1), FrameReader()\n"
        "for n in range(10**9):\n"
        "    recorder(reader.feed(encoder.encode('ATTITUDE', time_boot_ms=n), 10**15 + n))\n"
        "    if n == 2000: print('ready', flush=True)\n"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
    (segment,) = tmp_path.iterdir()
    read = list(read_tlog(segment))
    assert len(read) > 2000
    assert [frame.time_us - 10**15 for frame in read] == list(range(len(read)))
