"""A frame of any type, version and length is taken apart to what its bytes say."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from telemetry.dialect import BY_NAME, LAYOUTS
from telemetry.frames import Frame, FrameReader, Message, stamped
from telemetry.messages import Encoder
from telemetry.unpacking import BY_V2, message_of
from tests.telemetry.payloads import framed, values_in

KEPT_LENGTHS = 16


def plain(values: tuple[Any, ...]) -> str:
    """Equal for equal values, NaN among them, and for their types."""
    return repr(values)


@pytest.mark.parametrize("seed", range(6))
def test_a_payload_of_any_length_is_what_it_is_with_zeros_behind_it(seed: int) -> None:
    random_ = random.Random(seed)
    for layout in random_.sample(list(LAYOUTS.values()), 12):
        size = layout.packer.size
        lengths = random_.sample(range(min(size + 5, 256)), min(size + 5, 40))
        for length in lengths * 2:
            payload = random_.randbytes(length)
            for raw in (
                framed(layout, payload),
                framed(layout, payload, signed=True),
                *([framed(layout, payload, version=1)] if layout.message_id < 256 else []),
            ):
                message = message_of(raw, 5)
                assert message is not None, (layout.name, length, raw[0])
                assert plain(message.values) == plain(values_in(layout, payload)), (layout.name, length)
                assert (message.time_us, message.raw, message.message_id) == (5, raw, layout.message_id)
                assert (message.sequence, message.system, message.component) == (3, 1, 2)


def test_lengths_beyond_what_a_sender_has_reason_for_cost_no_memory() -> None:
    layout = BY_NAME["PARAM_EXT_SET"]
    for length in range(layout.packer.size + 1):
        assert message_of(framed(layout, bytes((65,)) * length), 0) is not None
    assert len(BY_V2[layout.message_id.to_bytes(3, "little")]) <= KEPT_LENGTHS


def test_a_signed_frame_as_long_as_an_unsigned_one_is_read() -> None:
    layout = BY_NAME["ATTITUDE"]
    long, short = framed(layout, bytes(range(28))), framed(layout, bytes(range(15)), signed=True)
    assert len(long) == len(short)
    for raw in (long, short, long, short):
        message = message_of(raw, 0)
        assert message is not None
        assert message.signed == (raw is short)


def test_one_wrong_bit_anywhere_is_no_message() -> None:
    for raw in (
        framed(BY_NAME["VFR_HUD"], bytes(range(20))),
        framed(BY_NAME["VFR_HUD"], bytes(range(13))),
        framed(BY_NAME["VFR_HUD"], bytes(range(20)), version=1),
    ):
        assert message_of(raw, 0) is not None
        for bit in range(8 * len(raw)):
            broken = bytearray(raw)
            broken[bit // 8] ^= 1 << bit % 8
            assert message_of(bytes(broken), 0) is None, bit


def test_what_is_no_frame_or_more_than_one_is_no_message() -> None:
    raw = Encoder(1, 1).encode("HEARTBEAT", type=2)
    for data in (b"", b"\xfd", b"\xfe", raw[:-1], raw + b"\0", raw + raw, b"\0" + raw, b"\xfe" + raw[1:]):
        assert message_of(data, 0) is None


def test_fields_called_as_something_of_every_frame_are_in_fields_only() -> None:
    raw = Encoder(1, 1).encode("NAMED_VALUE_FLOAT", name="speed", value=2.0)
    message = message_of(raw, 0)
    assert message is not None
    assert (message.name, message.fields["name"], message.value) == ("NAMED_VALUE_FLOAT", "speed", 2.0)


def test_texts_are_remembered_but_not_without_end() -> None:
    encoder = Encoder(1, 1)
    for number in (*range(6_000), 5, 5_999):
        message = message_of(encoder.encode("STATUSTEXT", text=f"text {number}"), 0)
        assert message is not None
        assert message.text == f"text {number}"


def test_frames_are_equal_when_their_bytes_and_times_are() -> None:
    raw = Encoder(1, 1).encode("ATTITUDE", roll=math.nan)
    (one,), (same,), (later,) = (FrameReader().feed(raw, time_us) for time_us in (7, 7, 8))
    assert one == same
    assert len({one, same, later}) == 2
    assert stamped(one, 8) == later
    assert isinstance(stamped(one, 8), Message)
    unknown = Frame(7, 1, 1, 0, 0x7FFFF0, b"\xfd")
    assert stamped(unknown, 9) == Frame(9, 1, 1, 0, 0x7FFFF0, b"\xfd") != unknown
    assert one != raw
