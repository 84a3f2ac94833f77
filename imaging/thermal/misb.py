"""MISB ST 0601 sets as a clip's side track: their scaled items as places, heights and angles of ours."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from imaging.thermal.angles import Angles, earth_from_platform
from imaging.thermal.klv import ITEMS, LocalSet, SetReader
from imaging.thermal.sidetrack import Row, SideTrack
from missions.geodesy import WGS84, GeoPoint

SOURCE = "the data stream"
_HEADING, _PITCH, _ROLL, _FULL_PITCH, _FULL_ROLL = 5, 6, 7, 90, 91
_LATITUDE, _LONGITUDE, _ALTITUDE, _FOV = 13, 14, 15, 16
_AZIMUTH, _ELEVATION, _SENSOR_ROLL, _RANGE, _GROUND = 18, 19, 20, 21, 25
_CENTRE_LATITUDE, _CENTRE_LONGITUDE = 23, 24
_STEEP_DEG = 5.0
_AGREE_DEG = 10.0


@dataclass
class StreamReader:
    """Packets of a data stream, one after the other, into rows of a side track."""

    track: SideTrack = field(default_factory=lambda: SideTrack(SOURCE))
    _reader: SetReader = field(default_factory=SetReader)
    faults: Counter[str] = field(default_factory=Counter)
    sets: int = 0
    _checked: int = 0
    _apart: int = 0

    def add(self, packet: bytes, media_s: float) -> None:
        """Take in a packet that belongs to this moment of the clip."""
        for found in self._reader.read(packet):
            self.sets += 1
            if found.fault:
                self.faults[found.fault] += 1
            else:
                row = row_of(found, media_s)
                self.track.add(row)
                off_deg = off_centre_deg(found, row)
                if off_deg is not None:
                    self._checked += 1
                    self._apart += off_deg > _AGREE_DEG

    def notes(self) -> list[str]:
        """What there is to say of the sets as a whole."""
        told = self.track.notes + [
            f"{SOURCE}: {count} of {self.sets} metadata sets were left out ({fault})"
            for fault, count in sorted(self.faults.items())
        ]
        if 2 * self._apart > self._checked:
            told.append(
                f"{SOURCE}: its camera's angles point over {_AGREE_DEG:.0f}° away from its own frame centre "
                f"in {self._apart} of {self._checked} sets: places of this clip are not to be relied on"
            )
        return told


def row_of(found: LocalSet, media_s: float) -> Row:
    """One set as a row.

    The height above ground is that above the frame's centre (tag 25), or by the slant range (tag 21) and the
    angle down to it; ST 0601 knows no take-off.
    """
    values = found.values
    gimbal, why = _gimbal(found)
    place = None
    if _LATITUDE in values and _LONGITUDE in values:
        place = GeoPoint(values[_LATITUDE], values[_LONGITUDE])
    else:
        why = why or _lacks(found, _LATITUDE, _LONGITUDE)
    fov = values.get(_FOV)
    return Row(
        media_s,
        found.time_s,
        place=place,
        height_amsl_m=values.get(_ALTITUDE),
        height_relative_m=_above_ground_m(found, gimbal),
        above_ground=True,
        yaw_deg=values.get(_HEADING),
        gimbal=gimbal,
        fov_deg=fov if fov is not None and 0.1 < fov < 170 else None,
        unposed=why,
    )


def off_centre_deg(found: LocalSet, row: Row) -> float | None:
    """How far the camera's angles point from where the stream itself puts the frame's centre, degrees.

    None where the set does not tell both. On a flat earth over the distance, which 10 degrees allow for.
    """
    values = found.values
    above_m = row.height_relative_m
    if row.gimbal is None or row.place is None or above_m is None or above_m <= 0:
        return None
    if _CENTRE_LATITUDE not in values or _CENTRE_LONGITUDE not in values:
        return None
    azimuth, _, away_m = WGS84.inv(
        row.place.lon_deg, row.place.lat_deg, values[_CENTRE_LONGITUDE], values[_CENTRE_LATITUDE]
    )
    down = math.atan2(above_m, away_m)
    yaw, pitch = math.radians(row.gimbal.yaw_deg), math.radians(row.gimbal.pitch_deg)
    turn = math.cos(yaw - math.radians(azimuth))
    cosine = math.cos(pitch) * math.cos(down) * turn - math.sin(pitch) * math.sin(down)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _gimbal(found: LocalSet) -> tuple[Angles | None, str]:
    """The camera's angles in the earth frame, or why they are not known."""
    values = found.values
    pitch = values.get(_FULL_PITCH, values.get(_PITCH))
    roll = values.get(_FULL_ROLL, values.get(_ROLL))
    if _HEADING not in values or pitch is None or roll is None:
        narrow = [tag for tag, known in ((_PITCH, pitch), (_ROLL, roll)) if known is None]
        return None, _lacks(found, _HEADING, *narrow)
    if _AZIMUTH not in values or _ELEVATION not in values:
        return None, _lacks(found, _AZIMUTH, _ELEVATION)
    sensor = Angles(values[_AZIMUTH], values[_ELEVATION], values.get(_SENSOR_ROLL, 0.0))
    return earth_from_platform(Angles(values[_HEADING], pitch, roll), sensor), ""


def _lacks(found: LocalSet, *tags: int) -> str:
    outside = [ITEMS[tag].name for tag in tags if tag in found.out_of_range]
    missing = [ITEMS[tag].name for tag in tags if tag not in found.values and tag not in found.out_of_range]
    parts = [f"{', '.join(outside)} out of range"] if outside else []
    parts += [f"no {', no '.join(missing)}"] if missing else []
    return f"{SOURCE} tells {' and '.join(parts)}"


def _above_ground_m(found: LocalSet, gimbal: Angles | None) -> float | None:
    values = found.values
    if _ALTITUDE in values and _GROUND in values:
        return values[_ALTITUDE] - values[_GROUND]
    if _RANGE in values and values[_RANGE] > 0 and gimbal is not None and gimbal.pitch_deg < -_STEEP_DEG:
        return values[_RANGE] * math.sin(math.radians(-gimbal.pitch_deg))
    return None
