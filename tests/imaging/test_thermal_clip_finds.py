"""One flight over people with known places, told as a clip in three ways: each finds them."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.finds import Finds
from imaging.geolocate import ellipse95
from imaging.heat import HeatOptions, heat
from imaging.thermal.reading import VideoOptions
from missions import catalogue
from sitl.world import Person, ThermalTruth, World, grid_poses, render_thermal
from telemetry.pose import Pose
from tests.imaging.clips import local_set, m3t_subtitles, write_clip
from tests.imaging.posed_track import Poses

CAMERA = catalogue.camera("demo-thermal")
EVERY = HeatOptions(video=VideoOptions(every_s=0.0))


@dataclass(frozen=True)
class Flight:
    """Rendered frames as 8-bit pictures, their poses and the people's true places."""

    world: World
    truth: ThermalTruth
    pictures: list[np.ndarray]

    @property
    def poses(self) -> list[Pose]:
        return [frame.pose for frame in self.truth.frames]

    @property
    def times_s(self) -> list[float]:
        return [pose.time_s - self.poses[0].time_s for pose in self.poses]

    def missed_m(self, finds: Finds) -> dict[str, tuple[float, float]]:
        """For each person how far the best find lies away and how far it says that it may."""
        found = {}
        for body in self.truth.bodies:
            if not body.name.startswith("person"):
                continue
            away = []
            for find in finds.finds:
                at = self.world.frame.local_from_geo([[find.place.lon_deg, find.place.lat_deg]])[0]
                away.append(
                    (math.dist(at, (body.east_m, body.north_m)), ellipse95(find.covariance).semi_major_m)
                )
            found[body.name] = min(away, default=(math.inf, 0.0))
        return found


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    world = World(3, size_m=80.0, texel_m=0.1)
    poses = grid_poses(world, CAMERA, height_agl_m=50.0, width_m=10.0, length_m=24.0, overlap_front_pct=70.0)
    people = [
        Person(world.frame.point_from_local(*at), "lying", 31.0, name=f"person {n}")
        for n, at in enumerate([(-3.0, 4.0), (5.0, -6.0)])
    ]
    truth = render_thermal(
        world, tmp_path_factory.mktemp("flight"), CAMERA, poses, people, night=True, warm=False
    )
    counts = [np.asarray(Image.open(truth.folder / frame.file), np.float32) for frame in truth.frames]
    low, high = np.percentile(counts, 0.5), np.percentile(counts, 99.99)
    pictures = [np.clip((c - low) / (high - low) * 255, 0, 255).astype(np.uint8) for c in counts]
    return Flight(world, truth, pictures)


def test_a_clip_with_a_data_stream_finds_people_without_anything_else(flight: Flight, tmp_path: Path) -> None:
    sets = {}
    for n, pose in enumerate(flight.poses):
        assert pose.gimbal_pitch_deg is not None
        turn = ((pose.gimbal_yaw_deg or 0.0) - pose.yaw_deg) % 360
        sets[n] = local_set(
            pose.time_s,
            {
                5: pose.yaw_deg % 360, 6: 0.0, 7: 0.0, 13: pose.place.lat_deg, 14: pose.place.lon_deg,
                15: pose.height_amsl_m, 16: CAMERA.fov_deg[0], 18: turn, 19: pose.gimbal_pitch_deg,
                20: (pose.gimbal_roll_deg or 0.0) % 360, 25: pose.height_amsl_m - pose.height_relative_m,
            },
        )  # fmt: skip
    path = write_clip(tmp_path / "a.ts", flight.pictures, times_s=flight.times_s, sets=sets)
    found = heat(path, None, options=EVERY)
    check(flight, found, "frame")
    assert [name for name, _ in found.clips] == ["a.ts"]


def test_a_clip_with_subtitles_finds_people(flight: Flight, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", flight.pictures, times_s=flight.times_s)
    rows = [
        (
            media_s, datetime.fromtimestamp(pose.time_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
            pose.place.lat_deg, pose.place.lon_deg, pose.height_relative_m, pose.height_amsl_m,
            (pose.gimbal_yaw_deg or 0.0, pose.gimbal_pitch_deg or 0.0, pose.gimbal_roll_deg or 0.0),
        )
        for media_s, pose in zip(flight.times_s, flight.poses, strict=True)
    ]  # fmt: skip
    (tmp_path / "a.SRT").write_text(m3t_subtitles(rows))
    check(flight, heat(path, None, camera=CAMERA, options=EVERY), "frame")


def test_a_clip_along_a_track_finds_people_and_an_hour_between_the_clocks_is_said(
    flight: Flight, tmp_path: Path
) -> None:
    made = datetime.fromtimestamp(flight.poses[0].time_s, UTC).isoformat()
    path = write_clip(tmp_path / "a.mp4", flight.pictures, times_s=flight.times_s, created=made)
    check(flight, heat(path, Poses(flight.poses), camera=CAMERA, options=EVERY), "track")
    late = HeatOptions(video=VideoOptions(every_s=0.0, starts_s=flight.poses[0].time_s + 3600))
    missed = heat(path, Poses(flight.poses), camera=CAMERA, options=late)
    assert all("with its clock moved by -1 h it would fit" in frame.not_placed for frame in missed.frames)


def check(flight: Flight, found: Finds, source: str) -> None:
    """Every frame is read and placed, and each person is found within the error stated."""
    assert [frame.name.partition("#")[2] for frame in found.frames] == [
        f"{n:06d}" for n in range(len(flight.pictures))
    ]
    assert all(not frame.not_placed for frame in found.frames), [f.not_placed for f in found.frames]
    missed_m = flight.missed_m(found)
    assert len(missed_m) == 2
    for name, (away_m, stated_m) in missed_m.items():
        assert away_m < stated_m, name
        assert away_m < 0.5, name
    assert all(s.pose_source == source for find in found.finds for s in find.sightings)
    assert all(find.unit == "grey" and find.temperature_degc is None for find in found.finds)
