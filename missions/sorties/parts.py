"""The flights of a plan, each a plan of its own, and what the checks say of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from missions.area import Part
from missions.checks import Facts, by_weight, check
from missions.fence import MARGIN_M, fence_ring
from missions.geodesy import LocalFrame
from missions.local import frame_of, local_from_area, local_from_ring, ring_from_local
from missions.no_fly import zones_in
from missions.plan import Fence, Finding, Plan, Rally, Request, Severity, Sortie
from missions.plan_items import mission_items

OF_A_FLIGHT = frozenset(
    {
        "battery",
        "fence",
        "no-fly zone",
        "wind",
        "photo interval",
        "sight",
        "take-off outside",
        "mission size",
        "thermal pixels",
    }
)
"""Checks that look at one flight; the others look at the pattern, and hold for all its flights."""
_OF_THE_WHOLE = frozenset({"sorties", "sortie ways", "sortie turns"})


def with_sorties(plan: Plan, sorties: tuple[Sortie, ...], outside_m: float = 0.0) -> Plan:
    """The plan with its flights: a fence that holds all of them, and the findings of each.

    `outside_m` is flown outside the area for want of a way inside.
    """
    divided = dataclasses.replace(plan, sorties=sorties, no_return=None)
    divided = dataclasses.replace(divided, fence=fence_round(divided))
    of_plan = [finding for finding in plan.findings if finding.check not in OF_A_FLIGHT | _OF_THE_WHOLE]
    findings = by_weight([*_told(sorties, outside_m), *of_plan])
    divided = dataclasses.replace(divided, findings=findings)
    return dataclasses.replace(divided, findings=by_weight([*_worst(divided), *findings]))


def flights(plan: Plan) -> tuple[Plan, ...]:
    """Every sortie as a plan of one flight, in the plan's order; the plan itself where it has no sorties.

    Each has its own route from its take-off point and back, totals, rally point, point of no return and
    findings; area, fence and no-fly zones are the plan's.
    """
    if not plan.sorties:
        return (plan,)
    return tuple(_flight(plan, sortie) for sortie in plan.sorties)


def _flight(plan: Plan, sortie: Sortie) -> Plan:
    camera = sortie.camera or plan.camera
    highest_m = max(row.height_relative_m for row in sortie.route)
    flight = dataclasses.replace(
        plan,
        name=f"{plan.name} {name_of(plan, sortie)}",
        request=_request(plan.request, sortie),
        aircraft=sortie.aircraft,
        camera=camera,
        take_off=sortie.take_off,
        route=sortie.route,
        rally=(
            Rally(sortie.take_off, float(math.ceil(highest_m))),
            *(rally for rally in plan.rally if rally.place != plan.take_off),
        ),
        totals=sortie.totals,
        sorties=(),
        no_return=sortie.no_return,
    )
    return rechecked(flight)


def rechecked(flight: Plan) -> Plan:
    """A plan of one flight with a new route, and what the checks say of that."""
    of_flight = [finding for finding in check(_facts(flight)) if finding.check in OF_A_FLIGHT]
    of_plan = [finding for finding in flight.findings if finding.check not in OF_A_FLIGHT | {"sorties"}]
    return dataclasses.replace(flight, findings=by_weight([*of_flight, *of_plan]))


def name_of(plan: Plan, sortie: Sortie) -> str:
    """Which flight of a plan a sortie is: "flight 2 of 3", after its aircraft where there are several."""
    own = [one for one in plan.sorties if one.vehicle == sortie.vehicle]
    number = 1 + next(index for index, one in enumerate(own) if one == sortie)
    which = f"flight {number} of {len(own)}"
    return which if len(own) == len(plan.sorties) else f"aircraft {sortie.vehicle} {which}"


def _request(request: Request, sortie: Sortie) -> Request:
    """Aircraft of a team fly at heights of their own."""
    if sortie.camera is None:
        return request
    height_m = round(sortie.camera.height_agl_m(sortie.totals.gsd_m), 2)
    return dataclasses.replace(request, height_agl_m=height_m)


def _facts(flight: Plan) -> Facts:
    frame = frame_of(flight.area)
    points = local_from_ring([row.place for row in flight.route], frame)
    home = local_from_ring([flight.take_off], frame)[0]
    line = LineString([home, *points])
    return Facts(
        request=flight.request,
        aircraft=flight.aircraft,
        camera=flight.camera,
        totals=flight.totals,
        fence_holds_route=_fence_polygon(flight.fence, frame).covers(line),
        parts_joined_m=0.0,
        take_off_outside_m=float(local_from_area(flight.area, frame).distance(Point(home))),
        farthest_m=float(np.hypot(*(points - home).T).max()),
        turns_leave_m=0.0,
        items=len(mission_items(flight)),
        in_zones_m=float(line.intersection(zones_in(frame, flight.no_fly)).length),
        wind_m_s=None if flight.wind is None else flight.wind.speed_m_s,
    )


def _fence_polygon(fence: Fence, frame: LocalFrame) -> Polygon:
    return Polygon(local_from_ring(fence.inclusions[0].border, frame)) if fence.inclusions else Polygon()


def fence_round(plan: Plan) -> Fence:
    """The plan's fence, wider where a flight would come nearer to it than its usual margin, 30 m."""
    frame = frame_of(plan.area)
    ring = _fence_polygon(plan.fence, frame)
    routes = [(sortie.take_off, sortie.route) for sortie in plan.sorties] or [(plan.take_off, plan.route)]
    lines = [
        LineString(local_from_ring([home, *(row.place for row in route)], frame)) for home, route in routes
    ]
    if ring.is_empty or _well_inside(ring, lines):
        return plan.fence
    # What is flown deep inside changes nothing, and rounding all of it takes long.
    flown = shapely.union_all(shapely.difference(lines, ring.buffer(-2 * MARGIN_M)))
    held = shapely.union_all([ring, flown.buffer(MARGIN_M, quad_segs=4)])
    wider = Part(border=ring_from_local(fence_ring(held, 1.0), frame))
    return dataclasses.replace(plan.fence, inclusions=(wider, *plan.fence.inclusions[1:]))


