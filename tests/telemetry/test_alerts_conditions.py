"""Every condition is exact at its limit, and says nothing where it knows nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
import shapely

from missions.area import Part
from missions.catalogue import aircraft
from missions.energy import home_wh, usable_wh
from missions.geodesy import GeoPoint, LocalFrame
from missions.items import Command, Frame, MissionItem
from missions.local import ring_from_local
from missions.plan import Fence
from missions.volumes import Reference, Volume
from telemetry.alerts.conditions.link import LEAST_FRAMES
from telemetry.alerts.memory import Memory, Progress, flies, heard, listened, wording_of
from telemetry.alerts.prepared import Prepared, course_of
from telemetry.alerts.region import Air, Region
from telemetry.alerts.rule import Rule
from telemetry.alerts.rules_file import KINDS, load_rules
from telemetry.alerts.sight import Flyer, Sight
from telemetry.alerts.situation import Said, SeenFind
from telemetry.alerts.specs import SPECS
from telemetry.health import Loss
from telemetry.state import VehicleState

FRAME = LocalFrame(GeoPoint(52.0, 5.0))
RULES = {rule.name: rule for rule in load_rules().of("copter")}
COPTER = aircraft("ardupilot-copter")
STATE = VehicleState(
    system=1,
    kind="copter",
    mode="AUTO",
    armed=True,
    height_amsl_m=80.0,
    height_relative_m=50.0,
    battery_pct=90.0,
    fix="3D",
    satellites=12,
    hdop=0.8,
    ekf_healthy=True,
    landed="in air",
    last_s=1_000.0,
)
QUIET = Sight(now_s=1_000.0, vehicle=1, state=STATE, place=(50.0, 50.0))
SQUARE = shapely.box(0, 0, 100, 100)


def part(shape: shapely.Polygon) -> Part:
    return Part(ring_from_local(shape, FRAME))


def fenced(*inclusions: shapely.Polygon, out: tuple[shapely.Polygon, ...] = ()) -> Prepared:
    fence = Fence(tuple(map(part, inclusions)), tuple(ring_from_local(shape, FRAME) for shape in out))
    return Prepared(fence=Region.of_fence(fence, FRAME))


def with_state(sight: Sight = QUIET, **changes: object) -> Sight:
    return replace(sight, state=replace(sight.state, **changes))


def airs(**names: Air | None) -> Sight:
    return replace(QUIET, prepared=Prepared(**names))


def volume(reference: Reference = Reference.RELATIVE) -> Air | None:
    return Air.of(Volume("heath", (part(SQUARE),), 10.0, 80.0, reference), FRAME)


def course() -> Prepared:
    """North along x = 0 for 1,000 m, then east; the place is on the first leg."""
    places = FRAME.geo_from_local([[0, 0], [0, 0], [0, 1000], [1000, 1000]])
    commands = (Command.WAYPOINT, Command.TAKEOFF, Command.WAYPOINT, Command.WAYPOINT)
    items = tuple(
        MissionItem(command, Frame.GLOBAL_RELATIVE, x=float(lat), y=float(lon), z=30.0)
        for command, (lon, lat) in zip(commands, places, strict=True)
    )
    return Prepared(course=course_of(items, FRAME, 10.0))


def at(sight: Sight, east: float, north: float) -> Sight:
    return replace(sight, place=(east, north))


def beside(distance_m: float) -> Sight:
    other = Flyer("2", (50.0 + distance_m, 50.0), 80.0, None)
    return replace(QUIET, others=(other,), traffic=(replace(other, name="T"),))


def losing(pct: float) -> Sight:
    rows = ((970.0, 0, 0), (1_000.0, round(1e6 * (100 - pct)), round(1e6 * pct)))
    return replace(QUIET, memory=Memory(losses=rows))


def still(seconds: float) -> Sight:
    return replace(
        QUIET,
        memory=Memory(progress=Progress("AUTO", 2, 100.0, QUIET.now_s - seconds)),
        prepared=course(),
    )


def spare(pct: float) -> Sight:
    needed = 100 * 20.0 / usable_wh(COPTER)
    sight = with_state(battery_pct=COPTER.reserve_pct + needed + pct)
    return replace(sight, prepared=Prepared(aircraft=COPTER), home_wh=20.0)


def saying(severity: float) -> Sight:
    names = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
    said = Said(1_000.0, names[round(severity)], "Crash: Disarming")
    return replace(QUIET, memory=Memory(said=(("crash", said),)))


def missing(count: float) -> Sight:
    names = ("battery_pct", "fix", "ekf_healthy")[: round(count)]
    return with_state(**dict.fromkeys(names))


BELOW: dict[str, tuple[Callable[[float], Sight], str, float]] = {
    "contingency_volume": (lambda m: at(airs(contingency=volume()), m, 50.0), "limit_m", 1e-6),
    "flight_geography": (lambda m: at(airs(flight_geography=volume()), m, 50.0), "limit_m", 1e-6),
    "fence_breach": (lambda m: at(replace(QUIET, prepared=fenced(SQUARE)), m, 50.0), "limit_m", 1e-6),
    "fence_near": (lambda m: at(replace(QUIET, prepared=fenced(SQUARE)), m, 50.0), "limit_m", 1e-6),
    "clearance_low": (lambda m: with_state(height_relative_m=m), "limit_m", 1e-9),
    "battery_home": (spare, "limit_pct", 1e-9),
    "battery_home_soon": (spare, "limit_pct", 1e-9),
    "battery_low": (lambda pct: with_state(battery_pct=pct), "limit_pct", 1e-9),
    "gps_fix": (lambda fix: with_state(fix=("no GPS", "no fix", "2D", "3D", "DGPS")[round(fix)]), "limit", 1),
    "gps_satellites": (lambda count: with_state(satellites=round(count)), "limit", 1),
    "ekf": (lambda healthy: with_state(ekf_healthy=bool(healthy)), "limit", 1),
    "separation": (beside, "limit_m", 1e-9),
    "traffic": (beside, "limit_m", 1e-9),
    "autopilot_message": (saying, "limit", 1),
    "radio_weak": (
        lambda above: with_state(radio_rssi=40 + round(above), radio_remote_rssi=200, radio_noise=40),
        "limit",
        1,
    ),
}
"""What must not be below its limit: a sight with just that value, the limit's name, and the least step."""
ABOVE: dict[str, tuple[Callable[[float], Sight], str, float]] = {
    "link_lost": (lambda s: replace(QUIET, age_s=s), "limit_s", 1e-9),
    "height_above_ground": (lambda m: with_state(height_relative_m=m), "limit_m", 1e-9),
    "off_route": (lambda m: at(replace(QUIET, prepared=course()), -m, 500.0), "limit_m", 1e-3),
    "no_progress": (still, "limit_s", 1e-6),
    "missing_data": (missing, "limit", 1),
    "link_loss": (losing, "limit_pct", 1e-5),
    "gps_hdop": (lambda hdop: with_state(hdop=hdop), "limit", 1e-9),
    "warm_things": (
        lambda n: replace(QUIET, finds=(SeenFind(1, "live-002", "person?", round(n), alone=False),)),
        "limit",
        1,
    ),
    "find": (lambda n: replace(QUIET, finds=(SeenFind(1, "live-001", "person?", round(n)),)), "limit", 1),
}


