"""What a recording shows as flown is left out of the rest, whoever recorded it and however it ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image
from shapely import LineString, Polygon

from missions import catalogue
from missions.fleet import Member, share
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local, frame_of, local_from_area, local_from_ring
from missions.plan import Plan
from missions.plan_file import read_plan, write_plan
from missions.plan_items import mission_items
from missions.search_plan import plan_search
from missions.sorties import flights
from ops.operations import Operation
from sitl.autopilot import Home, SmallVehicle
from telemetry.dialect import BY_NAME
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog
from telemetry.track import Track

Droneteam = Callable[..., subprocess.CompletedProcess[str]]
START_US = 1_790_000_000_000_000
STEP_S = 0.5


def recorded(
    plan: Plan, share_flown: float, *, camera: str = "pictures", system: int = 1, from_s: float = 0
) -> bytes:
    """A flight along a share of a plan's route, as its autopilot would tell it."""
    frame, encoder = frame_of(plan.area), Encoder(system, 1)
    places = local_from_ring([row.place for row in plan.route], frame)
    ends = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    item_of = [n for n, item in enumerate(mission_items(plan)) if item.command in (16, 22)]
    step_m = plan.aircraft.cruise_speed_m_s * STEP_S
    data, taken_m, pictures = bytearray(), -1e9, 0
    for number, along_m in enumerate(np.arange(0, share_flown * ends[-1], step_m)):
        leg = min(int(np.searchsorted(ends, along_m, side="right")) - 1, len(ends) - 2)
        at = [np.interp(along_m, ends, column) for column in places.T]
        lon, lat = (round(degrees * 1e7) for degrees in frame.geo_from_local([at])[0])
        height_mm = round(plan.route[leg].height_relative_m * 1000)
        said: list[tuple[str, dict[str, int]]] = []
        if camera == "mission":
            # Take-off stands for a first waypoint above it, and home comes before all.
            to = item_of[len(item_of) - len(plan.route) + leg + 1]
            said.append(("MISSION_CURRENT", {"seq": to}))
        place = {"lat": lat, "lon": lon, "alt": height_mm, "relative_alt": height_mm}
        said.append(("GLOBAL_POSITION_INT", place))
        if camera == "pictures" and plan.route[leg].recording:
            begins = along_m - ends[leg] < step_m
            if begins or along_m - taken_m >= plan.totals.trigger_distance_m:
                taken_m, pictures = along_m, pictures + 1
                said.append(("CAMERA_FEEDBACK", {"img_idx": pictures, "lat": lat, "lng": lon}))
        time_us = START_US + round((from_s + number * STEP_S) * 1e6)
        for name, fields in said:
            data += time_us.to_bytes(8, "big") + encoder.encode(name, **fields)
    return bytes(data)


def recorded_m(plan: Plan) -> float:
    frame = frame_of(plan.area)
    routes = [sortie.route for sortie in plan.sorties] or [plan.route]
    total_m = 0.0
    for route in routes:
        places = local_from_ring([row.place for row in route], frame)
        total_m += sum(
            float(np.hypot(*(b - a)))
            for row, (a, b) in zip(route, pairwise(places), strict=False)
            if row.recording
        )
    return total_m


FRAME = LocalFrame(GeoPoint(52.12, 5.27))
CRAFT, CAMERA = catalogue.aircraft("ardupilot-copter"), catalogue.camera("demo-thermal")
CREATED = "2026-03-14T09:26:53Z"


@pytest.fixture(scope="module")
def heath_plan() -> Plan:
    """Nine lanes of 300 m."""
    area = area_from_local(shapely.box(0, 0, 350, 300), FRAME, "Heath")
    return plan_search(area, CRAFT, CAMERA, created=CREATED, take_off=FRAME.point_from_local(10, 10))


@pytest.fixture(scope="module")
def team_plan() -> Plan:
    area = area_from_local(shapely.box(0, 0, 600, 300), FRAME, "Heath")
    team = [Member(CRAFT, CAMERA, FRAME.point_from_local(12.0 * n, 10.0)) for n in range(2)]
    return share(area, team, created=CREATED)


