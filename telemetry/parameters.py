"""The parameter protocol: read one, read all, set one.

The value travels as a float. ArduPilot converts integers to float (a C cast); PX4 puts their bytes into the
float's place (mavlink.io/en/services/parameter.html, "Parameter encoding").
"""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple, Protocol

from missions.errors import InputError, NoAnswer, Refused
from telemetry.clock import Clock
from telemetry.links.base import Link
from telemetry.messages import Message
from telemetry.modes import PX4

REAL32 = 9
_INTEGERS = {1: "<B", 2: "<b", 3: "<H", 4: "<h", 5: "<I", 6: "<i"}
_NAME_CHARACTERS = 16
_RESEND_S = 1.0
_QUIET_S = 1.0
_ASKED_AT_ONCE = 20


class Client(Protocol):
    """What the protocol needs of a vehicle's client."""

    clock: Clock
    link: Link
    autopilot_type: int

    def send(self, name: str, /, **fields: Any) -> None:
        """Send one message to the vehicle."""
        ...

    def pump(self, timeout_s: float) -> list[Message]:
        """Receive once: the messages of the vehicle."""
        ...


class Parameter(NamedTuple):
    """A parameter's value and its MAV_PARAM_TYPE."""

    value: float
    kind: int


def value_from_wire(wire: float, kind: int, *, bytewise: bool) -> float:
    """The value in a PARAM_VALUE's float; `bytewise` as PX4 sends integers."""
    packing = _INTEGERS.get(kind)
    if packing is None or not bytewise:
        return wire
    return float(struct.unpack_from(packing, struct.pack("<f", wire))[0])


def wire_from_value(value: float, kind: int, *, bytewise: bool) -> float:
    """The float that carries `value`. Raises InputError where the type cannot hold it."""
    packing = _INTEGERS.get(kind)
    try:
        if packing is None:
            struct.pack("<f", value)
            return value
        whole = struct.pack(packing, round(value))
    except (struct.error, OverflowError, ValueError) as error:
        raise InputError(f"{value} does not fit the parameter ({error})") from error
    if bytewise:
        return float(struct.unpack("<f", whole.ljust(4, b"\0"))[0])
    return float(round(value))


def read(client: Client, name: str, timeout_s: float) -> Parameter:
    """One parameter, asked for by name until it comes. Raises NoAnswer."""
    _check_name(name)
    deadline_s = client.clock.monotonic_s() + timeout_s
    while client.clock.monotonic_s() < deadline_s:
        client.send("PARAM_REQUEST_READ", param_id=name, param_index=-1)
        found = _await(client, name, min(_RESEND_S, timeout_s))
        if found is not None:
            return found
    raise NoAnswer(
        f"the vehicle did not give parameter {name}",
        where=client.link.address,
        remedy="Check its name; this vehicle may not have it",
    )


def write(client: Client, name: str, value: float, timeout_s: float) -> float:
    """Set one parameter until the vehicle says that it holds the value; what it holds.

    Raises Refused where it keeps another value, InputError where the type cannot hold it, NoAnswer.
    """
    if not math.isfinite(value):
        raise InputError(f"parameter {name} cannot be {value}")
    kind = read(client, name, timeout_s).kind
    wire = wire_from_value(value, kind, bytewise=_bytewise(client))
    wanted = float(round(value)) if kind in _INTEGERS else value
    deadline_s = client.clock.monotonic_s() + timeout_s
    held: Parameter | None = None
    while client.clock.monotonic_s() < deadline_s:
        client.send("PARAM_SET", param_id=name, param_value=wire, param_type=kind)
        held = _await(client, name, min(_RESEND_S, timeout_s), wanted) or held
        if held is not None and _equal(held.value, wanted):
            return held.value
    if held is None:
        raise NoAnswer(f"the vehicle did not confirm parameter {name}", where=client.link.address)
    raise Refused(f"the vehicle keeps parameter {name} at {held.value:g}", where=client.link.address)


def read_all(client: Client, timeout_s: float) -> dict[str, float]:
    """All parameters by name. Gaps are asked for by number once the stream is quiet. Raises NoAnswer."""
    clock = client.clock
    found: dict[int, tuple[str, float]] = {}
    count: int | None = None
    deadline_s = clock.monotonic_s() + timeout_s
    client.send("PARAM_REQUEST_LIST")
    quiet_s = clock.monotonic_s() + _QUIET_S
    while clock.monotonic_s() < deadline_s and (count is None or len(found) < count):
        for message in client.pump(0.1):
            if message.name == "PARAM_VALUE" and message.param_index < message.param_count:
                count = message.param_count
                found[message.param_index] = (message.param_id, _parameter(client, message).value)
                quiet_s = clock.monotonic_s() + _QUIET_S
        if clock.monotonic_s() < quiet_s:
            continue
        quiet_s = clock.monotonic_s() + _QUIET_S
        if count is None:
            client.send("PARAM_REQUEST_LIST")
            continue
        missing = [index for index in range(count) if index not in found]
        for index in missing[:_ASKED_AT_ONCE]:
            client.send("PARAM_REQUEST_READ", param_id="", param_index=index)
    if count is None or len(found) < count:
        raise NoAnswer(
            f"the vehicle gave {len(found)} of {'its' if count is None else count} parameters"
            f" in {timeout_s:.0f} s",
            where=client.link.address,
            remedy="Allow more time; the link may be slow or weak",
        )
    return dict(sorted(found.values()))


def _await(client: Client, name: str, timeout_s: float, wanted: float | None = None) -> Parameter | None:
    """The parameter as soon as it comes, or comes with the value wanted; the last that came by then."""
    found: Parameter | None = None
    deadline_s = client.clock.monotonic_s() + timeout_s
    while (left_s := deadline_s - client.clock.monotonic_s()) > 0:
        for message in client.pump(min(0.1, left_s)):
            if message.name == "PARAM_VALUE" and message.param_id == name:
                found = _parameter(client, message)
                if wanted is None or _equal(found.value, wanted):
                    return found
    return found


def _equal(held: float, wanted: float) -> bool:
    """Equal within what a 32-bit float holds."""
    return math.isclose(held, wanted, rel_tol=1e-6, abs_tol=1e-9)


def _parameter(client: Client, message: Message) -> Parameter:
    kind = int(message.param_type)
    return Parameter(value_from_wire(message.param_value, kind, bytewise=_bytewise(client)), kind)


def _bytewise(client: Client) -> bool:
    return client.autopilot_type == PX4


def _check_name(name: str) -> None:
    if not name or len(name) > _NAME_CHARACTERS or not name.isascii():
        raise InputError(f"{name!r} is no parameter name", remedy="A name has 1 to 16 ASCII characters")
