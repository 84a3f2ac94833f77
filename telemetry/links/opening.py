"""From an address, as MAVProxy and QGroundControl users write them, to an open link."""

from __future__ import annotations

import math
import re
from pathlib import Path

from missions.errors import LinkError
from telemetry.clock import Clock, SystemClock
from telemetry.links.base import Link
from telemetry.links.recording import RecordingLink
from telemetry.links.serial_port import SerialLink
from telemetry.links.tcp import TcpLink
from telemetry.links.tcpin import TcpInLink
from telemetry.links.udp import UdpInLink, UdpOutLink

LOOPBACK = "127.0.0.1"
CONNECT_TIMEOUT_S = 5.0
FORMS = (
    "udp:[HOST:]PORT (listen), udpout:HOST:PORT, tcp:HOST:PORT, tcpin:[HOST:]PORT, "
    "serial:DEVICE[:BAUD], tlog:PATH[@SPEED], bin:PATH[@SPEED]"
)
_KINDS = {"udp", "udpin", "udpout", "tcp", "tcpin", "serial", "tlog", "bin"}
_DEFAULT_BAUD = 57_600


def open_link(address: str, clock: Clock | None = None, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Link:
    """Open the link that `address` names.

    A listening address without a host hears this machine only; `udp:0.0.0.0:14550` hears the network. `tcp:`
    tries for `timeout_s` seconds. Raises LinkError, naming the forms where the address has none of them, and
    FormatError for a recording that is none.
    """
    clock = clock or SystemClock()
    kind, _, rest = address.partition(":")
    if kind not in _KINDS or not rest:
        raise _malformed(address)
    if kind in ("tlog", "bin"):
        return _recording(address, rest, clock)
    if kind == "serial":
        device, _, baud = rest.partition(":")
        if not device or (baud and not baud.isdecimal()):
            raise _malformed(address)
        return SerialLink(address, device, int(baud or _DEFAULT_BAUD), clock)
    host, port = _host_and_port(address, rest, listens=kind in ("udp", "udpin", "tcpin"))
    if kind == "udpout":
        return UdpOutLink(address, host, port, clock)
    if kind == "tcp":
        return TcpLink(address, host, port, clock, timeout_s)
    if kind == "tcpin":
        return TcpInLink(address, host, port, clock)
    return UdpInLink(address, host, port, clock)


def _host_and_port(address: str, rest: str, *, listens: bool) -> tuple[str, int]:
    match = re.fullmatch(r"(?:(?:\[([^\]]+)\]|([^:\[\]]*)):)?([0-9]{1,5})", rest)
    if match is None or int(match[3]) > 65_535 or (int(match[3]) == 0 and not listens):
        raise _malformed(address)
    host = match[1] or match[2]
    if not host and not listens:
        raise _malformed(address)
    return host or LOOPBACK, int(match[3])


def _recording(address: str, rest: str, clock: Clock) -> RecordingLink:
    path, at, speed = rest.rpartition("@")
    if not at:
        return RecordingLink(address, Path(rest), 1.0, clock)
    try:
        factor = float(speed)
    except ValueError:
        return RecordingLink(address, Path(rest), 1.0, clock)
    if math.isnan(factor) or factor < 0 or not path:
        raise _malformed(address)
    return RecordingLink(address, Path(path), factor, clock)


def _malformed(address: str) -> LinkError:
    return LinkError("this is no link address", where=address, remedy=f"Write one of {FORMS}")
