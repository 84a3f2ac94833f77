"""From frames to finds, on a synthetic night and day with known truth, and on real frames of a flight."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from imaging.finds import Finds
from imaging.geolocate import ellipse95
from imaging.heat import HeatOptions, heat
from imaging.thermal.find import Find
from imaging.thermal.hotspots import HotSpotOptions
from missions import catalogue
from missions.errors import InputError, PhotoError
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import Person, ThermalTruth, World, grid_poses, render_thermal
from sitl.world.canvas import Material
from telemetry.pose import Pose
from tests.imaging.clips import moving, write_clip
from tests.imaging.posed_track import Poses

CAMERA = catalogue.camera("demo-thermal")
PEOPLE: tuple[Literal["standing", "lying", "sitting"], ...] = ("standing", "lying", "sitting")
BY_DAY = {"standing": (35.0, "warm"), "lying": (20.0, "cold"), "sitting": (35.0, "warm")}
"""Clothes in the sun, and wet ones, on ground of 28 °C."""
BY_NIGHT = dict.fromkeys(PEOPLE, (27.0, "warm"))
by_night = pytest.mark.parametrize("scene", ["night"], indirect=True)
"""For what is only so by night, and for what asks nothing of the light."""


@dataclass(frozen=True)
class Scene:
    """Frames of one light, their truth and the track that they were taken along."""

    world: World
    truth: ThermalTruth
    track: Poses

    def east_north(self, find: Find) -> np.ndarray:
        return self.world.frame.local_from_geo([[find.place.lon_deg, find.place.lat_deg]])[0]

    def finds_of(self, name: str, finds: Finds) -> list[Find]:
        body = next(b for b in self.truth.bodies if b.name == name)
        return [f for f in finds.finds if math.dist(self.east_north(f), (body.east_m, body.north_m)) < 1.5]

    def frames_showing(self, name: str) -> int:
        return sum(
            any(s.name == name and s.visible_share > 0.5 and s.pixels > 8 for s in frame.sightings)
            for frame in self.truth.frames
        )


def open_ground(world: World) -> list[tuple[float, float]]:
    """Places for people on flat grass, away from trees, cars, stones and each other."""
    rng = np.random.default_rng(8)
    layout = world.layout
    taken = [(s.east_m, s.north_m) for s in layout.stones] + [(t[0], t[1]) for t in layout.trees]
    around = np.stack(np.meshgrid(np.linspace(-1.5, 1.5, 7), np.linspace(-1.5, 1.5, 7)), -1).reshape(-1, 2)
    places: list[tuple[float, float]] = []
    while len(places) < len(PEOPLE):
        east, north = rng.uniform(-16, 16, 2)
        spots = (around + np.array([east, north])).astype(np.float32)
        grass = (world.materials.read(spots[:, 0], spots[:, 1])[0] == Material.GRASS).all()
        flat = np.ptp(world.surface_height(spots)) < 0.5
        if grass and flat and all(math.dist((east, north), other) > 5 for other in [*taken, *places]):
            places.append((float(east), float(north)))
    return places


@pytest.fixture(scope="module", params=["night", "day"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    world = World(3, size_m=80.0, texel_m=0.05)
    poses = grid_poses(world, CAMERA, height_agl_m=50.0, width_m=30.0, length_m=30.0, overlap_front_pct=70.0)
    night = request.param == "night"
    warmth = BY_NIGHT if night else BY_DAY
    people = [
        Person(world.frame.point_from_local(*at), posture, warmth[posture][0], name=posture)
        for posture, at in zip(PEOPLE, open_ground(world), strict=True)
    ]
    folder = tmp_path_factory.mktemp(request.param)
    truth = render_thermal(world, folder, CAMERA, poses, people, night=night)
    return Scene(world, truth, Poses(poses))


@pytest.fixture(scope="module")
def finds(scene: Scene) -> Finds:
    return heat(scene.truth.folder, scene.track, camera=CAMERA)


def test_every_visible_person_is_one_find_within_its_stated_error(scene: Scene, finds: Finds) -> None:
    for name in PEOPLE:
        seen = scene.frames_showing(name)
        found = scene.finds_of(name, finds)
        assert seen >= 2
        assert found, f"{name} was not found"
        best = max(found, key=lambda find: find.score)
        body = next(b for b in scene.truth.bodies if b.name == name)
        error_m = math.dist(scene.east_north(best), (body.east_m, body.north_m))
        assert error_m < ellipse95(best.covariance).semi_minor_m
        assert best.state == "proposed"
        assert best.polarity == (BY_NIGHT if scene.truth.night else BY_DAY)[name][1]
        if scene.truth.night:
            assert len(found) == 1
            assert len(best.sightings) >= 0.7 * seen


@by_night
def test_by_night_people_are_the_warmest_finds_and_their_temperature_is_a_bodys(
    scene: Scene, finds: Finds
) -> None:
    """By day stones and roads are warmer than people."""
    for name in PEOPLE:
        best = scene.finds_of(name, finds)[0]
        assert best.temperature_degc == pytest.approx(27, abs=5)
        assert best.size_m[0] < 2.3
        assert finds.finds.index(best) < 15


def test_false_alarms_stay_bounded(scene: Scene, finds: Finds) -> None:
    spots = sum(len(frame.spots) for frame in finds.frames)
    assert spots / len(finds.frames) <= HotSpotOptions().most
    bodies = [(b.east_m, b.north_m) for b in scene.truth.bodies]
    strangers = [f for f in finds.finds if min(math.dist(scene.east_north(f), b) for b in bodies) > 2]
    assert sum(len(find.sightings) for find in strangers) <= (10 if scene.truth.night else 15) * len(
        finds.frames
    )


def test_every_frame_is_accounted_for_with_its_hash(scene: Scene, finds: Finds) -> None:
    assert [f.name for f in finds.frames] == [f.file for f in scene.truth.frames]
    assert all(len(f.sha256) == 64 and not f.not_placed for f in finds.frames)
    assert finds.camera == "demo-thermal"
    assert finds.unread == ()


@by_night
def test_a_clock_that_is_an_hour_off_places_nothing_and_says_so(scene: Scene) -> None:
    early = Poses([replace(pose, time_s=pose.time_s - 3600) for pose in scene.track.poses])
    missed = heat(scene.truth.folder, early, camera=CAMERA)
    assert missed.finds == ()
    assert all("after the track ends; with its clock moved by -1 h" in f.not_placed for f in missed.frames)
    assert missed.coco()["annotations"]
    moved = heat(scene.truth.folder, early, camera=CAMERA, options=HeatOptions(clock_offset_s=-3600))
    assert moved.finds


@by_night
def test_without_a_track_or_a_camera_nothing_is_placed_and_says_why(scene: Scene, tmp_path: Path) -> None:
    first = scene.truth.folder / scene.truth.frames[0].file
    alone = heat(first, None, camera=CAMERA)
    assert alone.frames[0].not_placed == "there is no track, and the frame tells no position"
    wrong = heat(first, scene.track, camera=catalogue.camera("demo-wide"))
    assert "640x512" in wrong.frames[0].not_placed
    bare = np.asarray(Image.open(first))
    Image.fromarray(bare).save(tmp_path / "bare.tif")
    unknown = heat(tmp_path, scene.track)
    assert "the camera is not known" in unknown.frames[0].not_placed
    timeless = heat(tmp_path, scene.track, camera=CAMERA)
    assert timeless.frames[0].not_placed == "the frame tells no time, and the frame tells no position"


@by_night
def test_a_clip_that_tells_no_time_names_the_remedy(scene: Scene, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "bare.avi", moving(3, CAMERA.image_height_px, CAMERA.image_width_px))
    (lost, *_) = heat(clip, scene.track, camera=CAMERA).frames
    assert lost.not_placed.startswith("the frame tells no time")
    assert "--starts" in lost.not_placed


@by_night
def test_the_camera_is_known_by_the_model_in_the_frame(scene: Scene) -> None:
    known = heat(scene.truth.folder / scene.truth.frames[0].file, scene.track)
    assert known.camera == "demo-thermal"
    assert known.frames[0].not_placed == ""


@by_night
def test_a_frame_that_looks_at_the_sky_is_not_placed(scene: Scene) -> None:
    up = Poses([replace(pose, gimbal_pitch_deg=20.0, gimbal_yaw_deg=0.0) for pose in scene.track.poses])
    sky = heat(scene.truth.folder / scene.truth.frames[0].file, up, camera=CAMERA)
    assert sky.finds == ()
    assert "looks past the ground" in sky.frames[0].not_placed


def test_things_seen_once_are_left_out_when_two_sightings_are_asked(scene: Scene, finds: Finds) -> None:
    twice = heat(scene.truth.folder, scene.track, camera=CAMERA, options=HeatOptions(least_sightings=2))
    assert 0 < len(twice.finds) < len(finds.finds)
    assert all(len(f.sightings) >= 2 for f in twice.finds)


def test_the_same_frames_give_the_same_document(scene: Scene, finds: Finds) -> None:
    again = heat(scene.truth.folder, scene.track, camera=CAMERA)
    assert again.geojson() == finds.geojson()


@by_night
def test_frames_that_cannot_be_read_are_named_and_do_not_stop_the_rest(scene: Scene, tmp_path: Path) -> None:
    good = scene.truth.folder / scene.truth.frames[0].file
    (tmp_path / good.name).write_bytes(good.read_bytes())
    (tmp_path / "broken.tif").write_bytes(b"II*\0 and no more")
    (tmp_path / "half.tif").write_bytes(good.read_bytes()[:30_000])
    (tmp_path / "notes.txt").write_text("no frame at all")
    result = heat(tmp_path, scene.track, camera=CAMERA)
    assert [f.name for f in result.frames] == [good.name]
    assert sorted(u.name for u in result.unread) == ["broken.tif", "half.tif"]


def test_a_folder_without_frames_gives_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no frames in this folder"):
        heat(tmp_path, None)
    with pytest.raises(InputError, match="cannot be read"):
        heat(tmp_path / "absent", None)
    (tmp_path / "a.tif").write_bytes(b"nothing")
    with pytest.raises(PhotoError, match="none of 1 pictures"):
        heat(tmp_path, None)


def test_a_frame_without_an_offset_from_utc_is_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[IFD.Exif] = {Base.DateTimeOriginal: "2026:05:01 12:00:00"}
    Image.fromarray(np.full((120, 160), 20000, np.uint16)).save(tmp_path / "a.tif", exif=exif.tobytes())
    assert any("read as UTC" in note for note in heat(tmp_path, None).notes)


def test_real_frames_of_a_flight_are_placed_by_their_own_word(shared: Callable[[str], Path]) -> None:
    result = heat(shared("thermal/rjpeg_flight"), None)
    assert len(result.frames) == 12
    assert result.camera == "dji-m2ea-thermal"
    assert all(not f.not_placed for f in result.frames)
    assert result.finds
    home = result.finds[0].place
    local = LocalFrame(home)
    for find in result.finds:
        assert find.unit == "counts"
        assert find.temperature_degc is None
        assert np.linalg.norm(local.local_from_geo([[find.place.lon_deg, find.place.lat_deg]])) < 600
    assert all(s.pose_source == "frame" for f in result.finds for s in f.sightings)
    assert max(len(f.sightings) for f in result.finds) >= 2


def test_frames_outside_the_track_are_placed_by_their_own_word_and_that_is_noted(
    shared: Callable[[str], Path],
) -> None:
    frame = shared("thermal/rjpeg_flight/DJI_20250117111343_0139_T.JPG")
    elsewhere = Poses([Pose(1_000.0, GeoPoint(52.0, 4.0), 60.0, 60.0, 0.0, 0.0, 0.0)])
    result = heat(frame, elsewhere)
    assert any("does not cover" in note for note in result.notes)
    assert result.frames[0].not_placed == ""


@by_night
def test_a_gimbal_that_reports_nothing_gives_a_wider_ellipse_and_a_note(scene: Scene) -> None:
    frame = scene.truth.folder / scene.truth.frames[0].file
    silent = Poses([replace(p, gimbal_pitch_deg=None, gimbal_yaw_deg=None) for p in scene.track.poses])
    told, untold = heat(frame, scene.track, camera=CAMERA), heat(frame, silent, camera=CAMERA)
    assert any("no gimbal reported" in note for note in untold.notes)
    assert not any("no gimbal reported" in note for note in told.notes)
    wide, narrow = (ellipse95(found.finds[0].covariance).semi_minor_m for found in (untold, told))
    assert wide > narrow + 2


@by_night
def test_a_gap_in_the_track_leaves_frames_unplaced_and_says_so(scene: Scene) -> None:
    gap = Poses([scene.track.poses[0], scene.track.poses[-1]])
    found = heat(scene.truth.folder, gap, camera=CAMERA)
    reasons = {frame.not_placed for frame in found.frames}
    assert reasons == {"", "the track has a gap at the frame's time"}
