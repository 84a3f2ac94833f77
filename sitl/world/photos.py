"""Photos of the world: perspective pictures with the metadata of a drone's camera, and their truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from missions.camera import Camera
from missions.files import writing_whole
from sitl.world.canvas import Material
from sitl.world.developing import developed, smeared
from sitl.world.lens import Floats, Lens
from sitl.world.marks import MeasurePoint
from sitl.world.metadata import TRUE_METADATA, Metadata, Report, exif_of, xmp_of
from sitl.world.movers import Mover, Stand, staged
from sitl.world.positioning import Fix, GpsErrors, barometer_errors_m, fixes_of, white_fix
from sitl.world.raycast import Hits, cast
from sitl.world.shutter import Motion, RollingView, motions_of, smear_px
from sitl.world.truth import MoverSeen, PhotoTaken, PhotoTruth, Pixel, write_truth
from sitl.world.view import View, camera_angles_deg
from sitl.world.world import ControlPoint, World
from telemetry.pose import Pose

BAND_ROWS = 160
RAISED_M = 0.6
HIT_M = 0.03
SAME_LEVEL_M = 0.25
RIM_PX = np.array([(0, 0), (1.5, 0), (-1.5, 0), (0, 1.5), (0, -1.5)])
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
    lens: Lens | None = None,
    readout_s: float = 0.0,
    exposure_s: float = 0.0,
    motions: Sequence[Motion] | None = None,
    movers: Sequence[Mover] = (),
    gps: GpsErrors | None = None,
    metadata: Metadata = TRUE_METADATA,
    noise_dn: float = 1.5,
    exposure_sigma: float = 0.04,
    exposure_stops: float = 0.0,
    blur_px: float = 0.5,
    vignette: float = 0.12,
    jpeg_quality: int = 92,
    start_time_s: float | None = None,
) -> PhotoTruth:
    """Take a JPEG at each pose into `folder`, with EXIF, XMP and `truth.json`; the same for the same input.

    Each reported coordinate (east, north, height) is off by a normal error of `gps_sigma_m`, or instead as
    `gps` says. `k1` and `k2` are the lens's (see Lens), unless `lens` is given. Rows are exposed one after
    another within `readout_s`, the pose being that of the middle row, and blurred by the motion within
    `exposure_s`; the camera moves as `motions` say, or as consecutive poses tell (see motions_of). `movers`
    count their time from the first pose. Exposure varies by `exposure_sigma` of itself from photo to photo
    and evenly by up to `exposure_stops` either way, `noise_dn` is in grey levels of 255. `start_time_s`
    moves the poses' times so that the first is at it. Raises OutputError.
    """
    lens = lens or Lens.of(camera, k1, k2)
    shift_s = 0.0 if start_time_s is None or not poses else start_time_s - poses[0].time_s
    moving = motions_of(poses, world.frame) if motions is None else motions
    fixes = _fixes(world, poses, moving, gps)
    higher_m, turned_deg = _barometer_m(world, poses, gps), _gimbal_deg(world, len(poses), metadata)
    controls, measures = world.control_points, world.measure_points
    taken = []
    for number, (given, motion) in enumerate(zip(poses, moving, strict=True), 1):
        pose = replace(given, time_s=given.time_s + shift_s)
        rng = np.random.default_rng([world.seed, number, 29])
        own = np.random.default_rng([world.seed, number, 31])
        view = world.view(lens, pose)
        if readout_s:
            view = RollingView(lens, view.position, view.axes, motion, readout_s)
        stops = float(own.uniform(-exposure_stops, exposure_stops))
        exposure = float(np.exp(rng.normal(0, exposure_sigma))) * 2**stops
        standing = standing_at(movers, given.time_s - poses[0].time_s)
        with staged(world, standing):
            picture = picture_of(world, view)
            shown = visible_points(world, view, controls), visible_points(world, view, measures)
        if exposure_s:
            picture = smeared(picture, smear_px(view, motion, exposure_s, _ground_m(world, view)))
        recorded = developed(picture, rng, exposure, noise_dn, blur_px, vignette)
        fix = fixes[number - 1] if fixes else white_fix(rng, gps_sigma_m)
        report = _report(world, pose, fix, metadata, own)
        report = _misread(report, float(higher_m[number - 1]), turned_deg[number - 1])
        file = f"DT_{number:04d}.JPG"
        with writing_whole(folder / file) as temporary:
            Image.fromarray(recorded).save(
                temporary,
                "JPEG",
                quality=jpeg_quality,
                exif=exif_of(camera, pose.time_s + report.clock_error_s, report, metadata=metadata),
                xmp=xmp_of(report, lens if metadata.calibrated else None),
            )
        taken.append(
            PhotoTaken(
                file,
                pose,
                report.place.lat_deg,
                report.place.lon_deg,
                report.height_amsl_m,
                *shown,
                movers_seen(world, view, standing),
                motion,
                report.position_known,
                report.gimbal_known,
                report.rtk_std_m is not None,
                report.clock_error_s,
                stops,
            )
        )
    truth = PhotoTruth(folder, camera, lens, tuple(taken), controls, measures, readout_s)
    write_truth(truth, world)
    return truth


def picture_of(world: World, view: View) -> npt.NDArray[np.float32]:
    """(rows, columns, 3) colours 0 to 255 of the world as an ideal camera sees it."""
    lens = view.lens
    picture = np.empty((lens.height_px, lens.width_px, 3), np.float32)
    gsd_m = _gsd_m(world, view)
    for top in range(0, lens.height_px, BAND_ROWS):
        bottom = min(top + BAND_ROWS, lens.height_px)
        hits = cast(world, view.eyes(top, bottom), view.row_rays(top, bottom))
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


def visible_points(
    world: World, view: View, points: Sequence[ControlPoint | MeasurePoint]
) -> Mapping[str, Pixel]:
    """Name to pixel of each point that the picture shows and nothing hides.

    Its ray ends there, and rays a pixel and a half beside it end on the same level: it is not at the rim of
    something that stands before it.
    """
    places = np.array([(point.east_m, point.north_m, point.up_m) for point in points]).reshape(-1, 3)
    pixels = view.project(places)
    inside = np.flatnonzero(view.sees(pixels))
    if not inside.size:
        return {}
    around = (pixels[inside, None] + RIM_PX).reshape(-1, 2)
    hits = cast(world, view.eyes_at(around), view.rays(around))
    east, north, up = (part.reshape(-1, len(RIM_PX)) for part in (hits.east, hits.north, hits.up))
    level = np.all(np.abs(up - places[inside, None, 2]) < SAME_LEVEL_M, axis=1)
    off_m = np.hypot(east[:, 0] - places[inside, 0], north[:, 0] - places[inside, 1])
    met = inside[level & (off_m < HIT_M + world.texel_m / 2)]
    return {
        points[index].name: (float(pixels[index, 0]), float(pixels[index, 1]))
        for index, eye in zip(met.tolist(), view.eyes_at(pixels[met]), strict=True)
        if world.line_of_sight(eye, places[index])
    }


def standing_at(movers: Sequence[Mover], after_s: float) -> list[tuple[Mover, Stand]]:
    """The movers that are there so many seconds after the first photo, and where."""
    stands = ((mover, mover.at(after_s)) for mover in movers)
    return [(mover, stand) for mover, stand in stands if stand is not None]


def movers_seen(world: World, view: View, standing: Sequence[tuple[Mover, Stand]]) -> tuple[MoverSeen, ...]:
    """Those whose box reaches into the picture."""
    seen = []
    for mover, stand in standing:
        up_m = float(world.ground_height([[stand.east_m, stand.north_m]])[0])
        corners = view.project(mover.corners(stand, up_m))
        middle = view.project([[stand.east_m, stand.north_m, up_m]])[0]
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        if left < view.lens.width_px and top < view.lens.height_px and right > 0 and bottom > 0:
            seen.append(
                MoverSeen(
                    mover.name,
                    mover.kind,
                    stand.east_m,
                    stand.north_m,
                    up_m,
                    stand.heading_deg,
                    stand.speed_m_s,
                    (float(middle[0]), float(middle[1])),
                    (left, top, right, bottom),
                )
            )
    return tuple(seen)


def _gsd_m(world: World, view: View) -> float:
    """About how much ground a pixel covers."""
    return float(view.position[2] - _ground_m(world, view)) / view.lens.focal_length_px


def _ground_m(world: World, view: View) -> float:
    """The height of the terrain under the camera."""
    return 0.0 if world.terrain is None else float(world.ground_height(view.position[None, :2])[0])


def _fixes(
    world: World, poses: Sequence[Pose], motions: Sequence[Motion], gps: GpsErrors | None
) -> tuple[Fix, ...]:
    if gps is None:
        return ()
    return fixes_of(gps, [pose.time_s for pose in poses], motions, np.random.default_rng([world.seed, 37]))


def _barometer_m(world: World, poses: Sequence[Pose], gps: GpsErrors | None) -> Floats:
    if gps is None:
        return np.zeros(len(poses))
    return barometer_errors_m(gps, [pose.time_s for pose in poses], np.random.default_rng([world.seed, 41]))


def _gimbal_deg(world: World, count: int, metadata: Metadata) -> Floats:
    """(n, 3) degrees of yaw, pitch and roll by which each photo's gimbal misreads."""
    rng = np.random.default_rng([world.seed, 43])
    shared, own = rng.normal(0, 1, 3), rng.normal(0, 1, (count, 3))
    return np.asarray(metadata.gimbal_shared_deg * shared + metadata.gimbal_own_deg * own)


