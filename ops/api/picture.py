"""The live picture: what every client is told, kept once and read by each at its own pace.

Each change takes the next number of one counter. A client holds a cursor, the numbers it has read up to,
and asks for what came after it: vehicles as they are now (older states are simply overtaken), events and
track points from rings that forget the oldest. So the memory is bounded however slow a client is, and no
client waits for another.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ops.api.events import Happening, happenings
from ops.api.models import EventReport, TrackPoint, TrackReport, VehicleReport

TRACK_INTERVAL_S = 1.0
TRACK_POINTS = 3600
EVENTS = 500
SILENT_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a client has read: the last change and the last event."""

    change: int = 0
    event: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What came after a cursor, and the cursor to ask from next time."""

    upto: Cursor
    vehicles: tuple[VehicleReport, ...]
    tracks: tuple[TrackReport, ...]
    events: tuple[EventReport, ...]
    dropped_events: int

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.vehicles or self.tracks or self.events)


@dataclass(slots=True)
class _Tracked:
    report: VehicleReport
    change: int = 0
    silent: bool = False
    points: deque[tuple[int, TrackPoint]] = field(default_factory=lambda: deque(maxlen=TRACK_POINTS))

    def track(self, after: int) -> TrackReport:
        points = [point for change, point in self.points if change > after] if self._newest() > after else []
        return TrackReport(key=self.report.key, name=self.report.name, source="live", points=tuple(points))

    def _newest(self) -> int:
        return self.points[-1][0] if self.points else -1


class Picture:
    """Vehicles, their tracks and what happened; any thread may write and any may read."""

    def __init__(self, *, events: int = EVENTS) -> None:
        self._lock = threading.Lock()
        self._change = 0
        self._tracked: dict[str, _Tracked] = {}
        self._events: deque[EventReport] = deque(maxlen=events)
        self._event_count = 0

    def update(self, reports: Iterable[VehicleReport], now_s: float) -> None:
        """Take in the vehicles as they are at `now_s`, seconds since 1970 UTC."""
        with self._lock:
            for report in reports:
                self._take(report, now_s)
            for tracked in self._tracked.values():
                self._watch_silence(tracked, now_s)

    def tell(self, vehicle: str | None, happening: Happening, now_s: float) -> None:
        """Add one event."""
        with self._lock:
            self._tell(vehicle, happening, now_s)

    def vehicles(self) -> tuple[VehicleReport, ...]:
        """Every vehicle as last heard, by key."""
        with self._lock:
            return tuple(self._tracked[key].report for key in sorted(self._tracked))

    def since(self, cursor: Cursor) -> Changes:
        """Everything after `cursor`; `Cursor()` gives all there is."""
        with self._lock:
            tracked = [self._tracked[key] for key in sorted(self._tracked)]
            events = tuple(each for each in self._events if each.number > cursor.event)
            missed = self._event_count - cursor.event - len(events)
            return Changes(
                upto=Cursor(self._change, self._event_count),
                vehicles=tuple(each.report for each in tracked if each.change > cursor.change),
                tracks=tuple(track for each in tracked if (track := each.track(cursor.change)).points),
                events=events,
                dropped_events=missed if cursor.change else 0,
            )

    def _next(self) -> int:
        self._change += 1
        return self._change

    def _take(self, report: VehicleReport, now_s: float) -> None:
        tracked = self._tracked.get(report.key)
        if tracked is None:
            tracked = self._tracked[report.key] = _Tracked(report, self._next())
            self._tell(report.key, Happening("info", "link", "first heard"), now_s)
        elif report == tracked.report:
            return
        else:
            for happening in happenings(tracked.report, report):
                self._tell(report.key, happening, now_s)
            tracked.report, tracked.change = report, self._next()
        self._append_point(tracked, report)

    def _append_point(self, tracked: _Tracked, report: VehicleReport) -> None:
        if report.lat_deg is None or report.lon_deg is None:
            return
        newest_s = tracked.points[-1][1][3] if tracked.points else float("-inf")
        if abs(report.heard_s - newest_s) >= TRACK_INTERVAL_S:
            point = (report.lon_deg, report.lat_deg, report.height_amsl_m, report.heard_s)
            tracked.points.append((self._next(), point))

    def _watch_silence(self, tracked: _Tracked, now_s: float) -> None:
        silent = now_s - tracked.report.heard_s > SILENT_AFTER_S
        if silent == tracked.silent:
            return
        tracked.silent = silent
        lost = Happening("warning", "link", f"no data for {SILENT_AFTER_S:.0f} s")
        self._tell(tracked.report.key, lost if silent else Happening("info", "link", "heard again"), now_s)

    def _tell(self, vehicle: str | None, happening: Happening, now_s: float) -> None:
        self._event_count += 1
        self._next()
        self._events.append(
            EventReport(
                number=self._event_count,
                time_s=now_s,
                vehicle=vehicle,
                severity=happening.severity,
                kind=happening.kind,
                text=happening.text,
            )
        )
