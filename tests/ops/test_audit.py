"""The log: hash-chained, on the disk before it is acknowledged, and honest about crashes."""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
from pathlib import Path

import pytest

from missions.errors import EvidenceError, InputError
from ops.audit import RECOVERED, AuditLog
from ops.verify_alone import LINE_LIMIT_BYTES, canonical, hash_of_line
from telemetry.clock import ManualClock, SystemClock


def log_of(path: Path, lines: int = 0) -> AuditLog:
    log = AuditLog(path / "audit.jsonl", ManualClock(), "tester")
    for number in range(lines):
        log.append("act", {"number": number, "text": "één"})
    return log


def raw_lines(log: AuditLog) -> list[bytes]:
    return log.path.read_bytes().splitlines(keepends=True)


def test_a_log_that_was_only_appended_to_is_sound(tmp_path: Path) -> None:
    log = log_of(tmp_path, 20)
    chain = log.verify()
    assert chain.problems == []
    assert chain.lines == 20
    assert [line.sequence for line in log.lines()] == list(range(1, 21))
    assert next(log.lines()).time == "2023-11-14T22:13:20.000000Z"


def test_any_byte_that_is_changed_is_found(tmp_path: Path) -> None:
    log = log_of(tmp_path, 5)
    whole = log.path.read_bytes()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1
        log.path.write_bytes(bytes(altered))
        assert log.verify().problems, f"byte {place} ({whole[place : place + 1]!r}) was changed unseen"


def test_an_edit_with_a_new_hash_of_its_own_is_found_by_the_next_line(tmp_path: Path) -> None:
    log = log_of(tmp_path, 3)
    lines = raw_lines(log)
    forged = json.loads(lines[1])
    forged["actor"] = "somebody else"
    forged["hash"] = hash_of_line(forged)
    log.path.write_bytes(lines[0] + canonical(forged) + b"\n" + lines[2])
    assert "line 3 does not follow on" in log.verify().problems[0].text


@pytest.mark.parametrize("gone", range(4))
def test_a_line_that_was_removed_is_found(tmp_path: Path, gone: int) -> None:
    log = log_of(tmp_path, 5)
    lines = raw_lines(log)
    log.path.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    assert f"line {gone + 1}" in log.verify().problems[0].text


def test_every_change_of_order_is_found(tmp_path: Path) -> None:
    log = log_of(tmp_path, 6)
    lines = raw_lines(log)
    shuffler = random.Random(7)
    for _ in range(50):
        order = shuffler.sample(lines, len(lines))
        log.path.write_bytes(b"".join(order))
        assert bool(log.verify().problems) == (order != lines)


def test_a_line_written_twice_is_found(tmp_path: Path) -> None:
    log = log_of(tmp_path, 3)
    log.path.write_bytes(log.path.read_bytes() + raw_lines(log)[-1])
    assert log.verify().problems


def test_an_empty_log_proves_nothing(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    log.path.touch()
    assert log.verify().problems


def test_a_torn_last_line_is_told_recovered_and_kept_at_every_place_it_can_tear(tmp_path: Path) -> None:
    log = log_of(tmp_path, 3)
    whole = log.path.read_bytes()
    last = raw_lines(log)[-1]
    for kept in range(1, len(last)):
        log.path.write_bytes(whole[: len(whole) - len(last) + kept])
        assert log.verify().torn
        with pytest.raises(EvidenceError, match="torn"):
            log.append("act")
        line = log.recover()
        assert line is not None
        assert (line.action, line.sequence, line.details["torn_bytes"]) == (RECOVERED, 3, kept)
        chain = log.verify()
        assert (chain.problems, chain.lines) == ([], 3)
        assert raw_lines(log)[:2] == whole.splitlines(keepends=True)[:2]


def test_zeros_that_a_power_cut_left_at_the_end_are_recovered(tmp_path: Path) -> None:
    log = log_of(tmp_path, 2)
    log.path.write_bytes(log.path.read_bytes() + bytes(4096))
    assert log.recover() is not None
    assert log.verify().problems == []
    assert log.append("act").sequence == 4


def test_a_sound_log_needs_no_recovery(tmp_path: Path) -> None:
    log = log_of(tmp_path, 2)
    assert log.recover() is None
    assert log.verify().lines == 2


def test_nothing_is_appended_to_an_altered_last_line(tmp_path: Path) -> None:
    log = log_of(tmp_path, 2)
    log.path.write_bytes(log.path.read_bytes().replace(b'"number":1', b'"number":9'))
    with pytest.raises(EvidenceError, match="altered"):
        log.append("act")


@pytest.mark.parametrize(
    "details", [{"a": {1, 2}}, {"a": float("nan")}, {"a": "x" * LINE_LIMIT_BYTES}, {1: 2}]
)
def test_details_that_no_line_can_hold_are_refused_and_nothing_is_written(
    tmp_path: Path, details: dict[str, object]
) -> None:
    log = log_of(tmp_path, 1)
    with pytest.raises(InputError):
        log.append("act", details)
    assert log.verify().lines == 1


def _append_many(path: Path, name: str) -> None:
    log = AuditLog(path, SystemClock(), name)
    for number in range(25):
        log.append("act", {"number": number})


def test_writers_in_several_processes_make_one_sound_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append_many, args=(path, f"writer {number}")) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    log = AuditLog(path, SystemClock(), "reader")
    assert (log.verify().problems, log.verify().lines) == ([], 100)
    assert {line.actor for line in log.lines()} == {f"writer {number}" for number in range(4)}


FULL_DISK = """
import resource, sys
from pathlib import Path
from missions.errors import OutputError
from ops.audit import AuditLog
from telemetry.clock import ManualClock
log = AuditLog(Path(sys.argv[1]), ManualClock(), "tester")
log.append("act")
resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + 40, resource.RLIM_INFINITY))
try:
    log.append("act")
except OutputError as error:
    assert "written" in error.what
    sys.exit(7)
"""


def test_a_full_disk_leaves_the_earlier_lines_and_no_part_of_a_new_one(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", FULL_DISK, str(log.path)]
    assert subprocess.run(command, cwd=root, check=False).returncode == 7
    assert (log.verify().problems, log.verify().lines) == ([], 1)
