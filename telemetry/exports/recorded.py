"""What can be exported and drawn: a recording's messages, and what each aircraft in it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from telemetry.exports.paths import FlightPath, Floats
from telemetry.exports.texts import aircraft_name
from telemetry.log_kind import is_onboard
from telemetry.received.reading import is_received

Tables = Mapping[str, npt.NDArray[np.void]]
_MOST_OFFERED = 12
SENDER = "sender_system"
"""The column by which a message says whose it is, where its kind of recording has one."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values (n,) at rising times (n,), seconds since 1970 UTC."""

    time_s: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.time_s)


NOTHING = Curve(np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Link:
    """How the link did: messages a second, and the share of what was sent that was lost, per cent; then the
    signal at both ends of a telemetry radio, in its own units."""

    rate_hz: Curve = NOTHING
    lost_pct: Curve = NOTHING
    radio_rssi: Curve = NOTHING
    radio_remote_rssi: Curve = NOTHING


@dataclass(frozen=True, slots=True)
class FlightRecord:
    """One aircraft of a recording.

    `modes` are the modes it went into and when, `armed` when it was armed and disarmed. `kind` is "copter",
    "plane", "rover", "sub" or "" where nobody said. What the recording lacks is empty. One that is not ours
    has a `key` in place of a number, and is `called` so.
    """

    system: int
    kind: str
    path: FlightPath
    modes: tuple[tuple[float, str], ...] = ()
    armed: tuple[tuple[float, bool], ...] = ()
    battery_pct: Curve = NOTHING
    battery_v: Curve = NOTHING
    air_speed_m_s: Curve = NOTHING
    ground_speed_m_s: Curve = NOTHING
    height_amsl_m: Curve = NOTHING
    link: Link = Link()
    called: str = ""
    key: str = ""

    @property
    def title(self) -> str:
        """What it is called on a map."""
        return self.called or aircraft_name(self.system, self.kind)

    @property
    def id(self) -> str:
        """What tells it from all others in the recording."""
        return self.key or str(self.system)


class Recorded(Protocol):
    """A recording of any kind: its file's name, its messages by type, and the aircraft in it."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def tables(self) -> Tables:
        """Structured arrays (n,), one a message type; a column `sender_system` says whose each row is."""
        ...

    def records(self) -> Sequence[FlightRecord]:
        """Every aircraft, by its number."""
        ...


def open_recorded(path: Path) -> Recorded:
    """The recording in a file: a `.tlog`, an onboard log of ArduPilot (`.BIN`), or what was received of
    others (`.received`), by how it begins.

    Raises InputError and FormatError.
    """
    if is_received(path):
        from telemetry.exports.received_records import ReceivedRecorded

        return ReceivedRecorded(path)
    from telemetry.exports.bin_records import BinRecorded
    from telemetry.exports.tlog_records import TlogRecorded

    return BinRecorded(path) if is_onboard(path) else TlogRecorded(path)


def chosen(recorded: Recorded, system: int | None) -> tuple[FlightRecord, ...]:
    """The aircraft of that number, all without one. Raises InputError where it is not in the recording."""
    records = tuple(recorded.records())
    found = tuple(
        record for record in records if system is None or (system == record.system and not record.key)
    )
    if records and not found:
        raise InputError(
            f"aircraft {system} is not in the recording",
            where=recorded.name,
            remedy=f"Choose one of {', '.join(record.id for record in records[:_MOST_OFFERED])}",
        )
    return found
