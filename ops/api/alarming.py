"""From alarms to the picture: what the list shows, and an event for each change."""

from __future__ import annotations

import math
import threading
from pathlib import Path

from missions.terrain import open_terrain
from ops.alarms import AlarmLog, AlarmWatch, ListedAlarm, PlansFlown, VolumesFlown, read_back
from ops.api.alarm_models import (
    AlarmHealth,
    AlarmReport,
    AlarmsReport,
    AlarmState,
    DoubleReport,
    MeasuresReport,
)
from ops.api.events import Happening, Severity
from ops.api.folder import OperationFolder
from ops.api.picture import Picture
from ops.config import Settings
from telemetry.alerts import STARTED, Measures, Priority, State, Transition, load_rules
from telemetry.alerts.specs import SPECS
from telemetry.clock import Clock
from telemetry.doubles import Double
from telemetry.hub import Hub

LOOK_FOR_ALARMS_S = 0.5
FIGURES_S = 2.0
"""Figures in the texts of standing alarms change with every look; the list is sent again this often."""
_STATES: dict[State, AlarmState] = {
    State.UNACKNOWLEDGED: "unacknowledged",
    State.ACKNOWLEDGED: "acknowledged",
    State.RETURNED: "returned unacknowledged",
    State.SHELVED: "shelved",
}
_SEVERITIES: dict[Priority, Severity] = {
    Priority.HIGH: "warning",
    Priority.MEDIUM: "caution",
    Priority.LOW: "info",
}


class Alarming:
    """Keeps a watch's alarms in the picture. Call `close` to end."""

    def __init__(self, picture: Picture, clock: Clock, watch: AlarmWatch) -> None:
        self._picture = picture
        self._clock = clock
        self.watch = watch
        watch.told, watch.found = self._tell, self._tell_double
        self._shown: AlarmsReport | None = None
        self._figures_s = 0.0
        self._troubled = False
        self._showing = threading.Lock()
        self.show()

    def look(self) -> None:
        """See which alarms changed; may wait for the disk, so not for the event loop."""
        self.watch.look()
        self.show()

    def show(self) -> None:
        """Bring the picture up to date."""
        with self._showing:
            self._show()

    def _show(self) -> None:
        report = self.report()
        if bool(report.problem) != self._troubled:
            self._troubled = bool(report.problem)
            text = report.problem or "alarms are looked for and kept again"
            severity: Severity = "warning" if report.problem else "info"
            self._picture.tell(None, Happening(severity, "alarm", text), self._clock.now_s())
        now_s = self._clock.monotonic_s()
        due = self._shown is None or now_s - self._figures_s >= FIGURES_S or _differs(report, self._shown)
        if due and report != self._shown:
            self._shown, self._figures_s = report, now_s
            self._picture.put_alarms(report)

    def report(self) -> AlarmsReport:
        """The lists as they are."""
        listed = self.watch.listed()
        return AlarmsReport(
            active=tuple(map(alarm_report, listed.active)),
            shelved=tuple(map(alarm_report, listed.shelved)),
            doubles=tuple(map(double_report, self.watch.doubles)),
            flood=listed.flood,
            recorded=self.watch.log is not None,
            problem=self.watch.problem,
        )

    def measures(self) -> MeasuresReport:
        """What they add up to."""
        return measures_report(self.watch.measures())

    def health(self) -> AlarmHealth:
        """Whether somebody looks."""
        measures = self.watch.measures()
        return AlarmHealth(
            looked_s=self.watch.looked_s,
            active=len(self.watch.listed().active),
            unacknowledged=measures.unacknowledged,
            recorded=self.watch.log is not None,
            problem=self.watch.problem,
        )

    def close(self) -> None:
        """Hear no more."""
        self.watch.close()

    def _tell(self, transition: Transition) -> None:
        self._picture.tell(vehicle_of(transition), happening_of(transition), transition.time_s)

    def _tell_double(self, double: Double) -> None:
        """Called in a link's thread."""
        happening = Happening("warning", "alarm", double.text)
        self._picture.tell(str(double.system), happening, self._clock.now_s())


