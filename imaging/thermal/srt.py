"""DJI's subtitles beside or inside a clip: where the aircraft was at each moment of it.

SubRip cues, blank lines between them, also within one. What the text of a cue says differs by aircraft:

    [latitude: ..] [longitude: ..] [rel_alt: .. abs_alt: ..]   M3T, M30T, H20T, Mavic 3; [longtitude: ..] on
                                                               Mavic 2, M2EA and others; [altitude: ..] alone
                                                               does not say above what, and is not used
    [gb_yaw: .. gb_pitch: .. gb_roll: ..]                      the camera; [drone_yaw: .. ], [Drone: Yaw:..]:
    the
                                                               aircraft's body, never the camera's
    GPS(lon,lat,n) BAROMETER:h                                 Mavic Pro, Phantom 4; n is no height
    GPS(lat,lon,0.0M) BAROMETER:hM                             M300 with XT2: with an M, latitude comes first
    GPS (lon, lat, n), .. H 45.6m, .. F.PRY (p, r, y), G.PRY (p, r, y)    Phantom 4 RTK, Mini; RTK (..) as GPS
    GPS(E: lon, N: lat, ..)                                    Autel

A figure beyond 90 can only be a longitude, whatever the dialect says of the order. Times are the aircraft's
local time without a zone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_CUE_CHARS = 4000
_CUE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{1,3})\s*-->")
_STAMP = re.compile(
    r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})[ T](\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,6}))?(?:,(\d{3}))?"
)
_PAIR = re.compile(r"\b([A-Za-z_]{2,20})\s*:\s*([+-]?\d+(?:\.\d+)?)")
_DRONE = re.compile(r"\[Drone:\s*Yaw:\s*([+-]?[\d.]+)", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:GPS|RTK)\s*\(\s*([EWNS]:)?\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([EWNS]:)?\s*([+-]?\d+(?:\.\d+)?)"
    r"(?:\s*,\s*[+-]?[\d.]+\s*(M)?)?"
)
_HEIGHT = re.compile(r"\b(?:BAROMETER|Hb)\s*:\s*([+-]?\d+(?:\.\d+)?)|\bH\s+([+-]?\d+(?:\.\d+)?)\s*m\b")
_PRY = r"\.PRY\s*\(\s*([+-]?[\d.]+)\D{0,3},\s*([+-]?[\d.]+)\D{0,3},\s*([+-]?[\d.]+)"
_FLIGHT, _GIMBAL = re.compile("F" + _PRY), re.compile("G" + _PRY)


@dataclass(frozen=True, slots=True)
class Told:
    """What one cue says; None where it says nothing. Degrees and metres as in `telemetry.pose.Pose`.

    `local_time_s` is the aircraft's local time read as UTC. `decimals` is how finely the position is written.
    `zoom` is the digital one, `equivalent_mm` the focal length on 35 mm film. `order` says how the two
    figures of a GPS(..) were told apart: "told", "beyond 90" or, by the dialect alone, "dialect".
    """

    local_time_s: float | None = None
    whole_seconds: bool = False
    lat_deg: float | None = None
    lon_deg: float | None = None
    decimals: int = 0
    order: str = "told"
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    altitude_unused: bool = False
    yaw_deg: float | None = None
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_roll_deg: float | None = None
    zoom: float = 1.0
    equivalent_mm: float | None = None


def cues(text: str) -> Iterator[tuple[float, str]]:
    """When each cue begins, seconds of the clip, and its text; what is longer is cut off."""
    starts = list(_CUE.finditer(text))
    for n, found in enumerate(starts):
        hours, minutes, seconds, thousandths = found.groups()
        end = starts[n + 1].start() if n + 1 < len(starts) else len(text)
        begins_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{thousandths}")
        yield begins_s, text[found.end() : min(end, found.end() + LONGEST_CUE_CHARS)]


def told(cue: str) -> Told:
    """What a cue's text says, in whichever dialect."""
    pairs = {name.lower(): value for name, value in _PAIR.findall(cue)}
    numbers = {name: float(value) for name, value in pairs.items()}
    time_s, whole = _local_time_s(cue)
    lat, lon, decimals, order = _place(cue, pairs)
    flight, gimbal = _FLIGHT.search(cue), _GIMBAL.search(cue)
    drone = _DRONE.search(cue)
    relative_m = numbers.get("rel_alt")
    height = _HEIGHT.search(cue)
    if relative_m is None and height:
        relative_m = float(height[1] or height[2])
    yaw = numbers.get("drone_yaw", _float(drone[1]) if drone else _float(flight[3]) if flight else None)
    return Told(
        local_time_s=time_s,
        whole_seconds=whole,
        lat_deg=lat,
        lon_deg=lon,
        decimals=decimals,
        order=order,
        height_amsl_m=_within(numbers.get("abs_alt"), 20_000),
        height_relative_m=_within(relative_m, 20_000),
        altitude_unused="altitude" in numbers and relative_m is None,
        yaw_deg=_within(yaw, 360),
        gimbal_pitch_deg=_within(numbers.get("gb_pitch", _float(gimbal[1]) if gimbal else None), 180),
        gimbal_yaw_deg=_within(numbers.get("gb_yaw", _float(gimbal[3]) if gimbal else None), 360),
        gimbal_roll_deg=_within(numbers.get("gb_roll", _float(gimbal[2]) if gimbal else None), 360),
        zoom=_zoom(numbers),
        equivalent_mm=_equivalent_mm(pairs),
    )


