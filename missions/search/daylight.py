"""Whether it was day: the sun's height at a time and a place, and which kind of looking that makes.

The low-precision formulas of the Astronomical Almanac (as printed by Michalsky, Solar Energy 40(3), 1988):
good to a tenth of a degree until 2050, refraction left out.
"""

from __future__ import annotations

import math

from missions.geodesy import GeoPoint

J2000_S = 946_728_000.0
"""Noon of 2000-01-01 UTC, in seconds since 1970."""
DUSK_DEG = -6.0
"""Civil twilight ends here."""


def sun_elevation_deg(time_s: float, place: GeoPoint) -> float:
    """Degrees of the sun over the horizon; `time_s` in seconds since 1970 UTC."""
    days = (time_s - J2000_S) / 86_400
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    longitude = math.radians(
        (mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)) % 360
    )
    obliquity = math.radians(23.439 - 0.0000004 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    sidereal_deg = 280.46062 + 360.98564737 * days
    hour_angle = math.radians((sidereal_deg + place.lon_deg) % 360) - right_ascension
    lat = math.radians(place.lat_deg)
    sine = math.sin(lat) * math.sin(declination) + math.cos(lat) * math.cos(declination) * math.cos(
        hour_angle
    )
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def kind_at(spectrum: str, time_s: float, place: GeoPoint) -> str:
    """The kind of looking of a camera of this spectrum then and there: "thermal-night", "visible-dusk" ..."""
    elevation_deg = sun_elevation_deg(time_s, place)
    if spectrum == "thermal":
        return "thermal-day" if elevation_deg > 0 else "thermal-night"
    if elevation_deg > 0:
        return "visible-day"
    return "visible-dusk" if elevation_deg > DUSK_DEG else "visible-night"
