"""Damaged recordings lose nothing more in an archive; a killed writer and changed files leave it sound."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import FormatError, InputError
from telemetry.archive import Archive, archive, verify
from telemetry.archive.tables import in_order, rows_from_table
from telemetry.columns import read_columns
from telemetry.columns.tables import DTYPES
from telemetry.messages import Encoder

ROOT = Path(__file__).parents[2]
BEGAN_US = 1_771_848_000_000_000


def recording(path: Path, count: int = 200, seed: int = 0) -> Path:
    """Positions, attitudes and heartbeats of two aircraft."""
    random_ = random.Random(seed)
    encoders, stream, time_us = (Encoder(1, 1), Encoder(2, 1)), bytearray(), BEGAN_US
    for number in range(count):
        time_us += random_.randrange(90_000)
        encoder = encoders[number % 2]
        for raw in (
            encoder.encode("GLOBAL_POSITION_INT", lat=520_000_000 + number, lon=50_000_000, alt=number),
            encoder.encode("ATTITUDE", roll=number * 0.1),
            encoder.encode("HEARTBEAT", type=2, autopilot=3),
        ):
            stream += time_us.to_bytes(8, "big") + raw
    path.write_bytes(stream)
    return path


def assert_holds(folder: Path, segment: Path) -> None:
    opened, columns = Archive(folder), read_columns(segment)
    for name, rows in columns.items():
        assert rows_from_table(opened.messages(name), DTYPES[name]).tobytes() == in_order(rows).tobytes()


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_recording_is_archived_as_it_reads(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    segment = recording(tmp_path / "damaged.tlog", 400, seed)
    stream = bytearray(segment.read_bytes())
    for _ in range(60):
        at = random_.randrange(80, len(stream) - 40)
        kind = random_.randrange(4)
        if kind == 0:
            stream[at] ^= 1 << random_.randrange(8)
        elif kind == 1:
            del stream[at : at + random_.randrange(30)]
        elif kind == 2:
            stream[at:at] = random_.randbytes(random_.randrange(30))
        else:
            stream[at : at + 8] = random_.randbytes(8)
    segment.write_bytes(bytes(stream[: len(stream) - random_.randrange(30)]))
    (added,) = archive([segment], tmp_path / "archive")
    assert 600 < added.entry.frames < 1200
    assert verify(tmp_path / "archive", [segment]).is_good
    assert_holds(tmp_path / "archive", segment)


@pytest.mark.parametrize("content", [b"", b"x", b"\xfd" * 5000, b"no recording at all" * 100])
def test_what_is_no_recording_is_refused_and_leaves_nothing(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"holiday\.jpg"):
        archive([path], tmp_path / "archive")
    with pytest.raises(InputError, match=r"gone\.tlog"):
        archive([tmp_path / "gone.tlog"], tmp_path / "archive")
    assert verify(tmp_path / "archive").is_good
    assert Archive(tmp_path / "archive").datasets == {}


def assert_sound(folder: Path, segment: Path) -> int:
    """What is there is whole, and adding the recording again makes it complete; gives how many were there."""
    if (folder / "archive.json").exists():
        opened = Archive(folder)
        there = len(opened.entries)
        for problem in verify(folder).problems:
            assert "belongs to no recording" in problem
        assert len(opened.positions()) == 60 * there
        assert opened.sql("select count(*) n from positions")["n"].to_pylist() == [60 * there]
    else:
        there = 0
    archive([segment], folder)
    verdict = verify(folder, [segment])
    assert verdict.problems == ()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".adding")] == []
    assert_holds(folder, segment)
    return there


def test_an_interruption_at_any_force_to_the_disk_leaves_a_sound_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = recording(tmp_path / "a.tlog", 60)
    outcomes: list[int] = []
    for last in range(60):
        folder = tmp_path / f"archive{last}"
        if interrupted(segment, folder, last, monkeypatch):
            outcomes.append(assert_sound(folder, segment))
            continue
        break
    else:
        pytest.fail("it was never done")
    assert len(outcomes) > 10
    assert sorted(outcomes) == outcomes
    assert outcomes[0] == 0


def interrupted(segment: Path, folder: Path, last: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether archiving was interrupted, as it is when it forces the disk once more than `last` times."""
    fsync, left = os.fsync, iter(range(last))

    def stop(handle: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stop)
        try:
            archive([segment], folder)
        except KeyboardInterrupt:
            return True
    return False


