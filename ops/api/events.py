"""What is worth a line in the command room: told by a vehicle, or seen by comparing two states of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ops.api.models import VehicleReport

Severity = Literal["info", "caution", "warning"]
Kind = Literal["status_text", "mode", "arming", "battery", "link", "alarm"]
BATTERY_CAUTION_PCT = 30.0
BATTERY_WARNING_PCT = 20.0
MAV_SEVERITY_ERROR = 3
MAV_SEVERITY_WARNING = 4
TEXT_FIELD_CHARACTERS = 50
"""What one STATUSTEXT carries; a full one may go on in the next."""
LONGEST_TEXT_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Happening:
    """One event before it has a number."""

    severity: Severity
    kind: Kind
    text: str


def happenings(before: VehicleReport, after: VehicleReport) -> Iterator[Happening]:
    """What an operator would want to be told between two reports of one vehicle."""
    if after.mode is not None and after.mode != before.mode:
        yield Happening("info", "mode", f"mode {after.mode}")
    if after.armed is not None and before.armed is not None and after.armed != before.armed:
        yield Happening("info", "arming", "armed" if after.armed else "disarmed")
    if before.battery_pct is not None and after.battery_pct is not None:
        yield from _battery(before.battery_pct, after.battery_pct)


def _battery(before_pct: float, after_pct: float) -> Iterator[Happening]:
    if after_pct <= BATTERY_WARNING_PCT < before_pct:
        yield Happening("warning", "battery", f"battery {after_pct:.0f} %: land now")
    elif after_pct <= BATTERY_CAUTION_PCT < before_pct:
        yield Happening("caution", "battery", f"battery {after_pct:.0f} %")


def severity_from_mavlink(severity: int) -> Severity:
    """Our three levels from MAV_SEVERITY (0 emergency to 7 debug)."""
    if severity <= MAV_SEVERITY_ERROR:
        return "warning"
    return "caution" if severity == MAV_SEVERITY_WARNING else "info"


@dataclass(slots=True)
class _Started:
    severity: int
    chunks: dict[int, str]


class TextJoiner:
    """Puts STATUSTEXT chunks together again (MAVLink common, STATUSTEXT `id` and `chunk_seq`).

    A text of id 0 stands alone. Of the others the parts are held until one is not full; an unfinished text
    is given up when `held` newer ones are unfinished too, so nothing grows without bound.
    """

    def __init__(self, held: int = 32) -> None:
        self._held = held
        self._started: dict[tuple[str, int], _Started] = {}
        self._order: deque[tuple[str, int]] = deque()

    def add(self, vehicle: str, severity: int, text: str, text_id: int = 0, chunk: int = 0) -> str | None:
        """The whole text when this part completes it, else None. Control characters become spaces."""
        if text_id == 0:
            return _printable(text)
        key = (vehicle, text_id)
        if chunk == 0 or key not in self._started:
            self._start(key, severity)
        started = self._started[key]
        started.chunks[chunk] = text
        if (
            len(text) >= TEXT_FIELD_CHARACTERS
            and len(started.chunks) * TEXT_FIELD_CHARACTERS < LONGEST_TEXT_CHARACTERS
        ):
            return None
        del self._started[key]
        self._order.remove(key)
        return _printable("".join(started.chunks[each] for each in sorted(started.chunks)))

    def _start(self, key: tuple[str, int], severity: int) -> None:
        if key in self._started:
            self._order.remove(key)
        elif len(self._order) >= self._held:
            del self._started[self._order.popleft()]
        self._started[key] = _Started(severity, {})
        self._order.append(key)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:LONGEST_TEXT_CHARACTERS]).strip()
