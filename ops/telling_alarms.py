"""Alarms that stand, to TAK: again and again while they do, and a word that each is over.

What stands is looked at, not heard of, so that nothing is missed: an alarm taken over from before a restart
is told like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from missions.errors import InputError, SettingsError
from ops.alarms import ListedAlarm
from ops.nearby import Undulations
from telemetry.alerts import Key, Priority, State
from telemetry.hub import Hub
from telemetry.state import VehicleState
from telemetry.tak import AlarmMarker, CotEvent, TakStation, alarm_event, alarm_over_event

AGAIN_S = 10.0
MOST = 50
"""Told of at once; the list has the gravest first."""
OVER_TIMES = 3
"""So often each end is told, AGAIN_S apart: a server repeats an emergency until it has heard that."""
NOBODY = "none"
LEAST = (*(priority.value for priority in Priority), NOBODY)
"""What the setting `tak_alarms` may be."""
_STANDING = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
_log = logging.getLogger(__name__)


@dataclass
class _Told:
    """What was last sent of one alarm, when, and how often its end was told."""

    marker: AlarmMarker
    at_s: float
    over_times: int = 0


class AlarmsTold:
    """Sends those of `alarms` that are of a priority of `least` or graver; `tick` does one look.

    An alarm is sent when it is raised and every ten seconds while its condition holds, acknowledged or not,
    at the place where its vehicle was last. When it ends, is shelved or means nothing any more that is sent
    three times. What came in a flood and calls nobody is not sent. `let_out` may wait for what `close` sends,
    if anything.
    """

    def __init__(
        self,
        station: TakStation,
        send: Callable[[CotEvent], None],
        alarms: Callable[[], Sequence[ListedAlarm]],
        hub: Hub,
        undulations: Undulations,
        least: str = Priority.HIGH.value,
        let_out: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._let_out = let_out
        self._wanted = _wanted(least)
        self._station = station
        self._send = send
        self._alarms = alarms
        self._hub = hub
        self._undulations = undulations
        self._told: dict[Key, _Told] = {}

    def tick(self) -> None:
        """Send what is due."""
        if not self._wanted:
            return
        now_s, vehicles = self._hub.clock.monotonic_s(), self._hub.vehicles()
        standing: set[Key] = set()
        for listed in self._standing():
            key = listed.alarm.key
            marker = self._marker(listed, vehicles.get(key.vehicle))
            if marker is not None:
                standing.add(key)
                self._tell(key, marker, now_s)
        for key, told in list(self._told.items()):
            if key not in standing and (not told.over_times or now_s - told.at_s >= AGAIN_S):
                self._tell_end(key, told, now_s)

    def close(self) -> None:
        """Take away what still stands: from here on nobody would say that it is over."""
        standing = [told for told in self._told.values() if not told.over_times]
        for told in standing:
            self._offer(alarm_over_event, told.marker)
        self._told.clear()
        self._let_out(bool(standing))

    def _standing(self) -> list[ListedAlarm]:
        there = [
            each for each in self._alarms() if each.priority in self._wanted and each.alarm.state in _STANDING
        ]
        # acknowledged ones call no more, but stand; what calls nobody in a flood was never told of
        return [each for each in there if self._calls(each)][:MOST]

    def _calls(self, listed: ListedAlarm) -> bool:
        known = self._told.get(listed.alarm.key)
        return listed.calls or listed.alarm.state is State.ACKNOWLEDGED or known is not None

    def _tell(self, key: Key, marker: AlarmMarker, now_s: float) -> None:
        known = self._told.get(key)
        if known is None or known.over_times or now_s - known.at_s >= AGAIN_S:
            self._told[key] = _Told(marker, now_s)
            self._offer(alarm_event, marker)

    def _tell_end(self, key: Key, told: _Told, now_s: float) -> None:
        self._offer(alarm_over_event, told.marker)
        told.at_s, told.over_times = now_s, told.over_times + 1
        if told.over_times >= OVER_TIMES:
            del self._told[key]

    def _offer(
        self, event_of: Callable[[TakStation, AlarmMarker, float], CotEvent], marker: AlarmMarker
    ) -> None:
        try:
            self._send(event_of(self._station, marker, self._hub.clock.now_s()))
        except InputError as error:
            _log.warning("an alarm cannot be told: %s", error)

    def _marker(self, listed: ListedAlarm, state: VehicleState | None) -> AlarmMarker | None:
        """None where nobody knows where the vehicle is or was."""
        place = None if state is None else state.place
        if state is None or place is None:
            return None
        lat_deg, lon_deg = place
        undulation_m = self._undulations.at(lat_deg, lon_deg)
        known = state.height_amsl_m is not None and undulation_m is not None
        alarm = listed.alarm
        return AlarmMarker(
            system=alarm.key.vehicle,
            rule=alarm.key.rule,
            subject=alarm.key.subject,
            text=alarm.text,
            priority=listed.priority.value,
            callsign=f"{self._station.name} {alarm.key.vehicle}",
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            hae_m=(state.height_amsl_m or 0.0) + (undulation_m or 0.0) if known else None,
        )


def checked_least(least: str) -> str:
    """The setting, where it is one of LEAST. Raises SettingsError."""
    if least not in LEAST:
        raise SettingsError(
            f"{least[:40]!r} is no priority of alarms", where="tak_alarms", remedy=f"Give {', '.join(LEAST)}"
        )
    return least


def _wanted(least: str) -> frozenset[Priority]:
    """The priorities that are told of."""
    order = [Priority.HIGH, Priority.MEDIUM, Priority.LOW]
    return frozenset() if least == NOBODY else frozenset(order[: order.index(Priority(least)) + 1])
