"""What a frame and a message are. Millions of them are made in an hour, so they hold what they have in slots.

The wire layout is in `telemetry.frames`, which finds them in bytes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from telemetry.dialect import Layout

MAGIC_V1 = 0xFE
MAGIC_V2 = 0xFD
SIGNED = 0x01
SIGNATURE_BYTES = 13
HEAD_V1 = 6
HEAD_V2 = 10
CHECK_BYTES = 2
LONGEST_FRAME = HEAD_V2 + 255 + CHECK_BYTES + SIGNATURE_BYTES


class Frame:
    """One MAVLink frame as it was received at `time_us`, microseconds since 1970 UTC; it never changes.

    `raw` is the whole frame. `layout` describes its message and `values` are that message's fields, in wire
    order; None and nothing for a type that the dialect lacks. Those that it knows are a `Message`. Frames are
    equal when their bytes and times are.
    """

    __slots__ = ("component", "message_id", "raw", "sequence", "system", "time_us")
    layout: ClassVar[Layout | None] = None

    def __init__(
        self, time_us: int, system: int, component: int, sequence: int, message_id: int, raw: bytes
    ) -> None:
        self.time_us: Final = time_us
        self.system: Final = system
        self.component: Final = component
        self.sequence: Final = sequence
        self.message_id: Final = message_id
        self.raw: Final = raw

    @property
    def values(self) -> tuple[Any, ...]:
        """The fields in wire order."""
        return ()

    @property
    def signed(self) -> bool:
        """Whether there is a signature; not that it was verified."""
        return self.raw[0] == MAGIC_V2 and bool(self.raw[2] & SIGNED)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return (self.time_us, self.raw, self.layout) == (other.time_us, other.raw, other.layout)

    def __hash__(self) -> int:
        return hash((self.time_us, self.raw))

    def __repr__(self) -> str:
        return f"Frame(time_us={self.time_us}, message_id={self.message_id}, raw={self.raw!r})"


class Message(Frame):
    """A frame whose message the dialect knows: its fields by name, as attributes and in `fields`.

    `name` is that of the MAVLink definitions; units are those on the wire. The few fields that are called as
    an attribute of a frame ("name", "message_id", "sequence") are in `fields` only. Each type of message has
    a class of its own, made by `telemetry.unpacking`.
    """

    __slots__ = ()
    layout: ClassVar[Layout]
    name: ClassVar[str] = ""

    @property
    def time_s(self) -> float:
        """When it was received, seconds since 1970 UTC."""
        return self.time_us / 1e6

    @property
    def fields(self) -> dict[str, Any]:
        """Every field by its name, in wire order; a new dictionary each time."""
        return dict(zip(self.layout.names, self.values, strict=True))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.name} has no field {name}")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.name}({told}) of {self.system}/{self.component} at {self.time_us}"


def payload_of(frame: Frame) -> bytes:
    """The part of a frame that the message is in, not yet filled up with zeros."""
    raw = frame.raw
    begin = HEAD_V2 if raw[0] == MAGIC_V2 else HEAD_V1
    return raw[begin : begin + raw[1]]