def alarming(
    settings: Settings,
    clock: Clock,
    hub: Hub,
    picture: Picture,
    folder: OperationFolder | None = None,
    records: Path | None = None,
) -> Alarming:
    """Alarms after the settings: the team's rules, elevation files, plans of a folder, kept in `records`.

    What stood by the journal in `records` goes on. Raises InputError (SettingsError, FormatError) for rules
    and elevation files that cannot be used.
    """
    rules = load_rules(settings.alert_rules)
    terrain = None if settings.alert_terrain is None else open_terrain([settings.alert_terrain])
    watch = AlarmWatch(
        hub,
        clock,
        rules,
        plans=PlansFlown(folder.flights if folder is not None else tuple),
        volumes=VolumesFlown(folder.volumes if folder is not None else tuple),
        terrain=terrain,
        log=None if records is None else AlarmLog(records, clock),
    )
    made = Alarming(picture, clock, watch)
    before = None if records is None else read_back(records)
    if before is not None:
        watch.take_over(before)
        made.show()
    return made


def vehicle_of(transition: Transition) -> str | None:
    """The key of the vehicle that a change is about; None for a start of the service."""
    return None if transition.key.rule == STARTED else str(transition.key.vehicle)


def happening_of(transition: Transition) -> Happening:
    """The line of the event list for a change of an alarm."""
    severity: Severity = _SEVERITIES[transition.priority] if transition.raised else "info"
    if transition.key.rule == STARTED:
        return Happening(severity, "alarm", transition.text)
    return Happening(severity, "alarm", f"{_did(transition)}: {_text(transition)}")


def _did(transition: Transition) -> str:
    by = f" by {transition.who}" if transition.who else ""
    if transition.after is State.UNACKNOWLEDGED:
        back = "alarm again" if transition.before is State.SHELVED else "alarm"
        return f"{back} ({transition.priority} priority){by}"
    if transition.after is State.ACKNOWLEDGED:
        return f"acknowledged{by}"
    if transition.after is State.SHELVED:
        for_s = (transition.until_s or transition.time_s) - transition.time_s
        return f"shelved for {for_s / 60:.0f} min{by}"
    if transition.after is State.RETURNED:
        return "over, and not acknowledged"
    if transition.after is State.SUPPRESSED:
        return "hidden, it means nothing now"
    if transition.who:
        return f"off the shelf{by}" if transition.before is State.SHELVED else f"over, acknowledged{by}"
    return "off the shelf" if transition.before is State.SHELVED else "over"


def _text(transition: Transition) -> str:
    why = f" ({transition.why})" if transition.why else ""
    return f"{transition.key.rule.replace('_', ' ')}, {transition.text}{why}"


def alarm_report(listed: ListedAlarm) -> AlarmReport:
    """What the service says of an alarm."""
    alarm = listed.alarm
    return AlarmReport(
        vehicle=alarm.key.vehicle,
        rule=alarm.key.rule,
        subject=alarm.key.subject,
        priority=listed.priority.value,
        state=_STATES[alarm.state],
        text=alarm.text or _about(alarm.key.rule),
        value=_figure(alarm.value),
        limit=_figure(alarm.limit),
        raised_s=alarm.raised_s,
        since_s=alarm.since_s,
        who=alarm.who,
        why=alarm.why,
        until_s=alarm.until_s,
        shelve_max_s=listed.shelve_max_s,
        calls=listed.calls,
    )


def _about(rule: str) -> str:
    """What a rule is about; in an old record there may be one that is none any more."""
    return SPECS[rule].about if rule in SPECS else rule.replace("_", " ")


def measures_report(found: Measures) -> MeasuresReport:
    """What the service says of EEMUA 191's figures."""
    return MeasuresReport(
        per_10_min=found.per_10_min,
        mean_per_10_min=found.mean_per_10_min,
        peak_per_10_min=found.peak_per_10_min,
        flood=found.flood,
        standing=found.standing,
        longest_standing_s=found.longest_standing_s,
        unacknowledged=found.unacknowledged,
        shelved=found.shelved,
        chattering=tuple(map(str, found.chattering)),
        share_pct={priority.value: share for priority, share in found.share_pct.items()},
        raised=found.raised,
    )


def double_report(double: Double) -> DoubleReport:
    """What the service says of a number that two aircraft use."""
    return DoubleReport(vehicle=double.system, text=double.text[:1].upper() + double.text[1:])


def _figure(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _differs(report: AlarmsReport, shown: AlarmsReport) -> bool:
    """Whether more than figures and texts changed."""
    return _plain(report) != _plain(shown)


def _plain(report: AlarmsReport) -> tuple[object, ...]:
    alarms = [
        (each.vehicle, each.rule, each.subject, each.state, each.raised_s, each.since_s, each.calls)
        for each in (*report.active, *report.shelved)
    ]
    return (alarms, report.doubles, report.flood, report.recorded, report.problem)
