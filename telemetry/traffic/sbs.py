"""SBS-1 ("BaseStation") text, as dump1090, readsb and Kinetic's receivers give it on port 30003.

A line has 22 fields, parted by commas; a field that the message lacks is empty. Counted from 1:

    1 MSG   2 type 1-8   5 address, 6 hex digits   7-10 dates and times   11 callsign
    12 height, feet over the pressure surface of 1013.25 hPa   13 speed over ground, knots
    14 course over ground, degrees   15 latitude   16 longitude   17 climb, feet a minute
    18 squawk   19 squawk changed   20 emergency   21 ident   22 on the ground      flags: 0, 1 or -1

SEL, ID, AIR, STA and CLK speak of the receiver's own list and are passed over. The dates are the receiver's
local time without a zone and are not used: a sighting is true when it was received.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from missions.errors import FormatError
from telemetry.traffic.aircraft import Sighting, printable
from telemetry.traffic.lines import LineReader

MAX_LINE_BYTES = 512
FOOT_M, KNOT_M_S, FOOT_A_MINUTE_M_S = 0.3048, 1852 / 3600, 0.3048 / 60
_FIELDS = 22
_PASSED_OVER = {"SEL", "ID", "AIR", "STA", "CLK"}
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12})?")
_ADDRESS = re.compile(r"(~?)([0-9A-Fa-f]{6})")
_SQUAWK = re.compile(r"[0-7]{1,4}")
_FLAGS = {"0": False, "1": True, "-1": True}


class SbsReader:
    """Turns a stream of bytes into sightings; half a line waits for its end, at most 512 bytes of it.

    `lines` counts the lines, `bad_lines` and `bad_bytes` what was no SBS text; `problem` is the last error.
    `heard` gets each line as it came; of one that is too long a byte more than may be.
    """

    def __init__(self, heard: Callable[[bytes], None] = lambda _: None) -> None:
        self._heard = heard
        self.lines = 0
        self.bad_lines = 0
        self.bad_bytes = 0
        self.problem = ""
        self._reader = LineReader(MAX_LINE_BYTES)

    def feed(self, data: bytes, time_s: float) -> list[Sighting]:
        """The sightings that `data` completes."""
        read = [self._read(line, time_s) for line in self._reader.feed(data)]
        return [sighting for sighting in read if sighting is not None]

    def _read(self, line: bytes, time_s: float) -> Sighting | None:
        self.lines += 1
        self._heard(line)
        try:
            return sighting_of_line(line, time_s)
        except FormatError as error:
            self.bad_lines += 1
            self.bad_bytes += len(line)
            self.problem = str(error)
            return None


def sighting_of_line(line: bytes, time_s: float) -> Sighting | None:
    """What a line says, or None where that is no aircraft. Raises FormatError, naming the field."""
    if len(line) > MAX_LINE_BYTES:
        raise _wrong("the line", f"is longer than {MAX_LINE_BYTES} bytes")
    try:
        fields = [field.strip() for field in line.decode("ascii").rstrip("\r\n").split(",")]
    except UnicodeDecodeError as error:
        raise _wrong("the line", "is no ASCII text") from error
    if fields[0] in _PASSED_OVER:
        return None
    if fields[0] != "MSG":
        raise _wrong("field 1", f"is {fields[0][:20]!r}, none of MSG, SEL, ID, AIR, STA and CLK")
    if len(fields) != _FIELDS:
        raise _wrong("the line", f"has {len(fields)} fields, not {_FIELDS}")
    if fields[1] not in tuple("12345678"):
        raise _wrong("field 2", f"is {fields[1][:20]!r}, no type from 1 to 8")
    address = _ADDRESS.fullmatch(fields[4])
    if address is None:
        raise _wrong("field 5", f"is {fields[4][:20]!r}, no address of six hexadecimal digits")
    code = address[2].upper()
    if address[1]:
        return Sighting(f"other:{code}", "sbs", time_s, _changes(fields))
    return Sighting(f"icao:{code}", "sbs", time_s, {"icao": code, **_changes(fields)})


def _changes(fields: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if printable(fields[10]):
        changes["callsign"] = printable(fields[10])
    height_ft = _number(fields, 12, -2_000, 200_000)
    if height_ft is not None:
        changes |= {"height_m": height_ft * FOOT_M, "height_reference": "pressure_standard"}
    speed_kt = _number(fields, 13, 0, 5_000)
    if speed_kt is not None:
        changes["speed_m_s"] = speed_kt * KNOT_M_S
    course_deg = _number(fields, 14, 0, 360)
    if course_deg is not None:
        changes["course_deg"] = course_deg % 360
    climb = _number(fields, 17, -60_000, 60_000)
    if climb is not None:
        changes["climb_m_s"] = climb * FOOT_A_MINUTE_M_S
    return changes | _place(fields) | _squawk(fields) | _flags(fields)


def _place(fields: list[str]) -> dict[str, Any]:
    lat, lon = _number(fields, 15, -90, 90), _number(fields, 16, -180, 180)
    if (lat is None) != (lon is None):
        raise _wrong("fields 15 and 16", "give only half a place")
    if lat is None or (lat == 0 and lon == 0):
        return {}
    return {"lat_deg": lat, "lon_deg": lon}


def _squawk(fields: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if fields[17]:
        if not _SQUAWK.fullmatch(fields[17]):
            raise _wrong("field 18", f"is {fields[17][:20]!r}, no squawk of four octal digits")
        changes["squawk"] = fields[17].zfill(4)
    return changes


def _flags(fields: list[str]) -> dict[str, Any]:
    """Emergency and on the ground; the other two are only checked."""
    _flag(fields, 19)
    _flag(fields, 21)
    flags = {"emergency_declared": _flag(fields, 20), "on_ground": _flag(fields, 22)}
    return {name: value for name, value in flags.items() if value is not None}


def _number(fields: list[str], number: int, least: float, most: float) -> float | None:
    text = fields[number - 1]
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not least <= float(text) <= most:
        raise _wrong(f"field {number}", f"is {text[:20]!r}, no number from {least} to {most}")
    return float(text)


def _flag(fields: list[str], number: int) -> bool | None:
    text = fields[number - 1]
    if text and text not in _FLAGS:
        raise _wrong(f"field {number}", f"is {text[:20]!r}, none of 0, 1 and -1")
    return _FLAGS.get(text)


def _wrong(where: str, what: str) -> FormatError:
    return FormatError(what, where=where, remedy="Connect to a port that gives SBS-1 text, 30003 as a rule")
