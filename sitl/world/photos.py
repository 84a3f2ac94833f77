"""Photos of the world: perspective pictures with the metadata of a drone's camera, and their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from missions.camera import Camera
from missions.files import writing_whole
from sitl.world.canvas import Material
from sitl.world.metadata import Report, exif_of, xmp_of
from sitl.world.raycast import Hits, cast
from sitl.world.truth import PhotoTaken, PhotoTruth, Pixel, write_truth
from sitl.world.view import Lens, View, camera_angles_deg
from sitl.world.world import World
from telemetry.pose import Pose

BAND_ROWS = 160
RAISED_M = 0.6
SKY = (168.0, 192.0, 216.0)


def render_photos(
    world: World,
    folder: Path,
    camera: Camera,
    poses: Sequence[Pose],
    *,
    gps_sigma_m: float = 0.5,
    k1: float = 0.0,
    k2: float = 0.0,
    noise_dn: float = 1.5,
    exposure_sigma: float = 0.04,
    blur_px: float = 0.5,
    vignette: float = 0.12,
    jpeg_quality: int = 92,
    start_time_s: float | None = None,
) -> PhotoTruth:
    """Take a JPEG at each pose into `folder`, with EXIF, XMP and `truth.json`; the same for the same input.

    Each reported coordinate (east, north, height) is off by a normal error of `gps_sigma_m`. `k1` and `k2`
    are the lens's (see Lens). Exposure varies by `exposure_sigma` of itself from photo to photo, `noise_dn`
    is in grey levels of 255. `start_time_s` moves the poses' times so that the first is at it. Raises
    OutputError.
    """
    lens = Lens.of(camera, k1, k2)
    shift_s = 0.0 if start_time_s is None or not poses else start_time_s - poses[0].time_s
    taken = []
    for number, given in enumerate(poses, 1):
        pose = replace(given, time_s=given.time_s + shift_s)
        rng = np.random.default_rng([world.seed, number, 29])
        view = world.view(lens, pose)
        exposure = float(np.exp(rng.normal(0, exposure_sigma)))
        picture = _developed(picture_of(world, view), rng, exposure, noise_dn, blur_px, vignette)
        report = _report(world, pose, rng, gps_sigma_m)
        file = f"DT_{number:04d}.JPG"
        with writing_whole(folder / file) as temporary:
            Image.fromarray(picture).save(
                temporary,
                "JPEG",
                quality=jpeg_quality,
                exif=exif_of(camera, pose.time_s, report),
                xmp=xmp_of(report),
            )
        taken.append(
            PhotoTaken(
                file,
                pose,
                report.place.lat_deg,
                report.place.lon_deg,
                report.height_amsl_m,
                visible_control_points(world, view),
            )
        )
    truth = PhotoTruth(folder, camera, lens, tuple(taken), world.control_points)
    write_truth(truth, world)
    return truth


def picture_of(world: World, view: View) -> npt.NDArray[np.float32]:
    """(rows, columns, 3) colours 0 to 255 of the world as an ideal camera sees it."""
    lens = view.lens
    picture = np.empty((lens.height_px, lens.width_px, 3), np.float32)
    gsd_m = view.position[2] / lens.focal_length_px
    for top in range(0, lens.height_px, BAND_ROWS):
        bottom = min(top + BAND_ROWS, lens.height_px)
        hits = cast(world, view.position, view.row_rays(top, bottom))
        colours = world.colours.read(hits.east, hits.north, gsd_m)
        colours *= _tone(world, hits)
        colours[:, hits.sky] = np.array(SKY, np.float32)[:, None]
        picture[top:bottom] = np.moveaxis(colours, 0, -1).reshape(bottom - top, -1, 3)
    return picture


def _tone(world: World, hits: Hits) -> npt.NDArray[np.float32]:
    """(n,) how bright each hit is beside the ground seen from above.

    Sides are darker than tops. Leaves are mottled by height, since a height map has no detail on its flanks.
    """
    tone = np.where(hits.wall, np.float32(0.62), np.float32(1))
    raised = np.flatnonzero(hits.up > RAISED_M)
    east, north, up = hits.east[raised], hits.north[raised], hits.up[raised]
    leaves = world.materials.nearest(east, north) == Material.LEAVES
    mottle = world.grain.nearest(east + np.float32(1.3) * up, north + np.float32(0.9) * up)
    tone[raised[leaves]] = np.clip(0.85 + 0.35 * mottle[leaves], 0.25, 1.3)
    return tone


def visible_control_points(world: World, view: View) -> dict[str, Pixel]:
    """Name to pixel of each control point that the picture shows and nothing hides."""
    shown: dict[str, Pixel] = {}
    for point in world.control_points:
        place = np.array([point.east_m, point.north_m, point.up_m])
        pixel = view.project(place)
        if view.sees(pixel)[0] and world.line_of_sight(view.position, place):
            shown[point.name] = (float(pixel[0, 0]), float(pixel[0, 1]))
    return shown


def _developed(
    picture: npt.NDArray[np.float32],
    rng: np.random.Generator,
    exposure: float,
    noise_dn: float,
    blur_px: float,
    vignette: float,
) -> npt.NDArray[np.uint8]:
    """The lens's softness and darker corners, the exposure, and the sensor's noise."""
    if blur_px > 0:
        picture = ndimage.gaussian_filter(picture, (blur_px, blur_px, 0), truncate=3)
    rows, columns = picture.shape[:2]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    light = np.float32(exposure) * (1 - np.float32(vignette / 2) * (x**2 + y**2))
    picture = picture * light[..., None]
    if noise_dn > 0:
        picture += np.float32(noise_dn) * rng.standard_normal(picture.shape, np.float32)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def _report(world: World, pose: Pose, rng: np.random.Generator, gps_sigma_m: float) -> Report:
    east, north = world.frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
    error = rng.normal(0, gps_sigma_m, 3) if gps_sigma_m > 0 else np.zeros(3)
    yaw_deg, pitch_deg, roll_deg = camera_angles_deg(pose)
    return Report(
        time_s=pose.time_s,
        place=world.frame.point_from_local(float(east + error[0]), float(north + error[1])),
        height_amsl_m=pose.height_amsl_m + float(error[2]),
        height_relative_m=pose.height_relative_m,
        gimbal_yaw_deg=yaw_deg,
        gimbal_pitch_deg=pitch_deg,
        gimbal_roll_deg=roll_deg,
        flight_yaw_deg=pose.yaw_deg,
        flight_pitch_deg=pose.pitch_deg,
        flight_roll_deg=pose.roll_deg,
    )