def margin_of(name: str, sight: Sight, rule: Rule | None = None) -> float:
    """The least margin; infinite where there is no reading at all."""
    readings = SPECS[name].condition(sight, rule or RULES[name])
    assert readings is not None, "unknown"
    margins = [one.margin for one in readings if one.margin is not None]
    return min(margins, default=math.inf)


def test_every_rule_is_tested_at_its_limit() -> None:
    assert set(BELOW) | set(ABOVE) == set(SPECS)
    assert not set(BELOW) & set(ABOVE)


@pytest.mark.parametrize("name", BELOW)
def test_what_must_not_fall_calls_just_below_its_limit(name: str) -> None:
    make, figure, least = BELOW[name]
    limit = RULES[name][figure]
    assert margin_of(name, make(limit - least)) < 0
    assert margin_of(name, make(limit)) >= -1e-7
    assert margin_of(name, make(limit + least)) > 0 or name == "ekf"


@pytest.mark.parametrize("name", ABOVE)
def test_what_must_not_rise_calls_just_above_its_limit(name: str) -> None:
    make, figure, least = ABOVE[name]
    limit = RULES[name][figure]
    assert margin_of(name, make(limit + least)) < 0
    assert margin_of(name, make(limit)) >= -1e-3 * (name == "off_route")
    assert name == "missing_data" or margin_of(name, make(limit - least)) > 0


@pytest.mark.parametrize("name", [*BELOW, *ABOVE])
def test_a_limit_that_is_moved_by_a_step_is_noticed(name: str) -> None:
    make, figure, least = BELOW.get(name) or ABOVE[name]
    rule = RULES[name]
    lax = 3 * least if name in ABOVE else -3 * least
    beyond = make(rule[figure] + lax / 3)
    laxer = replace(rule, figures=MappingProxyType({**rule.figures, figure: rule[figure] + lax}))
    assert margin_of(name, beyond) < 0
    assert margin_of(name, beyond, laxer) >= 0