def _well_inside(ring: Polygon, lines: list[LineString]) -> bool:
    """Whether all lines keep the margin from the ring, a metre for its chords."""
    shapely.prepare(ring.exterior)
    away_m = shapely.distance(ring.exterior, lines)
    return bool(
        (away_m >= MARGIN_M - 1.0).all() and all(ring.contains(Point(line.coords[0])) for line in lines)
    )


def _worst(plan: Plan) -> Iterator[Finding]:
    """Of each check that looks at a flight the weightiest finding, and which flight it is about."""
    found: dict[str, tuple[Sortie, Finding]] = {}
    for sortie, flight in zip(plan.sorties, flights(plan), strict=True):
        for finding in flight.findings:
            known = found.get(finding.check)
            if finding.check not in OF_A_FLIGHT:
                continue
            if known is None or by_weight([known[1], finding])[0] is not known[1]:
                found[finding.check] = sortie, finding
    yield from (_about(plan, *one) for one in found.values())


def _about(plan: Plan, sortie: Sortie, finding: Finding) -> Finding:
    if finding.severity is Severity.INFO:
        return finding
    return dataclasses.replace(finding, text=f"{name_of(plan, sortie).capitalize()}: {finding.text}")


def _told(sorties: tuple[Sortie, ...], outside_m: float) -> Iterator[Finding]:
    vehicles = len({sortie.vehicle for sortie in sorties})
    end_s = max(sortie.ends_s for sortie in sorties)
    team = f"by {vehicles} aircraft " if vehicles > 1 else ""
    yield Finding(
        "sorties",
        Severity.INFO,
        f"It takes {len(sorties)} flights {team}with a battery each, {end_s / 60:.0f} minutes in all.",
    )
    radius_m = max(sortie.aircraft.turn_radius_m for sortie in sorties)
    if radius_m > 0:
        yield Finding(
            "sortie turns",
            Severity.CAUTION,
            "Where flights leave the work and come back to it their ways are planned straight:"
            f" an aircraft with a turn radius of {radius_m:.0f} m swings wide there, by twice that at most.",
            "See that the air beside those places is free, or divide the area so that one battery does.",
        )
    if outside_m > 0.5:
        yield Finding(
            "sortie ways",
            Severity.CAUTION,
            f"{outside_m:.0f} m of the ways between the take-off point and the work lie outside the area:"
            " there is no way inside.",
            "Look at what lies below those legs, or take off elsewhere.",
        )
