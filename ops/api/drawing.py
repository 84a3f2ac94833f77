"""A plan as a drawing: GeoJSON whose features name their role on the map."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise

from missions.area import Part
from missions.geodesy import GeoPoint
from missions.plan import Plan, Sortie
from ops.api.models import FindingReport, JsonObject, PlanReport

Coordinates = list[list[float]]


def plan_report(plan: Plan, plan_id: str) -> PlanReport:
    """What the page shows of a plan."""
    return PlanReport(
        id=plan_id,
        name=plan.name,
        created=plan.created,
        pattern=plan.request.pattern,
        aircraft=plan.aircraft.name,
        camera=plan.camera.name,
        totals=asdict(plan.totals),
        findings=tuple(
            FindingReport(check=each.check, severity=each.severity.value, text=each.text, remedy=each.remedy)
            for each in plan.findings
        ),
        drawing=drawing(plan),
    )


def drawing(plan: Plan) -> JsonObject:
    """GeoJSON FeatureCollection, longitude and latitude, in the order to draw it.

    Each feature's `role` is area, fence, exclusion, transit, lane, rally or take_off.
    """
    flights = plan.sorties or (plan,)
    legs = [_legs(flight) for flight in flights]
    take_offs = dict.fromkeys([plan.take_off, *(flight.take_off for flight in flights)])
    features = [
        *(_feature("area", "Polygon", _polygon(part)) for part in plan.area.parts),
        *(_feature("fence", "Polygon", _polygon(part)) for part in plan.fence.inclusions),
        *(_feature("exclusion", "Polygon", [_ring(ring)]) for ring in plan.fence.exclusions),
        _feature("transit", "MultiLineString", [leg for _, transits in legs for leg in transits]),
        _feature("lane", "MultiLineString", [leg for lanes, _ in legs for leg in lanes]),
        *(_feature("rally", "Point", _position(rally.place)) for rally in plan.rally),
        *(_feature("take_off", "Point", _position(place)) for place in take_offs),
    ]
    return {"type": "FeatureCollection", "features": features}


def _legs(flight: Plan | Sortie) -> tuple[list[Coordinates], list[Coordinates]]:
    """Legs that record, and those that do not: from the take-off point along the route and back."""
    lanes: list[Coordinates] = []
    home = _position(flight.take_off)
    transits: list[Coordinates] = []
    if flight.route:
        transits.append([home, _position(flight.route[0].place)])
        transits.append([_position(flight.route[-1].place), home])
    for start, end in pairwise(flight.route):
        leg = [_position(start.place), _position(end.place)]
        (lanes if start.recording else transits).append(leg)
    return lanes, transits


def _feature(role: str, kind: str, coordinates: object) -> JsonObject:
    return {
        "type": "Feature",
        "properties": {"role": role},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def _polygon(part: Part) -> list[Coordinates]:
    return [_ring(part.border), *(_ring(hole) for hole in part.holes)]


def _ring(points: tuple[GeoPoint, ...]) -> Coordinates:
    return [_position(point) for point in (*points, *points[:1])]


def _position(point: GeoPoint) -> list[float]:
    return [round(point.lon_deg, 7), round(point.lat_deg, 7)]
