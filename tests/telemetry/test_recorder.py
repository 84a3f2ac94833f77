"""What was recorded is on the disk, in a form that others read, whatever fails later."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import OutputError
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame, FrameScanner
from telemetry.recorder import Recorder, Watermark
from telemetry.tlog import read_tlog
from tests.telemetry.faulty_disk import FaultyDisk

NOW_S = 1_771_841_700.0  # 2026-02-23 10:15:00 UTC
BY_HAND = math.inf


@pytest.fixture
def frames(frames_of: Callable[..., list[Frame]]) -> list[Frame]:
    return frames_of([(NOW_S + n / 10, "ATTITUDE", {"time_boot_ms": n, "roll": 0.1}) for n in range(100)])


def read_all(recorder: Recorder) -> list[Frame]:
    return [frame for path in recorder.segments for frame in read_tlog(path)]


def test_what_is_recorded_is_read_back(tmp_path: Path, frames: list[Frame]) -> None:
    with Recorder(tmp_path / "telemetry", ManualClock(NOW_S)) as recorder:
        recorder(frames[:40])
        recorder(())
        recorder(frames[40:])
    assert [path.name for path in recorder.segments] == ["20260223T101500Z.tlog"]
    assert list(read_tlog(recorder.segments[0])) == frames
    assert (recorder.taken, recorder.dropped, recorder.problem, recorder.gaps) == (100, 0, "", [])
    size = recorder.segments[0].stat().st_size
    assert recorder.watermark == Watermark(100, 0, recorder.segments[0], size)


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


def test_the_watermark_follows_the_disk_and_everyone_who_asked_is_told(
    tmp_path: Path, frames: list[Frame]
) -> None:
    told: list[int] = []
    with Recorder(tmp_path, ManualClock(NOW_S), sync_s=BY_HAND) as recorder:
        recorder.subscribe(lambda mark: told.append(mark.frames))
        recorder.subscribe(lambda mark: 1 // 0)  # one that fails keeps nobody from hearing
        recorder(frames[:10])
        assert recorder.watermark.frames == 0
        recorder.flush()
        assert recorder.watermark.frames == 10
        recorder(frames[10:20])
        assert recorder.watermark.frames == 10
    assert recorder.watermark.frames == 20
    assert told == [10, 20, 20]


def test_the_disk_is_forced_by_a_thread_and_nobody_who_hands_frames_over_waits_for_it(
    tmp_path: Path, frames: list[Frame]
) -> None:
    stuck, told, safe = threading.Event(), [], threading.Event()

    class SlowDisk(FaultyDisk):
        def sync(self, file: int) -> None:
            assert stuck.wait(60)
            super().sync(file)

    def tell(mark: Watermark) -> None:
        told.append(mark.frames)
        if mark.frames == len(frames):
            safe.set()

    recorder = Recorder(tmp_path, SystemClock(), sync_s=0.01, disk=SlowDisk())
    recorder.subscribe(tell)
    for frame in frames:
        recorder([frame])
    assert recorder.taken == 100
    assert told == []
    stuck.set()
    assert safe.wait(60)
    assert told == sorted(told)
    recorder.close()
    assert read_all(recorder) == frames


def test_segments_end_by_size_and_by_age_and_lose_nothing(tmp_path: Path, frames: list[Frame]) -> None:
    clock = ManualClock(NOW_S)
    with Recorder(tmp_path, clock, segment_bytes=800, segment_s=60, sync_s=BY_HAND) as recorder:
        for at in range(0, 50, 10):
            recorder(frames[at : at + 10])
            recorder.flush()
        clock.sleep(61)
        recorder(frames[50:])
    names = [path.name for path in recorder.segments]
    assert names[:2] == ["20260223T101500Z.tlog", "20260223T101500Z_02.tlog"]
    assert names[-1] == "20260223T101601Z.tlog"
    assert read_all(recorder) == frames


def test_an_older_recording_is_never_written_over(tmp_path: Path, frames: list[Frame]) -> None:
    for _ in range(2):
        with Recorder(tmp_path, ManualClock(NOW_S)) as recorder:
            recorder(frames)
    assert sorted(path.name for path in tmp_path.glob("*.tlog")) == [
        "20260223T101500Z.tlog",
        "20260223T101500Z_02.tlog",
    ]


def test_a_disk_that_was_full_for_a_while_costs_nothing(tmp_path: Path, frames: list[Frame]) -> None:
    clock, disk = ManualClock(NOW_S), FaultyDisk()
    recorder = Recorder(tmp_path, clock, sync_s=BY_HAND, disk=disk)
    recorder(frames[:30])
    recorder.flush()
    disk.fault = lambda number, name: {"write": "ENOSPC"}.get(name, "")
    recorder(frames[30:40])
    recorder.flush()
    assert "No space left on device" in recorder.problem
    assert recorder.watermark.frames == 30
    disk.fault = lambda number, name: ""
    recorder(frames[40:60])
    recorder.flush()  # too early to try again
    assert recorder.problem
    assert recorder.watermark.frames == 30
    clock.sleep(6)
    recorder(frames[60:])
    recorder.flush()
    assert (recorder.problem, recorder.watermark.frames) == ("", 100)
    recorder.close()
    assert (recorder.dropped, recorder.gaps) == (0, [])
    assert [list(read_tlog(path)) for path in recorder.segments] == [frames[:30], frames[30:]]


def test_what_memory_cannot_hold_is_counted_and_its_times_are_kept(
    tmp_path: Path, frames: list[Frame]
) -> None:
    clock = ManualClock(NOW_S)
    disk = FaultyDisk(lambda number, name: {"write": "ENOSPC"}.get(name, ""))
    each = len(frames[0].raw) + 8
    recorder = Recorder(tmp_path, clock, sync_s=BY_HAND, held_bytes=40 * each, disk=disk)
    for at in range(0, 80, 10):
        recorder(frames[at : at + 10])
        recorder.flush()
    disk.fault = lambda number, name: ""
    clock.sleep(6)
    recorder.flush()
    assert recorder.watermark.frames == 80
    recorder(frames[80:])
    recorder.close()
    assert read_all(recorder) == frames[:40] + frames[80:]
    assert (recorder.dropped, recorder.watermark.dropped) == (40, 40)
    assert recorder.gaps == [(frames[40].time_us, frames[79].time_us)]


def test_what_cannot_be_written_at_the_end_is_told(tmp_path: Path, frames: list[Frame]) -> None:
    disk = FaultyDisk()
    recorder = Recorder(tmp_path, ManualClock(NOW_S), sync_s=BY_HAND, disk=disk)
    recorder(frames[:50])
    recorder.flush()
    disk.fault = lambda number, name: {"sync": "EIO"}.get(name, "")
    recorder(frames[50:])
    recorder.close()
    assert recorder.dropped == 50
    assert recorder.gaps == [(frames[50].time_us, frames[99].time_us)]
    assert "Input/output error" in recorder.problem
    assert disk.platter[recorder.segments[0]] == b"".join(
        frame.time_us.to_bytes(8, "big") + frame.raw for frame in frames[:50]
    )


def scenario(folder: Path, frames: list[Frame], disk: FaultyDisk) -> Recorder:
    """Twenty batches, several segments; at each watermark what a power cut would leave is held against it."""
    clock = ManualClock(NOW_S)
    recorder = Recorder(folder, clock, segment_bytes=900, sync_s=BY_HAND, disk=disk)

    def honest(mark: Watermark) -> None:
        left = b"".join(disk.platter.values())
        assert all(frame.time_us.to_bytes(8, "big") + frame.raw in left for frame in frames[: mark.frames])

    recorder.subscribe(honest)
    for at in range(0, 100, 5):
        recorder(frames[at : at + 5])
        recorder.flush()
        honest(recorder.watermark)
        clock.sleep(3)
    disk.fault = lambda number, name: ""
    clock.sleep(6)
    recorder.close()
    honest(recorder.watermark)
    return recorder


def test_whichever_call_fails_nothing_is_acknowledged_falsely_and_all_comes_back(
    tmp_path: Path, frames: list[Frame]
) -> None:
    clean = FaultyDisk()
    scenario(tmp_path / "clean", frames, clean)
    calls = len(clean.calls)
    assert {"create", "write", "sync", "sync_folder", "append", "close"} <= set(clean.calls)
    for said in ("ENOSPC", "EIO", "short"):
        for at in range(1, calls + 1):
            disk = FaultyDisk(lambda number, name, at=at, said=said: said if number == at else "")  # type: ignore[misc]
            recorder = scenario(tmp_path / f"{said}{at}", frames, disk)
            assert (recorder.watermark.frames, recorder.dropped) == (100, 0), (said, at)
            assert read_all(recorder) == frames, (said, at)


@pytest.mark.parametrize("seed", range(20))
def test_a_disk_that_fails_again_and_again_is_never_believed_too_early(
    seed: int, tmp_path: Path, frames: list[Frame]
) -> None:
    rng = random.Random(seed)
    bad = rng.choice([0.05, 0.2, 0.5])
    disk = FaultyDisk(
        lambda number, name: rng.choice(["ENOSPC", "EIO", "short"]) if rng.random() < bad else ""
    )
    recorder = scenario(tmp_path, frames, disk)
    assert (recorder.watermark.frames, recorder.dropped) == (100, 0)
    read = read_all(recorder)
    assert set(read) == set(frames)
    if "truncate" not in disk.failed:
        assert read == frames


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


def test_a_segment_cut_anywhere_gives_every_whole_frame_before_the_cut(
    tmp_path: Path, frames: list[Frame]
) -> None:
    data = b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in frames)
    ends = [0]
    for frame in frames:
        ends.append(ends[-1] + 8 + len(frame.raw))
    for size in range(ends[1], len(data)):
        whole = sum(end <= size for end in ends[1:])
        found, _ = FrameScanner().scan(data[:size], 0, last=True)
        assert [frame.raw for _, _, frame in found] == [frame.raw for frame in frames[:whole]]