@pytest.fixture
def plan_file(heath_plan: Plan, tmp_path: Path) -> Path:
    write_plan(heath_plan, tmp_path / "plan.json")
    return tmp_path / "plan.json"


@pytest.fixture
def vehicle(heath_plan: Plan) -> Iterator[SmallVehicle]:
    home = Home(heath_plan.take_off.lat_deg, heath_plan.take_off.lon_deg, 20.0)
    with SmallVehicle("copter", home=home, speedup=30.0) as running:
        yield running


@pytest.mark.parametrize("camera", ["pictures", "mission", "nothing"])
def test_the_rest_of_half_a_flight_is_planned_and_says_how_the_camera_is_known(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, tmp_path: Path, camera: str
) -> None:
    (tmp_path / "half.tlog").write_bytes(recorded(heath_plan, 0.5, camera=camera))
    given = (
        "replan",
        plan_file,
        "--flown",
        "half.tlog",
        "-o",
        "rest.json",
        "--picture",
        "rest.png",
        "--json",
    )
    result = inside(*given)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    by = {"pictures": "pictures", "mission": "mission progress", "nothing": "the plan"}
    assert told["recordings"][0]["camera"] == by[camera]
    left = read_plan(tmp_path / "rest.json")
    assert recorded_m(left) == pytest.approx(recorded_m(heath_plan) / 2, rel=0.2)
    assert told["flown"][0]["left_m"] == pytest.approx(recorded_m(left), rel=0.2)
    assert not left.blocking
    with Image.open(tmp_path / "rest.png") as picture:
        assert picture.width == 1500


