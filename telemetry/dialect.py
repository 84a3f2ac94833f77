"""What every message looks like on the wire: the ardupilotmega dialect as tables.

The definitions come from pymavlink's generated module (MAVLink 2, ardupilotmega, which includes common).
A payload holds its fields by falling size, extensions last; a MAVLink 2 sender drops trailing zero bytes.
See mavlink.io/en/guide/serialization.html.
"""

from __future__ import annotations

import struct
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as definitions


class Span(NamedTuple):
    """One field's place among the unpacked values: `[start:stop]`; `kind` is "one", "array" or "text"."""

    name: str
    start: int
    stop: int
    kind: str


class Layout(NamedTuple):
    """One message: its id, checksum seed, packer, and its fields in wire order.

    `names` are all fields in wire order. `seed` is CRC_EXTRA as the byte that is added to the checksum.
    """

    message_id: int
    name: str
    seed: bytes
    packer: struct.Struct
    spans: tuple[Span, ...]
    names: tuple[str, ...]


def _spans(message: Any) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    for name, length, array_length in zip(
        message.ordered_fieldnames, message.lengths, message.array_lengths, strict=True
    ):
        text = message.fieldtypes[message.fieldnames.index(name)] == "char"
        kind = "text" if text else "array" if array_length else "one"
        spans.append(Span(name, start, start + length, kind))
        start += length
    return tuple(spans)


def _layout(message: Any) -> Layout:
    spans = _spans(message)
    return Layout(
        message_id=message.id,
        name=message.msgname,
        seed=bytes((message.crc_extra,)),
        packer=struct.Struct(message.unpacker.format),
        spans=spans,
        names=tuple(span.name for span in spans),
    )


def codes_of(layout: Layout) -> list[str]:
    """The struct code of every unpacked value; a text is one of them, with its length before it."""
    codes: list[str] = []
    count = ""
    for letter in layout.packer.format.lstrip("<"):
        if letter.isdigit():
            count += letter
            continue
        codes += [f"{count}{letter}"] if letter in "sc" else [letter] * int(count or 1)
        count = ""
    return codes


LAYOUTS: MappingProxyType[int, Layout] = MappingProxyType(
    {message.id: _layout(message) for message in definitions.mavlink_map.values()}
)
"""Every known message by its id."""

BY_NAME: MappingProxyType[str, Layout] = MappingProxyType({entry.name: entry for entry in LAYOUTS.values()})
"""Every known message by its name."""


@cache
def enum_names(enum: str) -> MappingProxyType[int, str]:
    """The entries of a MAVLink enum, number to full name, such as `enum_names("MAV_RESULT")[0]`."""
    entries = definitions.enums[enum].items()
    return MappingProxyType(
        {number: str(entry.name) for number, entry in entries if not str(entry.name).endswith("_ENUM_END")}
    )


def short_name(enum: str, number: int) -> str:
    """An enum entry for people: "accepted" for MAV_RESULT 0; the number itself where it is unknown."""
    full = enum_names(enum).get(number)
    if full is None:
        return str(number)
    return full.removeprefix(enum + "_").removeprefix("MAV_").replace("_", " ").lower()


@cache
def _commands_with_place() -> frozenset[int]:
    entries = definitions.enums["MAV_CMD"].items()
    return frozenset(number for number, entry in entries if getattr(entry, "has_location", False))


def takes_place(command: int) -> bool:
    """Whether parameters 5 and 6 of this MAV_CMD are a latitude and a longitude."""
    return command in _commands_with_place()
