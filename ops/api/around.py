"""Who is not ours, and how the recorder and live thermal streams fare, each told at most once a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ops.api.around_models import ForeignDetails, ReceivedReport, RecordingReport, TrafficReport
from ops.api.heat_models import HeatReport
from ops.api.models import VehicleReport
from ops.api.report import rounded
from ops.api.wire import listed
from ops.nearby import Undulations, height_amsl_m
from ops.replayed_traffic import ReplayedTraffic
from telemetry.clock import Clock
from telemetry.recorder import Recorder
from telemetry.traffic import Aircraft, ForeignReport

if TYPE_CHECKING:
    from ops.surroundings import Surroundings

EVERY_S = 1.0
Versions = Mapping[str, int]


class Board:
    """A text that is written anew at most once a second; its version counts how often it was another one.

    In a replay seconds are shorter, and after a jump it is written at once.
    """

    def __init__(self, write: Callable[[], str], clock: Clock, empty: str) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._due_s = float("-inf")
        self._now = (0, empty)
        self.every_s = EVERY_S

    def hurry(self) -> None:
        """Have it written when it is looked at next."""
        with self._lock:
            self._due_s = float("-inf")

    def look(self) -> tuple[int, str]:
        """The version and the text."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            if now_s >= self._due_s:
                self._due_s = now_s + self.every_s
                text = self._write()
                if text != self._now[1]:
                    self._now = (self._now[0] + 1, text)
            return self._now


class Around:
    """For the desk; without surroundings and recorder there is nothing to tell."""

    def __init__(
        self,
        clock: Clock,
        surroundings: Surroundings | ReplayedTraffic | None,
        recorder: Recorder | None,
    ) -> None:
        self.surroundings = surroundings
        self._jumps = 0
        self._recorder = recorder
        self._foreign: dict[str, tuple[ForeignReport, VehicleReport]] = {}
        self._traffic = Board(lambda: listed(self.traffic()), clock, "[]")
        self._recording = Board(self._recording_text, clock, "null")
        self.heat: Callable[[], Sequence[HeatReport]] = tuple
        self._heat = Board(lambda: listed(self.heat()), clock, "[]")

    def traffic(self) -> tuple[TrafficReport, ...]:
        """Other aircraft, by key."""
        if self.surroundings is None:
            return ()
        undulations = self.surroundings.undulations
        found = sorted(self.surroundings.aircraft().items())
        return tuple(traffic_report(aircraft, undulations) for _, aircraft in found)

    def foreign(self) -> list[VehicleReport]:
        """Foreign tracks as vehicles; the same object as long as nothing new was reported."""
        if self.surroundings is None:
            return []
        before, undulations = self._foreign, self.surroundings.undulations
        self._foreign = {
            key: before[key]
            if key in before and before[key][0] is report
            else (report, foreign_report(report, undulations))
            for key, report in self.surroundings.foreign().items()
        }
        return [each for _, each in self._foreign.values()]

    def recording(self) -> RecordingReport | None:
        """How the recorder fares, or None without one."""
        if self._recorder is None:
            return None
        safe = self._recorder.watermark.frames  # first: it must not be ahead of what was taken
        return RecordingReport(
            taken=self._recorder.taken,
            safe=safe,
            dropped=self._recorder.dropped,
            problem=self._recorder.problem,
            received=self._received(),
        )

    def _received(self) -> ReceivedReport | None:
        """How what others send is recorded."""
        if self.surroundings is None or isinstance(self.surroundings, ReplayedTraffic):
            return None
        recorder = self.surroundings.recorder
        if recorder is None:
            return None
        safe = recorder.watermark.frames
        return ReceivedReport(
            taken=recorder.taken, safe=safe, dropped=recorder.dropped, problem=recorder.problem
        )

    def told(self, seen: Versions | None = None) -> tuple[str, Versions, bool]:
        """As it stands in a message: what is not as `seen`, null for the rest.

        With the versions that are told, and whether there is news that must not wait.
        """
        self._follow_replay()
        boards = {
            "traffic": self._traffic.look(),
            "recording": self._recording.look(),
            "heat": self._heat.look(),
        }
        versions = {name: version for name, (version, _) in boards.items()}
        changed = {name for name in boards if seen is None or versions[name] != seen.get(name, 0)}
        text = ",".join(
            f'"{name}":{written if name in changed else "null"}' for name, (_, written) in boards.items()
        )
        return text, versions, "traffic" in changed

    def _follow_replay(self) -> None:
        if isinstance(self.surroundings, ReplayedTraffic):
            self._traffic.every_s = self.surroundings.every_s
            if self.surroundings.jumps != self._jumps:
                self._jumps = self.surroundings.jumps
                self._traffic.hurry()

    def _recording_text(self) -> str:
        report = self.recording()
        return "null" if report is None else report.model_dump_json()


def traffic_report(aircraft: Aircraft, undulations: Undulations) -> TrafficReport:
    """What the service says of another aircraft."""
    return TrafficReport(
        key=aircraft.key,
        name=aircraft.callsign or aircraft.serial or aircraft.icao or aircraft.key,
        icao=aircraft.icao,
        callsign=aircraft.callsign,
        kind=aircraft.kind,
        lat_deg=rounded(aircraft.lat_deg, 6),
        lon_deg=rounded(aircraft.lon_deg, 6),
        height_m=rounded(aircraft.height_m, 1),
        height_reference=aircraft.height_reference,
        height_amsl_m=rounded(height_amsl_m(aircraft, undulations), 1),
        course_deg=rounded(aircraft.course_deg, 1),
        ground_speed_m_s=rounded(aircraft.speed_m_s, 1),
        climb_m_s=rounded(aircraft.climb_m_s, 1),
        squawk=aircraft.squawk,
        emergency=aircraft.emergency,
        on_ground=aircraft.on_ground,
        simulated=aircraft.simulated,
        sources=aircraft.sources,
        heard_s=round(aircraft.position_s or aircraft.last_s, 3),
    )


def foreign_report(report: ForeignReport, undulations: Undulations) -> VehicleReport:
    """What the service says of a foreign track."""
    return VehicleReport(
        key=report.key,
        system=None,
        source=report.source,
        name=report.name or report.id,
        kind=report.kind,
        lat_deg=rounded(report.lat_deg, 7),
        lon_deg=rounded(report.lon_deg, 7),
        height_amsl_m=rounded(height_amsl_m(report, undulations), 2),
        height_relative_m=rounded(report.height_m, 2) if report.height_reference == "relative" else None,
        heading_deg=rounded(report.heading_deg, 1),
        ground_speed_m_s=rounded(report.speed_m_s, 2),
        battery_pct=rounded(report.battery_pct, 1),
        heard_s=round(report.time_s, 3),
        foreign=ForeignDetails(
            course_deg=rounded(report.course_deg, 1),
            height_m=rounded(report.height_m, 2),
            height_reference=report.height_reference,
        ),
    )
