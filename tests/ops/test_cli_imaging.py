"""Mosaics and finds from the command line, entering an operation."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ops.operations import Operation

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


def test_a_mosaic_and_its_photos_enter_the_operation(
    inside: Droneteam, few_photos: Path, tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "op", "Aanrijding", "crash-scene")
    result = inside("mosaic", few_photos, "--operation", "op", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["accuracy"]["reprojection_mean_px"] < 2
    assert "alignment" in result.stderr
    used = next(act for act in operation.store.acts("scene.made"))["details"]["used"]
    assert len(operation.files("photo")) == used >= 6
    scene = {file.path.rpartition("/")[2] for file in operation.files("scene")}
    assert scene == {
        "orthomosaic.tif", "preview.jpg", "dsm.tif", "dsm_uncertainty.tif", "cloud.laz", "overlay.kmz",
        "scene.json",
    }  # fmt: skip


def test_a_mosaic_is_told_in_a_table(inside: Droneteam, few_photos: Path, tmp_path: Path) -> None:
    shutil.copytree(few_photos, tmp_path / "some")
    Image.fromarray(np.zeros((480, 640, 3), np.uint8)).save(tmp_path / "some" / "nowhere.jpg")
    result = inside("mosaic", "some", "-o", "scene", "--quick", "--gsd", "20")
    assert result.returncode == 0, result.stderr
    assert "Reprojection error" in result.stdout
    assert "nowhere.jpg" in result.stdout
    assert (tmp_path / "scene" / "orthomosaic.tif").exists()


def frames(folder: Path) -> None:
    folder.mkdir()
    noise = np.random.default_rng(2)
    for number in range(3):
        frame = noise.normal(28315, 5, (128, 160))
        frame[60:66, 70:76] += 1500
        Image.fromarray(frame.astype(np.uint16)).save(folder / f"{number}.tiff")


def test_finds_enter_the_operation_with_their_frames(inside: Droneteam, tmp_path: Path) -> None:
    frames(tmp_path / "frames")
    operation = Operation.create(tmp_path / "op", "Vermist", "missing-person")
    result = inside("heat", "frames", "--operation", "op", "--camera", "demo-thermal", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["frames_read"] == 3
    assert [frame["spots"] for frame in told["frames_not_placed"]] == [1, 1, 1]
    assert len(operation.files("frame")) == 3
    assert operation.files("find")[0].path == "finds/finds.geojson"


def test_finds_never_say_that_nobody_is_there(inside: Droneteam, tmp_path: Path) -> None:
    frames(tmp_path / "frames")
    result = inside("heat", "frames", "-o", "finds.geojson")
    assert result.returncode == 0, result.stderr
    assert "proposals, to be confirmed by a person" in result.stdout
    assert "clear" not in result.stdout + result.stderr
