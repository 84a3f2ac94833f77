"""The judge of flown plans, on recordings made up so that the truth is known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shapely import Polygon

from missions.area import Part
from missions.catalogue import aircraft, camera
from missions.errors import InputError
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, local_from_ring
from missions.plan import Fence, LookAt, Plan, Sortie
from missions.planner import Setup
from missions.search_plan import plan_area
from missions.surveillance import WatchPoint
from missions.terrain import AnalyticTerrain
from missions.view import View
from sitl.proof import Flown, Verdict, judge
from telemetry.flight import FlightResult
from telemetry.messages import Encoder

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
STEP_S = 0.2
VOLTS = 12.0
Row = tuple[float, float, float, float, bool]
"""Seconds, metres east, north and up, whether the camera takes pictures."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    square = Polygon([(-100, -80), (100, -80), (100, 80), (-100, 80)])
    setup = Setup(
        aircraft("ardupilot-copter"),
        "2026-01-01T00:00:00Z",
        take_off=FRAME.point_from_local(-95, -75),
        fence_margin_m=30,
    )
    return plan_area(area_from_local(square, FRAME, "Square"), View(camera("demo-thermal"), 60.0), setup)


def keyframes(plan: Plan) -> list[Row]:
    """The plan flown at cruise speed, in as many seconds as it promises."""
    here = local_from_ring([plan.take_off], FRAME)[0]
    rows: list[Row] = [(0.0, *here, 0.0, False)]
    for waypoint in plan.route:
        place = local_from_ring([waypoint.place], FRAME)[0]
        up_m = waypoint.height_relative_m
        away_m = math.hypot(*(place - rows[-1][1:3]))
        seconds = away_m / plan.aircraft.cruise_speed_m_s + abs(up_m - rows[-1][3]) / 2.5
        rows.append((rows[-1][0] + seconds + 1e-3, *place, up_m, waypoint.recording))
        if waypoint.hold_s:
            rows.append((rows[-1][0] + waypoint.hold_s, *place, up_m, waypoint.recording))
    rows.append((rows[-1][0] + rows[-1][3] / 1.5, *here, 0.0, False))
    stretch = plan.totals.duration_s / rows[-1][0]
    return [(row[0] * stretch, *row[1:]) for row in rows]


class Tape:
    """A recording under way, as an autopilot would have sent it."""

    def __init__(self, boot_s: float) -> None:
        self._encoder = Encoder(1, 1)
        self._boot_s = boot_s
        self._data = bytearray()
        self.now_s = 0.0

    def send(self, name: str, **fields: object) -> None:
        stamp = round(1.7e15 + self.now_s * 1e6)
        self._data += stamp.to_bytes(8, "big") + self._encoder.encode(name, **fields)

    def heartbeat(self, armed: bool) -> None:
        self.send("HEARTBEAT", type=2, autopilot=3, base_mode=128 if armed else 0, mavlink_version=3)

    def pose(self, place: np.ndarray, pitch_deg: float | None) -> tuple[int, int]:
        boot_ms = round((self._boot_s + self.now_s) * 1000)
        at = FRAME.point_from_local(float(place[0]), float(place[1]))
        lat, lon = round(at.lat_deg * 1e7), round(at.lon_deg * 1e7)
        up_mm = round(float(place[2]) * 1000)
        self.send(
            "GLOBAL_POSITION_INT",
            time_boot_ms=boot_ms,
            lat=lat,
            lon=lon,
            alt=20_000 + up_mm,
            relative_alt=up_mm,
        )
        if pitch_deg is not None:
            half = math.radians(pitch_deg) / 2
            q = [math.cos(half), 0.0, math.sin(half), 0.0]
            self.send("GIMBAL_DEVICE_ATTITUDE_STATUS", time_boot_ms=boot_ms, q=q)
        return lat, lon

    def battery(self, used_mah: float) -> None:
        voltages = [round(VOLTS * 1000), *[65535] * 9]
        self.send("BATTERY_STATUS", voltages=voltages, current_consumed=round(used_mah), battery_remaining=60)

    def write(self, path: Path) -> Path:
        path.write_bytes(bytes(self._data))
        return path


def recorded(
    rows: list[Row],
    plan: Plan,
    path: Path,
    *,
    boot_s: float = 60.0,
    pitch_deg: float | None = -90.0,
    energy_share: float = 1.0,
) -> Path:
    """A recording of these rows, flown straight from one to the next."""
    tape = Tape(boot_s)
    table = np.array([row[:4] for row in rows])
    taking = np.array([row[4] for row in rows])
    apart_m, since_m, before = plan.totals.trigger_distance_m, math.inf, table[0, 1:]
    end_s = table[-1, 0]
    used_mah = 1000 * energy_share * plan.totals.energy_wh / VOLTS
    tape.heartbeat(armed=False)
    for now_s in np.arange(0.0, end_s, STEP_S):
        tape.now_s = float(now_s)
        place = np.array([np.interp(now_s, table[:, 0], table[:, axis]) for axis in (1, 2, 3)])
        lat, lon = tape.pose(place, pitch_deg)
        tape.heartbeat(armed=True)
        tape.battery(used_mah * now_s / end_s)
        leg = int(np.searchsorted(table[:, 0], now_s, "right")) - 1
        step = place - before
        since_m, before = since_m + math.hypot(step[0], step[1]), place
        if not taking[leg]:
            since_m = math.inf
        elif since_m >= apart_m:
            since_m = 0.0
            way = table[leg + 1, 1:3] - table[leg, 1:3]
            heading_deg = math.degrees(math.atan2(*way)) % 360
            tape.send("CAMERA_FEEDBACK", lat=lat, lng=lon, alt_rel=float(place[2]), yaw=heading_deg)
    tape.now_s = float(end_s)
    tape.pose(table[-1, 1:], pitch_deg)
    tape.battery(used_mah)
    tape.heartbeat(armed=False)
    return tape.write(path)


def flown(plan: Plan, recording: Path, *, completed: bool = True, **more: object) -> Flown:
    result = FlightResult(completed, True, "landed and disarmed", 9, 9, 0.0, 0.0)
    return Flown(plan, result, recording, (), "copter 4.5.4", **more)  # type: ignore[arg-type]


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
    assert "not flown to its end" in judge(plan, [broken]).shortfalls
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
