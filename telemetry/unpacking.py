"""What takes a whole frame apart, written out for each type of message as named tuples are.

It runs for every frame that is received. For each type there is a class of messages, with a slot a field, and
for each version of MAVLink and each length in which the type comes a function that checks a frame and unpacks
all of it at once. They are made when the first such frame is heard. Only names and numbers of our own table
stand in the source that is run.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from fastcrc.crc16 import mcrf4xx

from telemetry.dialect import LAYOUTS, Layout, codes_of
from telemetry.frame_types import (
    CHECK_BYTES,
    HEAD_V1,
    HEAD_V2,
    MAGIC_V1,
    MAGIC_V2,
    SIGNATURE_BYTES,
    SIGNED,
    Message,
)

_Unpack = Callable[[bytes, int], Message | None]
_MOST_LENGTHS = 16
"""So many lengths of a type get functions of their own; whoever sends more costs no memory."""
_REMEMBERED_TEXTS = 4096


def message_of(data: bytes, time_us: int) -> Message | None:
    """The message of a known type that `data` is and nothing else, received at `time_us`.

    None where its checksum does not fit, where it is no frame, or more than one.
    """
    if not data:
        return None
    if data[0] == MAGIC_V2:
        return BY_V2[data[ID_V2]][len(data)](data, time_us)
    if data[0] == MAGIC_V1:
        return BY_V1[data[ID_V1]][len(data)](data, time_us)
    return None


@cache
def message_type(message_id: int) -> type[Message]:
    """The class of a known type's messages."""
    layout = LAYOUTS[message_id]
    slots = _slots(layout)
    own = {"__init__": object.__init__, "layout": layout, "message_id": message_id, "name": layout.name}
    return type(layout.name, (Message,), {"__slots__": slots, "values": property(_all_of(slots)), **own})


def _slots(layout: Layout) -> tuple[str, ...]:
    """Where each field is kept: under its name, but for those that every frame has something else under."""
    return tuple(f"{name}_field" if hasattr(Message, name) else name for name in layout.names)


def _all_of(slots: tuple[str, ...]) -> Callable[[Message], tuple[Any, ...]]:
    read: Callable[[Message], Any] = attrgetter(*slots)
    return read if len(slots) > 1 else lambda message: (read(message),)


class _Version(NamedTuple):
    """One version of MAVLink: its first bytes for `struct`.

    They give the payload's length, in version 2 with the flags above it, then sequence, system and component.
    """

    head_bytes: int
    id_bytes: int
    head: str


_V1 = _Version(HEAD_V1, 1, "xBBBBx")
_V2 = _Version(HEAD_V2, 3, "xHxBBB3x")


def _written_out(
    layout: Layout, version: _Version, length: int, in_steps: _Unpack, *, signed: bool = False
) -> _Unpack:
    """What checks and unpacks a frame of that type with a payload of `length` bytes.

    What was cut off is zero, what is behind the fields that we know is left out. Another frame that happens
    to be as long, since one of them has a signature and the other has not, is unpacked `in_steps`.
    """
    form, names, made = _source(layout, length)
    behind = SIGNATURE_BYTES if signed else 0
    source = (
        "def unpack(data, time_us):\n"
        " m = kind()\n"
        f" length, m.sequence, m.system, m.component, {names}written = whole(data)\n"
        f" if length != {length | (SIGNED << 8 if signed else 0)}: return in_steps(data, time_us)\n"
        " if crc(data[body] + seed) != written: return None\n"
        f"{made}"
        " m.time_us, m.raw = time_us, data\n"
        " return m\n"
    )
    known: dict[str, Any] = {
        "kind": message_type(layout.message_id),
        "whole": struct.Struct(f"<{version.head}{form}H{behind}x").unpack,
        "in_steps": in_steps,
        "body": slice(1, -CHECK_BYTES - behind),
        "crc": mcrf4xx,
        "seed": layout.seed,
        "number": _number,
        "texts": _TEXTS,
    }
    exec(source, known)  # noqa: S102
    return known["unpack"]  # type: ignore[no-any-return]


def _source(layout: Layout, length: int) -> tuple[str, str, str]:
    """The payload's form for `struct`, the names its values get, and what is made of them then."""
    form, names, made, at = "", "", "", 0
    codes = codes_of(layout)
    for span, slot in zip(layout.spans, _slots(layout), strict=True):
        own = []
        for number in range(span.start, span.start + 1 if span.kind == "text" else span.stop):
            code, place = codes[number], f"m.{slot}" if span.kind == "one" else f"v{number}"
            size = struct.calcsize(f"<{code}")
            there = max(0, min(length - at, size))
            at += size
            parts, value = ([(code, place)], place) if there == size else _cut(code, there, f"v{number}")
            form += "".join(part for part, _ in parts)
            names += "".join(f"{name}, " for _, name in parts)
            own.append(value)
        if span.kind == "array":
            made += f" m.{slot} = ({', '.join(own)},)\n"
        elif span.kind == "text":
            made += f" m.{slot} = texts[{own[0]}]\n"
        elif own[0] != f"m.{slot}":
            made += f" m.{slot} = {own[0]}\n"
    return form + f"{max(0, length - at)}x", names, made


