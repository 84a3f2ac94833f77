"""What a drone writes into a photo's XMP: heights, gimbal and aircraft angles.

Names follow DJI's `drone-dji` schema, which other makers copy. XMP is XML from outside: its size is bounded
and entities are refused before anything is expanded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

DRONE_DJI = "{http://www.dji.com/drone-dji/1.0/}"
LIMIT_BYTES = 1_000_000
RTK_ALONE, RTK_FLOAT, RTK_FIXED = 16, range(32, 50), 50
"""RtkFlag: a single point (metres), float (decimetres to metres) and fixed solutions (centimetres); 0 is none
(DJI, Matrice 4 Series User Manual, page 90; Zenmuse P1 User Manual, page 22: 34 for float ones).
"""
PIX4D = "{http://pix4d.com/camera/1.0"
"""With or without a stroke at its end."""
_EARLIEST_S = 1.0e9


@dataclass(frozen=True, slots=True)
class DroneXmp:
    """The figures that were there, None where not.

    Degrees and metres; the gimbal's pitch is -90 straight down, yaw runs clockwise from true north. `dewarp`
    is DewarpData as it stands (`imaging.factory_lens`), `accuracy_plan_m` and `accuracy_up_m` what Pix4D's
    schema, which other makers use, has (GPSXYAccuracy, GPSZAccuracy). `utc_s` is when the picture was taken,
    seconds since 1970, where newer cameras tell it (UTCAtExposure); `image_source` the camera of several that
    took it, as DJI calls it ("InfraredCamera", "WideCamera").
    """

    lat_deg: float | None = None
    lon_deg: float | None = None
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    gimbal_pitch_deg: float | None = None
    gimbal_yaw_deg: float | None = None
    gimbal_roll_deg: float | None = None
    flight_yaw_deg: float | None = None
    focal_length_px: float | None = None
    rtk_flag: float | None = None
    rtk_sigma_lat_m: float | None = None
    rtk_sigma_lon_m: float | None = None
    rtk_sigma_up_m: float | None = None
    utc_s: float | None = None
    image_source: str = ""
    dewarp: str = ""
    dewarp_flag: float | None = None
    optical_centre_x_px: float | None = None
    optical_centre_y_px: float | None = None
    camera_serial: str = ""
    aircraft_serial: str = ""
    accuracy_plan_m: float | None = None
    accuracy_up_m: float | None = None

    @property
    def rtk_fixed(self) -> bool:
        """Whether the position is corrected to centimetres."""
        return self.rtk_flag == RTK_FIXED

    @property
    def rtk_solved(self) -> bool:
        """Whether the receiver found a position at all, so that its standard deviations mean something."""
        return self.rtk_flag in (RTK_ALONE, *RTK_FLOAT, RTK_FIXED)


def read_xmp(packet: bytes | str | None) -> DroneXmp:
    """The drone's figures from an XMP packet; an empty answer where it is missing, broken or too large."""
    texts, accuracies = read_texts(packet, DRONE_DJI), read_texts(packet, PIX4D)
    return DroneXmp(
        lat_deg=_number(texts, "GpsLatitude", 90),
        lon_deg=_number(texts, "GpsLongitude", 180) or _number(texts, "GpsLongtitude", 180),
        height_amsl_m=_number(texts, "AbsoluteAltitude", 20_000),
        height_relative_m=_number(texts, "RelativeAltitude", 20_000),
        gimbal_pitch_deg=_number(texts, "GimbalPitchDegree", 360),
        gimbal_yaw_deg=_number(texts, "GimbalYawDegree", 360),
        gimbal_roll_deg=_number(texts, "GimbalRollDegree", 360),
        flight_yaw_deg=_number(texts, "FlightYawDegree", 360),
        focal_length_px=_number(texts, "CalibratedFocalLength", 200_000),
        rtk_flag=_number(texts, "RtkFlag", 1000),
        rtk_sigma_lat_m=_number(texts, "RtkStdLat", 1000),
        rtk_sigma_lon_m=_number(texts, "RtkStdLon", 1000),
        rtk_sigma_up_m=_number(texts, "RtkStdHgt", 1000),
        utc_s=_utc_s(texts.get("UTCAtExposure", "")),
        image_source=_word(texts.get("ImageSource", "")),
        dewarp=texts.get("DewarpData", "")[:400],
        dewarp_flag=_number(texts, "DewarpFlag", 100),
        optical_centre_x_px=_number(texts, "CalibratedOpticalCenterX", 200_000),
        optical_centre_y_px=_number(texts, "CalibratedOpticalCenterY", 200_000),
        camera_serial=serial(texts.get("CameraSerialNumber", "")),
        aircraft_serial=serial(texts.get("DroneSerialNumber", "")),
        accuracy_plan_m=_number(accuracies, "GPSXYAccuracy", 1000),
        accuracy_up_m=_number(accuracies, "GPSZAccuracy", 1000),
    )


def read_texts(packet: bytes | str | None, schema: str) -> dict[str, str]:
    """The texts of one schema ("{address}") by name; none where the packet is none, broken or too large."""
    if not packet or len(packet) > LIMIT_BYTES:
        return {}
    raw = packet.encode() if isinstance(packet, str) else packet
    try:
        root = SafeTree.fromstring(raw.strip(b"\x00 \t\r\n"), forbid_dtd=True)
    except (SafeTree.ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    texts: dict[str, str] = {}
    for element in root.iter():
        names = {**element.attrib, element.tag: element.text or ""}
        texts |= {
            name.removeprefix(schema).lstrip("/}"): text
            for name, text in names.items()
            if name.startswith(schema)
        }
    return texts


def _utc_s(text: str) -> float | None:
    """Seconds since 1970 of 2025-08-25T10:14:57.431152, or of the same with EXIF's colons."""
    day, _, clock = text.strip().replace(" ", "T", 1).partition("T")
    try:
        taken = datetime.fromisoformat(f"{day.replace(':', '-')}T{clock}")
        seconds = (taken if taken.tzinfo is not None else taken.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    # a receiver that never had the time writes 1970 or 1980
    return seconds if seconds > _EARLIEST_S else None


def serial(text: str) -> str:
    """A serial number, empty where it is none: cameras write 0 or a word for one that they do not know."""
    word = _word(text)
    return word if word.strip("0") and any(letter.isdigit() for letter in word) else ""


def _word(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())[:40]


def _number(texts: dict[str, str], name: str, limit: float) -> float | None:
    try:
        value = float(texts.get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= limit else None
