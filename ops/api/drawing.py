"""A plan as a drawing: GeoJSON whose features name their role on the map, and their flight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby, pairwise

import numpy as np

from missions.area import Part
from missions.formats.volumes_geojson import CONTINGENCY, FLIGHT_GEOGRAPHY, feature_of
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Plan, Waypoint
from missions.volumes import FlightVolumes
from ops.api.flights import flight_reports
from ops.api.models import FindingReport, JsonObject, PlanReport

Coordinates = list[list[float]]
_CIRCLE_DEG = 6


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
        flights=flight_reports(plan),
        drawing=drawing(plan),
    )


def drawing(plan: Plan) -> JsonObject:
    """GeoJSON FeatureCollection, longitude and latitude, in the order to draw it.

    Each feature's `role` is area, fence, exclusion, transit, lane, no_return, stay, rally or take_off. What
    one flight of several flies has its number, from 1, as `flight`.
    """
    features = [
        *(_feature("area", "Polygon", _polygon(part)) for part in plan.area.parts),
        *(_feature("fence", "Polygon", _polygon(part)) for part in plan.fence.inclusions),
        *(_feature("exclusion", "Polygon", [_ring(ring)]) for ring in plan.fence.exclusions),
        *_flown(plan),
        *(_feature("stay", "Point", _position(place)) for place in _stays(plan)),
        *(_feature("rally", "Point", _position(rally.place)) for rally in plan.rally),
        *(_feature("take_off", "Point", _position(place)) for place in _take_offs(plan)),
    ]
    return {"type": "FeatureCollection", "features": features}


def volumes_drawing(entered: Sequence[FlightVolumes]) -> JsonObject:
    """Volumes as a FeatureCollection; each feature's `role` is flight_geography or contingency_volume."""
    features = []
    for each in entered:
        volumes = each.volumes
        for role, volume in (
            (FLIGHT_GEOGRAPHY, volumes.flight_geography),
            (CONTINGENCY, volumes.contingency),
        ):
            if volume is not None:
                feature = feature_of(role, volume)
                feature["properties"] |= {"systems": list(each.systems), "plan_created": each.plan_created}
                features.append(feature)
    return {"type": "FeatureCollection", "features": features}


def _flown(plan: Plan) -> Iterator[JsonObject]:
    """The route, or each flight of several."""
    if not plan.sorties:
        yield from _legs(plan.route, plan.take_off)
        if plan.no_return is not None:
            yield _feature("no_return", "Point", _position(plan.no_return.place))
        return
    for number, sortie in enumerate(plan.sorties, start=1):
        yield from _legs(sortie.route, sortie.take_off, flight=number)
        if sortie.no_return is not None:
            yield _feature("no_return", "Point", _position(sortie.no_return.place), flight=number)


def _legs(route: Sequence[Waypoint], take_off: GeoPoint, **of: int) -> Iterator[JsonObject]:
    """Legs that record with circles flown, and those that do not: from take-off along the route and back."""
    lines: dict[bool, list[Coordinates]] = {False: [], True: []}
    places = [take_off, *(waypoint.place for waypoint in route), take_off]
    records = [False, *(waypoint.recording for waypoint in route)]
    for recording, run in groupby(zip(records, pairwise(places), strict=False), key=lambda leg: leg[0]):
        legs = [leg for _, leg in run]
        lines[recording].append([_position(legs[0][0]), *(_position(end) for _, end in legs)])
    frame = LocalFrame(take_off)
    lines[True].extend(_circle(waypoint, frame) for waypoint in route if waypoint.orbit_turns > 0)
    yield _feature("transit", "MultiLineString", lines[False] if route else [], **of)
    yield _feature("lane", "MultiLineString", lines[True], **of)


def _circle(waypoint: Waypoint, frame: LocalFrame) -> Coordinates:
    """The circle that is flown about a waypoint."""
    angles = np.radians(np.arange(0, 361, _CIRCLE_DEG))
    middle = frame.local_from_geo([(waypoint.place.lon_deg, waypoint.place.lat_deg)])
    ring = middle + abs(waypoint.orbit_radius_m) * np.column_stack([np.sin(angles), np.cos(angles)])
    return [[round(float(lon), 7), round(float(lat), 7)] for lon, lat in frame.geo_from_local(ring)]


def _stays(plan: Plan) -> tuple[GeoPoint, ...]:
    """Where an aircraft waits, each place once: what a watch looks at."""
    return tuple(dict.fromkeys(waypoint.place for waypoint in plan.route if waypoint.hold_s > 0))


def _take_offs(plan: Plan) -> tuple[GeoPoint, ...]:
    """Every place that a flight starts from, each once."""
    return tuple(dict.fromkeys([plan.take_off, *(sortie.take_off for sortie in plan.sorties)]))


def _feature(role: str, kind: str, coordinates: object, **of: int) -> JsonObject:
    return {
        "type": "Feature",
        "properties": {"role": role, **of},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def _polygon(part: Part) -> list[Coordinates]:
    return [_ring(part.border), *(_ring(hole) for hole in part.holes)]


def _ring(points: tuple[GeoPoint, ...]) -> Coordinates:
    return [_position(point) for point in (*points, *points[:1])]


def _position(point: GeoPoint) -> list[float]:
    return [round(point.lon_deg, 7), round(point.lat_deg, 7)]
