"""Volumes of air (JARUS SORA 2.5): where a flight is planned, and where it may stray to.

The *flight geography* is where the aircraft is meant to be, the *contingency volume* round it what it may
take to bring it back. Both are polygons with a floor and a ceiling. They come from a file
(`missions.formats.volumes_geojson`), or from a plan and margins: everything that is flown, so far around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from missions.aircraft import Aircraft
from missions.area import Part
from missions.errors import InputError, SettingsError
from missions.geodesy import LocalFrame
from missions.local import area_from_local
from missions.no_fly import zones_in
from missions.plan import Plan

FLIGHT_M, FLIGHT_HEIGHT_M = 10.0, 5.0
"""Round what is flown, where nothing else is said: ours. LBA asks for three times the aircraft's own size."""
SLOWEST_TO_ACT_S = 1.0
GPS_M, POSITION_M, MAP_M, HEIGHT_M = 3.0, 3.0, 1.0, 4.0
_G_M_S2 = 9.81
_STOP_DEG, _TURN_DEG, _CLIMB = 45.0, 30.0, 0.7
_MOST_M = 10_000.0
_ROUNDNESS = 4


class Reference(StrEnum):
    """What a volume's heights are measured from."""

    RELATIVE = "relative"
    """The take-off point."""
    AMSL = "amsl"
    """Mean sea level."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The air above some polygons between two heights, metres in `reference`. Raises InputError."""

    name: str
    parts: tuple[Part, ...]
    floor_m: float
    ceiling_m: float
    reference: Reference = Reference.RELATIVE

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError("the volume has no polygon", where=self.name, remedy="Draw at least one")
        heights = (self.floor_m, self.ceiling_m)
        if any(math.isnan(height) for height in heights) or self.floor_m >= self.ceiling_m:
            raise InputError(
                f"a floor of {self.floor_m} m and a ceiling of {self.ceiling_m} m hold no air",
                where=self.name,
                remedy="Give a floor below the ceiling",
            )


@dataclass(frozen=True, slots=True)
class Volumes:
    """The two of SORA 2.5 (JARUS): where the flight is planned, and where it may stray to."""

    flight_geography: Volume | None = None
    contingency: Volume | None = None


@dataclass(frozen=True, slots=True)
class FlightVolumes:
    """Volumes and whose they are: of who flies the plan made at `plan_created`, else of every aircraft.

    `systems` are MAVLink numbers; with any named they hold for these aircraft, whatever they fly.
    """

    name: str
    volumes: Volumes
    plan_created: str | None = None
    systems: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Margins:
    """Metres around what is flown: of the flight geography, and of the contingency volume beyond that.

    Raises SettingsError for what is no margin.
    """

    flight_m: float = FLIGHT_M
    flight_height_m: float = FLIGHT_HEIGHT_M
    contingency_m: float = 0.0
    contingency_height_m: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flight_m", "flight_height_m", "contingency_m", "contingency_height_m"):
            value = getattr(self, name)
            if not 0 < value <= _MOST_M:
                raise SettingsError(
                    f"{value} m is no margin",
                    where=name,
                    remedy=f"Give more than 0 and at most {_MOST_M:.0f} m",
                )


def contingency_m(aircraft: Aircraft, wind_m_s: float = 0.0) -> tuple[float, float]:
    """How far beyond the flight geography an aircraft may stray before it is brought back: aside and up, m.

    After LBA's guide to flight geography, contingency volume and ground risk buffer, as
    flight-geography-calculator.dronedesk.io gives it: errors of GPS, of holding a position and of the map,
    a second to react, and the manoeuvre: a copter stops at 45 degrees, a plane turns round at 30 degrees of
    bank or by its own turn, whichever is wider. Upwards an error of 4 m, the reaction at 45 degrees (0.7 of
    the speed), and v^2 / 2g of a copter, 0.3 v^2 / g of a plane; those two figures are from memory.
    """
    speed_m_s = aircraft.cruise_speed_m_s + wind_m_s
    flies_on = aircraft.turn_radius_m > 0
    if flies_on:
        turn_m = speed_m_s**2 / (_G_M_S2 * math.tan(math.radians(_TURN_DEG)))
        aside_m, up_m = max(turn_m, aircraft.turn_radius_m), 0.3 * speed_m_s**2 / _G_M_S2
    else:
        aside_m = 0.5 * speed_m_s**2 / (_G_M_S2 * math.tan(math.radians(_STOP_DEG)))
        up_m = 0.5 * speed_m_s**2 / _G_M_S2
    reaction_m = speed_m_s * SLOWEST_TO_ACT_S
    return GPS_M + POSITION_M + MAP_M + reaction_m + aside_m, HEIGHT_M + _CLIMB * reaction_m + up_m