KILLED = """
import os, signal, sys
from pathlib import Path
from telemetry.archive import archive
real, left = os.{call}, int(sys.argv[3])
def call(*arguments, **more):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **more)
os.{call} = call
archive([Path(sys.argv[1])], Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("call", "after"), [("fsync", 2), ("replace", 2), ("replace", 4), ("fsync", 13)])
def test_a_kill_leaves_a_sound_archive(call: str, after: int, tmp_path: Path) -> None:
    segment, folder = recording(tmp_path / "a.tlog", 60), tmp_path / "archive"
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(call=call), str(segment), str(folder), str(after)],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode == -9
    assert assert_sound(folder, segment) == 0


def test_a_callback_that_fails_takes_nothing_in(tmp_path: Path) -> None:
    segment, folder = recording(tmp_path / "a.tlog", 60), tmp_path / "archive"

    def fail(path: Path, done: int, total: int) -> None:
        if done:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        archive([segment], folder, fail)
    assert list(folder.rglob("*.parquet")) == []
    assert assert_sound(folder, segment) == 0


def damage_none(part: Path) -> None:
    part.unlink()


def damage_bit(part: Path) -> None:
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)


def damage_length(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("damage", "said"),
    [(damage_none, "is missing"), (damage_bit, "was changed"), (damage_length, "was changed")],
)
def test_verifying_names_the_file_that_was_changed(
    damage: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    segment, folder = recording(tmp_path / "a.tlog", 60), tmp_path / "archive"
    (added,) = archive([segment], folder)
    path = folder / next(part.path for part in added.entry.parts if part.dataset == "ATTITUDE")
    damage(path)
    (problem,) = verify(folder, [segment]).problems
    assert problem.startswith(str(path))
    assert said in problem


def test_verifying_counts_the_rows_of_every_type(tmp_path: Path) -> None:
    segment, folder = recording(tmp_path / "a.tlog", 60), tmp_path / "archive"
    archive([segment], folder)
    (entry,) = (folder / "segments").glob("*.json")
    told = json.loads(entry.read_text())
    told["counts"]["ATTITUDE"] += 1
    entry.write_text(json.dumps(told))
    problems = verify(folder, [segment]).problems
    assert any("60 rows of ATTITUDE for 61" in problem for problem in problems)
    assert any("61 of 60 ATTITUDE" in problem for problem in problems)


def test_a_recording_that_is_not_in_the_archive_is_a_problem(tmp_path: Path) -> None:
    archive([recording(tmp_path / "a.tlog", 60)], tmp_path / "archive")
    other = recording(tmp_path / "b.tlog", 70)
    assert verify(tmp_path / "archive", [other]).problems == (
        f"{other}: is not in the archive, or was changed since",
    )


def test_a_lost_file_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    (added,) = archive([recording(tmp_path / "a.tlog", 60)], tmp_path / "archive")
    for part in added.entry.parts:
        (tmp_path / "archive" / part.path).unlink()
    opened = Archive(tmp_path / "archive")
    for ask in (opened.positions, lambda: opened.messages("ATTITUDE")):
        with pytest.raises(FormatError, match=r"parquet.*archive verify"):
            ask()


@pytest.mark.parametrize("path", ["/etc/passwd", "positions/date=x/../../../x.parquet", "../x.parquet", "x"])
def test_an_entry_that_names_a_file_elsewhere_is_refused(path: str, tmp_path: Path) -> None:
    archive([recording(tmp_path / "a.tlog", 60)], tmp_path / "archive")
    (entry,) = (tmp_path / "archive" / "segments").glob("*.json")
    told = json.loads(entry.read_text())
    told["parts"][0]["path"] = path
    entry.write_text(json.dumps(told))
    with pytest.raises(FormatError, match="none of its own"):
        Archive(tmp_path / "archive")


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_entry_is_one_clear_error_or_none(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    archive([recording(tmp_path / "a.tlog", 10)], tmp_path / "archive")
    (entry,) = (tmp_path / "archive" / "segments").glob("*.json")
    data = bytearray(entry.read_bytes())
    for _ in range(3):
        data[random_.randrange(len(data))] = random_.randrange(256)
    entry.write_bytes(bytes(data[: random_.choice((len(data), len(data) // 2))]))
    said = error_of(lambda: Archive(tmp_path / "archive"))
    assert said is None or entry.name in said


def error_of(act: Callable[[], object]) -> str | None:
    """What it complained of, None where it did not."""
    try:
        act()
    except InputError as error:
        return str(error)
    return None


def test_an_archive_moves_as_a_folder(tmp_path: Path) -> None:
    segment = recording(tmp_path / "a.tlog", 60)
    archive([segment], tmp_path / "archive")
    shutil.move(tmp_path / "archive", tmp_path / "elsewhere")
    assert verify(tmp_path / "elsewhere", [segment]).is_good
    assert_holds(tmp_path / "elsewhere", segment)
