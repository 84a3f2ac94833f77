"""Payloads as bytes: what they say, and frames around them, by plain code of the tests' own."""

from __future__ import annotations

from typing import Any

from fastcrc.crc16 import mcrf4xx

from telemetry.dialect import Layout


def framed(layout: Layout, payload: bytes, *, version: int = 2, signed: bool = False) -> bytes:
    """A frame of MAVLink 1 or 2, by the serialization that mavlink.io describes."""
    number = layout.message_id
    if version == 1:
        body = bytes((len(payload), 3, 1, 2, number)) + payload
    else:
        body = bytes((len(payload), signed, 0, 3, 1, 2)) + number.to_bytes(3, "little") + payload
    checksum = mcrf4xx(body + layout.seed).to_bytes(2, "little")
    return (b"\xfe" if version == 1 else b"\xfd") + body + checksum + bytes(13 * signed)


def values_in(layout: Layout, payload: bytes) -> tuple[Any, ...]:
    """What a payload says, filled up with zeros, field by field."""
    flat = layout.packer.unpack(payload[: layout.packer.size].ljust(layout.packer.size, b"\0"))
    values: list[Any] = []
    for _, start, stop, kind in layout.spans:
        if kind == "text":
            values.append(flat[start].split(b"\0")[0].decode(errors="replace"))
        else:
            values.append(flat[start:stop] if kind == "array" else flat[start])
    return tuple(values)
