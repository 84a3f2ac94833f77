"""Other aircraft in MAVLink: ADS-B receivers, UTM, and Remote ID as an aircraft heard it.

ADSB_VEHICLE (246), UTM_GLOBAL_POSITION (340) and OPEN_DRONE_ID_* (12900-12904), as MAVLink's common.xml
defines them. An OPEN_DRONE_ID message with an empty `id_or_mac` is the aircraft's own, and no traffic.
OPEN_DRONE_ID_MESSAGE_PACK is not unpacked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from telemetry.dialect import BY_NAME, short_name
from telemetry.messages import Message
from telemetry.traffic.aircraft import MOST_AIRCRAFT, Sighting, Traffic, fold_sighting, printable

_COORDS, _ALTITUDE, _HEADING, _VELOCITY, _CALLSIGN, _SQUAWK, _SIMULATED, _CLIMB = (
    1 << bit for bit in range(8)
)
_UTM_ID, _UTM_POSITION, _UTM_ALTITUDE, _UTM_VELOCITY, _UTM_CLIMB = 2, 4, 8, 32, 64
_ADSB_HEIGHTS = {0: "pressure_qnh", 1: "geometric"}
_UNKNOWN_DIRECTION, _UNKNOWN_SPEED, _UNKNOWN_CLIMB, _UNKNOWN_HEIGHT = 36_100, 25_500, 6_300, -1000.0
_RID_GROUND, _RID_AIRBORNE, _RID_EMERGENCY = 1, 2, 3


def fold_traffic(traffic: Traffic, message: Message, *, most: int = MOST_AIRCRAFT) -> Traffic:
    """The picture after a message; the same object where it says nothing of other aircraft."""
    sighting = sighting_of(message)
    return traffic if sighting is None else fold_sighting(traffic, sighting, most=most)


def sighting_of(message: Message) -> Sighting | None:
    """What a message says of another aircraft, or None."""
    reader = _READERS.get(message.name)
    return reader(message) if reader else None


def _adsb(message: Message) -> Sighting | None:
    address, flags = message.ICAO_address, message.flags
    if not 0 < address <= 0xFFFFFF:
        return None
    changes: dict[str, Any] = {"icao": f"{address:06X}", "simulated": bool(flags & _SIMULATED)}
    if message.emitter_type:
        changes["kind"] = short_name("ADSB_EMITTER_TYPE", message.emitter_type)
    if flags & _COORDS:
        changes |= _place(message.lat, message.lon)
    if flags & _ALTITUDE and message.altitude_type in _ADSB_HEIGHTS:
        changes["height_m"] = message.altitude / 1000
        changes["height_reference"] = _ADSB_HEIGHTS[message.altitude_type]
    if flags & _HEADING and message.heading <= 36_000:
        changes["course_deg"] = message.heading / 100 % 360
    if flags & _VELOCITY:
        changes["speed_m_s"] = message.hor_velocity / 100
    if flags & _CLIMB:
        changes["climb_m_s"] = message.ver_velocity / 100
    if flags & _CALLSIGN and printable(message.callsign):
        changes["callsign"] = printable(message.callsign)
    if flags & _SQUAWK:
        changes["squawk"] = f"{message.squawk:04d}"
    return Sighting(f"icao:{changes['icao']}", "adsb", message.time_s - message.tslc, changes)


def _utm(message: Message) -> Sighting | None:
    identity, flags = bytes(message.uas_id), message.flags
    if not flags & _UTM_ID or not any(identity):
        return None
    changes: dict[str, Any] = {"kind": "uav"}
    if flags & _UTM_POSITION:
        changes |= _place(message.lat, message.lon)
    if flags & _UTM_ALTITUDE:
        changes |= {"height_m": message.alt / 1000, "height_reference": "ellipsoid"}
    if flags & _UTM_VELOCITY:
        changes["speed_m_s"] = math.hypot(message.vx, message.vy) / 100
        changes["course_deg"] = math.degrees(math.atan2(message.vy, message.vx)) % 360
    if flags & _UTM_CLIMB:
        changes["climb_m_s"] = -message.vz / 100
    return Sighting(f"utm:{identity.hex()}", "utm", message.time_s, changes)


def _rid(message: Message, changes: dict[str, Any]) -> Sighting | None:
    identity = bytes(message.id_or_mac)
    if not any(identity):
        return None
    return Sighting("rid:" + identity.rstrip(b"\0").hex(), "remote id", message.time_s, changes)


def _rid_location(message: Message) -> Sighting | None:
    changes = _place(message.latitude, message.longitude) | _rid_height(message)
    if message.direction < 36_000:
        changes["course_deg"] = message.direction / 100
    if message.speed_horizontal != _UNKNOWN_SPEED:
        changes["speed_m_s"] = message.speed_horizontal / 100
    if message.speed_vertical != _UNKNOWN_CLIMB:
        changes["climb_m_s"] = message.speed_vertical / 100
    if message.status in {_RID_GROUND, _RID_AIRBORNE}:
        changes["on_ground"] = message.status == _RID_GROUND
    changes["emergency_declared"] = message.status == _RID_EMERGENCY
    return _rid(message, changes)


def _rid_height(message: Message) -> dict[str, Any]:
    """The first height that is known: geodetic, above take-off or ground, of pressure."""
    above = "agl" if message.height_reference else "relative"
    for height_m, reference in (
        (message.altitude_geodetic, "ellipsoid"),
        (message.height, above),
        (message.altitude_barometric, "pressure_standard"),
    ):
        if math.isfinite(height_m) and height_m > _UNKNOWN_HEIGHT:
            return {"height_m": height_m, "height_reference": reference}
    return {}


def _rid_basic(message: Message) -> Sighting | None:
    changes: dict[str, Any] = {}
    if message.ua_type:
        changes["kind"] = short_name("MAV_ODID_UA_TYPE", message.ua_type)
    text = bytes(message.uas_id).partition(b"\0")[0].decode("ascii", "ignore")
    if message.id_type in {1, 2} and printable(text):
        changes["serial"] = printable(text)
    return _rid(message, changes)


def _rid_system(message: Message) -> Sighting | None:
    place = _place(message.operator_latitude, message.operator_longitude)
    return _rid(message, {f"operator_{name}": value for name, value in place.items()})


def _place(lat_e7: int, lon_e7: int) -> dict[str, Any]:
    """Latitude and longitude; nothing for (0, 0), which means unknown, and for what is no place."""
    if (lat_e7 == 0 and lon_e7 == 0) or abs(lat_e7) > 900_000_000 or abs(lon_e7) > 1_800_000_000:
        return {}
    return {"lat_deg": lat_e7 / 1e7, "lon_deg": lon_e7 / 1e7}


_READERS: dict[str, Callable[[Message], Sighting | None]] = {
    "ADSB_VEHICLE": _adsb,
    "UTM_GLOBAL_POSITION": _utm,
    "OPEN_DRONE_ID_LOCATION": _rid_location,
    "OPEN_DRONE_ID_BASIC_ID": _rid_basic,
    "OPEN_DRONE_ID_SYSTEM": _rid_system,
}
MESSAGE_IDS = frozenset(BY_NAME[name].message_id for name in _READERS)
"""The types of all messages that say something of other aircraft."""
