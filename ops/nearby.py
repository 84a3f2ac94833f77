"""Other aircraft as alarms and page need them: with heights that can be compared with ours, or none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from missions.geodesy import WGS84
from telemetry.alerts import Traffic
from telemetry.alerts.situation import MAX_NAME
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.state import VehicleState
from telemetry.tak import GpsUndulations, geoid_undulation_m
from telemetry.traffic import Aircraft, ForeignReport

NEAR_M = 50_000.0
"""As far as the geoid at an aircraft of ours is taken for that elsewhere; it differs by a few metres then."""
CLEAR_ABOVE_M = 750.0
"""An aircraft whose pressure height, less a tenth, is so far above ours is clear of us in any weather.

At 945 hPa, less than in nearly every storm here, it is 570 m lower than it says, and in air 30 degrees colder
than the standard atmosphere a tenth of its height; 180 m is left between us.
"""
SAME_M = 500.0
"""An aircraft of our number that another station tells of is ours where it is so near; else a namesake."""
FLYING_KINDS = frozenset({"copter", "plane"})
_CELL = 10
"""Tenths of a degree: the geoid is looked up once for all in one cell."""


class Undulations:
    """How far the geoid lies above the ellipsoid: PROJ's grid, else what a receiver of ours nearby says."""

    def __init__(self, hub: Hub) -> None:
        self.clock = hub.clock
        self._hub = hub
        self._own = GpsUndulations()

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Look for what our receivers say."""
        self._own(frames)

    def at(self, lat_deg: float, lon_deg: float) -> float | None:
        """Metres, or None where nobody knows."""
        known = _of_cell(round(lat_deg * _CELL), round(lon_deg * _CELL))
        return known if known is not None else self._nearby(lat_deg, lon_deg)

    def _nearby(self, lat_deg: float, lon_deg: float) -> float | None:
        for system, state in self._hub.vehicles().items():
            undulation_m, place = self._own.of(system), state.place
            if undulation_m is None or place is None:
                continue
            if WGS84.inv(lon_deg, lat_deg, place[1], place[0])[2] <= NEAR_M:
                return undulation_m
        return None


@lru_cache(maxsize=1024)
def _of_cell(lat_cell: int, lon_cell: int) -> float | None:
    return geoid_undulation_m(min(max(lat_cell / _CELL, -90), 90), lon_cell / _CELL)


def height_amsl_m(aircraft: Aircraft | ForeignReport, undulations: Undulations) -> float | None:
    """Metres above mean sea level, or None where its height is above something else.

    Pressure heights are none, nor is a GNSS height that does not say what it is above.
    """
    if aircraft.height_m is None or aircraft.lat_deg is None or aircraft.lon_deg is None:
        return None
    if aircraft.height_reference == "amsl":
        return aircraft.height_m
    if aircraft.height_reference != "ellipsoid":
        return None
    undulation_m = undulations.at(aircraft.lat_deg, aircraft.lon_deg)
    return None if undulation_m is None else aircraft.height_m - undulation_m


_OF_A_STATION = re.compile(r"droneteam\.[A-Za-z0-9_-]{1,40}\.(vehicle|track)\.(.+)")


def told_twice(
    report: ForeignReport, reports: Mapping[str, ForeignReport], vehicles: Mapping[int, VehicleState]
) -> bool:
    """Whether another Droneteam station tells over TAK of what we hear ourselves: it must not show twice."""
    match = _OF_A_STATION.fullmatch(report.id) if report.source == "tak" else None
    if match is None:
        return False
    kind, name = match.groups()
    if kind == "track":
        return name in reports
    ours = vehicles.get(int(name)) if name.isdecimal() else None
    if ours is None or ours.lat_deg is None or ours.lon_deg is None:
        return False
    return bool(WGS84.inv(report.lon_deg, report.lat_deg, ours.lon_deg, ours.lat_deg)[2] <= SAME_M)


class TrafficForAlerts:
    """Other aircraft in the air, and foreign ones that fly, in the form of `telemetry.alerts`.

    A height that cannot be compared with ours is left out, so that the aircraft counts at every height;
    but not one that is surely above all of ours (CLEAR_ABOVE_M), or every airliner would raise an alarm.
    """

    def __init__(
        self,
        hub: Hub,
        aircraft: Callable[[], Mapping[str, Aircraft]],
        foreign: Callable[[], Mapping[str, ForeignReport]],
        undulations: Undulations,
    ) -> None:
        self._hub = hub
        self._aircraft = aircraft
        self._foreign = foreign
        self._undulations = undulations

    def __call__(self) -> tuple[Traffic, ...]:
        """All that there are now."""
        heights = [state.height_amsl_m for state in self._hub.vehicles().values()]
        highest_m = max((each for each in heights if each is not None), default=None)
        return (*self._of_traffic(highest_m), *self._of_foreign())

    def _of_traffic(self, highest_m: float | None) -> Iterator[Traffic]:
        for one in self._aircraft().values():
            if one.lat_deg is None or one.lon_deg is None or one.position_s is None or one.on_ground:
                continue
            if _surely_above(one, highest_m):
                continue
            yield Traffic(
                name=one.icao or _name(one.key),
                lat_deg=one.lat_deg,
                lon_deg=one.lon_deg,
                heard_s=one.position_s,
                height_amsl_m=height_amsl_m(one, self._undulations),
                ground_speed_m_s=one.speed_m_s,
                course_deg=one.course_deg,
                climb_m_s=one.climb_m_s,
            )

    def _of_foreign(self) -> Iterator[Traffic]:
        for key, one in self._foreign().items():
            if one.kind in FLYING_KINDS:
                yield Traffic(
                    name=_name(key),
                    lat_deg=one.lat_deg,
                    lon_deg=one.lon_deg,
                    heard_s=one.time_s,
                    height_amsl_m=height_amsl_m(one, self._undulations),
                    ground_speed_m_s=one.speed_m_s,
                    course_deg=one.course_deg,
                    climb_m_s=one.climb_m_s,
                )


def _surely_above(one: Aircraft, highest_m: float | None) -> bool:
    pressure = one.height_reference in {"pressure_standard", "pressure_qnh", "geometric"}
    if one.height_m is None or highest_m is None or not pressure:
        return False
    return 0.9 * one.height_m > highest_m + CLEAR_ABOVE_M


def _name(key: str) -> str:
    """The key, or what stands for one that is too long for a name."""
    return key if len(key) <= MAX_NAME else f"{key[:40]}.{hashlib.sha256(key.encode()).hexdigest()[:12]}"
