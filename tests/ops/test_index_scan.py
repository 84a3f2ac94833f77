"""A segment is read in pieces as it is read at once, and its rows are what its frames say."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.index.scan import MOST_NOISE_BYTES, SegmentScan
from ops.index.segments import segment_number
from telemetry.log_summary import summary_of
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog

NOW_S = 1_771_841_700  # 2026-02-23 10:15:00 UTC
NAME = "20260223T101500Z.tlog"
TABLES = ("segments", "sightings", "legs", "tracks", "alerts", "vehicles", "flights")


def stamped(time_s: float, raw: bytes) -> bytes:
    return round(time_s * 1e6).to_bytes(8, "big") + raw


def flown(seconds: int, seed: int = 0, vehicles: int = 2, begin_s: float = NOW_S) -> list[bytes]:
    """What vehicles sent that arm, climb, land and disarm at random, each piece with its time before it."""
    chance = random.Random(seed)
    pieces: list[tuple[float, bytes]] = []
    for system in range(1, vehicles + 1):
        encoder, ground = Encoder(system, 1), Encoder(255, 190)
        armed, height_m, battery = False, 0.0, 100
        for second in range(seconds):
            now_s = begin_s + second + system / 100
            armed = chance.random() < (0.9 if armed else 0.2)
            height_m = max(0.0, height_m + chance.choice((-2, 0, 3))) if armed else 0.0
            battery -= armed and chance.random() < 0.2
            fields = {"type": 2, "autopilot": 3, "base_mode": 81 | armed << 7, "custom_mode": 3 + armed}
            if chance.random() < 0.95:
                pieces.append((now_s, encoder.encode("HEARTBEAT", **fields)))
            pieces.append((now_s, ground.encode("HEARTBEAT", type=6, autopilot=8)))
            pieces.append((now_s, encoder.encode("SYS_STATUS", battery_remaining=max(0, battery))))
            if chance.random() < 0.1:
                state = 2 if height_m else 1
                pieces.append((now_s, encoder.encode("EXTENDED_SYS_STATE", landed_state=state)))
            for step in range(4):
                place = {
                    "lat": 520_000_000 + second * 500 + step * 100 + system * 10_000,
                    "lon": 50_000_000 - second * 300,
                    "alt": round(height_m * 1000) + 5_000 + step,
                    "relative_alt": round(height_m * 1000) + step,
                    "vx": 300,
                    "vy": -400,
                    "hdg": 65_535 if step == 3 else second % 360 * 100,
                }
                name = "GLOBAL_POSITION_INT" if chance.random() < 0.9 else "ATTITUDE"
                more = place if name == "GLOBAL_POSITION_INT" else {"roll": 0.1}
                pieces.append((now_s + 0.2 * step, encoder.encode(name, time_boot_ms=second, **more)))
    return [stamped(time_s, raw) for time_s, raw in sorted(pieces, key=lambda piece: piece[0])]


def damaged(pieces: list[bytes], seed: int) -> bytes:
    """Some bytes lost, some altered, some added, and frames of a type that nobody knows."""
    chance = random.Random(seed)
    made = bytearray()
    for number, piece in enumerate(pieces):
        if number and chance.random() < 0.03:
            made += chance.randbytes(chance.randrange(1, 300))
        if number and chance.random() < 0.03:
            piece = piece[: chance.randrange(len(piece))]
        if number and chance.random() < 0.03:
            altered = bytearray(piece)
            altered[chance.randrange(len(piece))] = chance.randrange(256)
            piece = bytes(altered)
        made += piece
    return bytes(made)


def rows_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table and view, read by nothing of ours."""
    connection = sqlite3.connect(f"file:{folder / 'index.sqlite'}?mode=ro", uri=True)
    try:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # noqa: S608
            for table in TABLES
        }
    finally:
        connection.close()


def _given(scan: SegmentScan, *, last: bool, block_bytes: int = 1 << 23) -> Iterator[tuple[int, int, int]]:
    for block in scan.read(last=last, block_bytes=block_bytes):
        for start, stop, time_us, _ in block.found.tolist():
            yield start + block.base, stop + block.base, time_us


