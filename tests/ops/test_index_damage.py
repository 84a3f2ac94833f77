"""Whatever happens to the file of an index, the next that opens it gets what the segments say."""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from missions.errors import OutputError
from ops.index import IndexDamaged, open_index, rebuild, record_alerts
from ops.index.database import Database
from ops.index.filling import Filler
from ops.index.locks import WriterLock
from telemetry.clock import ManualClock
from tests.ops.test_index import alert, indexed
from tests.ops.test_index_scan import NAME, NOW_S, flown, rows_of

ROOT = Path(__file__).parents[2]
INDEX = "index.sqlite"


def statement(*several: str) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for each in several:
                connection.execute(each)

    return harm


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _headless(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def _shuffled(path: Path) -> None:
    data = path.read_bytes()
    page = 4096
    pages = [data[at : at + page] for at in range(0, len(data), page)]
    random.Random(3).shuffle(pages)
    path.write_bytes(data[:page] + b"".join(pages))


HARM = {
    "cut in half": _truncated,
    "empty": lambda path: path.write_bytes(b""),
    "a letter": lambda path: path.write_text("Geachte heer,\n" * 1000),
    "no head": _headless,
    "pages in another order": _shuffled,
    "another program's": statement("PRAGMA application_id=7"),
    "an older version": statement("PRAGMA user_version=0"),
    "a version that cannot be": statement("PRAGMA user_version=83886081"),
    "no table": statement("DROP TABLE legs"),
    "no index": statement("DROP INDEX tracks_by_place"),
    "no view": statement("DROP VIEW flights"),
    "another column": statement("ALTER TABLE tracks ADD COLUMN more INTEGER"),
    "a figure changed": statement("UPDATE tracks SET lat_e7 = lat_e7 + 1 WHERE time_us % 7 = 0"),
    "a leg changed": statement("UPDATE legs SET highest_relative_mm = 1"),
    "a name changed": statement("UPDATE sightings SET kind = 'plane'"),
    "a watermark changed": statement("UPDATE segments SET watermark = watermark - 1"),
    "rows gone": statement("DELETE FROM tracks WHERE time_us % 9 = 0"),
    "rows of no segment": statement("UPDATE sightings SET segment = segment + 1"),
    "an alert changed": statement("UPDATE alerts SET who = 'niemand'"),
    "alerts of no log": statement("DELETE FROM segments WHERE name = 'alerts.jsonl'"),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    (folder / NAME).write_bytes(b"".join(flown(120, 4)))
    (folder / "20260223T111500Z.tlog").write_bytes(b"".join(flown(60, 5, begin_s=NOW_S + 3600)))
    record_alerts(folder, [alert(1), alert(2, who="Jansen")])
    rebuild(folder)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    shutil.copytree(sound, made, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    return made


@pytest.mark.parametrize("what", HARM)
def test_a_damaged_index_is_told_kept_and_made_again(folder: Path, sound: Path, what: str) -> None:
    HARM[what](folder / INDEX)
    harmed = (folder / INDEX).read_bytes()
    told: list[str] = []
    open_index(folder, ManualClock(NOW_S), told.append)
    assert rows_of(folder) == rows_of(sound)
    assert len(told) == 1
    assert "made again from the segments" in told[0]
    (kept,) = folder.glob("index.damaged-20260223T101500Z.sqlite")
    assert kept.name in told[0]
    assert kept.read_bytes() == harmed
    indexed(folder)


def test_a_second_damaged_index_in_a_second_is_kept_too(folder: Path) -> None:
    for _ in range(2):
        _truncated(folder / INDEX)
        open_index(folder, ManualClock(NOW_S), lambda _: None)
    assert len(list(folder.glob("index.damaged-*.sqlite"))) == 2


def spoil(path: Path, seed: int) -> None:
    """Random bytes at random places: one byte, or a stretch."""
    chance = random.Random(seed)
    with path.open("r+b") as file:
        for _ in range(chance.choice((1, 1, 20))):
            file.seek(chance.randrange(path.stat().st_size))
            file.write(chance.randbytes(chance.choice((1, 4, 512))))


@pytest.mark.parametrize("seed", range(25))
def test_random_bytes_never_become_answers(folder: Path, sound: Path, seed: int) -> None:
    spoil(folder / INDEX, seed)
    open_index(folder, ManualClock(NOW_S), lambda _: None)
    assert rows_of(folder) == rows_of(sound)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(25, 1025))
def test_random_bytes_never_become_answers_at_length(folder: Path, sound: Path, seed: int) -> None:
    spoil(folder / INDEX, seed)
    open_index(folder, ManualClock(NOW_S), lambda _: None)
    assert rows_of(folder) == rows_of(sound)


@pytest.mark.parametrize("seed", range(12))
def test_a_torn_wal_costs_nothing(folder: Path, tmp_path: Path, seed: int) -> None:
    (folder / INDEX).unlink()
    crashed = tmp_path / "crashed"
    shutil.copytree(folder, tmp_path / "half")
    indexed(tmp_path / "half")
    database = Database(tmp_path / "half" / INDEX)
    (tmp_path / "half" / "20260224T101500Z.tlog").write_bytes(b"".join(flown(90, 6)))
    Filler(tmp_path / "half", database).catch_up(last=True)
    shutil.copytree(tmp_path / "half", crashed)  # as a crash leaves it: the WAL is not folded in
    database.close()
    wal = crashed / "index.sqlite-wal"
    assert wal.stat().st_size > 10_000
    chance = random.Random(seed)
    if seed % 3 == 0:
        wal.unlink()
    elif seed % 3 == 1:
        wal.write_bytes(wal.read_bytes()[: chance.randrange(wal.stat().st_size)])
    else:
        spoil(wal, seed)
    open_index(crashed, ManualClock(NOW_S), lambda _: None)
    found = rows_of(crashed)
    rebuild(crashed)
    assert found == rows_of(crashed)


def test_asking_a_damaged_index_says_what_to_do(folder: Path) -> None:
    index = indexed(folder)
    (folder / INDEX).write_text("Geachte heer,\n" * 1000)
    with pytest.raises(IndexDamaged) as caught:
        index.flights()
    assert "droneteam index rebuild" in caught.value.remedy


def test_a_rebuild_that_was_killed_leaves_the_old_index_and_is_swept_away(folder: Path, sound: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from ops.index import rebuild\n"
        "def told(_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "rebuild(Path(sys.argv[1]), told=told)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(folder.glob(".index.*.sqlite*"))
    assert rows_of(folder) == rows_of(sound)
    indexed(folder)
    assert not list(folder.glob(".index.*.sqlite*"))


def test_a_half_made_index_is_never_taken_for_whole(folder: Path, sound: Path) -> None:
    (folder / INDEX).unlink()
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from ops.index import rebuild\n"
        "def told(_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "rebuild(Path(sys.argv[1]), told=told)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, check=False)
    assert not (folder / INDEX).exists()
    indexed(folder)
    assert rows_of(folder) == rows_of(sound)


def test_only_one_writes(folder: Path) -> None:
    lock = WriterLock(folder)
    assert lock.taken
    with pytest.raises(OutputError, match="another process writes the index"):
        rebuild(folder)
    assert open_index(folder, ManualClock()).vehicles()  # reading goes on
    lock.release()
    rebuild(folder)


# Killed in the middle of writing.

CHILD = """
import sys, threading
from pathlib import Path
from ops.index import IndexWriter
from telemetry.clock import SystemClock
from telemetry.frames import FrameReader
from telemetry.recorder import Recorder
from tests.ops.test_index import alert
from tests.ops.test_index_scan import flown
folder = Path(sys.argv[1])
pieces = flown(400, int(sys.argv[2]), vehicles=4)
with Recorder(folder, SystemClock(), segment_bytes=60_000, sync_s=0.01) as recorder, \\
        IndexWriter(folder, SystemClock(), every_s=0.01) as writer:
    recorder.subscribe(writer)
    reader = FrameReader()
    for number in range(10**9):
        piece = pieces[number % len(pieces)]
        recorder(reader.feed(piece[8:], int.from_bytes(piece[:8], "big")))
        if number % 50 == 0:
            writer.record_alerts([alert(number)])
            threading.Event().wait(0.002)
        if number == 2_000:
            print("ready", flush=True)
"""


def _killed(folder: Path, seed: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.stdout.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(random.Random(seed).uniform(0.0, 0.5))
    finally:
        process.kill()
        process.wait()


def _claims_no_more_than_there_is(folder: Path) -> None:
    with closing(sqlite3.connect(folder / INDEX)) as connection:
        rows = connection.execute("SELECT name, watermark, sha256 FROM segments").fetchall()
    for name, watermark, sha256 in rows:
        assert hashlib.sha256((folder / name).read_bytes()[:watermark]).hexdigest() == sha256


def _survives(folder: Path, tmp_path: Path, seed: int) -> None:
    _killed(folder, seed)
    crashed = tmp_path / f"crashed {seed}"
    shutil.copytree(folder, crashed)
    if (crashed / INDEX).exists():
        _claims_no_more_than_there_is(crashed)
    indexed(folder)
    found = rows_of(folder)
    assert len(found["segments"]) > 1
    rebuild(folder)
    assert found == rows_of(folder)


def test_killed_in_the_middle_of_writing_it_is_made_whole_at_the_next_opening(tmp_path: Path) -> None:
    for seed in range(3):
        _survives(tmp_path / "recordings", tmp_path, seed)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(3, 43))
def test_killed_at_many_moments_it_is_made_whole_at_the_next_opening(tmp_path: Path, seed: int) -> None:
    _survives(tmp_path / "recordings", tmp_path, seed)
