"""When, where and how a frame was taken, from its EXIF and XMP."""

from __future__ import annotations

from PIL import Image

from imaging import exif
from imaging.thermal.flir_xmp import read_flir_xmp
from imaging.thermal.frame import Exposure
from imaging.xmp import DroneXmp, read_xmp
from missions.errors import InputError
from missions.geodesy import GeoPoint

_DESCRIPTION = 0x010E


def exposure_of(picture: Image.Image) -> Exposure:
    """What the picture tells of its taking; what is missing or senseless is None."""
    main, tags, gps = exif.read_tags(picture)
    packet = picture.info.get("xmp")
    drone, flir = read_xmp(packet), read_flir_xmp(packet)
    mount = flir.gimbal
    amsl_m = exif.height_amsl_m(gps)
    time_s = exif.time_s(tags) if drone.utc_s is None else drone.utc_s
    zoned = drone.utc_s is not None or bool(exif.text(tags, exif.OFFSET_ORIGINAL))
    return Exposure(
        time_s=time_s,
        local_time=time_s is not None and not zoned,
        place=_place(gps, drone),
        height_amsl_m=drone.height_amsl_m if amsl_m is None else amsl_m,
        height_relative_m=_first(drone.height_relative_m, flir.height_relative_m),
        yaw_deg=_first(drone.flight_yaw_deg, flir.yaw_deg),
        gimbal_pitch_deg=_first(drone.gimbal_pitch_deg, mount.pitch_deg if mount else None),
        gimbal_yaw_deg=_first(drone.gimbal_yaw_deg, mount.yaw_deg if mount else None),
        gimbal_roll_deg=_first(drone.gimbal_roll_deg, mount.roll_deg if mount else None),
        make=exif.text(main, exif.MAKE),
        model=exif.text(main, exif.MODEL),
        description=exif.text(main, _DESCRIPTION),
        focal_length_px=drone.focal_length_px or exif.focal_length_px(tags, picture.width, picture.height),
        size_px=picture.size,
        image_source=drone.image_source,
    )


def _first(told: float | None, else_told: float | None) -> float | None:
    return else_told if told is None else told


def _place(gps: exif.Tags, drone: DroneXmp) -> GeoPoint | None:
    try:
        stored = exif.place(gps)
        if stored is None and drone.lat_deg is not None and drone.lon_deg is not None:
            stored = GeoPoint(drone.lat_deg, drone.lon_deg)
    except InputError:
        return None
    return stored
