"""What a camera writes beside the pixels: EXIF (CIPA DC-008) and DJI's XMP names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from missions.camera import Camera
from missions.errors import InputError
from missions.geodesy import GeoPoint
from sitl.world.lens import Lens

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
    rtk_std_m: tuple[float, float, float] | None = None
    position_known: bool = True
    gimbal_known: bool = True
    clock_error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the files say, and what they keep silent or get wrong.

    With `focal_rounded` the focal length is that of the nearest whole millimetre on 35 mm film, as most
    cameras write it; it is off by `focal_error_pct` before that. With `calibrated` XMP has the true lens as
    DJI writes it (CalibratedFocalLength, CalibratedOpticalCenterX and Y, DewarpData). The share
    `without_position` of the photos, drawn by lot, has no position, `without_gimbal` no gimbal angles, and
    `wrong_clock` a time that is up to a day wrong; the camera's clock is ahead by `clock_error_s` in all. The
    gimbal's angles are wrong by one standard deviation of `gimbal_shared_deg`, drawn once for all photos, and
    by `gimbal_own_deg` of each photo.
    """

    focal_rounded: bool = False
    focal_error_pct: float = 0.0
    calibrated: bool = False
    without_position: float = 0.0
    without_gimbal: float = 0.0
    wrong_clock: float = 0.0
    clock_error_s: float = 0.0
    gimbal_shared_deg: float = 0.0
    gimbal_own_deg: float = 0.0

    def __post_init__(self) -> None:
        for share in (self.without_position, self.without_gimbal, self.wrong_clock):
            if not 0 <= share <= 1:
                raise InputError(f"a share of {share} is not possible", remedy="Choose 0 to 1")


TRUE_METADATA = Metadata()


def exif_of(
    camera: Camera,
    time_s: float,
    report: Report | None,
    description: str = "",
    metadata: Metadata = TRUE_METADATA,
) -> Image.Exif:
    """EXIF with maker, model, time in UTC, lens, and the position where there is a report."""
    exif = Image.Exif()
    exif[Base.Make] = MAKE
    exif[Base.Model] = camera.name
    exif[Base.Software] = "sitl.world"
    if description:
        exif[Base.ImageDescription] = description
    stamp, thousandths = _stamp(time_s)
    exif[Base.DateTime] = stamp
    focal_mm, equivalent_mm = _focal_lengths_mm(camera, metadata)
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: stamp,
        Base.DateTimeDigitized: stamp,
        Base.SubsecTimeOriginal: thousandths,
        Base.OffsetTimeOriginal: "+00:00",
        Base.FocalLength: focal_mm,
        Base.FocalLengthIn35mmFilm: equivalent_mm,
        Base.ExifImageWidth: camera.image_width_px,
        Base.ExifImageHeight: camera.image_height_px,
    }
    if report is not None and report.position_known:
        exif[IFD.GPSInfo] = _gps(report)
    return exif


def _focal_lengths_mm(camera: Camera, metadata: Metadata) -> tuple[float, int]:
    """The focal length as EXIF has it, and its equivalent on 35 mm film."""
    diagonal_mm = (camera.sensor_width_mm**2 + camera.sensor_height_mm**2) ** 0.5
    crop = FULL_FRAME_DIAGONAL_MM / diagonal_mm
    focal_mm = camera.focal_length_mm
    if metadata.focal_error_pct:
        focal_mm *= 1 + metadata.focal_error_pct / 100
    equivalent_mm = round(focal_mm * crop)
    return (round(equivalent_mm / crop, 2) if metadata.focal_rounded else focal_mm), equivalent_mm


def xmp_of(report: Report, lens: Lens | None = None) -> bytes:
    """XMP with the names that DJI's aircraft use, and the calibration of `lens` where it is given."""
    heights = {"AbsoluteAltitude": report.height_amsl_m, "RelativeAltitude": report.height_relative_m}
    gimbal = {
        "GimbalRollDegree": report.gimbal_roll_deg,
        "GimbalYawDegree": _half_turn(report.gimbal_yaw_deg),
        "GimbalPitchDegree": report.gimbal_pitch_deg,
    }
    flight = {
        "FlightRollDegree": report.flight_roll_deg,
        "FlightYawDegree": _half_turn(report.flight_yaw_deg),
        "FlightPitchDegree": report.flight_pitch_deg,
    }
    values = {
        **(heights if report.position_known else {}),
        **(gimbal if report.gimbal_known else {}),
        **flight,
    }
    lines = [f'   drone-dji:{name}="{value:+.2f}"' for name, value in values.items()]
    if report.position_known:
        lines += [
            f'   drone-dji:GpsLatitude="{report.place.lat_deg:+.9f}"',
            f'   drone-dji:GpsLongitude="{report.place.lon_deg:+.9f}"',
            *_rtk(report),
        ]
    lines += _calibration(lens) if lens is not None else []
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '  <rdf:Description rdf:about=""\n'
        '   xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"\n' + "\n".join(lines) + "/>\n"
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    )
    return text.encode()


def _rtk(report: Report) -> list[str]:
    """The fix's kind (50 is fixed) and its standard deviations in metres."""
    if report.rtk_std_m is None:
        return []
    east, north, up = report.rtk_std_m
    return [
        '   drone-dji:GpsStatus="RTK"',
        '   drone-dji:AltitudeType="RtkAlt"',
        '   drone-dji:RtkFlag="50"',
        f'   drone-dji:RtkStdLon="{east:.5f}"',
        f'   drone-dji:RtkStdLat="{north:.5f}"',
        f'   drone-dji:RtkStdHgt="{up:.5f}"',
    ]


def _calibration(lens: Lens) -> list[str]:
    """Focal length and optical centre in pixels; DewarpData is date; fx, fy, cx, cy, k1, k2, p1, p2, k3."""
    x, y = lens.principal_point_px
    focal = lens.focal_length_px
    terms = (focal, focal, lens.offset_x_px, lens.offset_y_px, lens.k1, lens.k2, lens.p1, lens.p2, 0.0)
    return [
        f'   drone-dji:CalibratedFocalLength="{focal:.6f}"',
        f'   drone-dji:CalibratedOpticalCenterX="{x:.6f}"',
        f'   drone-dji:CalibratedOpticalCenterY="{y:.6f}"',
        '   drone-dji:DewarpFlag="0"',
        f'   drone-dji:DewarpData="2026-01-15;{",".join(f"{term:.12f}" for term in terms)}"',
    ]


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
