"""Messages to frames and back: field values by name, and nothing else.

A MAVLink 2 payload that was cut short is filled up with zeros; one that is longer than the dialect knows
loses what is unknown. NaN stays NaN, a text ends at its first NUL.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from fastcrc.crc16 import mcrf4xx

from missions.errors import InputError
from telemetry.dialect import BY_NAME, Layout
from telemetry.frames import MAGIC_V2, Frame, Message

__all__ = ["Encoder", "Message", "decode", "pack", "target_of"]


def decode(frame: Frame) -> Message | None:
    """The message in a frame, or None for a type that the dialect lacks."""
    return frame if isinstance(frame, Message) else None


def target_of(frame: Frame) -> int:
    """The system that a message is for; 0 where it is for all, or says nothing of it."""
    names = () if frame.layout is None else frame.layout.names
    return int(frame.values[names.index("target_system")]) if "target_system" in names else 0


def pack(layout: Layout, fields: Mapping[str, Any]) -> bytes:
    """The payload of a message, whole; a field that is not given is zero. Raises InputError."""
    unknown = fields.keys() - set(layout.names)
    if unknown:
        raise InputError(f"{layout.name} has no field {', '.join(sorted(unknown))}")
    values: list[Any] = []
    for name, start, stop, kind in layout.spans:
        if kind == "array":
            given = list(fields.get(name, ()))
            values.extend(given[: stop - start] + [0] * (stop - start - len(given)))
        elif kind == "text":
            text = fields.get(name, "")
            values.append(text.encode() if isinstance(text, str) else text)
        else:
            values.append(fields.get(name, 0))
    try:
        return layout.packer.pack(*values)
    except (struct.error, TypeError, OverflowError) as error:
        raise InputError(f"{layout.name} cannot hold {dict(fields)} ({error})") from error


class Encoder:
    """Makes MAVLink 2 frames in the name of one system and component, numbering them."""

    def __init__(self, system: int, component: int) -> None:
        self.system = system
        self.component = component
        self._sequence = 0

    def encode(self, name: str, /, **fields: Any) -> bytes:
        """The frame of message `name`; fields that are not given are zero. Raises InputError."""
        layout = BY_NAME.get(name)
        if layout is None:
            raise InputError(f"there is no MAVLink message {name}")
        payload = pack(layout, fields).rstrip(b"\0") or b"\0"
        head = (len(payload), 0, 0, self._sequence, self.system, self.component)
        body = bytes(head) + layout.message_id.to_bytes(3, "little") + payload
        check = mcrf4xx(layout.seed, mcrf4xx(body))
        self._sequence = (self._sequence + 1) % 256
        return bytes((MAGIC_V2,)) + body + check.to_bytes(2, "little")