def test_lanes_flown_without_pictures_are_flown_again(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, tmp_path: Path
) -> None:
    """All of it flown, the camera dead from half of it on."""
    all_of_it = recorded(heath_plan, 1.0, camera="nothing")
    half = recorded(heath_plan, 0.5)
    (tmp_path / "flight.tlog").write_bytes(half + all_of_it[len(all_of_it) // 2 :])
    result = inside("replan", plan_file, "--flown", "flight.tlog", "-o", "rest.json", "--json")
    assert result.returncode == 0, result.stderr
    left = read_plan(tmp_path / "rest.json")
    assert recorded_m(left) == pytest.approx(recorded_m(heath_plan) / 2, rel=0.25)


def test_nothing_left_says_so_with_code_1_and_writes_nothing(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "flight.tlog").write_bytes(recorded(heath_plan, 1.0))
    result = inside("replan", plan_file, "--flown", "flight.tlog", "-o", "rest.json")
    assert result.returncode == 1
    assert "100 %" in result.stdout
    assert "Nothing is left to fly" in result.stderr
    assert not (tmp_path / "rest.json").exists()


def without(recording: Path, name: str) -> bytes:
    """A recording without the messages of one kind."""
    wanted = BY_NAME[name].message_id
    kept = [frame for frame in read_tlog(recording) if frame.message_id != wanted]
    return b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in kept)


def test_a_real_flight_broken_off_is_replanned_while_it_is_still_recorded(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, vehicle: SmallVehicle, tmp_path: Path
) -> None:
    """Flown by the small vehicle into an operation; its recording is then cut in the middle of a frame."""
    operation = Operation.create(tmp_path / "operation", "Heath", "missing-person")
    flown = inside("fly", plan_file, "--link", vehicle.address, "--record", "recordings")
    assert flown.returncode == 0, flown.stderr
    whole = next((tmp_path / "recordings").glob("*.tlog")).read_bytes()
    live = operation.folder / "telemetry" / "live.tlog"
    live.write_bytes(whole[: len(whole) * 6 // 10 + 7])
    (operation.folder / "telemetry" / "just-begun.tlog").touch()
    result = inside("replan", plan_file, "--operation", operation.folder, "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [one["recording"] for one in told["recordings"]] == ["live.tlog"]
    assert told["recordings"][0]["camera"] == "pictures"
    assert 0.1 < told["flown"][0]["left_m"] / told["flown"][0]["work_m"] < 0.9
    entered = Operation.open(operation.folder).files("plan")
    assert [Path(one.path).name for one in entered] == ["Heath rest.json"]
    live.write_bytes(without(live, "CAMERA_FEEDBACK"))
    by_mission = json.loads(inside("replan", plan_file, "--operation", operation.folder, "--json").stdout)
    assert by_mission["recordings"][0]["camera"] == "mission progress"
    assert by_mission["flown"][0]["left_m"] == pytest.approx(told["flown"][0]["left_m"], abs=80)
    live.write_bytes(whole)
    result = inside("replan", plan_file, "--operation", operation.folder, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["plan"] is None


def test_the_rest_of_a_team_stays_with_each_aircraft_and_apart(
    inside: Droneteam, team_plan: Plan, tmp_path: Path
) -> None:
    write_plan(team_plan, tmp_path / "team.json")
    both = flights(team_plan)
    (tmp_path / "one.tlog").write_bytes(recorded(both[0], 0.5))
    (tmp_path / "two.tlog").write_bytes(recorded(both[1], 0.25, system=2))
    given = ("replan", "team.json", "--flown", "one.tlog", "--flown", "two.tlog", "-o", "rest.json", "--json")
    result = inside(*given)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [one["vehicle"] for one in told["flown"]] == [1, 2]
    left = read_plan(tmp_path / "rest.json")
    assert [sortie.vehicle for sortie in left.sorties] == [1, 2]
    assert not left.blocking
    assert [one.severity.value for one in left.findings if one.check == "apart"] == ["info"]
    for before, after in zip(team_plan.sorties, left.sorties, strict=True):
        assert after.take_off == before.take_off
        assert after.route[1].height_relative_m == before.route[1].height_relative_m
    share_left = recorded_m(left) / recorded_m(team_plan)
    assert 0.4 < share_left < 0.85
    assert left.totals.covered_pct == pytest.approx(100 * share_left, abs=8)
    (tmp_path / "all.tlog").write_bytes(recorded(both[0], 1.0) + recorded(both[1], 1.0, system=2))
    assert inside("replan", "team.json", "--flown", "all.tlog", "-o", "none.json").returncode == 1


def test_one_aircraft_that_is_done_leaves_the_rest_to_the_other(
    inside: Droneteam, team_plan: Plan, tmp_path: Path
) -> None:
    write_plan(team_plan, tmp_path / "team.json")
    (tmp_path / "one.tlog").write_bytes(recorded(flights(team_plan)[0], 1.0))
    result = inside("replan", "team.json", "--flown", "one.tlog", "-o", "rest.json")
    assert result.returncode == 0, result.stderr
    left = read_plan(tmp_path / "rest.json")
    assert {sortie.vehicle for sortie in left.sorties} == {2}
    assert 25 < left.totals.covered_pct < 75
    exported = inside("export", "rest.json", "--to", "waypoints", "--vehicle", "2")
    assert exported.stdout.startswith("QGC WPL 110")


def test_others_take_over_what_one_that_failed_has_left(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, tmp_path: Path
) -> None:
    """One flew a third and fell out: two others share the ground it did not see, and see all of it."""
    (tmp_path / "third.tlog").write_bytes(recorded(heath_plan, 0.33))
    two = ("--with", "ardupilot-copter,demo-thermal", "--with", "dji-matrice-30t,dji-m30t-thermal")
    given = ("--flown", "third.tlog", *two, "-o", "rest.json", "--picture", "rest.png")
    result = inside("replan", plan_file, *given)
    assert result.returncode == 0, result.stderr
    left = read_plan(tmp_path / "rest.json")
    assert {sortie.vehicle for sortie in left.sorties} == {1, 2}
    assert not left.blocking
    assert 0.55 < recorded_m(left) / recorded_m(heath_plan) < 0.95
    track = Track.from_tlog(tmp_path / "third.tlog")
    flown = LineString(frame_of(heath_plan.area).local_from_geo(track.lonlat_deg))
    half_m = heath_plan.totals.footprint_across_m / 2
    seen = shapely.union_all([flown.buffer(half_m), *strips(left)])
    shape = local_from_area(heath_plan.area, frame_of(heath_plan.area))
    assert shape.difference(seen).area < 0.01 * shape.area
    (tmp_path / "all.tlog").write_bytes(recorded(heath_plan, 1.0))
    assert inside("replan", plan_file, "--flown", "all.tlog", *two, "-o", "none.json").returncode == 1


def strips(plan: Plan) -> list[Polygon]:
    """What is seen on each recorded way."""
    frame, found = frame_of(plan.area), []
    for sortie in plan.sorties:
        places = local_from_ring([row.place for row in sortie.route], frame)
        for row, (a, b) in zip(sortie.route, pairwise(places), strict=False):
            if row.recording:
                half_m, along_m = sortie.totals.footprint_across_m / 2, sortie.totals.footprint_along_m
                on = (b - a) / np.hypot(*(b - a)) * (along_m / 2 - sortie.totals.trigger_distance_m)
                found.append(LineString([a - on, b + on]).buffer(half_m, cap_style="flat"))
    return found


def moved(plan: Plan, tmp_path: Path) -> Path:
    """A flight of the same form, a degree further north."""
    raw = recorded(plan, 0.4)
    encoder, frame = Encoder(1, 1), frame_of(plan.area)
    data = bytearray()
    places = local_from_ring([row.place for row in plan.route], frame)
    for number, (lon, lat) in enumerate(frame.geo_from_local(places)):
        place = {"lat": round((lat + 1) * 1e7), "lon": round(lon * 1e7), "relative_alt": 60_000}
        time_us = START_US + number * 1_000_000
        data += time_us.to_bytes(8, "big") + encoder.encode("GLOBAL_POSITION_INT", **place)
    assert raw
    (tmp_path / "elsewhere.tlog").write_bytes(bytes(data))
    return tmp_path / "elsewhere.tlog"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "nothing says what was flown"),
        (("--flown", "half.tlog"), "nowhere to write"),
        (("--flown", "missing.tlog", "-o", "rest.json"), "cannot be read"),
        (("--flown", "text.tlog", "-o", "rest.json"), "no MAVLink recording"),
        (("--flown", "empty.tlog", "-o", "rest.json"), "no MAVLink recording"),
        (("--flown", "still.tlog", "-o", "rest.json"), "no position"),
        (
            ("--flown", "elsewhere.tlog", "-o", "rest.json"),
            "somewhere else: never nearer to the plan than 11",
        ),
        (("--operation", "operation"), "no recording of the operation"),
        (("--flown", "half.tlog", "--tolerance", "0", "-o", "rest.json"), "tolerance of 0"),
        (("--flown", "half.tlog", "--with", "no-such,demo-thermal", "-o", "rest.json"), "no-such"),
        (("--flown", "half.tlog", "--take-off", "x", "-o", "rest.json"), "'x' is no place"),
        (
            ("--flown", "half.tlog", "--reserve", "90", "--battery", "80", "-o", "rest.json"),
            "allows no flight",
        ),
    ],
)
def test_what_cannot_be_replanned_is_one_error_and_leaves_nothing(
    inside: Droneteam, plan_file: Path, heath_plan: Plan, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    (tmp_path / "half.tlog").write_bytes(recorded(heath_plan, 0.5))
    (tmp_path / "text.tlog").write_text("no recording")
    (tmp_path / "empty.tlog").touch()
    beats = [Encoder(1, 1).encode("HEARTBEAT", type=2, autopilot=3) for _ in range(9)]
    (tmp_path / "still.tlog").write_bytes(b"".join(START_US.to_bytes(8, "big") + beat for beat in beats))
    moved(heath_plan, tmp_path)
    Operation.create(tmp_path / "operation", "Heath", "missing-person")
    result = inside("replan", plan_file, *given)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("droneteam: error: ")
    assert not (tmp_path / "rest.json").exists()