def _misread(report: Report, higher_m: float, turned_deg: Floats) -> Report:
    yaw_deg, pitch_deg, roll_deg = turned_deg.tolist()
    return replace(
        report,
        height_relative_m=report.height_relative_m + higher_m,
        gimbal_yaw_deg=report.gimbal_yaw_deg + yaw_deg,
        gimbal_pitch_deg=report.gimbal_pitch_deg + pitch_deg,
        gimbal_roll_deg=report.gimbal_roll_deg + roll_deg,
    )


def _report(world: World, pose: Pose, fix: Fix, metadata: Metadata, rng: np.random.Generator) -> Report:
    """What the file says. `rng` draws which photos lack something."""
    east, north = world.frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
    yaw_deg, pitch_deg, roll_deg = camera_angles_deg(pose)
    lots = rng.uniform(size=3)
    wrong_s = float(rng.uniform(-86_400, 86_400)) if lots[2] < metadata.wrong_clock else 0.0
    return Report(
        time_s=pose.time_s,
        place=world.frame.point_from_local(float(east + fix.error_m[0]), float(north + fix.error_m[1])),
        height_amsl_m=pose.height_amsl_m + fix.error_m[2],
        height_relative_m=pose.height_relative_m,
        gimbal_yaw_deg=yaw_deg,
        gimbal_pitch_deg=pitch_deg,
        gimbal_roll_deg=roll_deg,
        flight_yaw_deg=pose.yaw_deg,
        flight_pitch_deg=pose.pitch_deg,
        flight_roll_deg=pose.roll_deg,
        rtk_std_m=fix.rtk_std_m,
        position_known=bool(lots[0] >= metadata.without_position),
        gimbal_known=bool(lots[1] >= metadata.without_gimbal),
        clock_error_s=metadata.clock_error_s + wrong_s,
    )