def _place(cue: str, pairs: dict[str, str]) -> tuple[float | None, float | None, int, str]:
    """Latitude, longitude, decimals, and what tells their order; None for no place."""
    lat, lon = pairs.get("latitude"), pairs.get("longitude", pairs.get("longtitude"))
    order = "told"
    if lat is None or lon is None:
        found = _PLACE.search(cue)
        if found is None:
            return None, None, 0, order
        first_sign, first, second_sign, second, metres = found.groups()
        lat, lon, order = _ordered(first_sign, first, second_sign, second, bool(metres))
    lat_deg, lon_deg = float(lat), float(lon)
    if not (abs(lat_deg) <= 90 and abs(lon_deg) <= 180) or (lat_deg == 0 and lon_deg == 0):
        return None, None, 0, order
    return lat_deg, lon_deg, min(_decimals(lat), _decimals(lon)), order


def _ordered(
    first_sign: str | None, first: str, second_sign: str | None, second: str, metres: bool
) -> tuple[str, str, str]:
    """Latitude, longitude, and what tells them apart."""
    if first_sign and second_sign:
        signed = [
            (sign[0], f"-{value}" if sign[0] in "WS" and not value.startswith("-") else value)
            for sign, value in ((first_sign, first), (second_sign, second))
        ]
        signed.sort(key=lambda pair: pair[0] in "EW")
        return signed[0][1], signed[1][1], "told"
    if abs(float(first)) > 90 >= abs(float(second)):
        return second, first, "beyond 90"
    if abs(float(second)) > 90 >= abs(float(first)):
        return first, second, "beyond 90"
    return (first, second, "dialect") if metres else (second, first, "dialect")


def _local_time_s(cue: str) -> tuple[float | None, bool]:
    found = _STAMP.search(cue)
    if found is None:
        return None, False
    *whole, thousandths, further = found.groups()
    try:
        year, month, day, hour, minute, second = (int(part) for part in whole)
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None, False
    digits = (thousandths or "") + (further or "" if len(thousandths or "") == 3 else "")
    return at.timestamp() + (float(f"0.{digits}") if digits else 0.0), not digits


def _zoom(numbers: dict[str, float]) -> float:
    """DJI writes the digital zoom as 1.00, or in ten thousandths."""
    zoom = numbers.get("dzoom_ratio", numbers.get("dzoom", 1.0))
    zoom = zoom / 10_000 if zoom >= 1000 else zoom
    return zoom if 1 <= zoom <= 64 else 1.0


def _equivalent_mm(pairs: dict[str, str]) -> float | None:
    """The focal length as written: 24.00, or 240 for the same."""
    written = pairs.get("focal_len")
    if written is None:
        return None
    focal_mm = float(written) if "." in written else float(written) / 10
    return focal_mm if 5 <= focal_mm <= 2000 else None


def _decimals(figure: str) -> int:
    return len(figure.partition(".")[2])


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _within(value: float | None, limit: float) -> float | None:
    return value if value is not None and math.isfinite(value) and abs(value) <= limit else None
