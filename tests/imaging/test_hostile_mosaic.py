"""The whole mosaic of a folder of all that is wrong with photos, beside good ones."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import PhotoTruth, World, grid_poses, render_photos
from tests.imaging.hostile import absurd, unusable

LIMIT_MB = 300
START = "from ops.cli import main; main()"
WAYS = [pytest.param("--quick"), pytest.param("--threads=2", marks=pytest.mark.campaign, id="full")]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> PhotoTruth:
    """Photos of an accident: every second one is good, the others' metadata will be absurd."""
    world = World(seed=3, size_m=90, texel_m=0.06)
    camera = Camera("test-small", 6.4, 4.8, 4.5, 480, 360)
    poses = grid_poses(
        world, camera, height_agl_m=22, width_m=20, length_m=20, overlap_front_pct=78, overlap_side_pct=68
    )
    return render_photos(world, tmp_path_factory.mktemp("taken"), camera, poses, gps_sigma_m=0.3)


def made(photos: Path, scene: Path, way: str) -> dict:
    """The report of the command, run in a process of its own."""
    command = [sys.executable, "-c", START, "mosaic", str(photos), "-o", str(scene), "--json", way]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=True
    )
    return json.loads(done.stdout)


def off_m(report: dict, taken: PhotoTruth, names: list[str]) -> np.ndarray:
    """(n, 3) how far photos lie from where they were taken, less what all share."""
    frame = LocalFrame(GeoPoint(**report["place"]["local_origin"]))
    poses = {photo["path"]: photo["pose"] for photo in report["photos"]}
    true = {photo.file: photo.pose for photo in taken.photos}
    off = [
        poses[name]["centre"]
        - np.append(
            frame.local_from_geo([[true[name].place.lon_deg, true[name].place.lat_deg]])[0],
            true[name].height_relative_m,
        )
        for name in names
    ]
    return np.array(off) - np.mean(off, axis=0)


@pytest.mark.parametrize("way", WAYS)
def test_good_photos_make_the_picture_and_nothing_beside_them_moves_them(taken, tmp_path, way):
    files = sorted(taken.folder.glob("*.JPG"))
    good, others = files[::2], files[1::2]
    for folder in ("alone", "mixed"):
        (tmp_path / folder).mkdir()
        for file in good:
            shutil.copy(file, tmp_path / folder)
    odd = absurd(tmp_path / "mixed", others)
    reasons = unusable(tmp_path / "mixed", good[0])
    names = [file.name for file in good]

    alone, mixed = (
        made(tmp_path / folder, tmp_path / f"scene_{folder}", way) for folder in ("alone", "mixed")
    )

    told = {each["name"]: each["reason"] for each in mixed["left_out"]}
    assert not {name: told.get(name) for name, reason in reasons.items() if reason not in told.get(name, "")}
    used = {photo["path"] for photo in mixed["photos"] if photo["pose"]}
    assert set(names) <= used <= {*names, *odd}
    assert {*used, *told} == {file.name for file in (tmp_path / "mixed").iterdir()}
    apart_m = np.abs(off_m(mixed, taken, names) - off_m(alone, taken, names)).max()
    assert apart_m < 0.2  # positions are good to 0.3 m; the others' sound ones weigh too
    assert np.sqrt((off_m(mixed, taken, names) ** 2).mean(axis=0)).max() < 0.15
    assert mixed["stages"]["photos"]["peak_bytes"] < LIMIT_MB * 1e6
