"""What is drawn by lot for the rendered scenes that the calibration measures, and what a person clicks there.

Scenes come in two kinds by turns, three seeds each so that each way of scale has both: seen from near, as a
crash is flown (12 to 17.5 m with pictures of 1000x750: 1.7 to 2.5 cm a pixel), and from far (20 to 50 m with
800x600: 3.5 to 9 cm). Two scenes in five are seen through a shutter that rolls for 20 to 35 ms, flown at 3 to
6 m/s with a receiver that lags. All of them have vehicles, trees, moving objects, a lens with distortion, a
focal length that is off, noise, photos of different brightness, and errors of GPS, barometer and gimbal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imaging.control.points import Mark, Role, ScaleBar, SurveyedPoint
from imaging.control.scene import SceneControl
from missions.geodesy import LocalFrame
from sitl.world import (
    CrashOptions,
    GpsErrors,
    Metadata,
    Motion,
    PhotoTruth,
    crash_scene,
    motions_of,
    render_photos,
)
from sitl.world.crash import INTERVAL_S

CLICK_PX, SURVEY_M, BAR_M = 0.5, 0.008, 0.003
TAPE_M = 20.0
SOURCES = ("control", "bar", "positions")
ROLLING_SHARE, DENSE_SHARE = 0.4, 1 / 3
GPS = GpsErrors(barometer_drift_m=0.3, barometer_noise_m=0.1)
METADATA = Metadata(focal_rounded=True, gimbal_shared_deg=1.5, gimbal_own_deg=0.3)
NEAR_M, NEAR_TEXEL_M = (12.0, 17.5), 0.018


@dataclass(frozen=True, slots=True)
class Lot:
    """How a scene is taken and measured. `speed_m_s` 0 leaves the photos two seconds apart."""

    source: str
    photos: int
    options: CrashOptions
    near: bool = False
    speed_m_s: float = 0.0
    dense: bool = False


def lot_of(seed: int) -> Lot:
    """The scene of a seed."""
    random = np.random.default_rng([seed, 78])
    near = seed // len(SOURCES) % 2 == 0
    height_m = float(random.uniform(*NEAR_M))
    rolling, dense = random.random() < ROLLING_SHARE, bool(random.random() < DENSE_SHARE)
    readout_s, speed_m_s, lag_s = random.uniform((0.020, 3.0, 0.0), (0.035, 6.0, 0.2)).tolist()
    options = CrashOptions(gps=GPS, metadata=METADATA)
    if near:
        options = replace(options, width_px=1000, height_agl_m=height_m, texel_m=NEAR_TEXEL_M)
    if rolling:
        options = replace(options, readout_s=readout_s, gps=replace(GPS, lag_s=lag_s))
    return Lot(
        SOURCES[seed % len(SOURCES)], 9 if near else 12, options, near, speed_m_s if rolling else 0.0, dense
    )


def rendered(seed: int, lot: Lot, folder: Path) -> PhotoTruth:
    """The scene's photos, flown at the lot's speed; the camera turns as it does in the slower flight."""
    scene = crash_scene(seed, photos=lot.photos, options=lot.options)
    if not lot.speed_m_s:
        return scene.render(folder)
    frame, poses = scene.world.frame, scene.poses
    places = frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg] for pose in poses])
    apart_m = float(np.median(np.linalg.norm(np.diff(places, axis=0), axis=1)))
    faster = lot.speed_m_s * INTERVAL_S / apart_m
    begin_s = poses[0].time_s
    flown = tuple(replace(pose, time_s=begin_s + (pose.time_s - begin_s) / faster) for pose in poses)
    motions = [
        Motion(fast.velocity_m_s, slow.turn_rate_deg_s)
        for fast, slow in zip(motions_of(flown, frame), motions_of(poses, frame), strict=True)
    ]
    return render_photos(
        scene.world,
        folder,
        scene.camera,
        flown,
        lens=scene.lens,
        readout_s=lot.options.readout_s,
        motions=motions,
        movers=scene.movers,
        gps=lot.options.gps,
        metadata=lot.options.metadata,
        exposure_stops=lot.options.exposure_stops,
    )


def clicks(truth: PhotoTruth, random: np.random.Generator) -> dict[str, tuple[Mark, ...]]:
    """What a person clicks: every point in every photo that shows it, half a pixel off."""
    marks: dict[str, list[Mark]] = {}
    for photo in truth.photos:
        for name, (x_px, y_px) in {**photo.control_points, **photo.measure_points}.items():
            off = random.normal(0, CLICK_PX, 2)
            marks.setdefault(name, []).append(
                Mark(photo.file, x_px + float(off[0]), y_px + float(off[1]), CLICK_PX)
            )
    return {name: tuple(seen) for name, seen in marks.items() if len(seen) >= 2}


def control_of(
    truth: PhotoTruth, marks: dict[str, tuple[Mark, ...]], source: str, random: np.random.Generator
) -> SceneControl:
    """What was measured on the ground: four control points and checks, one bar, or nothing."""
    names = [point.name for point in truth.control_points if point.name in marks]
    if source == "positions" or len(names) < 4:
        return SceneControl()
    if source == "bar":
        first, second = _far_apart(truth, _well_seen(names, marks))
        length_m = float(np.linalg.norm(true_place(truth, first) - true_place(truth, second)))
        bar = ScaleBar(first, second, length_m + float(random.normal(0, BAR_M)), BAR_M)
        return SceneControl((), marks, (bar,))
    chosen = _corners(truth, names)
    points = []
    for point in truth.control_points:
        if point.name in names:
            off = random.normal(0, SURVEY_M, 3)
            place = LocalFrame(point.place).point_from_local(float(off[0]), float(off[1]))
            role = Role.CONTROL if point.name in chosen else Role.CHECK
            height_m = point.height_amsl_m + float(off[2])
            points.append(
                SurveyedPoint(
                    point.name, place.lat_deg, place.lon_deg, height_m, "nap", SURVEY_M, SURVEY_M, role
                )
            )
    return SceneControl(tuple(points), marks)


def true_place(truth: PhotoTruth, name: str) -> np.ndarray:
    """(3,) metres east and north of the world's origin, and the height above sea level."""
    points = [*truth.control_points, *truth.measure_points]
    point = next(each for each in points if each.name == name)
    return np.array([point.east_m, point.north_m, point.height_amsl_m])


def _well_seen(names: list[str], marks: dict[str, tuple[Mark, ...]]) -> list[str]:
    """The targets that four photos show, where two of them do: a tape is laid where it is seen."""
    for least in (4, 3):
        seen = [name for name in names if len(marks[name]) >= least]
        if len(seen) >= 2:
            return seen
    return names


def _far_apart(truth: PhotoTruth, names: list[str]) -> tuple[str, str]:
    """Two targets as far apart as a tape of 20 m reaches."""
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    apart = {
        pair: float(np.linalg.norm(true_place(truth, pair[0]) - true_place(truth, pair[1]))) for pair in pairs
    }
    within = [pair for pair in pairs if apart[pair] <= TAPE_M] or [min(pairs, key=lambda pair: apart[pair])]
    return max(within, key=lambda pair: apart[pair])


def _corners(truth: PhotoTruth, names: list[str]) -> set[str]:
    """Four targets that lie as far out as any."""
    chosen = [max(names, key=lambda name: float(np.linalg.norm(true_place(truth, name)[:2])))]
    while len(chosen) < 4:
        chosen.append(
            max(
                (name for name in names if name not in chosen),
                key=lambda name: min(
                    float(np.linalg.norm(true_place(truth, name) - true_place(truth, other)))
                    for other in chosen
                ),
            )
        )
    return set(chosen)
