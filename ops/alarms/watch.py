"""The command room's alarms: looks at a hub's vehicles again and again, and does what people order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from missions.errors import InputError
from missions.plan import Plan
from missions.terrain import Terrain
from missions.volumes import Volumes
from ops.alarms.log import AlarmLog
from ops.alarms.restart import Before, told, too_old
from telemetry.alerts import (
    Alarm,
    AlertDesk,
    Key,
    Measures,
    Priority,
    Rules,
    SeenFind,
    Situation,
    State,
    StatusTexts,
    Traffic,
    Transition,
)
from telemetry.clock import Clock
from telemetry.doubles import Double, DoubleWatch
from telemetry.frames import Frame
from telemetry.health import Loss
from telemetry.hub import Hub
from telemetry.state import VehicleState

CALLING = frozenset({State.UNACKNOWLEDGED, State.RETURNED})
RECORDED_WITHIN_S = 3.0
"""How long a person's order waits to be on the disk before it is said not to be."""
_log = logging.getLogger(__name__)
States = Mapping[int, VehicleState]
T = TypeVar("T")
VolumesOf = Callable[[States, Mapping[int, Plan]], Mapping[int, Volumes]]
"""From the vehicles and the plans that they fly to the volumes that each must stay in."""


@dataclass(frozen=True, slots=True)
class ListedAlarm:
    """An alarm of the list with what the list says of it beside its state."""

    alarm: Alarm
    priority: Priority
    shelve_max_s: float
    calls: bool
    """Whether it is to flash and sound: it is unacknowledged, and was not raised in a flood."""


@dataclass(frozen=True, slots=True)
class Listed:
    """All that is to be shown: the gravest first and of those the oldest; of the shelf what ends first."""

    active: tuple[ListedAlarm, ...] = ()
    shelved: tuple[ListedAlarm, ...] = ()
    flood: bool = False


