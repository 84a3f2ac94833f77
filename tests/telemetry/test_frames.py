"""Frames come out of bytes, whatever stands between them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import ardupilotmega as reference

from telemetry.dialect import LAYOUTS
from telemetry.frames import LONGEST_FRAME, FrameReader, FrameScanner, payload_of
from telemetry.messages import Encoder, decode

TLOGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]
UNKNOWN_ID = 0x7FFFF0


def frame_of_any_version(random_: random.Random, sequence: int) -> bytes:
    """A valid frame, by pymavlink's own encoder: version 1, 2 or 2 signed."""
    mav = reference.MAVLink(None, srcSystem=random_.randrange(1, 255), srcComponent=random_.randrange(255))
    mav.seq = sequence % 256
    if random_.random() < 0.2:
        mav.signing.secret_key = bytes(32)
        mav.signing.sign_outgoing = True
        mav.signing.timestamp = 1
    message = reference.MAVLink_global_position_int_message(
        *(random_.randrange(2**31) for _ in range(5)), *(random_.randrange(2**15) for _ in range(4))
    )
    return bytes(message.pack(mav, force_mavlink1=random_.random() < 0.4))


def unknown_frame(sequence: int, crc_extra: int, payload: bytes = b"unheard of") -> bytes:
    body = bytes((len(payload), 0, 0, sequence, 9, 1)) + UNKNOWN_ID.to_bytes(3, "little") + payload
    return b"\xfd" + body + mcrf4xx(bytes((crc_extra,)), mcrf4xx(body)).to_bytes(2, "little")


def test_noise_never_costs_a_valid_frame() -> None:
    random_ = random.Random(20_000)
    frames = [frame_of_any_version(random_, number) for number in range(20_000)]
    stream = b"".join(
        random_.randbytes(random_.randrange(30)) + random_.choice((b"", b"\xfd", b"\xfe")) + frame
        for frame in frames
    )
    reader, found, at = FrameReader(), [], 0
    while at < len(stream):
        step = random_.randrange(1, 5_000)
        found += reader.feed(stream[at : at + step], 0)
        at += step
    found += reader.finish(0)
    assert [frame.raw for frame in found] == frames
    assert reader.bad_bytes == len(stream) - sum(map(len, frames))


def test_a_frame_may_come_byte_by_byte() -> None:
    encoder, reader = Encoder(1, 1), FrameReader()
    sent = [encoder.encode("HEARTBEAT", type=2, autopilot=3) for _ in range(3)]
    found = [frame for byte in b"".join(sent) for frame in reader.feed(bytes((byte,)), 5)]
    assert [frame.raw for frame in found] == sent
    assert [frame.sequence for frame in found] == [0, 1, 2]
    assert reader.bad_bytes == 0


@pytest.mark.parametrize("name", TLOGS)
def test_every_frame_that_pymavlink_accepts_is_accepted_with_equal_fields(
    name: str, shared: Callable[[str], Path]
) -> None:
    data = shared(name).read_bytes()
    reader = FrameReader()
    ours = {frame.raw: frame for frame in reader.feed(data, 0) + reader.finish(0)}
    mav = reference.MAVLink(None)
    mav.robust_parsing = True
    theirs = [message for message in mav.parse_buffer(data) if message.get_msgId() in LAYOUTS]
    assert len(theirs) > 20_000
    for message in theirs:
        decoded = decode(ours[bytes(message.get_msgbuf())])
        assert decoded is not None
        expected = message.to_dict()
        assert decoded.name == expected.pop("mavpackettype")
        assert same(dict(decoded.fields), expected), (decoded, expected)


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(same_value(ours[key], theirs[key]) for key in ours)


def same_value(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same_value, a, b))
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def test_a_broken_checksum_is_noise() -> None:
    raw = bytearray(Encoder(1, 1).encode("ATTITUDE", roll=1.0))
    raw[12] ^= 1
    reader = FrameReader()
    assert reader.feed(bytes(raw), 0) + reader.finish(0) == []
    assert reader.bad_bytes == len(raw)


def test_an_unknown_message_is_believed_in_a_stream_from_its_second_frame_on() -> None:
    reader = FrameReader()
    stream = [unknown_frame(number, crc_extra=77) for number in range(4)]
    found = [reader.feed(raw[:5], 0) + reader.feed(raw[5:], 0) for raw in stream]
    assert [len(frames) for frames in found] == [0, 1, 1, 1]
    assert found[1][0].message_id == UNKNOWN_ID
    assert found[1][0].raw == stream[1]
    assert decode(found[1][0]) is None


def test_an_unknown_message_with_another_checksum_each_time_is_not_believed_in_a_stream() -> None:
    stream = b"".join(b"\0" + unknown_frame(extra, extra) for extra in range(50))
    reader = FrameReader()
    assert reader.feed(stream, 0) + reader.finish(0) == []


def test_an_unknown_message_that_a_datagram_holds_alone_is_believed_at_once() -> None:
    reader = FrameReader()
    raw = unknown_frame(3, crc_extra=77)
    (frame,) = reader.feed(raw, 0)
    assert (frame.message_id, frame.raw, frame.layout) == (UNKNOWN_ID, raw, None)
    assert reader.bad_bytes == 0
    broken = bytearray(unknown_frame(4, crc_extra=77))
    broken[-1] ^= 1
    assert FrameReader().feed(bytes(broken), 0) == []


def test_known_frames_inside_an_unknown_one_are_not_lost() -> None:
    reader, inner = FrameReader(), Encoder(1, 1).encode("HEARTBEAT", type=2)
    for number in range(2):
        ids = [frame.message_id for frame in reader.feed(unknown_frame(number, 77, inner), 0)]
        assert ids == [UNKNOWN_ID, 0]
    assert reader.bad_bytes == 0


def test_what_waits_for_more_bytes_stays_short() -> None:
    random_ = random.Random(3)
    reader = FrameReader()
    for _ in range(2_000):
        reader.feed(bytes(random_.choice((0xFD, 0xFE, 0xFF, 0)) for _ in range(100)), 0)
        assert len(reader._rest) < LONGEST_FRAME


def test_a_signed_frame_says_so_and_keeps_its_signature() -> None:
    mav = reference.MAVLink(None, srcSystem=3, srcComponent=4)
    mav.signing.secret_key, mav.signing.sign_outgoing, mav.signing.timestamp = bytes(32), True, 99
    raw = bytes(reference.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3).pack(mav))
    (frame,) = FrameReader().feed(raw, 7)
    assert (frame.time_us, frame.system, frame.component, frame.sequence, frame.message_id) == (7, 3, 4, 0, 0)
    assert frame.signed
    assert frame.raw == raw
    assert payload_of(frame) == raw[10:19]
    assert decode(frame).autopilot == 3  # type: ignore[union-attr]


def test_the_short_way_through_a_datagram_finds_what_the_long_way_finds() -> None:
    random_ = random.Random(5)
    for number in range(2_000):
        raw = bytearray(frame_of_any_version(random_, number))
        for _ in range(random_.choice((0, 0, 1, 3))):
            raw[random_.randrange(len(raw))] = random_.randrange(256)
        data = bytes(raw[: random_.choice((len(raw), random_.randrange(len(raw) + 1)))])
        found, _ = FrameScanner().scan(data, 3, last=True)
        reader = FrameReader()
        assert reader.feed(data, 3) + reader.finish(3) == [frame for _, _, frame in found]