def margins_for(plan: Plan) -> Margins:
    """The margins for a plan where nobody states others: its slowest to stop, in its wind."""
    fliers = [plan.aircraft, *(sortie.aircraft for sortie in plan.sorties)]
    wind_m_s = 0.0 if plan.wind is None else plan.wind.speed_m_s
    aside, up = zip(*(contingency_m(aircraft, wind_m_s) for aircraft in fliers), strict=True)
    return Margins(contingency_m=math.ceil(max(aside)), contingency_height_m=math.ceil(max(up)))


def volumes_of(plan: Plan, margins: Margins) -> Volumes:
    """The volumes of a plan, all its flights together: what is flown, so far around, in height too.

    What is flown is the way from take-off along the route and back, with its circles; of an aircraft that
    turns in curves it is all that its fence surrounds, for a plan does not hold the curve. No-fly zones are
    in neither. Heights are above take-off, and the ground there is flown from.
    """
    frame = LocalFrame(plan.take_off)
    flown = _flown(plan, frame)
    heights = [0.0, *(waypoint.height_relative_m for waypoint in plan.route)]
    keep_out = zones_in(frame, plan.no_fly)
    low_m, high_m = min(heights) - margins.flight_height_m, max(heights) + margins.flight_height_m
    more_m = margins.contingency_height_m
    return Volumes(
        _volume(plan.name, flown, margins.flight_m, keep_out, (low_m, high_m), frame),
        _volume(
            plan.name,
            flown,
            margins.flight_m + margins.contingency_m,
            keep_out,
            (low_m - more_m, high_m + more_m),
            frame,
        ),
    )


def _volume(
    name: str,
    flown: BaseGeometry,
    margin_m: float,
    keep_out: BaseGeometry,
    heights_m: tuple[float, float],
    frame: LocalFrame,
) -> Volume:
    # round corners are drawn as chords; their middles must keep the margin too
    chord = math.cos(math.pi / (4 * _ROUNDNESS))
    around = flown.buffer(margin_m / chord, quad_segs=_ROUNDNESS).difference(keep_out)
    solid = [part for part in shapely.get_parts(around) if isinstance(part, Polygon) and part.area > 0]
    if not solid:
        raise InputError("no-fly zones leave nothing of it", where=name, remedy="Plan again, or draw it")
    shape = solid[0] if len(solid) == 1 else MultiPolygon(solid)
    return Volume(name, area_from_local(shape, frame, name).parts, *heights_m)


def _flown(plan: Plan, frame: LocalFrame) -> BaseGeometry:
    fliers = {
        aircraft.turn_radius_m for aircraft in (plan.aircraft, *(each.aircraft for each in plan.sorties))
    }
    if max(fliers) > 0 and plan.fence.inclusions:
        return zones_in(frame, plan.fence.inclusions)
    shapes: list[BaseGeometry] = []
    ways = [(sortie.take_off, sortie.route) for sortie in plan.sorties] or [(plan.take_off, plan.route)]
    for take_off, route in ways:
        places = [take_off, *(waypoint.place for waypoint in route), take_off]
        points = frame.local_from_geo(np.array([(place.lon_deg, place.lat_deg) for place in places]))
        shapes.append(LineString(points))
        shapes += [
            Point(point).buffer(abs(waypoint.orbit_radius_m))
            for waypoint, point in zip(route, points[1:-1], strict=True)
            if waypoint.orbit_turns > 0
        ]
    return shapely.union_all(shapes)
