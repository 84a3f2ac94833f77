"""Whatever happened to an onboard log, what is whole in it is read, and nothing is made up."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from telemetry.dataflash import (
    DataFlash,
    frames_of_log,
    log_of,
    read_bin,
)
from telemetry.dataflash.summary import summary_of_log
from telemetry.frames import Message
from tests.telemetry.test_dataflash_rows import (
    COPTER,
    DEFINED,
    S,
    a_log,
    gps,
    state_of,
)
from tests.telemetry.test_dataflash_writer import STRUCTS, LogWriter, flown_log, small_log


def record_lengths(log: DataFlash) -> int:
    return sum(len(table) * log.formats[name].length for name, table in log.items())


def test_a_log_cut_anywhere_gives_what_is_whole(tmp_path: Path) -> None:
    writer = small_log(random.Random(4), 12)
    data = bytes(writer.data)
    ends = [*writer.starts[1:], len(data)]
    for cut in range(1, len(data)):
        log = log_of(data[:cut])
        assert log.records == sum(end <= cut for end in ends), cut
        assert record_lengths(log) + log.bad_bytes == cut
    (tmp_path / "cut.bin").write_bytes(data[:50])
    assert read_bin(tmp_path / "cut.bin").records == 0


def test_records_behind_damage_are_found_and_none_is_made_of_it() -> None:
    """A record that is not followed by another is not believed: one before each damaged place may be lost."""
    random_ = random.Random(5)
    writer = LogWriter()
    writer.define("POS", "QLLf", "TimeUS,Lat,Lng,Alt")
    written = set()
    clean = len(writer.data)
    for time_us in range(2000):
        row = (time_us, random_.randrange(-9 * 10**8, 9 * 10**8), random_.randrange(10**9), 0.5)
        written.add(row)
        writer.write("POS", *row)
    data = bytearray(writer.data)
    places = sorted(random_.randrange(clean, len(data)) for _ in range(50))
    for place in reversed(places):
        if random_.random() < 0.5:
            del data[place : place + random_.randrange(1, 60)]
        else:
            data[place:place] = bytes(random_.choice((0, 255, 0xA3)) for _ in range(random_.randrange(1, 60)))
    log = log_of(bytes(data))
    found = [row for row in log["POS"].tolist() if row in written]
    assert len(log["POS"]) - len(found) <= 1, "only bytes put in just where they do not show make a wrong one"
    assert len(found) >= 2000 - 50 * 4
    assert log.bad_bytes == len(data) - record_lengths(log) > 0


def read_slowly(data: bytes) -> list[tuple[int, bytes]]:
    """Where each record begins and the description that holds for it, by the rule in its plainest words."""
    described, found, at = {128: data[3:89]}, [], 0
    described[128] = bytes((128, 89)) + bytes(84)
    while at < len(data):
        body = (
            described.get(data[at + 2]) if data[at : at + 2] == b"\xa3\x95" and at + 3 <= len(data) else None
        )
        stop = at + body[1] if body else len(data) + 1
        if stop > len(data) or data[stop : stop + 2] != b"\xa3\x95"[: len(data) - stop]:
            at += 1
            continue
        found.append((at, body))
        if data[at + 2] == 128 and data[at + 4] >= 3 and data[at + 3] != 128:
            described[data[at + 3]] = data[at + 3 : at + 89]
        at = stop
    return found


def mutated(data: bytes, random_: random.Random) -> bytes:
    """The log with some bytes wrong, left out, put in, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(random_.randrange(1, 12)):
        at, size = random_.randrange(len(changed)), random_.choice((1, 2, 3, 8, 89, 200))
        what = random_.randrange(6)
        if what == 0:
            changed[at] ^= 1 << random_.randrange(8)
        elif what == 1 and len(changed) > 500:
            del changed[at : at + size]
        elif what == 2:
            changed[at:at] = random_.randbytes(size)
        elif what == 3:
            changed[at:at] = changed[at : at + size]
        elif what == 4:
            changed[at : at + size] = bytes((random_.choice((0, 255, 0xA3, 0x95, 0x80)),)) * size
        else:
            changed[at:at] = b"\xa3\x95\x80" + random_.randbytes(2) + b"GPS\0QBIHLLf" + random_.randbytes(60)
    return bytes(changed[: len(changed) - random_.choice((0, 0, random_.randrange(100)))])


@pytest.mark.parametrize("seed", range(6))
def test_no_damage_ever_fails_and_every_byte_is_accounted_for(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    whole = bytes(flown_log().data if seed % 2 else small_log(random_).data)
    for _ in range(100):
        data = mutated(whole, random_)
        log = log_of(data)
        expected = read_slowly(data)
        assert log.starts.tolist() == [start for start, _ in expected]
        assert record_lengths(log) + log.bad_bytes == len(data)
        for name in log:
            for field in log.formats[name].fields:
                assert len(log.scaled(name, field)) == len(log[name])
                log.unit(name, field)
        times = [frame.time_us for frame in frames_of_log(log)]
        assert times == sorted(times)
        summary = summary_of_log("made.bin", log)
        assert summary.duration_s >= 0


@pytest.mark.parametrize("size", [1, 3, 90, 5000])
def test_noise_is_no_message(size: int) -> None:
    log = log_of(random.Random(size).randbytes(size))
    assert (log.records, log.bad_bytes) == (0, size)


def test_descriptions_without_end_are_bounded() -> None:
    data = bytearray()
    for number in range(6000):
        body = struct.pack("<BB4s16s64s", 1, 4, b"X", b"B", f"F{number}".encode())
        data += b"\xa3\x95\x80" + body + b"\xa3\x95\x01\x07"
    log = log_of(bytes(data))
    assert log.records == 12_000
    assert log.bad_bytes == 0
    assert len(log) <= 4096


def test_whatever_was_logged_only_true_frames_are_made_of_it() -> None:
    random_ = random.Random(9)
    for _ in range(20):
        writer = a_log(COPTER, ("MODE", 0, 0, 0, 0), gps(S))
        for name, (letters, fields) in DEFINED.items():
            number = writer.define(name, letters, fields)
            size = struct.calcsize("<" + "".join(STRUCTS[letter] for letter in letters[1:]))
            for time_us in range(1, 60):
                body = random_.choice((random_.randbytes(size), b"\xff" * size, bytes(size)))
                writer.data += bytes((0xA3, 0x95, number)) + struct.pack("<Q", time_us * 50_000) + body
        frames = list(frames_of_log(log_of(bytes(writer.data))))
        assert len(frames) > 400
        assert all(isinstance(frame, Message) for frame in frames)
        state_of(frames).as_dict()