@pytest.mark.parametrize("name", [*BELOW, *ABOVE])
def test_a_value_far_beyond_its_limit_calls_for_every_kind_of_vehicle(name: str) -> None:
    make, figure, _ = BELOW.get(name) or ABOVE[name]
    for kind in KINDS:
        for rule in load_rules().of(kind):
            if rule.name == name:
                far = {"gps_fix": 0.0, "ekf": 0.0, "autopilot_message": 0.0, "missing_data": 3.0}.get(name)
                if far is None:
                    far = rule[figure] / 2 - 1 if name in BELOW else min(rule[figure] * 2, 100.0)
                    far = 200.0 if name in ("height_above_ground", "off_route", "no_progress") else far
                sight = make(far)
                assert margin_of(name, sight, rule) < 0, (kind, name)


UNKNOWN = VehicleState(system=1, kind="copter", mode="AUTO", armed=True, last_s=1_000.0)
BLIND = Sight(now_s=1_000.0, vehicle=1, state=UNKNOWN)


@pytest.mark.parametrize("name", sorted(set(SPECS) - {"link_lost", "missing_data", "autopilot_message"}))
def test_what_is_not_known_is_not_taken_for_good(name: str) -> None:
    assert SPECS[name].condition(BLIND, RULES[name]) is None


@pytest.mark.parametrize(
    "name", ["fence_breach", "fence_near", "flight_geography", "contingency_volume", "off_route"]
)
def test_without_a_fence_a_volume_or_a_route_there_is_nothing_to_leave(name: str) -> None:
    assert QUIET.place is not None
    assert SPECS[name].condition(QUIET, RULES[name]) is None


@pytest.mark.parametrize(
    "name", ["fence_breach", "fence_near", "flight_geography", "contingency_volume", "separation", "traffic"]
)
def test_without_a_position_nothing_is_said_about_places(name: str) -> None:
    sight = replace(BELOW[name][0](5.0), place=None)
    assert SPECS[name].condition(sight, RULES[name]) is None


def test_all_that_is_not_known_is_told_together() -> None:
    (reading,) = SPECS["missing_data"].condition(BLIND, RULES["missing_data"]) or ()
    assert reading.value == 4
    assert reading.text == "not known: position, battery, GPS, position filter"
    silent = replace(BLIND, silent=True)
    assert margin_of("missing_data", silent) == -3
    assert margin_of("missing_data", replace(QUIET, failed=("fence_breach",))) == -1
    assert margin_of("missing_data", replace(QUIET, prepared=course())) == -1
    assert (
        margin_of("missing_data", replace(QUIET, prepared=replace(course(), fence=fenced(SQUARE).fence))) == 0
    )


# Battery


def test_the_way_home_costs_what_the_energy_model_says() -> None:
    needed = float(home_wh(COPTER, np.array([[3_000.0, 0.0]]), np.array([60.0]), (0.0, 0.0), None)[0])
    home_pct = 100 * needed / usable_wh(COPTER)
    sight = replace(QUIET, prepared=Prepared(aircraft=COPTER), home_wh=needed)
    exact = home_pct + COPTER.reserve_pct
    assert 5 < home_pct < 50
    assert margin_of("battery_home", with_state(sight, battery_pct=exact + 0.01)) > 0
    assert margin_of("battery_home", with_state(sight, battery_pct=exact - 0.01)) < 0


def test_a_way_home_that_the_wind_forbids_is_alarming_and_still_a_number() -> None:
    sight = replace(QUIET, prepared=Prepared(aircraft=COPTER), home_wh=math.inf)
    (reading,) = SPECS["battery_home"].condition(sight, RULES["battery_home"]) or ()
    assert reading.value == -100
    assert "more than it holds" in reading.text


def test_without_a_plan_a_plain_share_counts() -> None:
    plain = RULES["battery_home"]["plain_pct"]
    assert margin_of("battery_home", with_state(battery_pct=plain)) == 0
    assert margin_of("battery_home", with_state(battery_pct=plain - 0.1)) < 0
    without_home = replace(QUIET, prepared=Prepared(aircraft=COPTER))
    assert SPECS["battery_home"].condition(without_home, RULES["battery_home"]) is None


# Link


def test_a_share_of_a_handful_of_frames_means_nothing() -> None:
    few = Memory(losses=((0.0, 0, 0), (10.0, 0, LEAST_FRAMES - 1)))
    assert SPECS["link_loss"].condition(replace(QUIET, memory=few), RULES["link_loss"]) is None
    enough = Memory(losses=((0.0, 0, 0), (10.0, 0, LEAST_FRAMES)))
    assert margin_of("link_loss", replace(QUIET, memory=enough)) < 0
    half = Memory(losses=((0.0, 1_000, 700), (10.0, 1_060, 740)))
    assert margin_of("link_loss", replace(QUIET, memory=half)) == pytest.approx(20 - 40)
    late = Memory(losses=((0.0, 100, 50), (10.0, 300, 20)))
    assert margin_of("link_loss", replace(QUIET, memory=late)) == RULES["link_loss"]["limit_pct"]


