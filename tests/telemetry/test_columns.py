"""A recording as columns holds what its frames hold, however damaged it is."""

from __future__ import annotations

import csv
import io
import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import ardupilotmega as reference

from missions.errors import FormatError, InputError
from telemetry.columns import Columns, columns_of, read_columns
from telemetry.columns.csv_text import write_csv
from telemetry.columns.tables import DTYPES, HEAD, KINDS
from telemetry.dialect import LAYOUTS
from telemetry.frames import Frame, FrameReader, Message
from telemetry.messages import Encoder, decode
from telemetry.tlog import TlogScanner, read_tlog

TLOGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]


def plain(value: Any) -> Any:
    """A column's value as a message has it."""
    if isinstance(value, bytes):
        return value.split(b"\0", 1)[0].decode(errors="replace")
    return tuple(value.tolist()) if isinstance(value, np.ndarray) else value.item()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def assert_holds(columns: Columns, frames: Sequence[Frame]) -> None:
    assert columns.frames == len(frames)
    assert columns.unknown == tuple(frame.raw for frame in frames if frame.layout is None)
    by_name: defaultdict[str, list[Message]] = defaultdict(list)
    for frame in frames:
        message = decode(frame)
        if message is not None:
            by_name[message.name].append(message)
    assert set(columns) == set(by_name)
    for name, messages in by_name.items():
        table = columns[name]
        head = [(each.time_us, each.system, each.component, each.sequence) for each in messages]
        assert list(map(tuple, table[[column for column, _ in HEAD]].tolist())) == head
        for row, message in zip(table, messages, strict=True):
            for field, value in message.fields.items():
                assert same(value, plain(row[field])), (name, field)


@pytest.mark.parametrize("name", TLOGS)
def test_a_real_recording_has_the_same_messages_in_columns(name: str, shared: Callable[[str], Path]) -> None:
    path = shared(name)
    frames = list(read_tlog(path))
    assert len(frames) > 20_000
    assert_holds(read_columns(path), frames)


def any_frame(random_: random.Random, mav: reference.MAVLink) -> bytes:
    """A frame of any known type, of either version, signed or not, or of an unknown type."""
    if random_.random() < 0.1:
        body = bytes((9, 0, 0, 5, 9, 1)) + random_.choice((b"\xf0\xff\x7f", b"\xf1\xff\x7f"))
        body += random_.randbytes(9)
        return b"\xfd" + body + mcrf4xx(b"M", mcrf4xx(body)).to_bytes(2, "little")
    layout = random_.choice(KINDS)
    message = reference.mavlink_map[layout.message_id]
    mav.signing.sign_outgoing = random_.random() < 0.2
    version_1 = random_.random() < 0.3 and layout.message_id < 256
    packed = random_.randbytes(layout.packer.size)
    if random_.random() < 0.5:
        packed = packed[: random_.randrange(len(packed) + 1)].ljust(len(packed), b"\0")
    values = message.unpacker.unpack(packed)
    fields = {
        span.name: values[span.start] if span.kind != "array" else list(values[span.start : span.stop])
        for span in layout.spans
    }
    return bytes(message(**fields).pack(mav, force_mavlink1=version_1))


@pytest.mark.parametrize("seed", range(8))
def test_columns_find_what_the_reader_of_recordings_finds_in_damaged_bytes(seed: int) -> None:
    """Half of them with times between the frames; of known types streams give the same."""
    random_ = random.Random(seed)
    mav = reference.MAVLink(None, srcSystem=7, srcComponent=8)
    mav.signing.secret_key, mav.signing.timestamp = bytes(32), 1
    stream = bytearray()
    for number in range(1_500):
        if seed % 2:
            stream += (1_700_000_000_000_000 + 97_003 * number).to_bytes(8, "big")
        stream += any_frame(random_, mav)
        if random_.random() < 0.3:
            stream += random_.randbytes(random_.randrange(40)) + random_.choice((b"\xfd", b"\xfe", b""))
    for _ in range(seed * 60):
        stream[random_.randrange(len(stream))] = random_.choice((0xFD, 0xFE, random_.randrange(256)))
    data = bytes(stream[: len(stream) - random_.randrange(30)])
    found, _ = TlogScanner().scan(data, last=True)
    expected = [frame for _, _, frame in found]
    columns = columns_of(data)
    assert columns.frames == len(expected) > 1_000
    assert columns.bad_bytes == len(data) - len({at for start, stop, _ in found for at in range(start, stop)})
    assert columns.unknown == tuple(frame.raw for frame in expected if frame.layout is None)
    assert {name: len(table) for name, table in columns.items()} == counted(expected)
    reader = FrameReader()
    assert counted(reader.feed(data, 0) + reader.finish(0)) == counted(expected)


