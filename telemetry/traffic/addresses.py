"""Where traffic and foreign tracks come from, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from missions.errors import LinkError

LOOPBACK = "127.0.0.1"
SBS_FORM = "sbs:HOST[:PORT]"
TRACKS_FORMS = "tracks+udp:[HOST:]PORT, tracks+tcp:[HOST:]PORT"
SBS_PORT = 30_003
_HOST = r"(?:\[(?P<six>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\s:\[\]/?#@]+))"
_SBS = re.compile(rf"sbs:{_HOST}(?::(?P<port>[0-9]{{1,5}}))?")
_TRACKS = re.compile(rf"tracks\+(?P<kind>udp|tcp):(?:{_HOST}:)?(?P<port>[0-9]{{1,5}})")


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port, and "udp" or "tcp"."""

    kind: str
    host: str
    port: int


def sbs_place(address: str) -> Place:
    """Where an address such as `sbs:receiver.local:30003` connects to. Raises LinkError."""
    match = _SBS.fullmatch(address)
    port = int(match["port"] or SBS_PORT) if match else 0
    if match is None or not 0 < port <= 65_535:
        raise LinkError("this is no address of ADS-B text", where=address, remedy=f"Write {SBS_FORM}")
    return Place("tcp", match["six"] or match["host"], port)


def tracks_place(address: str) -> Place:
    """Where an address such as `tracks+udp:14660` listens; without a host, to this machine only.

    Raises LinkError.
    """
    match = _TRACKS.fullmatch(address)
    if match is None or int(match["port"]) > 65_535:
        raise LinkError("this is no address for tracks", where=address, remedy=f"Write one of {TRACKS_FORMS}")
    return Place(match["kind"], match["six"] or match["host"] or LOOPBACK, int(match["port"]))