class AlarmWatch:
    """An `AlertDesk` over a hub, with what it must know and whom it must tell. Any thread may call anything.

    `plans` tells what each vehicle flies, `volumes` where it must stay and `traffic` who else is in the air.
    With a `log` transitions are kept. `told` gets each transition and `found` each number that two aircraft
    use, as they happen. All of these may be set later. Call `close` to end.
    """

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        rules: Rules | None = None,
        *,
        plans: Callable[[States], Mapping[int, Plan]] = lambda _: {},
        volumes: VolumesOf = lambda *_: {},
        terrain: Terrain | None = None,
        traffic: Callable[[], Sequence[Traffic]] = tuple,
        log: AlarmLog | None = None,
    ) -> None:
        self.plans = plans
        self.volumes = volumes
        self.traffic = traffic
        self.finds: Callable[[], Sequence[SeenFind] | None] = lambda: None
        self.log = log
        self.told: Callable[[Transition], None] = lambda _: None
        self.found: Callable[[Double], None] = lambda _: None
        self.looked_s: float | None = None
        self._hub = hub
        self._clock = clock
        self._terrain = terrain
        self._desk = AlertDesk(rules)
        self._failed = ""
        self._failures: list[str] = []
        self._quiet: set[Key] = set()
        self._acting = threading.Lock()
        self._closed = False
        self._texts = StatusTexts()
        self._links: set[str] = set()
        self._doubles = DoubleWatch(hub, lambda double: self.found(double))
        self._leave = [
            hub.subscribe(self._texts),
            hub.subscribe_by_link(self._note_link),
            self._doubles.close,
        ]

    @property
    def problem(self) -> str:
        """What keeps alarms from being raised or recorded; "" while all is well."""
        return " ".join(filter(None, (self._failed, self.log.problem if self.log else "")))

    @property
    def doubles(self) -> tuple[Double, ...]:
        """Every number that was found to be used by two aircraft."""
        return self._doubles.found

    def take_over(self, before: Before) -> None:
        """Go on with the alarms that stood when the service ended, and record that it started again.

        Before the first look; what is acknowledged or on the shelf does not call anew.
        """
        with self._acting:
            now_s = self._clock.now_s()
            old = too_old(before, now_s)
            strangers = self._desk.restore(() if old else before.standing, now_s, 0 if old else before.number)
            self._quiet |= {each.alarm.key for each in before.standing if each.quiet and not old}
            self._keep((self._desk.started(now_s, told(before, now_s, strangers)),))

    def look(self) -> None:
        """See what changed; what fails is told in `problem`, and the next look may do."""
        self._failures = []
        try:
            self._look()
        except Exception as error:  # noqa: BLE001  # whatever it was, people must know that nobody looks
            self._failures.append(f"Alarms are not looked for: {error}.")
            if not self._failed:
                _log.exception("looking for alarms failed")
        self._failed = " ".join(self._failures)

    def acknowledge(self, key: Key, who: str) -> bool:
        """`who` has seen the alarm; whether that is recorded. Raises InputError as `AlertDesk` does."""
        return self._act(lambda now_s: self._desk.acknowledge(key, who, now_s))

    def shelve(self, key: Key, who: str, why: str, for_s: float) -> bool:
        """`who` hides the alarm for a time; whether that is recorded. Raises InputError likewise."""
        return self._act(lambda now_s: self._desk.shelve(key, who, why, for_s, now_s))

    def unshelve(self, key: Key, who: str) -> bool:
        """`who` takes the alarm off its shelf; whether that is recorded. Raises InputError likewise."""
        return self._act(lambda now_s: self._desk.unshelve(key, who, now_s))

    def alarm(self, key: Key) -> Alarm:
        """The alarm as it stands."""
        return self._desk.alarm(key)

    def shelve_max_s(self, key: Key) -> float | None:
        """For how long the alarm may be shelved, 0 for not at all; None where there is no such alarm."""
        rule = self._desk.rule(key)
        return None if rule is None else rule.shelve_max_s

    def listed(self) -> Listed:
        """The lists as they are."""
        return Listed(
            tuple(map(self._listed, self._desk.active())),
            tuple(map(self._listed, self._desk.shelved())),
            self._desk.measures().flood,
        )

    def measures(self) -> Measures:
        """EEMUA 191's figures."""
        return self._desk.measures()

    def close(self) -> None:
        """Hear no more, and let the log end."""
        with self._acting:
            self._closed = True
        for leave in self._leave:
            leave()
        if self.log is not None:
            self.log.close()

    def _look(self) -> None:
        vehicles = self._hub.vehicles()
        nothing: Mapping[int, Plan] = {}
        plans = self._asked("plans", lambda: self.plans(vehicles), nothing)
        situation = Situation(
            plans=plans,
            volumes=self._asked("volumes", lambda: self.volumes(vehicles, plans), {}),
            terrain=self._terrain,
            traffic=self._asked("traffic", lambda: tuple(self.traffic()), ()),
            finds=self._asked("finds", self._finds, None),
            losses=self._losses(vehicles),
            messages=self._texts.take(),
        )
        with self._acting:
            if self._closed:
                return
            now_s = self._clock.now_s()
            made = self._desk.look(now_s, vehicles, situation)
            self._keep(made)
            self._quiet &= {alarm.key for alarm in self._desk.active()}
        self.looked_s = now_s

    def _finds(self) -> tuple[SeenFind, ...] | None:
        found = self.finds()
        return None if found is None else tuple(found)

    def _act(self, act: Callable[[float], Transition]) -> bool:
        with self._acting:
            if self._closed:
                raise InputError("the service ends", where="alarms", remedy="Start it again")
            number = self._keep((act(self._clock.now_s()),))
        return self.log is not None and self.log.wait(number, RECORDED_WITHIN_S)

    def _keep(self, made: Sequence[Transition]) -> int:
        """Tell and record, in the order in which it happened."""
        for each in made:
            if each.raised:
                (self._quiet.add if each.quiet else self._quiet.discard)(each.key)
            self.told(each)
        return self.log.add([each.as_dict() for each in made]) if self.log is not None else 0

    def _listed(self, alarm: Alarm) -> ListedAlarm:
        key = alarm.key
        calls = alarm.state in CALLING and key not in self._quiet
        return ListedAlarm(alarm, self._desk.priority(key), self.shelve_max_s(key) or 0.0, calls)

    def _asked(self, what: str, ask: Callable[[], T], otherwise: T) -> T:
        """What is known; where asking fails alarms go on without it, and people are told so."""
        try:
            return ask()
        except Exception as error:  # noqa: BLE001  # a plan that cannot be read must not silence the rest
            self._failures.append(f"Alarms know no {what}: {error}.")
            if not self._failed:
                _log.exception("alarms know no %s", what)
            return otherwise

    def _losses(self, vehicles: States) -> dict[int, Loss]:
        """What each autopilot sent, and what of it was lost, over all links together.

        A vehicle that is silent on one link and heard on another is heard.
        """
        by_link = [self._hub.losses(link) for link in tuple(self._links)]
        found: dict[int, Loss] = {}
        for number, state in vehicles.items():
            sender = (number, state.component or 0)
            counts = [losses[sender] for losses in by_link if sender in losses]
            if counts:
                found[number] = Loss(
                    received=sum(each.received for each in counts),
                    lost=sum(each.lost for each in counts),
                    doubled=sum(each.doubled for each in counts),
                )
        return found

    def _note_link(self, _: Sequence[Frame], link: str) -> None:
        if link not in self._links:
            self._links = {*self._links, link}
