"""The alarms of a replay: those of the time that is shown, to be looked at and not to be touched."""

from __future__ import annotations

import threading
from collections.abc import Callable

from missions.terrain import open_terrain
from ops.alarms import ListedAlarm, PlansFlown, VolumesFlown
from ops.alarms.recomputing import Recomputing
from ops.alarms.recorded import Recorded
from ops.alarms.watch import CALLING
from ops.api.alarm_models import AlarmHealth, AlarmsReport, MeasuresReport, ReplayedNote
from ops.api.alarming import alarm_report, double_report, measures_report
from ops.api.folder import OperationFolder
from ops.api.picture import Picture
from ops.config import Settings
from telemetry.alerts import Chronicle, Standing, in_list, load_rules, on_shelf
from telemetry.alerts.measures import Meter
from telemetry.replay import Replay

GO_ON_S = 0.5
"""Of every second or so: the rest is for whoever plays and jumps meanwhile."""


class ReplayedAlarms:
    """Keeps the alarms of the time shown in a picture; `now_s` tells that time, `begin_s` is the first.

    What was recorded then is shown, and where nothing was, what is found by looking again.
    """

    def __init__(
        self,
        picture: Picture,
        now_s: Callable[[], float],
        begin_s: float,
        source: Recorded | Recomputing,
        rules: str,
    ) -> None:
        self._picture = picture
        self._now_s = now_s
        self._begin_s = begin_s
        self._source = source
        self._rules = rules
        self._showing = threading.Lock()
        self._shown: object = None

    @property
    def chronicle(self) -> Chronicle:
        """All transitions that are known."""
        return self._source.chronicle

    def look(self) -> None:
        """Look for alarms a while longer, where none are recorded; not for the event loop."""
        if isinstance(self._source, Recomputing):
            self._source.go_on(GO_ON_S)

    def show(self) -> None:
        """Bring the picture up to the time that is shown."""
        with self._showing:
            now_s = self._now_s()
            doubles = () if self._looked is None else self._looked.doubles_at(now_s)
            count, flood = self.chronicle.count_at(now_s), self.chronicle.flood_at(now_s)
            shown = (count, flood, doubles, self._problem, self._note(now_s))
            if shown != self._shown:
                self._shown = shown
                self._picture.put_alarms(self.report())

    def report(self) -> AlarmsReport:
        """The lists at the time that is shown."""
        now_s = self._now_s()
        standing = self.chronicle.at(now_s)
        alarms = [each.alarm for each in standing.values()]
        active = in_list(alarms, lambda key: standing[key].priority)
        looked = self._looked
        return AlarmsReport(
            active=tuple(alarm_report(_listed(standing[each.key])) for each in active),
            shelved=tuple(alarm_report(_listed(standing[each.key])) for each in on_shelf(alarms)),
            doubles=() if looked is None else tuple(map(double_report, looked.doubles_at(now_s))),
            flood=self.chronicle.flood_at(now_s),
            recorded=looked is None,
            problem=self._problem,
            replayed=self._note(now_s),
        )

    def measures(self) -> MeasuresReport:
        """What they add up to, from the begin to the time that is shown."""
        now_s, meter = self._now_s(), Meter()
        meter.pass_time(self._begin_s)
        for each in self.chronicle.between(self._begin_s, now_s):
            meter.pass_time(each.time_s)
            meter.add(each)
        meter.pass_time(now_s)
        return measures_report(
            meter.measures(tuple(each.alarm for each in self.chronicle.at(now_s).values()))
        )

    def health(self) -> AlarmHealth:
        """How much of it is known."""
        report = self.report()
        return AlarmHealth(
            looked_s=None if self._looked is None else self._looked.upto_s,
            active=len(report.active),
            unacknowledged=sum(each.state != "acknowledged" for each in report.active),
            recorded=report.recorded,
            problem=report.problem,
        )

    def close(self) -> None:
        """Look no further."""
        if isinstance(self._source, Recomputing):
            self._source.close()

    @property
    def _problem(self) -> str:
        if isinstance(self._source, Recomputing):
            return self._source.problem
        return self._source.trouble and f"Not all that was recorded can be read: {self._source.trouble}."

    @property
    def _looked(self) -> Recomputing | None:
        return self._source if isinstance(self._source, Recomputing) else None

    def _note(self, now_s: float) -> ReplayedNote:
        looked = self._looked
        if looked is None:
            return ReplayedNote(source="recorded", upto_s=None, rules="")
        upto_s = None if looked.done or looked.upto_s >= now_s else looked.upto_s
        return ReplayedNote(source="recomputed", upto_s=upto_s, rules=self._rules)


def replayed_alarms(
    settings: Settings,
    replay: Replay,
    picture: Picture,
    now_s: Callable[[], float],
    folder: OperationFolder | None,
    then: Recorded | None,
) -> ReplayedAlarms:
    """Those that were recorded then, else looked for again after the settings and the folder's plans.

    Raises what `ops.api.alarming.alarming` does.
    """
    rules_name = "the shipped rules" if settings.alert_rules is None else settings.alert_rules.name
    if then is not None:
        return ReplayedAlarms(picture, now_s, replay.begin_s, then, rules_name)
    terrain = None if settings.alert_terrain is None else open_terrain([settings.alert_terrain])
    plans = PlansFlown(folder.flights if folder is not None else tuple)
    volumes = VolumesFlown(folder.volumes if folder is not None else tuple)
    rules = load_rules(settings.alert_rules)
    again = Recomputing(replay.timeline, rules, plans=plans, volumes=volumes, terrain=terrain)
    replay.on_jump(lambda _: again.give_way())
    return ReplayedAlarms(picture, now_s, replay.begin_s, again, rules_name)


def _listed(standing: Standing) -> ListedAlarm:
    calls = standing.alarm.state in CALLING and not standing.quiet
    return ListedAlarm(standing.alarm, standing.priority, 0.0, calls)
