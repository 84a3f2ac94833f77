"""The judge of several aircraft at once, on recordings made up so that the truth is known."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from missions.plan import Plan, Sortie
from missions.surveillance import WatchPoint
from sitl.proof import Verdict, judge
from tests.sitl.made_up_flights import FRAME, Row, flown, keyframes, recorded, square_plan


@pytest.fixture
def plan() -> Plan:
    return square_plan()


def higher(rows: list[Row], by_m: float) -> list[Row]:
    return [(*row[:3], row[3] + by_m if row[3] else 0.0, row[4]) for row in rows]


def team_of(plan: Plan, start_s: float) -> Plan:
    sorties = tuple(
        Sortie(plan.aircraft, plan.take_off, plan.route, plan.totals, begun_s, vehicle)
        for vehicle, begun_s in ((1, 0.0), (2, start_s))
    )
    totals = dataclasses.replace(plan.totals, duration_s=start_s + plan.totals.duration_s)
    return dataclasses.replace(plan, sorties=sorties, totals=totals)


def together(
    plan: Plan, folder: Path, second: list[Row], *, zeros_s: tuple[float, float], starts_s: float
) -> Verdict:
    """Two aircraft: one flies the plan, the other these rows, each recording by its own autopilot's time."""
    whole = team_of(plan, starts_s)
    flights = []
    for vehicle, (rows, zero_s, start_s) in enumerate(
        [(keyframes(plan), zeros_s[0], 0.0), (second, zeros_s[1], starts_s)], 1
    ):
        path = recorded(rows, plan, folder / f"{vehicle}.tlog", boot_s=zero_s + start_s)
        flights.append(flown(plan, path, vehicle=vehicle, start_s=start_s, zero_s=zero_s))
    return judge(whole, flights)


def test_aircraft_a_step_apart_in_height_are_apart(plan: Plan, tmp_path: Path) -> None:
    far = higher(keyframes(plan), 15.0)
    verdict = together(plan, tmp_path, far, zeros_s=(60.0, 95.0), starts_s=20.0)
    assert verdict.team is not None
    assert 14.5 <= verdict.team.separation_m < 40.0
    assert not [what for what in verdict.shortfalls if "between two aircraft" in what]


def test_aircraft_that_meet_are_told(plan: Plan, tmp_path: Path) -> None:
    verdict = together(plan, tmp_path, higher(keyframes(plan), 9.0), zeros_s=(60.0, 95.0), starts_s=0.0)
    assert verdict.team is not None
    assert verdict.team.separation_m < 9.5
    assert [what for what in verdict.shortfalls if "between two aircraft" in what]


def test_aircraft_are_compared_on_the_plans_clock_whatever_their_own_show(plan: Plan, tmp_path: Path) -> None:
    rows = higher(keyframes(plan), 3.0)
    one = together(plan, tmp_path, rows, zeros_s=(60.0, 60.0), starts_s=40.0).team
    other = together(plan, tmp_path, rows, zeros_s=(60.0, 431.0), starts_s=40.0).team
    assert one is not None
    assert other is not None
    assert one.separation_m == pytest.approx(other.separation_m, abs=0.3)
    assert one.flown_s == pytest.approx(40.0 + plan.totals.duration_s, abs=2.0)
    assert other.flown_s == pytest.approx(one.flown_s, abs=0.3)


def test_aircraft_in_the_air_one_after_the_other_never_meet(plan: Plan, tmp_path: Path) -> None:
    later_s = plan.totals.duration_s + 5.0
    team = together(plan, tmp_path, keyframes(plan), zeros_s=(60.0, 60.0), starts_s=later_s).team
    assert team is not None
    assert math.isinf(team.separation_m)


def watch_plan(plan: Plan, places: list[tuple[float, float]]) -> Plan:
    """Each place looked at for ten seconds, three times over, by two aircraft at once."""
    route = tuple(
        dataclasses.replace(
            plan.route[0],
            place=FRAME.point_from_local(*place),
            height_relative_m=60.0,
            hold_s=10.0,
            recording=False,
        )
        for place in places * 3
    )
    totals = dataclasses.replace(plan.totals, duration_s=230.0, photos=0)
    request = dataclasses.replace(
        plan.request, figures={**plan.request.figures, "begins_s": 30.0, "duration_s": 140.0}
    )
    return dataclasses.replace(plan, route=route, totals=totals, request=request)


def test_a_look_left_out_lengthens_the_wait(plan: Plan, tmp_path: Path) -> None:
    places = [(-60.0, 0.0), (60.0, 0.0)]
    single = watch_plan(plan, places)
    points = [WatchPoint(FRAME.point_from_local(*place), max_wait_s=60.0) for place in places]
    rows = keyframes(single)
    passed = [index for index, row in enumerate(rows) if math.dist(row[1:3], places[1]) < 1]
    # The second look at the second place: it is flown past without stopping.
    missed = [
        (row[0], row[1], row[2] + 20.0, *row[3:]) if index in passed[2:4] else row
        for index, row in enumerate(rows)
    ]
    far = [(row[0], row[1] + 400.0, *row[2:]) for row in rows]
    found = []
    for number, own in enumerate((rows, missed)):
        flights = []
        for vehicle, each in enumerate((own, far), 1):
            path = recorded(each, single, tmp_path / f"{number}-{vehicle}.tlog", pitch_deg=None)
            flights.append(flown(single, path, vehicle=vehicle, zero_s=60.0))
        found.append(judge(team_of(single, 0.0), flights, watched=points).waits)
    kept, late = found
    assert kept[0].flown_s == pytest.approx(kept[0].promised_s, rel=0.5)
    assert late[0].flown_s == pytest.approx(kept[0].flown_s, abs=0.5)
    assert late[1].flown_s > 1.7 * kept[1].flown_s
