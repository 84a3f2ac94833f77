"""Messages and frames turn into each other without losing anything."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import ardupilotmega as reference

from missions.errors import InputError
from telemetry.dialect import BY_NAME, LAYOUTS, Layout, enum_names, short_name, takes_place
from telemetry.frames import Frame, FrameReader, payload_of
from telemetry.messages import Encoder, decode, pack


def random_fields(layout: Layout, random_: random.Random) -> dict[str, Any]:
    """A value for each field that its type holds exactly."""
    values = layout.packer.unpack(random_.randbytes(layout.packer.size))
    fields: dict[str, Any] = {}
    for name, start, stop, kind in layout.spans:
        if kind == "text":
            fields[name] = "".join(random_.choices("abcXYZ 09", k=random_.randrange(len(values[start]) + 1)))
        else:
            numbers = [0.0 if isinstance(value, float) and math.isnan(value) else value for value in values]
            fields[name] = tuple(numbers[start:stop]) if kind == "array" else numbers[start]
    return fields


@pytest.mark.parametrize("layout", list(LAYOUTS.values()), ids=lambda layout: layout.name)
def test_every_message_is_encoded_as_pymavlink_does_and_read_back(layout: Layout) -> None:
    random_ = random.Random(layout.message_id)
    fields = random_fields(layout, random_)
    raw = Encoder(11, 22).encode(layout.name, **fields)
    (frame,) = FrameReader().feed(raw, 1_500_000)
    message = decode(frame)
    assert message is not None
    assert (message.name, message.time_s, message.system, message.component) == (layout.name, 1.5, 11, 22)
    assert message.fields == fields
    mav = reference.MAVLink(None, srcSystem=11, srcComponent=22)
    theirs = reference.mavlink_map[layout.message_id](
        **{name: value.encode() if isinstance(value, str) else value for name, value in fields.items()}
    )
    assert raw == bytes(theirs.pack(mav))


def test_a_payload_that_was_cut_short_is_filled_with_zeros() -> None:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("GLOBAL_POSITION_INT", time_boot_ms=7), 0)
    assert len(payload_of(frame)) == 1
    message = decode(frame)
    assert message is not None
    assert (message.time_boot_ms, message.lat, message.hdg) == (7, 0, 0)


def test_a_payload_longer_than_known_loses_only_what_is_unknown() -> None:
    layout = BY_NAME["ATTITUDE"]
    payload = pack(layout, {"roll": 0.5, "yawspeed": 1.0}) + b"later extension"
    body = bytes((len(payload), 0, 0, 1, 1, 1)) + layout.message_id.to_bytes(3, "little") + payload
    (frame,) = FrameReader().feed(b"\xfd" + body + mcrf4xx(body + layout.seed).to_bytes(2, "little"), 0)
    assert frame.values == (0, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0)


def test_nan_stays_nan() -> None:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("ATTITUDE", roll=math.nan, yaw=math.inf), 0)
    message = decode(frame)
    assert message is not None
    assert math.isnan(message.roll)
    assert message.yaw == math.inf


def test_a_text_ends_at_its_first_nul() -> None:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("STATUSTEXT", text=b"stop\0rubbish"), 0)
    assert decode(frame).text == "stop"  # type: ignore[union-attr]


def test_frames_are_numbered_and_begin_again_after_255() -> None:
    encoder, reader = Encoder(1, 1), FrameReader()
    stream = b"".join(encoder.encode("HEARTBEAT") for _ in range(300))
    assert [frame.sequence for frame in reader.feed(stream, 0)] == [number % 256 for number in range(300)]


def test_an_unknown_type_has_no_message() -> None:
    assert decode(Frame(0, 1, 1, 0, 0x7FFFF0, b"")) is None


def test_what_cannot_be_encoded_is_refused() -> None:
    encoder = Encoder(1, 1)
    with pytest.raises(InputError, match="no MAVLink message NONSENSE"):
        encoder.encode("NONSENSE")
    with pytest.raises(InputError, match="HEARTBEAT has no field colour"):
        encoder.encode("HEARTBEAT", colour=1)
    with pytest.raises(InputError, match="HEARTBEAT cannot hold"):
        encoder.encode("HEARTBEAT", type=999)


def test_a_field_that_is_not_there_is_an_attribute_error() -> None:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("HEARTBEAT"), 0)
    with pytest.raises(AttributeError, match="HEARTBEAT has no field lat"):
        _ = decode(frame).lat  # type: ignore[union-attr]


def test_fields_that_tuples_have_methods_of_are_fields() -> None:
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("MISSION_COUNT", count=5), 0)
    assert decode(frame).count == 5  # type: ignore[union-attr]
    (frame,) = FrameReader().feed(Encoder(1, 1).encode("RAW_RPM", index=3), 0)
    assert decode(frame).index == 3  # type: ignore[union-attr]


def test_numbers_have_names_for_people() -> None:
    assert enum_names("MAV_RESULT")[0] == "MAV_RESULT_ACCEPTED"
    assert short_name("MAV_RESULT", 2) == "denied"
    assert short_name("MAV_RESULT", 999) == "999"
    assert takes_place(16)
    assert not takes_place(178)
