"""Segments are sealed with their hash, and what happened to them later is seen."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import InputError
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame
from telemetry.recorder import Recorder
from telemetry.segments import SUMS, RealDisk, check_folder, seal_left
from telemetry.segments.seals import seal, seals_of
from tests.telemetry.faulty_disk import FaultyDisk

NOW_S = 1_771_841_700.0


@pytest.fixture
def frames(frames_of: Callable[..., list[Frame]]) -> list[Frame]:
    return frames_of([(NOW_S + n / 10, "ATTITUDE", {"time_boot_ms": n, "roll": 0.1}) for n in range(60)])


@pytest.fixture
def folder(tmp_path: Path, frames: list[Frame]) -> Path:
    """Three sealed segments."""
    with Recorder(tmp_path, ManualClock(NOW_S), segment_bytes=400, sync_s=math.inf) as recorder:
        for at in range(0, 60, 20):
            recorder(frames[at : at + 20])
            recorder.flush()
    return tmp_path


def verdicts(folder: Path) -> list[str]:
    return [check.verdict for check in check_folder(folder)]


def test_each_segment_is_sealed_when_it_ends_as_sha256sum_checks_it(folder: Path) -> None:
    assert verdicts(folder) == ["as sealed"] * 3
    checked = subprocess.run(["sha256sum", "--check", SUMS], cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 3


def test_a_changed_bit_a_missing_and_a_foreign_segment_are_told(folder: Path) -> None:
    first, second, third = sorted(folder.glob("*.tlog"))
    data = bytearray(second.read_bytes())
    data[100] ^= 1
    second.write_bytes(data)
    third.unlink()
    (folder / "20270101T000000Z.tlog").write_bytes(first.read_bytes())
    checks = {check.name: (check.verdict, check.sound) for check in check_folder(folder)}
    assert checks == {
        first.name: ("as sealed", True),
        second.name: ("changed", False),
        third.name: ("missing", False),
        "20270101T000000Z.tlog": ("not sealed", False),
    }


def test_what_a_crash_left_is_sealed_as_it_is_but_not_what_is_still_written(
    folder: Path, frames: list[Frame]
) -> None:
    left = folder / "20260101T000000Z.tlog"
    left.write_bytes(b"torn")
    with Recorder(folder, ManualClock(NOW_S + 100), sync_s=math.inf) as recorder:
        recorder(frames)
        recorder.flush()
        assert seal_left(folder, RealDisk()) == [left.name]
        assert {check.name: check.verdict for check in check_folder(folder)}[
            recorder.segments[0].name
        ] == "open"
    assert left.read_bytes() == b"torn"
    assert verdicts(folder) == ["as sealed"] * 5


def test_a_recorder_seals_what_was_left_by_itself(folder: Path, frames: list[Frame]) -> None:
    left = folder / "20260101T000000Z.tlog"
    left.write_bytes(b"torn")
    sealed = []

    class Watched(RealDisk):
        def append(self, path: Path, data: bytes) -> None:
            super().append(path, data)
            sealed.append(data)

    with Recorder(folder, SystemClock(), disk=Watched()) as recorder:
        recorder(frames)
        for thread in recorder._threads[1:]:
            thread.join(60)
        assert [line for line in sealed if left.name.encode() in line]
    assert set(verdicts(folder)) == {"as sealed"}


def test_a_line_that_a_crash_tore_spoils_no_other(folder: Path) -> None:
    sums = folder / SUMS
    sums.write_bytes(sums.read_bytes()[:-30])
    assert verdicts(folder) == ["as sealed", "as sealed", "not sealed"]
    assert len(seal_left(folder, RealDisk())) == 1
    assert verdicts(folder) == ["as sealed"] * 3


def test_the_first_seal_counts(folder: Path) -> None:
    name = min(path.name for path in folder.glob("*.tlog"))
    seal(folder, name, "0" * 64, RealDisk())
    assert verdicts(folder) == ["as sealed"] * 3


def test_a_seal_that_cannot_be_written_is_made_up_for(tmp_path: Path, frames: list[Frame]) -> None:
    disk = FaultyDisk(lambda number, name: "ENOSPC" if name == "append" else "")
    with Recorder(tmp_path, ManualClock(NOW_S), sync_s=math.inf, disk=disk) as recorder:
        recorder(frames)
    assert recorder.problem == ""
    assert verdicts(tmp_path) == ["not sealed"]
    assert seal_left(tmp_path, RealDisk()) == [recorder.segments[0].name]
    assert verdicts(tmp_path) == ["as sealed"]


def test_seals_that_cannot_be_read_are_one_error(tmp_path: Path) -> None:
    with (tmp_path / SUMS).open("wb") as file:
        file.truncate(64_000_001)
    with pytest.raises(InputError, match="too many seals"):
        seals_of(tmp_path)
