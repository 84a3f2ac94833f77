"""What every message looks like on the wire: the ardupilotmega dialect as tables.

The definitions come from pymavlink's generated module (MAVLink 2, ardupilotmega, which includes common).
A payload holds its fields by falling size, extensions last; a MAVLink 2 sender drops trailing zero bytes.
See mavlink.io/en/guide/serialization.html.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
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

    `names` are all fields in wire order. `values_of` takes a payload, cut short or whole or longer than is
    known, and gives a value for each of them: a number, a tuple of numbers, or a text. `seed` is CRC_EXTRA
    as the byte that is added to the checksum.
    """

    message_id: int
    name: str
    seed: bytes
    packer: struct.Struct
    spans: tuple[Span, ...]
    names: tuple[str, ...]
    values_of: Callable[[bytes], tuple[Any, ...]]


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
    packer = struct.Struct(message.unpacker.format)
    return Layout(
        message_id=message.id,
        name=message.msgname,
        seed=bytes((message.crc_extra,)),
        packer=packer,
        spans=spans,
        names=tuple(span.name for span in spans),
        values_of=_reader(packer, spans),
    )


def _reader(packer: struct.Struct, spans: tuple[Span, ...]) -> Callable[[bytes], tuple[Any, ...]]:
    """What reads a payload: written out for each message, as named tuples are, since it runs for every frame.

    Only numbers of our own table stand in what is run.
    """
    values, fields = [], []
    for span in spans:
        own = [
            f"v{number}"
            for number in range(span.start, span.stop if span.kind == "array" else span.start + 1)
        ]
        values += own
        if span.kind == "array":
            fields.append(f"({', '.join(own)},)")
        elif span.kind == "text":
            fields.append(f"{own[0]}.partition(zero)[0].decode('utf-8', 'replace')")
        else:
            fields.append(own[0])
    read = f"unpack(payload.ljust({packer.size}, zero))"
    names = {"unpack": packer.unpack_from, "zero": b"\0"}
    if values == fields:
        return eval(f"lambda payload: {read}", names)  # type: ignore[no-any-return]  # noqa: S307
    source = f"def reader(payload):\n {', '.join(values)}, = {read}\n return ({', '.join(fields)},)\n"
    exec(source, names)  # noqa: S102
    return names["reader"]  # type: ignore[return-value]


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
