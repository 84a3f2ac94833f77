"""Which camera took a frame: the one named, else by the file, its model, or the focal length told with it."""

from __future__ import annotations

from dataclasses import replace

from imaging.geolocate import fitted
from imaging.thermal.frame import ThermalFrame
from missions import catalogue
from missions.camera import Camera
from missions.errors import CatalogueError, InputError

_BY_MODEL = {
    "M30T": "dji-m30t-thermal",
    "M3T": "dji-m3t-thermal",
    "M3TD": "dji-m3t-thermal",
    "M4T": "dji-m4t-thermal",
    "H30T": "dji-h30t-thermal",
    "ZH20T": "dji-h20t-thermal",
    "MAVIC2-ENTERPRISE-ADVANCED": "dji-m2ea-thermal",
}
"""EXIF's Model to the catalogue's name."""


def camera_of(frame: ThermalFrame, named: Camera | None) -> Camera | str:
    """The camera at the frame's own size and digital zoom, or in words why it is not known."""
    height_px, width_px = frame.values.shape
    camera = named or frame.camera or _catalogued(frame.exposure.model) or _by_focal_length(frame)
    if camera is None:
        model = f" of {frame.exposure.model!r}" if frame.exposure.model else ""
        return f"the camera{model} is not known and the file tells no focal length: name the camera"
    try:
        camera = fitted(camera, width_px, height_px)
    except InputError as error:
        return error.what
    return replace(camera, focal_length_mm=camera.focal_length_mm * frame.exposure.zoom)


def _catalogued(model: str) -> Camera | None:
    try:
        return catalogue.camera(_BY_MODEL.get(model.strip().upper(), model))
    except CatalogueError:
        return None


def _by_focal_length(frame: ThermalFrame) -> Camera | None:
    focal_px, (width_px, height_px) = frame.exposure.focal_length_px, frame.exposure.size_px
    if focal_px is None or not width_px:
        return None
    return Camera(
        name=frame.exposure.model or "by the focal length told with the frames",
        sensor_width_mm=width_px / 1000,
        sensor_height_mm=height_px / 1000,
        focal_length_mm=focal_px / 1000,
        image_width_px=width_px,
        image_height_px=height_px,
        spectrum="thermal",
        source="focal length or field of view told with the frame, on a sensor of 1 micrometre a pixel",
    )
