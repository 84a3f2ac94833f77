"""Boxes alone, of pictures that nobody knows the place of: for whoever wants to score the detector."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


def a_folder(folder: Path) -> Path:
    """Two grey pictures without time, place or camera; a warm body of 9 x 16 px in the first."""
    folder.mkdir()
    ground = np.random.default_rng(5).normal(100, 1, (256, 320)).astype(np.uint8)
    cv2.imwrite(str(folder / "b.png"), ground)
    ground[92:108, 146:155] += 120
    cv2.imwrite(str(folder / "a.png"), ground)
    return folder


def test_a_plain_folder_gives_a_list_of_boxes_and_no_finds(tmp_path: Path, droneteam: Droneteam) -> None:
    boxes = tmp_path / "boxes.json"
    frames = a_folder(tmp_path / "frames")
    result = droneteam("heat", frames, "--boxes", boxes, "--detector", "contrast")
    assert result.returncode == 0, result.stderr
    assert "2 frames read" in result.stderr
    (found,) = json.loads(boxes.read_text())
    assert found["file_name"] == "a.png"
    assert (found["category"], found["category_id"], found["spot"]) == ("Person", 0, "warm spot")
    left, top, width, height = found["bbox"]
    assert left <= 147
    assert top <= 93
    assert left + width >= 154
    assert top + height >= 107
    assert found["score"] > 2.5
    assert not list(tmp_path.rglob("*.geojson"))


def test_with_neither_boxes_nor_an_output_nothing_is_searched(tmp_path: Path, droneteam: Droneteam) -> None:
    result = droneteam("heat", a_folder(tmp_path / "frames"))
    assert result.returncode != 0
    assert "nowhere to write the finds" in result.stderr
