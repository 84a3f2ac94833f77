"""From a replay to the picture: as `ops.api.live`, but nothing is shown that had not happened yet.

Tracks and events come from the replay's own index, so that they are the same however the time was reached: by
playing, however fast, or by jumping.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from missions.errors import InputError
from ops.api.alarming import happening_of, vehicle_of
from ops.api.live import vehicle_report
from ops.api.models import (
    EventReport,
    FindReport,
    GapReport,
    MomentReport,
    ReplayReport,
    ReplayState,
    TrackPoint,
    VehicleReport,
)
from ops.api.picture import EVENTS, TRACK_POINTS, Picture
from telemetry.alerts import Transition
from telemetry.frames import Frame
from telemetry.received.told import told_by
from telemetry.replay import Moment, Point, ReceivedItems, Replay, Situation
from telemetry.traffic import ForeignReport

MOMENTS_SHOWN = 1000
FINDS_MARKED = 200
"""On the time line; those to look at first."""
LOOKED_AT = 2000
"""Lines of others, evenly apart, for where the map is to be."""
T = TypeVar("T")
_MARKED = {"mode", "arming", "flight", "battery", "link"}


class ReplayedVehicles:
    """Keeps a picture of what a replay shows; call `close` to hear no more.

    `happened` are changes of alarms, which are told among its events; `foreign` gives the tracks that are not
    ours at the time that is shown, each of which is drawn from where it was first shown on.
    """

    def __init__(
        self,
        replay: Replay,
        picture: Picture,
        happened: Sequence[Transition] = (),
        foreign: Callable[[], Sequence[VehicleReport]] = tuple,
    ) -> None:
        self._foreign = foreign
        self._replay = replay
        self._picture = picture
        self._lock = threading.Lock()
        self._times_s = {system: [point.time_s for point in track] for system, track in replay.tracks.items()}
        within = (each for each in happened if each.time_s >= replay.begin_s)
        self._happened: list[Moment | Transition] = sorted(
            (*replay.moments, *within), key=lambda each: each.time_s
        )
        self._happened_s = [each.time_s for each in self._happened]
        self._heard_s: dict[tuple[int, int], float] = {}
        self._told_s = replay.begin_s
        self.close = replay.hub.subscribe(self._hear)
        replay.on_jump(self._jump)
        self._jump(replay.situation(replay.now_s))

    @property
    def shown_s(self) -> float:
        """The time of the picture: what was published since is not in it yet."""
        return self._told_s

    def refresh(self) -> None:
        """Bring the picture up to the time that is shown."""
        with self._lock:
            now_s = self._replay.now_s
            reports = self._reports(now_s)
            points = {str(s): list(self._points(s, self._told_s, now_s)) for s in self._times_s}
            foreign = self._foreign()
            self._picture.put([*reports, *foreign], points, list(self._events(self._told_s, now_s)))
            self._picture.keep_foreign({each.key for each in foreign}, now_s, events=False)
            self._told_s = max(self._told_s, now_s)

    def _hear(self, frames: Sequence[Frame]) -> None:
        with self._lock:
            for frame in frames:
                self._heard_s[frame.system, frame.component] = frame.time_us / 1e6

    def _jump(self, situation: Situation) -> None:
        """Begin the picture anew with what was known at the time that was jumped to."""
        with self._lock:
            now_s = self._replay.now_s
            self._heard_s = dict(situation.heard_s)
            points = {str(s): list(self._points(s, float("-inf"), now_s)) for s in self._times_s}
            events = list(self._events(float("-inf"), now_s))
            self._picture.begin_anew([*self._reports(now_s), *self._foreign()], points, events)
            self._told_s = now_s

    def _reports(self, now_s: float) -> list[VehicleReport]:
        return [
            vehicle_report(system, state, self._heard_s.get((system, state.component or 0), now_s))
            for system, state in self._replay.hub.vehicles().items()
        ]

    def _points(self, system: int, after_s: float, upto_s: float) -> Iterator[TrackPoint]:
        times_s = self._times_s[system]
        end = bisect_right(times_s, upto_s)
        begin = max(bisect_right(times_s, after_s), end - TRACK_POINTS)
        return map(_track_point, islice(self._replay.tracks[system], begin, end))

    def _events(self, after_s: float, upto_s: float) -> Iterator[EventReport]:
        end = bisect_right(self._happened_s, upto_s)
        begin = max(bisect_right(self._happened_s, after_s), end - EVENTS)
        for number in range(begin, end):
            each = self._happened[number]
            yield _event(number + 1, each) if isinstance(each, Moment) else _change(number + 1, each)


def replay_state(replay: Replay, shown_s: float | None = None) -> ReplayState:
    """What every message of the stream says of a replay; `shown_s` is the time of what it shows."""
    return ReplayState(
        begin_s=replay.begin_s,
        end_s=replay.end_s,
        now_s=replay.now_s if shown_s is None else shown_s,
        speed=replay.speed,
        playing=replay.playing,
        behind=replay.behind,
    )


def replay_report(
    replay: Replay, finds: Sequence[FindReport] = (), happened: Sequence[Transition] = ()
) -> ReplayReport:
    """The whole time line: its gaps and the moments worth jumping to.

    Finds with a time are among them, and where alarms were raised by what `happened`.
    """
    vehicles = replay.situation(replay.end_s).vehicles
    names = {system: vehicle_report(system, state, 0).name for system, state in vehicles.items()}
    moments = [_moment_report(each, names[each.system]) for each in _foremost(replay.moments)]
    moments += [
        MomentReport(time_s=time_s, vehicle=None, name="", kind="find", severity="info", text=find.name)
        for find in finds[:FINDS_MARKED]
        if (time_s := find_time_s(find.properties)) is not None and replay.begin_s <= time_s <= replay.end_s
    ]
    called = [each for each in happened if each.calls and replay.begin_s <= each.time_s <= replay.end_s]
    moments += [_alarm_report(each, names) for each in _thinned(called)]
    return ReplayReport(
        **replay_state(replay).model_dump(),
        loop=replay.loop,
        bounds=_bounds(replay),
        gaps=tuple(GapReport(begin_s=gap.begin_s, end_s=gap.end_s) for gap in replay.gaps),
        moments=tuple(sorted(moments, key=lambda each: each.time_s)),
    )


def find_time_s(properties: Mapping[str, object]) -> float | None:
    """When a find was seen, seconds since 1970 UTC, if it says so."""
    try:
        told = properties.get("first_time") or properties.get("time")
        return datetime.fromisoformat(str(told)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _bounds(replay: Replay) -> tuple[float, float, float, float] | None:
    points = [(each.lon_deg, each.lat_deg) for track in replay.tracks.values() for each in track]
    points = points or _places_of_others(replay.timeline.received)
    if not points:
        return None
    lons, lats = zip(*points, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def _places_of_others(received: ReceivedItems) -> list[tuple[float, float]]:
    """Where others were, roughly, for a recording that has none of ours; manned aircraft fly far and wide."""
    places = []
    for number in range(0, len(received), max(1, len(received) // LOOKED_AT)):
        with suppress(InputError):
            told = told_by(received.item(number))
            if isinstance(told, ForeignReport):
                places.append((told.lon_deg, told.lat_deg))
    return places


def _foremost(moments: Sequence[Moment]) -> list[Moment]:
    """What is marked on the time line: what changed, and of what was said only the worst."""
    marked = [each for each in moments if each.kind in _MARKED or each.severity == "warning"]
    return _thinned(marked)


def _thinned(marked: list[T]) -> list[T]:
    """Every so many of them, so that no more than MOMENTS_SHOWN are left."""
    return marked[:: -(-len(marked) // MOMENTS_SHOWN)] if marked else []


def _track_point(point: Point) -> TrackPoint:
    return (
        round(point.lon_deg, 7),
        round(point.lat_deg, 7),
        round(point.height_amsl_m, 2),
        round(point.time_s, 3),
    )


def _event(number: int, moment: Moment) -> EventReport:
    return EventReport(
        number=number,
        time_s=moment.time_s,
        vehicle=str(moment.system),
        severity=moment.severity,
        kind="link" if moment.kind == "heard" else moment.kind,
        text=moment.text,
    )


def _change(number: int, transition: Transition) -> EventReport:
    happening = happening_of(transition)
    return EventReport(
        number=number,
        time_s=transition.time_s,
        vehicle=vehicle_of(transition),
        severity=happening.severity,
        kind=happening.kind,
        text=happening.text,
    )


def _alarm_report(transition: Transition, names: Mapping[int, str]) -> MomentReport:
    happening = happening_of(transition)
    return MomentReport(
        time_s=transition.time_s,
        vehicle=vehicle_of(transition),
        name=names.get(transition.key.vehicle, f"Vehicle {transition.key.vehicle}"),
        kind="alarm",
        severity=happening.severity,
        text=happening.text,
    )


def _moment_report(moment: Moment, name: str) -> MomentReport:
    return MomentReport(
        time_s=moment.time_s,
        vehicle=str(moment.system),
        name=name,
        kind="link" if moment.kind == "heard" else moment.kind,
        severity=moment.severity,
        text=moment.text,
    )
