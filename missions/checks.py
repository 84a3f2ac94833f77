"""Checks of a search plan: each looks at one thing and finds nothing, a fact, a caution or a stop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from missions.aircraft import Aircraft
from missions.camera import Camera
from missions.plan import Finding, Request, Severity, Totals

EU_HEIGHT_LIMIT_M = 120.0
"""Implementing Regulation (EU) 2019/947, UAS.OPEN.010(2): 120 m from the closest point of the surface."""
SIGHT_M = 500.0
PERSON_WIDTH_M = 0.5
DETECT_PX, RECOGNISE_PX, IDENTIFY_PX = 4, 15, 25
"""Pixels on the target for a 79 % chance: about twice Johnson's (1958) for one half; docs/missions.md."""
WELL_COVERED_PCT = 99.0
MANY_ITEMS = 650
"""ArduPilot keeps about 720 mission items on boards with 16 kB of storage."""

_TURNS_OFF_M = 1.0
"""Curves are drawn by chords: this much beyond the margin is none."""
_WEIGHT = {Severity.BLOCKING: 0, Severity.CAUTION: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks look at. Distances in metres; `items` counts mission items."""

    request: Request
    aircraft: Aircraft
    camera: Camera
    totals: Totals
    fence_holds_route: bool
    parts_joined_m: float
    take_off_outside_m: float
    farthest_m: float
    turns_leave_m: float
    items: int
    wind_m_s: float | None = None
    in_zones_m: float = 0.0
    against_wind_m: float = 0.0
    interval_s: float | None = None
    """The shortest time between two pictures; None for the totals' distance at cruise speed."""
    turn_margin_m: float | None = None
    """How far turns may leave the area; None where nobody said."""
    turn_radius_m: float = 0.0
    """Over the ground, in the wind."""
    loops: int = 0
    """Corners of recorded lines that are flown past and come back to."""
    circle_radius_m: float = math.inf
    """Of the tightest circle."""
    highest_agl_m: float = 0.0
    over_terrain: bool = False


def check(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, the weightiest first."""
    return by_weight(finding for one in _CHECKS for finding in one(facts))


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, the weightiest first."""
    return tuple(sorted(findings, key=lambda finding: _WEIGHT[finding.severity]))


def _battery(facts: Facts) -> Iterator[Finding]:
    used, reserve = facts.totals.battery_pct, facts.aircraft.reserve_pct
    if used > 100 - reserve:
        yield Finding(
            "battery",
            Severity.BLOCKING,
            f"The flight takes {used:.0f} % of a full battery and {reserve:.0f} % must stay in reserve.",
            "Divide the area over several flights, fly higher, or take an aircraft that flies longer.",
        )


def _fence(facts: Facts) -> Iterator[Finding]:
    if not facts.fence_holds_route:
        yield Finding(
            "fence",
            Severity.BLOCKING,
            "The route leaves the fence.",
            "Plan again; a fence that the route crosses stops the flight in the air.",
        )


def _no_fly(facts: Facts) -> Iterator[Finding]:
    if facts.in_zones_m > 0.01:
        yield Finding(
            "no-fly zone",
            Severity.BLOCKING,
            f"{facts.in_zones_m:.0f} m of the route lie in a no-fly zone.",
            "Move the take-off point or the pattern out of the zone.",
        )


def _height(facts: Facts) -> Iterator[Finding]:
    height_m = max(facts.request.height_agl_m, facts.highest_agl_m)
    if not facts.over_terrain and height_m > EU_HEIGHT_LIMIT_M:
        yield Finding(
            "height",
            Severity.CAUTION,
            f"{height_m:.0f} m is above the 120 m limit of the open category (EU 2019/947, UAS.OPEN.010).",
            "Fly lower, or make sure that your authorisation allows it.",
        )


def _photo_interval(facts: Facts) -> Iterator[Finding]:
    interval_s = facts.interval_s
    if interval_s is None:
        interval_s = facts.totals.trigger_distance_m / facts.aircraft.cruise_speed_m_s
    if interval_s < facts.camera.min_interval_s:
        slow_m_s = facts.totals.trigger_distance_m / facts.camera.min_interval_s
        yield Finding(
            "photo interval",
            Severity.CAUTION,
            f"A picture every {interval_s:.2f} s is faster than {facts.camera.name} takes them"
            f" ({facts.camera.min_interval_s:g} s): pictures will be missing.",
            f"Fly at {slow_m_s:.1f} m/s or slower, fly higher, or ask for less front overlap.",
        )


def _sight(facts: Facts) -> Iterator[Finding]:
    if facts.farthest_m > SIGHT_M:
        yield Finding(
            "sight",
            Severity.CAUTION,
            f"The route goes {facts.farthest_m:.0f} m from the take-off point, further than a small aircraft"
            f" is seen well ({SIGHT_M:.0f} m).",
            "Take off nearer, post observers, or fly under an authorisation beyond sight.",
        )


def _pixels(facts: Facts) -> Iterator[Finding]:
    if facts.camera.spectrum != "thermal":
        return
    pixels = PERSON_WIDTH_M / facts.totals.gsd_m
    told = f"A person of {PERSON_WIDTH_M} m is {pixels:.1f} pixels wide"
    if pixels < DETECT_PX:
        lower_m = math.floor(facts.camera.height_agl_m(PERSON_WIDTH_M / DETECT_PX))
        yield Finding(
            "thermal pixels",
            Severity.CAUTION,
            f"{told}; below {DETECT_PX} a person is often missed (after Johnson).",
            f"Fly at {lower_m} m or lower.",
        )
        return
    enough = [
        name for name, need in (("recognise", RECOGNISE_PX), ("identify", IDENTIFY_PX)) if pixels >= need
    ]
    yield Finding(
        "thermal pixels",
        Severity.INFO,
        f"{told}: enough to {', '.join(['detect', *enough])} (after Johnson: {DETECT_PX}, {RECOGNISE_PX},"
        f" {IDENTIFY_PX} pixels for a 79 % chance).",
    )


def _parts(facts: Facts) -> Iterator[Finding]:
    if facts.parts_joined_m > 0:
        yield Finding(
            "separate parts",
            Severity.CAUTION,
            f"The area has parts that do not touch: {facts.parts_joined_m:.0f} m are flown outside it to get"
            " from one to the next.",
            "Look at what lies below those legs, or plan each part by itself.",
        )


def _take_off(facts: Facts) -> Iterator[Finding]:
    if facts.take_off_outside_m > 1.0:
        yield Finding(
            "take-off outside",
            Severity.CAUTION,
            f"The take-off point lies {facts.take_off_outside_m:.0f} m outside the area: the way there and"
            " back is flown outside it.",
            "Look at what lies below that leg, or take off within the area.",
        )


def _turns(facts: Facts) -> Iterator[Finding]:
    margin_m = facts.turn_margin_m
    if margin_m is not None and facts.turns_leave_m > margin_m + _TURNS_OFF_M:
        yield Finding(
            "turns",
            Severity.BLOCKING,
            f"With a turn radius of {facts.turn_radius_m:.0f} m no turns were found that leave the area by"
            f" less than {facts.turns_leave_m:.0f} m; {margin_m:.0f} m were allowed.",
            "Allow a wider margin where the air is free that far, or fly a copter.",
        )
    elif facts.turns_leave_m > 0.5:
        yield Finding(
            "turns",
            Severity.CAUTION,
            f"With a turn radius of {facts.turn_radius_m:.0f} m the turns leave the area by up to"
            f" {facts.turns_leave_m:.0f} m.",
            "Make sure that the air around the area is free that far, or fly a copter.",
        )
    if facts.loops:
        yield Finding(
            "tight corners",
            Severity.CAUTION,
            f"{facts.loops} corners are tighter than a turn of {facts.turn_radius_m:.0f} m: the aircraft"
            " flies past each and comes round to it.",
            "Draw the bends wider, fly in less wind, or fly a copter.",
        )
    if facts.circle_radius_m < facts.turn_radius_m - 0.5:
        yield Finding(
            "circles",
            Severity.CAUTION,
            f"In this wind {facts.aircraft.name} turns no tighter than {facts.turn_radius_m:.0f} m over the"
            f" ground: it will be blown off circles of {facts.circle_radius_m:.0f} m.",
            "Ask for wider circles, or wait for less wind.",
        )


def _covered(facts: Facts) -> Iterator[Finding]:
    if facts.totals.covered_pct < WELL_COVERED_PCT:
        yield Finding(
            "cover",
            Severity.CAUTION,
            f"The lanes see {facts.totals.covered_pct:.1f} % of the area; the rest lies in corners too narrow"
            " for a lane.",
            "Fly lower for narrower lanes, or search the corners by hand.",
        )


def _wind(facts: Facts) -> Iterator[Finding]:
    if facts.wind_m_s is not None and facts.wind_m_s > facts.aircraft.max_wind_m_s:
        yield Finding(
            "wind",
            Severity.BLOCKING,
            f"{facts.wind_m_s:.0f} m/s of wind is more than {facts.aircraft.name} stands"
            f" ({facts.aircraft.max_wind_m_s:.0f} m/s).",
            "Wait, or take another aircraft.",
        )
    if facts.against_wind_m > 0:
        yield Finding(
            "headwind",
            Severity.BLOCKING,
            f"{facts.against_wind_m:.0f} m of the route lie against more wind than"
            f" {facts.aircraft.name} makes way in.",
            "Wait, fly faster, or take another aircraft.",
        )


def _items(facts: Facts) -> Iterator[Finding]:
    if facts.items > MANY_ITEMS:
        yield Finding(
            "mission size",
            Severity.CAUTION,
            f"The mission has {facts.items} items; many autopilots hold about 700.",
            "Divide the area over several flights.",
        )


def _terrain(facts: Facts) -> Iterator[Finding]:
    if facts.over_terrain:
        return
    yield Finding(
        "terrain",
        Severity.INFO,
        "No terrain data: heights are above the take-off point, not above the ground below.",
        "Where the ground rises or falls, look at the height above it along the route.",
    )


_CHECKS = (
    _battery,
    _fence,
    _no_fly,
    _wind,
    _height,
    _photo_interval,
    _sight,
    _parts,
    _take_off,
    _turns,
    _covered,
    _items,
    _pixels,
    _terrain,
)