def counted(frames: Sequence[Frame]) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for frame in frames:
        if frame.layout is not None:
            counts[frame.layout.name] += 1
    return dict(counts)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_recording_has_the_same_times_in_columns(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    encoder, stream, time_us = Encoder(3, 1), bytearray(), 1_700_000_000_000_000
    for number in range(2_000):
        time_us += random_.randrange(200_000)
        stream += time_us.to_bytes(8, "big") + encoder.encode("ATTITUDE", roll=0.1 * number, yaw=1.0)
        if random_.random() < 0.05:
            stream += random_.randbytes(random_.randrange(30))
    for _ in range(400):
        stream[random_.randrange(60, len(stream))] ^= 1 << random_.randrange(8)
    path = tmp_path / "damaged.tlog"
    path.write_bytes(stream)
    frames = list(read_tlog(path))
    assert 1_500 < len(frames) < 2_000
    assert_holds(read_columns(path), frames)


def test_every_known_message_has_a_row_as_long_as_its_payload() -> None:
    for layout in LAYOUTS.values():
        dtype = DTYPES[layout.name]
        assert dtype.itemsize == layout.packer.size + np.dtype(list(HEAD)).itemsize
        assert dtype.names == (*(name for name, _ in HEAD), *layout.names)


def test_twenty_thousand_frames_in_noise_are_all_found() -> None:
    random_ = random.Random(1)
    encoder = Encoder(1, 1)
    frames = [encoder.encode("GLOBAL_POSITION_INT", lat=number, lon=-number) for number in range(20_000)]
    noise = (
        random_.randbytes(random_.randrange(30)) + random_.choice((b"", b"\xfd", b"\xfe")) for _ in frames
    )
    columns = columns_of(b"".join(before + frame for before, frame in zip(noise, frames, strict=True)))
    assert columns["GLOBAL_POSITION_INT"]["lat"].tolist() == list(range(20_000))


@pytest.mark.parametrize("content", [b"", b"x", b"no recording at all" * 100])
def test_what_is_no_recording_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"holiday\.jpg.*no MAVLink recording"):
        read_columns(path)


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.tlog.*cannot be read"):
        read_columns(tmp_path / "gone.tlog")


def test_a_type_is_written_as_csv_that_says_what_was_sent() -> None:
    encoder = Encoder(1, 1)
    raw = encoder.encode("BATTERY_STATUS", id=2, voltages=[4200, 4100], temperature=-5)
    raw += encoder.encode("STATUSTEXT", text='say "no", twice', severity=3)
    raw += encoder.encode("ATTITUDE", roll=0.1, yaw=math.nan)
    columns, told = columns_of(raw), {}
    for name in columns:
        file = io.StringIO()
        write_csv(columns[name], file)
        (told[name],) = csv.DictReader(file.getvalue().splitlines())
    assert (told["BATTERY_STATUS"]["voltages[1]"], told["BATTERY_STATUS"]["temperature"]) == ("4100", "-5")
    assert told["STATUSTEXT"]["text"] == 'say "no", twice'
    assert (told["ATTITUDE"]["roll"], told["ATTITUDE"]["yaw"]) == ("0.1", "nan")


def test_no_bytes_are_no_messages() -> None:
    columns = columns_of(b"")
    assert (len(columns), columns.frames, columns.bad_bytes) == (0, 0, 0)