def test_the_weaker_side_of_a_radio_counts_and_255_is_no_value() -> None:
    def margin(rssi: int | None, remote: int | None, noise: int | None) -> float | None:
        sight = with_state(radio_rssi=rssi, radio_remote_rssi=remote, radio_noise=noise)
        readings = SPECS["radio_weak"].condition(sight, RULES["radio_weak"])
        return readings[0].margin if readings else None

    assert margin(200, 70, 40) == 10
    assert margin(70, 200, 40) == 10
    assert margin(255, 70, 40) == 10
    assert margin(70, None, 40) == 10
    assert margin(255, 255, 40) is None
    assert margin(200, 200, 255) is None


def test_a_radio_that_speaks_alone_is_not_the_aircraft() -> None:
    state = replace(STATE, radio_rssi=100)
    memory = listened(Memory(), state, None)
    assert memory.heard_s == 1_000.0
    radio_only = replace(state, radio_rssi=90, last_s=1_005.0)
    assert listened(memory, radio_only, None).heard_s == 1_000.0
    both = replace(radio_only, roll_deg=1.0)
    assert listened(memory, both, None).heard_s == 1_005.0
    heartbeat_only = replace(state, last_s=1_005.0)
    assert listened(memory, heartbeat_only, None).heard_s == 1_005.0


def test_where_frames_are_counted_they_tell_whether_the_aircraft_was_heard() -> None:
    memory = listened(Memory(), STATE, Loss(100))
    later = replace(STATE, last_s=1_005.0)
    assert listened(memory, later, Loss(100)).heard_s == 1_000.0
    assert listened(memory, later, Loss(101)).heard_s == 1_005.0


# GPS


def test_a_fix_better_than_named_counts_as_good() -> None:
    for fix in ("3D", "DGPS", "RTK float", "RTK fixed", "static", "PPP", "fix"):
        assert margin_of("gps_fix", with_state(fix=fix)) >= 0
    for fix in ("2D", "no fix", "no GPS"):
        assert margin_of("gps_fix", with_state(fix=fix)) < 0


# Messages, flying, and the rest of what is remembered


def test_a_message_counts_for_its_time() -> None:
    sight = saying(3)
    hold_s = RULES["autopilot_message"]["hold_s"]
    assert margin_of("autopilot_message", replace(sight, now_s=1_000.0 + hold_s)) == -1
    assert margin_of("autopilot_message", replace(sight, now_s=1_000.1 + hold_s)) == math.inf


def test_a_message_of_a_severity_that_nobody_named_counts_as_an_error() -> None:
    odd = Memory(said=(("x", Said(1_000.0, "9", "x")),))
    assert margin_of("autopilot_message", replace(QUIET, memory=odd)) == -1


def test_messages_that_differ_in_figures_alone_are_one() -> None:
    assert wording_of("EKF variance 1.25") == wording_of(" EKF variance 0.9 ") == "EKF variance #.#"
    memory = Memory()
    for second in range(100):
        memory = heard(memory, [Said(second, "error", f"Motor {second} failed")], 600.0, second)
    assert [said.text for _, said in memory.said] == ["Motor 99 failed"]
    for letter in "abcdefghijklmnop":
        memory = heard(memory, [Said(100.0, "error", letter)], 600.0, 100.0)
    assert len(memory.said) == 8
    assert heard(memory, [], 600.0, 701.0).said == ()


@pytest.mark.parametrize(
    ("before", "changes", "expected"),
    [
        (True, {"armed": False}, False),
        (False, {"landed": "in air"}, True),
        (False, {"landed": "takeoff"}, True),
        (True, {"landed": "on ground"}, False),
        (False, {"landed": None, "height_relative_m": None}, True),
        (False, {"landed": None, "height_relative_m": 3.0}, False),
        (False, {"landed": None, "height_relative_m": 3.01}, True),
        (True, {"landed": None, "height_relative_m": 1.01}, True),
        (True, {"landed": None, "height_relative_m": 1.0}, False),
        (False, {"kind": "rover", "landed": "on ground"}, True),
        (False, {"armed": None, "landed": None, "height_relative_m": None}, True),
    ],
)
def test_what_counts_as_flying(before: bool, changes: dict[str, object], expected: bool) -> None:
    assert flies(before, replace(STATE, **changes)) is expected