def _state(scan: SegmentScan) -> tuple[object, ...]:
    return (
        scan.size,
        scan.watermark,
        scan.sha256,
        scan.frames,
        scan.bad_bytes,
        scan.first_us,
        scan.last_us,
        scan.problem,
    )


@pytest.mark.parametrize("seed", range(12))
def test_however_a_segment_grows_its_frames_are_those_of_the_whole(tmp_path: Path, seed: int) -> None:
    data = damaged(flown(30, seed), seed)
    whole, growing = tmp_path / "whole.tlog", tmp_path / "growing.tlog"
    whole.write_bytes(data)
    at_once = SegmentScan(whole)
    expected = list(_given(at_once, last=True))
    chance = random.Random(seed)
    scan, given, at = SegmentScan(growing), [], 0
    with growing.open("ab", buffering=0) as file:
        while at < len(data):
            size = chance.choice((1, 7, 60, 900))
            file.write(data[at : at + size])
            at += size
            given += _given(scan, last=False, block_bytes=chance.choice((3, 64, 100_000)))
            assert scan.watermark <= scan.size == min(at, len(data))
            assert scan.sha256 == hashlib.sha256(data[: scan.watermark]).hexdigest()
    given += _given(scan, last=True)
    assert given == expected
    assert _state(scan) == _state(at_once)
    assert scan.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("seed", range(6))
def test_the_frames_are_those_of_the_recording_reader(tmp_path: Path, seed: int) -> None:
    path = tmp_path / NAME
    path.write_bytes(damaged(flown(40, seed), seed))
    scan = SegmentScan(path)
    given = list(_given(scan, last=True, block_bytes=5_000))
    data = path.read_bytes()
    expected = [(frame.raw, frame.time_us) for frame in read_tlog(path)]
    assert [(data[start:stop], time_us) for start, stop, time_us in given] == expected
    summary = summary_of(path)
    assert (scan.frames, scan.bad_bytes) == (summary.frames, summary.bad_bytes)


def test_a_whole_frame_is_given_at_once_and_half_a_frame_waits(tmp_path: Path) -> None:
    path = tmp_path / NAME
    first, second = stamped(NOW_S, Encoder(1, 1).encode("HEARTBEAT", type=2)), b"\0" * 8 + b"\xfd\x09"
    path.write_bytes(first + second)
    scan = SegmentScan(path)
    assert len(list(_given(scan, last=False))) == 1
    assert (scan.watermark, scan.bad_bytes) == (len(first), 0)
    assert list(_given(scan, last=True)) == []
    assert (scan.watermark, scan.bad_bytes) == (len(first + second), len(second))


def test_what_is_no_recording_gives_no_rows_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "letter.tlog"
    path.write_bytes(random.Random(1).randbytes(200_000))
    for pieces in (1 << 23, 10_000):
        scan = SegmentScan(path)
        assert list(_given(scan, last=True, block_bytes=pieces)) == []
        assert (scan.problem, scan.watermark) == ("this is no MAVLink recording (.tlog)", 200_000)
        assert scan.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_desert_of_noise_ends_the_reading_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / NAME
    head, tail = b"".join(flown(3)), b"".join(flown(3, 1))
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + MOST_NOISE_BYTES + 100)
        file.seek(0, 2)
        file.write(tail)
    states = set()
    for pieces in (1 << 24, 5_000_011):
        scan = SegmentScan(path)
        assert all(stop <= len(head) for _, stop, _ in _given(scan, last=True, block_bytes=pieces))
        states.add(_state(scan))
    assert len(states) == 1
    assert "64 MB without a frame" in scan.problem


def test_numbers_follow_from_names_and_sort_as_the_recordings_began() -> None:
    names = [NAME, "20260223T101500Z_02.tlog", "20260223T101500Z-3.tlog", "20260223T101501Z.tlog"]
    numbers = list(map(segment_number, names))
    assert numbers == sorted(set(numbers))
    assert numbers[0] == NOW_S * 1000 + 1
    assert all(segment_number(name) < 0 for name in ("flight.tlog", "20261399T000000Z.tlog", "alerts.jsonl"))
