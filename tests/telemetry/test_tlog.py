"""Recordings are read whole, damaged ones as far as they go, and nothing else is taken for one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as reference

from missions.errors import FormatError, InputError
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog

START_US = 1_700_000_000_000_000


def records(count: int) -> list[tuple[int, bytes]]:
    encoder = Encoder(1, 1)
    return [
        (START_US + number * 100_000, encoder.encode("ATTITUDE", time_boot_ms=number, yaw=number / 100))
        for number in range(count)
    ]


def tlog_of(rows: list[tuple[int, bytes]]) -> bytes:
    return b"".join(time_us.to_bytes(8, "big") + raw for time_us, raw in rows)


def test_times_and_frames_come_back_in_order(tmp_path: Path) -> None:
    rows = records(30_000)  # more than one read of the file
    path = tmp_path / "flight.tlog"
    path.write_bytes(tlog_of(rows))
    assert [(frame.time_us, frame.raw) for frame in read_tlog(path)] == rows


def test_damage_costs_only_what_it_hit(tmp_path: Path) -> None:
    random_ = random.Random(5)
    rows = records(2_000)
    data, kept = b"", []
    for row in rows:
        if random_.random() < 0.05:
            data += random_.randbytes(random_.randrange(1, 400))
        elif random_.random() < 0.05:
            damaged = bytearray(tlog_of([row]))
            damaged[-3] ^= 0xFF
            data += bytes(damaged)
            continue
        data += tlog_of([row])
        kept.append(row)
    path = tmp_path / "damaged.tlog"
    path.write_bytes(data)
    assert [(frame.time_us, frame.raw) for frame in read_tlog(path)] == kept


def test_a_recording_that_was_cut_off_gives_all_that_is_whole(tmp_path: Path) -> None:
    rows = records(10)
    path = tmp_path / "cut.tlog"
    path.write_bytes(tlog_of(rows)[:-5])
    assert [frame.raw for frame in read_tlog(path)] == [raw for _, raw in rows[:-1]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"This is a text about drones.\n" * 100,
        random.Random(1).randbytes(200_000),
        b"\xff\xd8\xff\xe1" + random.Random(2).randbytes(50_000),
        b"".join(raw for _, raw in records(100)),
        tlog_of(records(1))[:20],
    ],
    ids=["empty", "text", "noise", "picture", "frames without times", "half a frame"],
)
def test_a_file_that_is_no_recording_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.tlog"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="no MAVLink recording") as caught:
        next(read_tlog(path))
    assert caught.value.where == str(path)
    assert caught.value.remedy


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.tlog"):
        next(read_tlog(tmp_path / "missing.tlog"))


@pytest.mark.parametrize(
    ("name", "count", "seconds"),
    [
        ("tlogs/solo-quad-v1.tlog", 75_477, 1377.0),
        ("tlogs/sub-v2.tlog", 30_439, 245.8),
        ("tlogs/sub-small-v2.tlog", 35_912, 263.4),
    ],
)
def test_real_recordings_give_all_their_messages_in_time(
    name: str, count: int, seconds: float, shared: Callable[[str], Path]
) -> None:
    times_us = [frame.time_us for frame in read_tlog(shared(name))]
    assert len(times_us) == count
    assert times_us == sorted(times_us)
    assert (times_us[-1] - times_us[0]) / 1e6 == pytest.approx(seconds, abs=0.1)


def test_signed_frames_are_read(tmp_path: Path) -> None:
    mav = reference.MAVLink(None, srcSystem=3, srcComponent=4)
    mav.signing.secret_key, mav.signing.sign_outgoing, mav.signing.timestamp = bytes(32), True, 99
    rows = [
        (START_US + n, bytes(reference.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3).pack(mav)))
        for n in range(5)
    ]
    path = tmp_path / "signed.tlog"
    path.write_bytes(tlog_of(rows))
    assert [(frame.time_us, frame.signed) for frame in read_tlog(path)] == [(row[0], True) for row in rows]
