"""The truth beside the pictures, `truth.json`: what was where, and in which pixel it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from missions.camera import Camera
from missions.files import write_whole
from sitl.world.lens import Lens
from sitl.world.marks import MeasurePoint
from sitl.world.shutter import STILL, Motion
from sitl.world.world import ControlPoint, World
from telemetry.pose import Pose

VERSION = 1
Pixel = tuple[float, float]


@dataclass(frozen=True)
class MoverSeen:
    """A mover that a photo shows: where it stood as the middle row was exposed, and its box.

    `pixel` is its middle on the ground, `box` is left, top, right, bottom of all of it, hidden parts too.
    """

    name: str
    kind: str
    east_m: float
    north_m: float
    up_m: float
    heading_deg: float
    speed_m_s: float
    pixel: Pixel
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class PhotoTaken:
    """One photo: its true pose, the position it reports, and control points it shows (name to pixel x, y).

    Pose and `motion` are those of the middle row. `measure_points` are shown as the control points are. The
    reported position is that of the file's metadata, or would be, where `position_reported` is false.
    """

    file: str
    pose: Pose
    reported_lat_deg: float
    reported_lon_deg: float
    reported_height_amsl_m: float
    control_points: Mapping[str, Pixel]
    measure_points: Mapping[str, Pixel] = field(default_factory=dict)
    movers: tuple[MoverSeen, ...] = ()
    motion: Motion = STILL
    position_reported: bool = True
    gimbal_reported: bool = True
    rtk: bool = False
    clock_error_s: float = 0.0
    exposure_stops: float = 0.0


@dataclass(frozen=True)
class PhotoTruth:
    """Everything true of a folder of photos. `readout_s` is the time from the first row to the last."""

    folder: Path
    camera: Camera
    lens: Lens
    photos: tuple[PhotoTaken, ...]
    control_points: tuple[ControlPoint, ...]
    measure_points: tuple[MeasurePoint, ...] = ()
    readout_s: float = 0.0


@dataclass(frozen=True)
class Sighting:
    """A body in a frame: the middle of its outline and its box (left, top, right, bottom), pixels.

    `visible_share` is how much of the outline canopy and obstacles leave; `contrast_k` its mean difference
    from the ground around it as recorded. `pixels` is the area of the whole outline.
    """

    name: str
    kind: str
    pixel: Pixel
    box: tuple[float, float, float, float]
    pixels: float
    visible_share: float
    contrast_k: float


@dataclass(frozen=True)
class FrameTaken:
    """One thermal frame: its pose and what it shows."""

    file: str
    pose: Pose
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class BodyPlace:
    """Where a body truly is: its middle on the ground."""

    name: str
    kind: str
    lat_deg: float
    lon_deg: float
    height_amsl_m: float
    east_m: float
    north_m: float


@dataclass(frozen=True)
class ThermalTruth:
    """Everything true of a folder of thermal frames."""

    folder: Path
    camera: Camera
    lens: Lens
    night: bool
    frames: tuple[FrameTaken, ...]
    bodies: tuple[BodyPlace, ...]


def write_truth(truth: PhotoTruth | ThermalTruth, world: World) -> Path:
    """Write `truth.json` into the pictures' folder; its fields are those of the classes above."""
    document: dict[str, Any] = {
        "version": VERSION,
        "kind": "photos" if isinstance(truth, PhotoTruth) else "thermal",
        "frame": "metres east and north of the origin, up from ground_amsl_m; pixel (0, 0) is the corner",
        "world": {
            "seed": world.seed,
            "size_m": world.size_m,
            "ground_amsl_m": world.ground_amsl_m,
            "origin": asdict(world.origin),
        },
        **{name: value for name, value in asdict(truth).items() if name != "folder"},
    }
    document["lens"]["centre_x_px"], document["lens"]["centre_y_px"] = truth.lens.principal_point_px
    path = truth.folder / "truth.json"
    write_whole(path, json.dumps(document, indent=1, allow_nan=False).encode())
    return path
