"""Thermal frames of the world: 16-bit TIFF, a hundred counts a kelvin, and their truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from missions.camera import Camera
from missions.files import writing_whole
from sitl.world.bodies import Animal, Person, bodies_of, warm_things
from sitl.world.lens import Lens
from sitl.world.metadata import Report, exif_of
from sitl.world.overlay import draw_body
from sitl.world.raster import Raster
from sitl.world.raycast import cast
from sitl.world.temperature import SKY_C, ground_temperature
from sitl.world.truth import BodyPlace, FrameTaken, ThermalTruth, write_truth
from sitl.world.view import View, camera_angles_deg
from sitl.world.world import World
from telemetry.pose import Pose

COUNTS_PER_KELVIN = 100
ZERO_CELSIUS_K = 273.15


def render_thermal(
    world: World,
    folder: Path,
    camera: Camera,
    poses: Sequence[Pose],
    persons: Sequence[Person],
    *,
    night: bool = True,
    animals: Sequence[Animal] = (),
    warm: bool = True,
    netd_k: float = 0.05,
    blur_px: float = 0.7,
    vignette_k: float = 0.4,
    k1: float = 0.0,
    k2: float = 0.0,
    embed_position: bool = False,
) -> ThermalTruth:
    """Take a frame at each pose's time into `folder`, with `truth.json`; the same for the same input.

    A frame is a one-band uint16 TIFF, value = 100 x kelvin, with maker, model and the time in UTC to the
    millisecond, named so that names sort by time. `netd_k` is the noise (one standard deviation, kelvin),
    `blur_px` the optics' (sigma), `vignette_k` how much colder the corners read. Stones and engines are left
    out where `warm` is false. The position is written only with `embed_position`. Raises OutputError.
    """
    lens = Lens.of(camera, k1, k2)
    bodies = (*bodies_of(world, [*persons, *animals]), *(warm_things(world, night=night) if warm else ()))
    ground = Raster(ground_temperature(world, night=night)[None], world.texel_m)
    frames = []
    for number, pose in enumerate(sorted(poses, key=lambda pose: pose.time_s), 1):
        rng = np.random.default_rng([world.seed, number, 53])
        view = world.view(lens, pose)
        celsius = scene_of(world, view, ground)
        drawn = [draw_body(world, view, celsius, body, night=night) for body in bodies]
        counts = _recorded(celsius, rng, netd_k, blur_px, vignette_k)
        file = f"DT_{number:05d}_T.TIFF"
        report = _report(pose) if embed_position else None
        with writing_whole(folder / file) as temporary:
            Image.fromarray(counts).save(
                temporary, "TIFF", exif=exif_of(camera, pose.time_s, report, "100 counts a kelvin").tobytes()
            )
        frames.append(FrameTaken(file, pose, tuple(sighting for sighting in drawn if sighting is not None)))
    places = tuple(_place_of(world, body.name, body.kind, body.centre) for body in bodies)
    truth = ThermalTruth(folder, camera, lens, night, tuple(frames), places)
    write_truth(truth, world)
    return truth


def scene_of(world: World, view: View, ground: Raster) -> npt.NDArray[np.float32]:
    """(rows, columns) degrees Celsius of the ground as an ideal camera sees it."""
    lens = view.lens
    hits = cast(world, view.position, view.row_rays(0, lens.height_px))
    celsius = ground.read(hits.east, hits.north, view.position[2] / lens.focal_length_px)[0]
    celsius[hits.sky] = SKY_C
    return np.asarray(celsius.reshape(lens.height_px, lens.width_px), np.float32)


def _recorded(
    celsius: npt.NDArray[np.float32],
    rng: np.random.Generator,
    netd_k: float,
    blur_px: float,
    vignette_k: float,
) -> npt.NDArray[np.uint16]:
    rows, columns = celsius.shape
    soft = ndimage.gaussian_filter(celsius, blur_px) if blur_px > 0 else celsius
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None, :]
    read = soft - vignette_k * (x**2 + y**2) / 2 + netd_k * rng.standard_normal(celsius.shape)
    return np.clip(np.round((read + ZERO_CELSIUS_K) * COUNTS_PER_KELVIN), 0, 65535).astype(np.uint16)


def _place_of(world: World, name: str, kind: str, centre: npt.NDArray[np.float64]) -> BodyPlace:
    east_m, north_m, up_m = (float(value) for value in centre)
    place = world.frame.point_from_local(east_m, north_m)
    return BodyPlace(name, kind, place.lat_deg, place.lon_deg, world.ground_amsl_m + up_m, east_m, north_m)


def _report(pose: Pose) -> Report:
    yaw_deg, pitch_deg, roll_deg = camera_angles_deg(pose)
    return Report(
        pose.time_s, pose.place, pose.height_amsl_m, pose.height_relative_m, yaw_deg, pitch_deg, roll_deg,
        pose.yaw_deg, pose.pitch_deg, pose.roll_deg,
    )  # fmt: skip
