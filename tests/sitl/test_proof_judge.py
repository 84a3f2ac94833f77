"""The judge of flown plans, on recordings made up so that the truth is known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from missions.area import Part
from missions.errors import InputError
from missions.geodesy import GeoPoint
from missions.local import local_from_ring
from missions.plan import Fence, LookAt, Plan
from missions.terrain import AnalyticTerrain
from sitl.proof import Verdict, judge
from sitl.proof.recording import Recorded
from tests.sitl.made_up_flights import FRAME, Row, flown, keyframes, recorded, square_plan


@pytest.fixture
def plan() -> Plan:
    return square_plan()


@pytest.fixture
def verdict_of(plan: Plan, tmp_path: Path) -> Callable[..., Verdict]:
    """`verdict_of(rows)` judges the plan as flown by these rows."""

    def made(rows: list[Row], *, of: Plan = plan, **more: object) -> Verdict:
        path = recorded(rows, of, tmp_path / "flight.tlog", **more)  # type: ignore[arg-type]
        return judge(of, [flown(of, path)])

    return made


def test_a_flight_as_planned_holds(plan: Plan, verdict_of: Callable[..., Verdict]) -> None:
    verdict = verdict_of(keyframes(plan))
    assert verdict.shortfalls == ()
    assert verdict.covered_pct is not None
    assert verdict.covered_pct > 99
    assert verdict.pictures == pytest.approx(plan.totals.photos, rel=0.1)
    assert verdict.flown_s == pytest.approx(plan.totals.duration_s, abs=1)
    assert verdict.flown_wh == pytest.approx(plan.totals.energy_wh, rel=0.01)
    assert verdict.off_m < 0.5


def test_a_lane_left_out_lowers_the_cover_by_about_its_share(
    plan: Plan, verdict_of: Callable[..., Verdict]
) -> None:
    rows = keyframes(plan)
    lanes = [index for index, row in enumerate(rows) if row[4]]
    longest = max(lanes, key=lambda index: math.dist(rows[index][1:3], rows[index + 1][1:3]))
    missed = [(*row[:4], row[4] and index != longest) for index, row in enumerate(rows)]
    whole, less = verdict_of(rows), verdict_of(missed)
    assert whole.covered_pct is not None
    assert less.covered_pct is not None
    lane_m = math.dist(rows[longest][1:3], rows[longest + 1][1:3])
    share_pct = 100 * lane_m * plan.totals.lane_spacing_m / (200 * 160)
    assert 0.4 * share_pct < whole.covered_pct - less.covered_pct < 1.2 * share_pct
    assert any("% seen" in what for what in less.shortfalls)


def test_pictures_of_the_sky_see_nothing(plan: Plan, verdict_of: Callable[..., Verdict]) -> None:
    assert verdict_of(keyframes(plan), pitch_deg=30.0).covered_pct == 0.0


def test_ground_far_off_in_a_slanting_picture_counts_for_nothing(
    plan: Plan, verdict_of: Callable[..., Verdict]
) -> None:
    tilted = verdict_of(keyframes(plan), pitch_deg=-20.0)
    assert tilted.covered_pct is not None
    assert tilted.covered_pct < 5.0


def test_a_recording_that_does_not_tell_the_pitch_is_refused(
    plan: Plan, verdict_of: Callable[..., Verdict]
) -> None:
    with pytest.raises(InputError, match="gimbal"):
        verdict_of(keyframes(plan), pitch_deg=None)


def test_a_recording_in_which_nothing_flies_is_refused(
    plan: Plan, verdict_of: Callable[..., Verdict]
) -> None:
    with pytest.raises(InputError, match="left the ground"):
        verdict_of([(*row[:3], 0.0, row[4]) for row in keyframes(plan)])


@pytest.mark.parametrize("where", ["take-off", "middle", "landing"])
def test_metres_outside_the_fence_are_told_wherever_they_were_flown(
    plan: Plan, verdict_of: Callable[..., Verdict], where: str
) -> None:
    rows = keyframes(plan)
    index = {"take-off": 0, "middle": len(rows) // 2, "landing": len(rows) - 1}[where]
    south_m = min(y for _, y in local_from_ring(plan.fence.inclusions[0].border, FRAME))
    strayed = [
        (*row[:2], south_m - 12.0, *row[3:]) if number == index else row for number, row in enumerate(rows)
    ]
    verdict = verdict_of(strayed)
    assert verdict.outside_m == pytest.approx(12.0, abs=1.5)
    assert any("outside the fence" in what for what in verdict.shortfalls)


def test_a_zone_flown_over_is_told(plan: Plan, verdict_of: Callable[..., Verdict]) -> None:
    ring = tuple(FRAME.point_from_local(*at) for at in [(-20, -20), (20, -20), (20, 20), (-20, 20)])
    zoned = dataclasses.replace(plan, fence=Fence(plan.fence.inclusions, (ring,)))
    assert verdict_of(keyframes(plan)).outside_m == 0.0
    assert 1.0 < verdict_of(keyframes(plan), of=zoned).outside_m <= 20.0
    holed = Part(plan.fence.inclusions[0].border, (ring,))
    assert verdict_of(
        keyframes(plan), of=dataclasses.replace(plan, fence=Fence((holed,)))
    ).outside_m == pytest.approx(verdict_of(keyframes(plan), of=zoned).outside_m)


def test_a_late_landing_is_told(plan: Plan, verdict_of: Callable[..., Verdict]) -> None:
    *rows, last = keyframes(plan)
    hovering = (0.12 * plan.totals.duration_s, *rows[-1][1:])
    late = [*rows, (rows[-1][0] + hovering[0], *hovering[1:4], False), (last[0] + hovering[0], *last[1:])]
    verdict = verdict_of(late)
    assert verdict.flown_s == pytest.approx(1.12 * plan.totals.duration_s, rel=0.01)
    assert [what for what in verdict.shortfalls if " s flown" in what]


@pytest.mark.parametrize(("share", "told"), [(0.88, True), (0.92, False), (1.08, False), (1.12, True)])
def test_a_tenth_more_or_less_energy_is_told(
    plan: Plan, verdict_of: Callable[..., Verdict], share: float, told: bool
) -> None:
    verdict = verdict_of(keyframes(plan), energy_share=share)
    assert any("Wh used" in what for what in verdict.shortfalls) is told


def test_a_flight_broken_off_and_items_held_otherwise_are_told(plan: Plan, tmp_path: Path) -> None:
    path = recorded(keyframes(plan), plan, tmp_path / "flight.tlog")
    broken = flown(plan, path, completed=False)
    assert "not flown to its end: landed and disarmed" in judge(plan, [broken]).shortfalls
    changed = dataclasses.replace(flown(plan, path), differences=("mission: item 3",))
    assert judge(plan, [changed]).shortfalls == ("1 items read back otherwise than sent",)


def test_ground_that_rises_towards_the_camera_is_seen_less(plan: Plan, tmp_path: Path) -> None:
    path = recorded(keyframes(plan), plan, tmp_path / "flight.tlog")
    ridge = AnalyticTerrain(
        lambda east_m, north_m: np.where(north_m > 0, 45.0, 0.0) + 0 * east_m, FRAME.origin
    )
    flat = judge(plan, [flown(plan, path)]).covered_pct
    risen = judge(plan, [flown(plan, path)], terrain=ridge).covered_pct
    assert flat is not None
    assert risen is not None
    assert risen < flat - 10


def test_a_picture_that_does_not_show_what_it_is_of_is_counted(plan: Plan, tmp_path: Path) -> None:
    here = FRAME.point_from_local(400.0, 0.0)
    lanes = [index for index, waypoint in enumerate(plan.route) if waypoint.recording]

    def looking(at: GeoPoint) -> Plan:
        route = [
            dataclasses.replace(waypoint, look_at=LookAt(at)) if index in lanes[:2] else waypoint
            for index, waypoint in enumerate(plan.route)
        ]
        return dataclasses.replace(plan, route=tuple(route))

    path = recorded(keyframes(plan), plan, tmp_path / "flight.tlog")
    taken = judge(plan, [flown(plan, path)])
    lost = judge(looking(here), [flown(looking(here), path)])
    assert taken.flights[0].astray == 0
    assert 2 <= lost.flights[0].astray < taken.pictures
    assert "pictures do not show what they are of" in lost.shortfalls[0]


@pytest.mark.parametrize("pitch_deg", [-90.0, -50.0, 0.0])
def test_only_a_gimbal_that_pans_looks_away_from_the_nose(
    plan: Plan, tmp_path: Path, pitch_deg: float
) -> None:
    ahead = recorded(keyframes(plan), plan, tmp_path / "ahead.tlog", pitch_deg=pitch_deg)
    aside = recorded(keyframes(plan), plan, tmp_path / "aside.tlog", pitch_deg=pitch_deg, pan_deg=-70.0)
    nose = Recorded.read(ahead).pictures
    assert Recorded.read(aside).pictures == pytest.approx(nose, abs=0.05)
    panned = Recorded.read(aside, pans=True).pictures
    assert (panned[:, 4] + 70.0) % 360 == pytest.approx(nose[:, 4] % 360, abs=0.01)
    assert panned[:, 5] == pytest.approx(np.full(len(nose), pitch_deg), abs=0.05)
