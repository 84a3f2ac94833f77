"""Photos of the synthetic world: the pixels and the metadata say what the truth says."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy import ndimage

from missions.camera import Camera
from missions.errors import OutputError
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import PhotoTruth, World, grid_poses, render_photos

CAMERA = Camera("test-wide", 13.2, 9.9, 9.0, 1000, 750)
SIGMA_M = 1.5


@pytest.fixture(scope="module")
def world() -> World:
    return World(4, GeoPoint(52.17, 4.44), ground_amsl_m=-3.0, size_m=72.0, texel_m=0.035)


@pytest.fixture(scope="module")
def truth(world: World, tmp_path_factory: pytest.TempPathFactory) -> PhotoTruth:
    poses = grid_poses(world, CAMERA, height_agl_m=20, width_m=18, length_m=24)
    folder = tmp_path_factory.mktemp("photos")
    return render_photos(world, folder, CAMERA, poses[:6], gps_sigma_m=SIGMA_M, k1=-0.05, k2=0.01)


def opened(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def white_quadrants(window: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The middle (x, y) of the two white quadrants of a target in a window of its picture."""
    labels, count = ndimage.label(window > 0.55 * window.max())
    outer = set(np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])))
    inside = [label for label in range(1, count + 1) if label not in outer]
    largest = sorted(inside, key=lambda label: int(np.sum(labels == label)))[-2:]
    rows, columns = np.nonzero(np.isin(labels, largest))
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


def light_around(world: World, east_m: float, north_m: float) -> npt.NDArray[np.float32]:
    """How bright the sun is over a target's plate: a shadow's edge across it would move its white."""
    cells = world.sunlit.shape[0]
    row, column = (int(cells / 2 + value / world.texel_m) for value in (-north_m, east_m))
    reach = int(0.45 / world.texel_m)
    return ndimage.uniform_filter(world.sunlit, 5)[row - reach : row + reach, column - reach : column + reach]


def test_targets_stand_in_the_picture_where_the_truth_says(world: World, truth: PhotoTruth) -> None:
    points = {point.name: point for point in world.control_points}
    errors = []
    for photo in truth.photos:
        grey = np.asarray(opened(truth.folder / photo.file).convert("L"), float)
        for name, (x, y) in photo.control_points.items():
            point = points[name]
            reach = round(0.56 * truth.lens.focal_length_px / 20)
            left, top = int(x) - reach, int(y) - reach
            around = light_around(world, point.east_m, point.north_m)
            window = grey[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
            if min(left, top) < 0 or window.shape != (2 * reach + 1,) * 2 or np.ptp(around) > 0.2:
                continue
            found = white_quadrants(window) + np.array([left, top])
            errors.append(float(np.hypot(*(found - (x, y)))))
    assert len(errors) >= 10
    assert max(errors) < 0.5
    assert np.mean(errors) < 0.25


def test_the_reported_position_is_the_pose_within_its_error(world: World, truth: PhotoTruth) -> None:
    frame = LocalFrame(world.origin)
    errors = []
    for photo in truth.photos:
        gps = opened(truth.folder / photo.file).getexif().get_ifd(0x8825)
        lat = sum(float(part) / 60**power for power, part in enumerate(gps[2])) * (1 if gps[1] == "N" else -1)
        lon = sum(float(part) / 60**power for power, part in enumerate(gps[4])) * (1 if gps[3] == "E" else -1)
        height = float(gps[6]) * (1 if gps[5] == b"\x00" else -1)
        place = photo.pose.place
        true_en, read_en = frame.local_from_geo([[place.lon_deg, place.lat_deg], [lon, lat]])
        errors.append([*(read_en - true_en), height - photo.pose.height_amsl_m])
        assert (photo.reported_lat_deg, photo.reported_lon_deg) == pytest.approx((lat, lon), abs=1e-8)
    assert np.abs(errors).max() < 4 * SIGMA_M
    assert 0.4 * SIGMA_M < np.std(errors) < 1.8 * SIGMA_M


def test_time_lens_and_angles_are_in_the_metadata(truth: PhotoTruth) -> None:
    for photo in truth.photos:
        picture = opened(truth.folder / photo.file)
        exif = picture.getexif()
        taken = exif.get_ifd(0x8769)
        assert picture.size == (1000, 750)
        assert (exif[0x010F], exif[0x0110]) == ("Droneteam", "test-wide")
        assert taken[0x9003] == f"2026:06:01 08:00:{round(photo.pose.time_s) % 60:02d}"
        assert (taken[0x9291], taken[0x9011]) == ("000", "+00:00")
        assert (float(taken[0x920A]), taken[0xA405]) == (9.0, 24)
        xmp = picture.getxmp()["xmpmeta"]["RDF"]["Description"]
        assert float(xmp["GimbalPitchDegree"]) == pytest.approx(photo.pose.gimbal_pitch_deg, abs=0.006)
        turned = float(xmp["GimbalYawDegree"]) - (photo.pose.gimbal_yaw_deg or 0)
        assert (turned + 180) % 360 - 180 == pytest.approx(0, abs=0.006)
        assert float(xmp["RelativeAltitude"]) == pytest.approx(photo.pose.height_relative_m, abs=0.006)
        assert float(xmp["AbsoluteAltitude"]) == pytest.approx(photo.reported_height_amsl_m, abs=0.006)


def test_truth_json_holds_what_was_returned(truth: PhotoTruth) -> None:
    document = json.loads((truth.folder / "truth.json").read_text())
    assert (document["version"], document["kind"]) == (1, "photos")
    assert document["lens"]["k1"] == -0.05
    assert [photo["file"] for photo in document["photos"]] == [photo.file for photo in truth.photos]
    first = truth.photos[0]
    assert document["photos"][0]["pose"]["place"]["lat_deg"] == first.pose.place.lat_deg
    assert {k: tuple(v) for k, v in document["photos"][0]["control_points"].items()} == first.control_points
    assert len(document["control_points"]) == len(truth.control_points)


def test_the_same_world_and_poses_give_the_same_bytes(world: World, tmp_path: Path) -> None:
    camera = Camera("tiny", 13.2, 9.9, 9.0, 160, 120)
    poses = grid_poses(world, camera, height_agl_m=20)[:2]
    for folder in ("a", "b"):
        render_photos(world, tmp_path / folder, camera, poses)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["DT_0001.JPG", "DT_0002.JPG", "truth.json"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_without_gps_error_the_position_is_true_to_a_millimetre(world: World, tmp_path: Path) -> None:
    camera = Camera("tiny", 13.2, 9.9, 9.0, 160, 120)
    poses = grid_poses(world, camera, height_agl_m=20)[:1]
    taken = render_photos(world, tmp_path, camera, poses, gps_sigma_m=0.0, start_time_s=1_700_000_000.25)
    gps = opened(tmp_path / taken.photos[0].file).getexif().get_ifd(0x8825)
    lat = sum(float(part) / 60**power for power, part in enumerate(gps[2]))
    assert lat == pytest.approx(poses[0].place.lat_deg, abs=1e-8)
    assert float(gps[6]) == pytest.approx(poses[0].height_amsl_m, abs=0.001)
    exif = opened(tmp_path / taken.photos[0].file).getexif().get_ifd(0x8769)
    assert (exif[0x9003], exif[0x9291]) == ("2023:11:14 22:13:20", "250")


def test_a_folder_that_cannot_be_written_is_one_clear_error(world: World, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    camera = Camera("tiny", 13.2, 9.9, 9.0, 160, 120)
    with pytest.raises(OutputError, match="cannot be"):
        render_photos(world, tmp_path / "taken", camera, grid_poses(world, camera)[:1])
