"""Rules, vehicles and people together: what a command room's alarms are."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from missions.errors import InputError
from telemetry.alerts import people
from telemetry.alerts.alarm import Alarm, step
from telemetry.alerts.looking import Lookout
from telemetry.alerts.measures import Measures, Meter
from telemetry.alerts.reading import Reading, Readings
from telemetry.alerts.rule import Rule, When
from telemetry.alerts.rules_file import Rules, load_rules
from telemetry.alerts.sight import Sight
from telemetry.alerts.situation import Situation
from telemetry.alerts.specs import SPECS
from telemetry.alerts.standing import Standing, in_list, on_shelf
from telemetry.alerts.states import STANDING, STARTED, Key, Priority, State, Transition
from telemetry.state import VehicleState

MAX_SUBJECTS = 16
"""Alarms of one rule and vehicle at once; what comes beyond them shares one."""
OTHERS = "others"
SETTLE_S = 15.0
"""After a start nobody was heard yet: so long what stood before stands on, unless it is seen to hold."""
NO_SITUATION = Situation()
_log = logging.getLogger(__name__)


class AlertDesk:
    """Looks at vehicles again and again, and says which alarms changed. Any thread may call anything.

    The same calls with the same times in the same order give the same transitions: nothing else is asked for
    the time, and nothing is left to chance.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or load_rules()
        self._lock = threading.RLock()
        self._alarms: dict[Key, Alarm] = {}
        self._of_rule: dict[tuple[int, str], dict[Key, None]] = {}
        self._hidden: set[Key] = set()
        self._kinds: dict[int, str | None] = {}
        self._lookout = Lookout(self.rules.stale_s)
        self._meter = Meter()
        self._number = 0
        self._unseen: set[Key] = set()
        self._started_s = 0.0

    def look(
        self, now_s: float, vehicles: Mapping[int, VehicleState], situation: Situation = NO_SITUATION
    ) -> tuple[Transition, ...]:
        """What changed by a time, the vehicles by their numbers and the gravest rules first.

        `vehicles` is what `Hub.vehicles()` gives. Alarms of a vehicle that is not among them stay as they
        are.
        """
        with self._lock:
            self._meter.pass_time(now_s)
            made: list[Transition] = []
            seen: set[Key] = set()
            for number, sight in self._lookout.sights(now_s, vehicles, situation).items():
                self._kinds[number] = sight.state.kind
                made += self._look_at(sight, seen)
            for key in sorted(self._alarms.keys() - seen):
                rule = self.rule(key)
                if rule is not None:
                    # a vehicle that turned out to be of a kind without that rule has nothing to call for
                    reading = self._gone(key) if key.vehicle in vehicles else None
                    made += self._step(key, rule, reading, now_s, suppressed=key in self._hidden)
            return tuple(made)

    def restore(self, standing: Iterable[Standing], now_s: float, number: int) -> tuple[Standing, ...]:
        """Go on with alarms as they stood before a restart, after transition `number`; before the first look.

        Gives those that no rule speaks of any more. The others stand as they stood until their condition is
        seen to hold, or SETTLE_S have passed; from then on they change as any others.
        """
        with self._lock:
            self._number, self._started_s = max(self._number, number), now_s
            strangers = []
            for each in standing:
                if self._rule(each.alarm.key) is None:
                    strangers.append(each)
                    continue
                # its way out began when nobody looked: what is over is over once that is seen
                alarm = replace(each.alarm, pending_s=now_s if each.alarm.held else None)
                self._keep(alarm, now_s)
                self._unseen.add(alarm.key)
            return tuple(strangers)

    def started(self, now_s: float, text: str) -> Transition:
        """The record of a start: of no vehicle, and of no alarm."""
        with self._lock:
            self._number += 1
            normal = State.NORMAL
            return Transition(self._number, now_s, Key(0, STARTED), Priority.LOW, normal, normal, text)

    def acknowledge(self, key: Key, who: str, now_s: float) -> Transition:
        """`who` has seen the alarm. Raises InputError where there is nothing to acknowledge."""
        with self._lock:
            rule, alarm = self._known(key)
            after = people.acknowledge(alarm, who, now_s, suppressed=key in self._hidden)
            return self._change(rule, alarm, after, now_s)

    def shelve(self, key: Key, who: str, why: str, for_s: float, now_s: float) -> Transition:
        """`who` hides the alarm for `for_s` seconds. Raises InputError where that makes no sense."""
        with self._lock:
            rule, alarm = self._known(key)
            return self._change(rule, alarm, people.shelve(alarm, rule, who, why, for_s, now_s), now_s)

    def unshelve(self, key: Key, who: str, now_s: float) -> Transition:
        """`who` takes the alarm off its shelf. Raises InputError where it is on none."""
        with self._lock:
            rule, alarm = self._known(key)
            after = people.unshelve(alarm, who, now_s, suppressed=key in self._hidden)
            return self._change(rule, alarm, after, now_s)

    def active(self) -> tuple[Alarm, ...]:
        """The list to show: the gravest first, and of those the one raised first."""
        with self._lock:
            alarms = tuple(self._alarms.values())
        return in_list(alarms, self.priority)

    def shelved(self) -> tuple[Alarm, ...]:
        """What is on the shelf, the one that comes back first first."""
        with self._lock:
            return on_shelf(self._alarms.values())

    def alarm(self, key: Key) -> Alarm:
        """The alarm as it stands; a normal one where nothing is known of it."""
        with self._lock:
            return self._alarms.get(key) or Alarm(key)

    def priority(self, key: Key) -> Priority:
        """How grave an alarm is."""
        rule = self.rule(key)
        return rule.priority if rule else Priority.LOW

    def rule(self, key: Key) -> Rule | None:
        """The rule of an alarm that there is or can be; None where there is no such alarm.

        Of a vehicle that was not heard since a restart it is a copter's.
        """
        if key.vehicle not in self._kinds and key not in self._alarms:
            return None
        return self._rule(key)

    def measures(self) -> Measures:
        """EEMUA 191's figures at the last look."""
        with self._lock:
            return self._meter.measures(tuple(self._alarms.values()))

    def _look_at(self, sight: Sight, seen: set[Key]) -> list[Transition]:
        made: list[Transition] = []
        failed: list[str] = []
        for rule in self.rules.of(sight.state.kind):
            suppressed = self._suppressed(rule, sight)
            readings = None if suppressed else _readings(rule, sight, failed)
            there = self._of_rule.get((sight.vehicle, rule.name), {})
            if not there and not any(map(_holds, readings or ())):
                continue
            for key, reading in self._by_key(rule, sight.vehicle, list(there), readings).items():
                seen.add(key)
                made += self._step(key, rule, reading, sight.now_s, suppressed=suppressed)
        self._lookout.failed[sight.vehicle] = tuple(failed)
        return made

    def _by_key(
        self, rule: Rule, vehicle: int, there: list[Key], readings: Readings
    ) -> dict[Key, Reading | None]:
        """A reading for each alarm of a rule: those there, the worst that come, and one for the rest."""
        found: dict[Key, Reading | None] = dict.fromkeys(there)
        if readings is None:
            return found
        # of two with one name the worse counts, so it comes last
        rows = sorted(readings, key=_room, reverse=True)
        by_key = {Key(vehicle, rule.name, reading.subject): reading for reading in rows}
        for key in there:
            found[key] = by_key.pop(key, None) or self._gone(key)
        come = sorted(filter(_holds, by_key.values()), key=lambda one: (one.margin, one.subject))
        room = max(MAX_SUBJECTS - len(there), 0)
        found.update({Key(vehicle, rule.name, reading.subject): reading for reading in come[:room]})
        rest = come[room:]
        if rest:
            text = f"{rest[0].text} ({len(rest)} more like it)"
            found[Key(vehicle, rule.name, OTHERS)] = replace(rest[0], subject=OTHERS, text=text)
        return found

    def _gone(self, key: Key) -> Reading:
        """The other is not there any more, or far away."""
        alarm = self._alarms[key]
        return Reading(alarm.value, alarm.limit or 0.0, math.inf, alarm.text)

    def _suppressed(self, rule: Rule, sight: Sight) -> bool:
        if rule.when is When.FLYING and not sight.memory.flying:
            return True
        if rule.when is not When.ALWAYS and sight.state.armed is False:
            return True
        graver = self._alarms.get(Key(sight.vehicle, rule.suppressed_by)) if rule.suppressed_by else None
        return graver is not None and graver.state in STANDING

    def _step(
        self, key: Key, rule: Rule, reading: Reading | None, now_s: float, *, suppressed: bool
    ) -> list[Transition]:
        if key in self._unseen:
            if 0 <= now_s - self._started_s < SETTLE_S and (suppressed or not _goes_on(reading, rule)):
                return []
            self._unseen.discard(key)
        (self._hidden.add if suppressed else self._hidden.discard)(key)
        alarm = self._alarms.get(key)
        if alarm is None:
            alarm = Alarm(key, since_s=now_s)
        after = step(alarm, rule, reading, now_s, suppressed=suppressed)
        if after.state is not alarm.state:
            return [self._change(rule, alarm, after, now_s)]
        self._keep(after, now_s)
        return []

    def _keep(self, alarm: Alarm, now_s: float) -> None:
        if alarm.idle(now_s):
            self._alarms.pop(alarm.key, None)
            self._hidden.discard(alarm.key)
            self._of_rule.get((alarm.key.vehicle, alarm.key.rule), {}).pop(alarm.key, None)
        else:
            self._alarms[alarm.key] = alarm
            self._of_rule.setdefault((alarm.key.vehicle, alarm.key.rule), {})[alarm.key] = None

    def _change(self, rule: Rule, before: Alarm, after: Alarm, now_s: float) -> Transition:
        self._number += 1
        text = after.text or SPECS[rule.name].about
        if before.state is State.SHELVED and before.met and after.state is not State.UNACKNOWLEDGED:
            text = f"{text} (it was active while shelved)"
        transition = Transition(
            number=self._number,
            time_s=now_s,
            key=after.key,
            priority=rule.priority,
            before=before.state,
            after=after.state,
            text=text,
            value=_finite(after.value),
            limit=_finite(after.limit),
            unit=rule.unit,
            who=after.who,
            why=after.why,
            until_s=after.until_s,
            quiet=self._meter.flood and rule.priority is not Priority.HIGH,
        )
        self._meter.add(transition)
        self._keep(after, now_s)
        return transition

    def _known(self, key: Key) -> tuple[Rule, Alarm]:
        rule = self.rule(key)
        if rule is None:
            raise InputError(
                "there is no such alarm", where=str(key), remedy="Take one of the list of active alarms"
            )
        return rule, self._alarms.get(key) or Alarm(key)

    def _rule(self, key: Key) -> Rule | None:
        kind = self._kinds.get(key.vehicle)
        kinds = (kind, None) if key in self._alarms else (kind,)
        rules = (rule for kind in kinds for rule in self.rules.of(kind))
        return next((rule for rule in rules if rule.name == key.rule), None)


def _readings(rule: Rule, sight: Sight, failed: list[str]) -> Readings:
    """What a rule's condition gives; nothing known where it fails, which `missing_data` tells."""
    try:
        return SPECS[rule.name].condition(sight, rule)
    except Exception:  # noqa: BLE001  # one rule that fails must not silence the others
        failed.append(rule.name)
        if rule.name not in sight.failed:
            _log.exception("rule %s failed for vehicle %d", rule.name, sight.vehicle)
        return None


def _holds(reading: Reading) -> bool:
    return reading.margin is not None and reading.margin < 0


def _goes_on(reading: Reading | None, rule: Rule) -> bool:
    """Whether a condition that held is seen to hold still."""
    return reading is not None and reading.margin is not None and reading.margin < rule.deadband


def _room(reading: Reading) -> float:
    return math.inf if reading.margin is None else reading.margin


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