def _cut(code: str, there: int, name: str) -> tuple[list[tuple[str, str]], str]:
    """A value of which only the first bytes are `there`: its parts in `struct`'s form, with names, and it."""
    if code[-1] in "sc":
        return ([(f"{there}s", name)], name) if there else ([], "b''")
    if code in "fd":
        return ([(f"{there}s", name)], f"number({name}, {code!r})") if there else ([], "0.0")
    parts, shifted, at = [], [], 0
    for form, width in (("I", 4), ("H", 2), ("B", 1)):  # without its high bytes no number is below zero
        if there & width:
            parts.append((form, f"{name}_{at}"))
            shifted.append(f"{name}_{at} << {8 * at}" if at else f"{name}_{at}")
            at += width
    return parts, " | ".join(shifted) or "0"


def _number(there: bytes, code: str) -> Any:
    """A number of which the last bytes were cut off."""
    return struct.unpack(f"<{code}", there.ljust(struct.calcsize(f"<{code}"), b"\0"))[0]


class _Texts(dict[bytes, str]):
    """Texts, up to their first NUL, by their bytes; most are names that come again and again."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _REMEMBERED_TEXTS:
            self.clear()
        text = self[raw] = raw.partition(b"\0")[0].decode("utf-8", "replace")
        return text


class _Lengths(dict[int, _Unpack]):
    """What unpacks a type's frames of one version of MAVLink, by the length of the frame."""

    def __init__(self, layout: Layout, version: _Version) -> None:
        super().__init__()
        self._layout = layout
        self._version = version

    def __missing__(self, size: int) -> _Unpack:
        return self._in_steps

    @cached_property
    def _whole(self) -> _Unpack:
        return _written_out(self._layout, self._version, self._layout.packer.size, self._in_steps)

    def _in_steps(self, data: bytes, time_us: int) -> Message | None:
        """The message of a frame whose length was not heard before, or of both signed and unsigned ones."""
        seed, begin = self._layout.seed, self._version.head_bytes
        check = begin + data[1]
        flags = data[2] if data[0] == MAGIC_V2 else 0
        behind = CHECK_BYTES + (SIGNATURE_BYTES if flags else 0)
        if flags > SIGNED or len(data) != check + behind:
            return None
        if mcrf4xx(data[1:check] + seed) != data[check] | data[check + 1] << 8:
            return None
        if len(self) < _MOST_LENGTHS and len(data) not in self:
            self[len(data)] = _written_out(
                self._layout, self._version, data[1], self._in_steps, signed=flags == SIGNED
            )
            return self[len(data)](data, time_us)
        size = self._layout.packer.size
        head = bytes((size, 0)) + data[3:begin] if flags else bytes((size,)) + data[2:begin]
        body = head + data[begin:check][:size].ljust(size, b"\0")
        plain = data[:1] + body + mcrf4xx(body + seed).to_bytes(CHECK_BYTES, "little")
        message = self._whole(plain, time_us)
        if message is not None:
            message.raw = data  # type: ignore[misc]  # the message was made just now
        return message


class _Unknown(dict[int, _Unpack]):
    """The same of a type that the dialect lacks."""

    def __missing__(self, size: int) -> _Unpack:
        return _nothing


def _nothing(data: bytes, time_us: int) -> None:
    """What a frame of an unknown type is."""


class _Types(dict[bytes, dict[int, _Unpack]]):
    """The same for all types, by their ids as they stand in a frame."""

    def __init__(self, version: _Version) -> None:
        super().__init__()
        self._version = version

    def __missing__(self, message_id: bytes) -> dict[int, _Unpack]:
        whole = len(message_id) == self._version.id_bytes
        layout = LAYOUTS.get(int.from_bytes(message_id, "little")) if whole else None
        if layout is None:
            return _UNKNOWN
        made = self[message_id] = _Lengths(layout, self._version)
        return made


_UNKNOWN, _TEXTS = _Unknown(), _Texts()
BY_V1, BY_V2 = _Types(_V1), _Types(_V2)
"""`BY_V2[data[ID_V2]][len(data)](data, time_us)` is the message in a frame, None where it is wrong."""
ID_V1, ID_V2 = slice(5, 6), slice(7, 10)
