"""The live picture: what every client is told, kept once and read by each at its own pace.

Each change takes the next number of one counter. A client holds a cursor, the numbers it has read up to,
and asks for what came after it: vehicles as they are now (older states are simply overtaken), events and
track points from rings that forget the oldest. So the memory is bounded however slow a client is, and no
client waits for another.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ops.api.alarm_models import AlarmsReport
from ops.api.events import Happening, happenings
from ops.api.models import EventReport, FindReport, TrackPoint, TrackReport, VehicleReport
from ops.api.trail import Trail

TRACK_INTERVAL_S = 1.0
TRACK_POINTS = 3600
SNAPSHOT_POINTS = 600
"""Of a track, in what a new client is told first; `tracks` gives every point.

All of an hour of fifty aircraft would be megabytes, held for each client that is slow to take them.
"""
EVENTS = 500
SILENT_AFTER_S = 5.0
FINDS_KEPT = 4000
"""Of live streams: no client is told of more."""
GONE_KEPT = 1000
"""Foreign tracks that went, for clients that have not been told; none is let be so far behind."""
ANSWERS_KEPT = 16
"""Clients that read up to the same change are told the same: the last answers are kept for them."""
Source = Literal["live", "replay"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a client has read: the last change and the last event, of which picture.

    A picture that was begun anew, as a jump in a replay does, is another: `epoch` counts them.
    """

    change: int = 0
    event: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What came after a cursor, and the cursor to ask from next time.

    `anew`: the cursor was of an earlier picture, and this is all there is of the new one.
    """

    upto: Cursor
    vehicles: tuple[VehicleReport, ...]
    tracks: tuple[TrackReport, ...]
    events: tuple[EventReport, ...]
    dropped_events: int
    anew: bool = False
    gone: tuple[str, ...] = ()
    alarms: AlarmsReport | None = None
    finds: tuple[FindReport, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        some = (self.alarms, self.vehicles, self.tracks, self.events, self.gone, self.finds)
        return not any(some)


@dataclass(slots=True)
class _Tracked:
    report: VehicleReport
    change: int = 0
    silent: bool = False
    points: Trail = field(default_factory=lambda: Trail(TRACK_POINTS))

    def track(self, after: int, source: Source, at_most: int | None = None) -> TrackReport:
        points = self.points.after(after, at_most)
        return TrackReport.model_construct(
            key=self.report.key, name=self.report.name, source=source, points=points
        )


class Picture:
    """Vehicles, their tracks and what happened; any thread may write and any may read."""

    def __init__(self, *, events: int = EVENTS, source: Source = "live") -> None:
        self.source: Source = source
        self._epoch = 0
        self._answers: dict[Cursor, Changes] = {}
        self._lock = threading.Lock()
        self._change = 0
        self._tracked: dict[str, _Tracked] = {}
        self._gone: dict[str, int] = {}
        self._events: deque[EventReport] = deque(maxlen=events)
        self._event_count = 0
        self._alarms: tuple[int, AlarmsReport] | None = None
        self._finds: dict[str, tuple[int, FindReport]] = {}

    def update(self, reports: Iterable[VehicleReport], now_s: float) -> None:
        """Take in the vehicles as they are at `now_s`, seconds since 1970 UTC."""
        with self._lock:
            for report in reports:
                self._take(report, now_s)
            for tracked in self._tracked.values():
                self._watch_silence(tracked, now_s)

    def keep_foreign(self, keys: Collection[str], now_s: float, *, events: bool = True) -> None:
        """Forget the foreign tracks that are not among `keys`; clients are told that they went.

        In a replay that is no event: those come from its own index.
        """
        with self._lock:
            there = [key for key, each in self._tracked.items() if each.report.source is not None]
            for key in there:
                if key not in keys:
                    self._lose(key, now_s, events=events)

    def tell(self, vehicle: str | None, happening: Happening, now_s: float) -> None:
        """Add one event."""
        with self._lock:
            self._tell(vehicle, happening, now_s)

    def put_alarms(self, alarms: AlarmsReport) -> None:
        """Take in the alarms as they are now, all of them."""
        with self._lock:
            self._alarms = (self._next(), alarms)

    def put_find(self, find: FindReport) -> None:
        """Take in a find of a live stream as it is now; of very many the longest unchanged are forgotten."""
        with self._lock:
            self._finds.pop(find.id, None)
            self._finds[find.id] = (self._next(), find)
            while len(self._finds) > FINDS_KEPT:
                del self._finds[next(iter(self._finds))]

    def put(
        self,
        reports: Iterable[VehicleReport],
        points: Mapping[str, Iterable[TrackPoint]],
        events: Iterable[EventReport],
    ) -> None:
        """Take in vehicles, and what follows of their tracks and of what happened on what is there."""
        with self._lock:
            self._put(reports, points, events)

    def begin_anew(
        self,
        reports: Iterable[VehicleReport],
        points: Mapping[str, Iterable[TrackPoint]],
        events: Iterable[EventReport],
    ) -> None:
        """Forget everything; what is given is all there is now, and every client is told so."""
        with self._lock:
            self._epoch += 1
            self._change += 1
            self._tracked.clear()
            self._gone.clear()
            self._events.clear()
            self._event_count = 0
            self._put(reports, points, events)

    def vehicles(self) -> tuple[VehicleReport, ...]:
        """Every vehicle as last heard, by key."""
        with self._lock:
            return tuple(self._tracked[key].report for key in sorted(self._tracked))

    def tracks(self) -> tuple[TrackReport, ...]:
        """Every point of every track that is remembered."""
        with self._lock:
            tracks = [self._tracked[key].track(0, self.source) for key in sorted(self._tracked)]
        return tuple(track for track in tracks if track.points)

    def since(self, cursor: Cursor) -> Changes:
        """Everything after `cursor`; `Cursor()` gives all there is, long tracks thinned."""
        with self._lock:
            upto = Cursor(self._change, self._event_count, self._epoch)
            found = self._answers.get(cursor)
            if found is None or found.upto != upto:
                if len(self._answers) >= ANSWERS_KEPT:
                    self._answers.clear()
                anew = bool(cursor.change) and cursor.epoch != self._epoch
                found = self._answers[cursor] = self._since(Cursor() if anew else cursor, upto, anew=anew)
            return found

    def _since(self, cursor: Cursor, upto: Cursor, *, anew: bool) -> Changes:
        tracked = [self._tracked[key] for key in sorted(self._tracked)]
        events = tuple(each for each in self._events if each.number > cursor.event)
        missed = self._event_count - cursor.event - len(events)
        at_most = None if cursor.change else SNAPSHOT_POINTS
        tracks = (each.track(cursor.change, self.source, at_most) for each in tracked)
        return Changes(
            upto=upto,
            vehicles=tuple(each.report for each in tracked if each.change > cursor.change),
            tracks=tuple(track for track in tracks if track.points),
            events=events,
            dropped_events=missed if cursor.change else 0,
            alarms=self._alarms[1] if self._alarms and self._alarms[0] > cursor.change else None,
            finds=tuple(find for change, find in self._finds.values() if change > cursor.change),
            anew=anew,
            gone=tuple(key for key, change in self._gone.items() if change > cursor.change)
            if cursor.change
            else (),
        )

    def _put(
        self,
        reports: Iterable[VehicleReport],
        points: Mapping[str, Iterable[TrackPoint]],
        events: Iterable[EventReport],
    ) -> None:
        for report in reports:
            tracked = self._tracked.get(report.key)
            if tracked is None:
                self._tracked[report.key] = tracked = _Tracked(report, self._next())
            elif tracked.report != report:
                tracked.report, tracked.change = report, self._next()
            for point in points.get(report.key, ()):
                tracked.points.add(self._next(), point)
            if report.source is not None:
                self._gone.pop(report.key, None)
                self._append_point(tracked, report)
        for event in events:
            self._next()
            self._events.append(event)
            self._event_count = event.number

    def _next(self) -> int:
        self._change += 1
        return self._change

    def _take(self, report: VehicleReport, now_s: float) -> None:
        tracked = self._tracked.get(report.key)
        if tracked is None:
            tracked = self._tracked[report.key] = _Tracked(report, self._next())
            self._gone.pop(report.key, None)
            if _is_told_of(report):
                self._tell(report.key, Happening("info", "link", "first heard"), now_s)
        elif report == tracked.report:
            return
        else:
            for happening in happenings(tracked.report, report):
                self._tell(report.key, happening, now_s)
            tracked.report, tracked.change = report, self._next()
        self._append_point(tracked, report)

    def _lose(self, key: str, now_s: float, *, events: bool) -> None:
        report = self._tracked.pop(key).report
        self._gone[key] = self._next()
        while len(self._gone) > GONE_KEPT:
            del self._gone[next(iter(self._gone))]
        if events and _is_told_of(report):
            text = f"{report.name} ({report.source}) no longer heard"
            self._tell(None, Happening("info", "link", text), now_s)

    def _append_point(self, tracked: _Tracked, report: VehicleReport) -> None:
        if report.lat_deg is None or report.lon_deg is None:
            return
        if abs(report.heard_s - tracked.points.newest_s) >= TRACK_INTERVAL_S:
            point = (report.lon_deg, report.lat_deg, report.height_amsl_m, report.heard_s)
            tracked.points.add(self._next(), point)

    def _watch_silence(self, tracked: _Tracked, now_s: float) -> None:
        if tracked.report.source is not None:
            return  # each source has a pace of its own; who is silent for long goes
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


def _is_told_of(report: VehicleReport) -> bool:
    """Of foreign tracks only what flies: officers with TAK come and go all the time."""
    return report.source is None or report.kind in {"copter", "plane"}
