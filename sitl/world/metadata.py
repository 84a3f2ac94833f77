"""What a camera writes beside the pixels: EXIF (CIPA DC-008) and DJI's XMP names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from missions.camera import Camera
from missions.geodesy import GeoPoint

MAKE = "Droneteam"
FULL_FRAME_DIAGONAL_MM = 43.267


@dataclass(frozen=True, slots=True)
class Report:
    """What the aircraft believes about a picture; angles in degrees, the gimbal's in the earth frame."""

    time_s: float
    place: GeoPoint
    height_amsl_m: float
    height_relative_m: float
    gimbal_yaw_deg: float
    gimbal_pitch_deg: float
    gimbal_roll_deg: float
    flight_yaw_deg: float
    flight_pitch_deg: float
    flight_roll_deg: float


def exif_of(camera: Camera, time_s: float, report: Report | None, description: str = "") -> Image.Exif:
    """EXIF with maker, model, time in UTC, lens, and the position where there is a report."""
    exif = Image.Exif()
    exif[Base.Make] = MAKE
    exif[Base.Model] = camera.name
    exif[Base.Software] = "sitl.world"
    if description:
        exif[Base.ImageDescription] = description
    stamp, thousandths = _stamp(time_s)
    exif[Base.DateTime] = stamp
    diagonal_mm = (camera.sensor_width_mm**2 + camera.sensor_height_mm**2) ** 0.5
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: stamp,
        Base.DateTimeDigitized: stamp,
        Base.SubsecTimeOriginal: thousandths,
        Base.OffsetTimeOriginal: "+00:00",
        Base.FocalLength: camera.focal_length_mm,
        Base.FocalLengthIn35mmFilm: round(camera.focal_length_mm * FULL_FRAME_DIAGONAL_MM / diagonal_mm),
        Base.ExifImageWidth: camera.image_width_px,
        Base.ExifImageHeight: camera.image_height_px,
    }
    if report is not None:
        exif[IFD.GPSInfo] = _gps(report)
    return exif


def xmp_of(report: Report) -> bytes:
    """XMP with the names that DJI's aircraft use."""
    angles = {
        "AbsoluteAltitude": report.height_amsl_m,
        "RelativeAltitude": report.height_relative_m,
        "GimbalRollDegree": report.gimbal_roll_deg,
        "GimbalYawDegree": _half_turn(report.gimbal_yaw_deg),
        "GimbalPitchDegree": report.gimbal_pitch_deg,
        "FlightRollDegree": report.flight_roll_deg,
        "FlightYawDegree": _half_turn(report.flight_yaw_deg),
        "FlightPitchDegree": report.flight_pitch_deg,
    }
    lines = [f'   drone-dji:{name}="{value:+.2f}"' for name, value in angles.items()]
    lines += [
        f'   drone-dji:GpsLatitude="{report.place.lat_deg:+.9f}"',
        f'   drone-dji:GpsLongitude="{report.place.lon_deg:+.9f}"',
    ]
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '  <rdf:Description rdf:about=""\n'
        '   xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"\n' + "\n".join(lines) + "/>\n"
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    )
    return text.encode()


def _stamp(time_s: float) -> tuple[str, str]:
    """EXIF's time to the second, and its thousandths."""
    thousandths = round(time_s * 1000)
    moment = datetime.fromtimestamp(thousandths // 1000, UTC)
    return moment.strftime("%Y:%m:%d %H:%M:%S"), f"{thousandths % 1000:03d}"


def _gps(report: Report) -> dict[int, object]:
    place = report.place
    moment = datetime.fromtimestamp(round(report.time_s * 1000) / 1000, UTC)
    return {
        GPS.GPSVersionID: b"\x02\x03\x00\x00",
        GPS.GPSLatitudeRef: "N" if place.lat_deg >= 0 else "S",
        GPS.GPSLatitude: _sexagesimal(place.lat_deg),
        GPS.GPSLongitudeRef: "E" if place.lon_deg >= 0 else "W",
        GPS.GPSLongitude: _sexagesimal(place.lon_deg),
        GPS.GPSAltitudeRef: b"\x00" if report.height_amsl_m >= 0 else b"\x01",
        GPS.GPSAltitude: round(abs(report.height_amsl_m), 3),
        GPS.GPSMapDatum: "WGS-84",
        GPS.GPSDateStamp: moment.strftime("%Y:%m:%d"),
        GPS.GPSTimeStamp: (moment.hour, moment.minute, round(moment.second + moment.microsecond / 1e6, 3)),
    }


def _sexagesimal(angle_deg: float) -> tuple[int, int, float]:
    """Degrees, minutes and seconds to 1e-5 s (0.3 mm)."""
    hundred_thousandths = round(abs(angle_deg) * 3600 * 100_000)
    minutes, seconds = divmod(hundred_thousandths, 60 * 100_000)
    return minutes // 60, minutes % 60, seconds / 100_000


def _half_turn(angle_deg: float) -> float:
    return (angle_deg + 180) % 360 - 180
