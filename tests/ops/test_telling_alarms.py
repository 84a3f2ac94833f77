"""Grave alarms reach officers' maps while they stand, and leave them when they are over."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from missions.errors import SettingsError
from ops.alarms import ListedAlarm
from ops.api.server import serving
from ops.config import Settings
from ops.nearby import Undulations
from ops.surroundings import surroundings
from ops.telling_alarms import AGAIN_S, OVER_TIMES, AlarmsTold
from telemetry.alerts import Alarm, Key, Priority, State
from telemetry.clock import ManualClock, SystemClock
from telemetry.hub import Hub
from telemetry.tak import CotEvent, TakStation
from tests.ops.alarmed import Copter, flying, place, write_rules
from tests.ops.surrounded import speak
from tests.telemetry.tak_server import Server
from tests.waiting import eventually

FENCE = Key(1, "fence_breach")


def listed(
    key: Key = FENCE, state: State = State.UNACKNOWLEDGED, priority: Priority = Priority.HIGH
) -> ListedAlarm:
    return ListedAlarm(Alarm(key, state, text="4 m outside the fence"), priority, 0.0, state in _CALLING)


_CALLING = (State.UNACKNOWLEDGED, State.RETURNED)


class Told:
    """Alarms that stand, told to a list."""

    def __init__(self, least: str = "high") -> None:
        self.clock = ManualClock(1_773_480_413.0)
        self.hub = Hub(self.clock)
        self.standing: list[ListedAlarm] = []
        self.sent: list[CotEvent] = []
        self.told = AlarmsTold(
            TakStation("van-3"),
            self.sent.append,
            lambda: self.standing,
            self.hub,
            Undulations(self.hub),
            least,
        )

    def after(self, seconds: float) -> list[str]:
        """What is sent in so many seconds of looks, by type."""
        before = len(self.sent)
        for _ in range(round(seconds)):
            self.clock.sleep(1)
            self.told.tick()
        return [each.type for each in self.sent[before:]]


def test_it_is_told_while_it_stands_and_its_end_three_times() -> None:
    it = Told()
    speak(it.hub)
    it.standing = [listed()]
    assert it.after(1) == ["b-a-g"]
    assert it.after(2 * AGAIN_S) == ["b-a-g", "b-a-g"]
    it.standing = [listed(state=State.ACKNOWLEDGED)]
    assert it.after(AGAIN_S) == ["b-a-g"], "it is still true when somebody has seen it"
    it.standing = [listed(state=State.RETURNED)]
    assert it.after(1) == ["b-a-o-can"]
    assert it.after(9 * AGAIN_S) == ["b-a-o-can"] * (OVER_TIMES - 1)
    assert len({each.uid for each in it.sent}) == 1
    it.standing = [listed()]
    assert it.after(1) == ["b-a-g"], "raised again it is told again"
    it.standing = []
    assert it.after(1) == ["b-a-o-can"], "shelved, suppressed or gone"
    it.standing = [listed()]
    assert it.after(1) == ["b-a-g"], "raised again before its end was told three times"
    assert it.after(3) == []


def test_it_is_where_the_aircraft_is_and_no_longer_told_where_nobody_knows_that() -> None:
    it = Told()
    it.standing = [listed()]
    assert it.after(3) == [], "an alarm of a vehicle that has told no place has none on a map"
    speak(it.hub, lat=521_000_000)
    it.after(1)
    speak(it.hub, lat=521_100_000)
    it.after(AGAIN_S)
    assert [each.lat_deg for each in it.sent] == [52.1, 52.11]


@pytest.mark.parametrize(("least", "told"), [("high", 1), ("medium", 2), ("low", 3), ("none", 0)])
def test_the_setting_says_how_grave_it_must_be(least: str, told: int) -> None:
    it = Told(least)
    speak(it.hub)
    it.standing = [listed(Key(1, f"{each.value}_rule"), priority=each) for each in Priority]
    assert len(it.after(1)) == told


def test_what_came_in_a_flood_and_calls_nobody_is_not_told() -> None:
    it = Told("low")
    speak(it.hub)
    it.standing = [replace(listed(), calls=False)]
    assert it.after(3) == []


def test_what_still_stands_at_the_end_is_taken_away() -> None:
    it = Told()
    speak(it.hub)
    it.standing = [listed(), listed(Key(1, "ekf"))]
    it.after(1)
    it.standing = [listed()]
    it.after(1)
    it.sent.clear()
    it.told.close()
    assert [(each.type, each.uid) for each in it.sent] == [
        ("b-a-o-can", "droneteam.van-3.alarm.1.fence_breach-9-1-1")
    ]


def test_a_setting_that_is_none_is_one_error() -> None:
    with (
        pytest.raises(SettingsError, match="no priority of alarms"),
        surroundings(Settings(tak_alarms="grave"), Hub(SystemClock())),
    ):
        pass


def test_a_server_is_told_of_a_breach_and_of_its_end(heath: Path, tmp_path: Path) -> None:
    hub = Hub(SystemClock())
    copter = Copter(hub, here=place(200, 150))
    settings = Settings(port=0, alert_rules=write_rules(tmp_path), station_name="van-3")
    with (
        closing(Server()) as tak,
        surroundings(settings, hub, tak=[f"tak+tcp://127.0.0.1:{tak.port}"]) as around,
    ):

        def heard(kind: str) -> list[CotEvent]:
            return [each for each in tak.heard if each.type == kind and "fence_breach" in each.uid]

        with serving(settings, operation_folder=heath, hub=hub, surroundings=around):
            copter.stand()
            with flying(copter):
                assert eventually(lambda: any(each.type == "a-f-A-M-H-Q" for each in tak.heard))
                assert not heard("b-a-g")
                copter.here = place(450, 150)
                assert eventually(lambda: bool(heard("b-a-g")))
                (breach,) = heard("b-a-g")[:1]
                assert breach.lon_deg == pytest.approx(place(450, 150).lon_deg, abs=1e-6)
                assert "HIGH fence breach" in (breach.find("remarks").text if breach.find("remarks") else "")
                assert not heard("b-a-o-can")
        assert eventually(lambda: bool(heard("b-a-o-can"))), "the service ended, and nobody else would say so"
