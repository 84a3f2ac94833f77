"""`droneteam heat` on a clip: what enters the operation, how often it looks, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.operations import Operation
from tests.imaging.clips import local_set, m3t_subtitles, moving, write_clip

POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 25: 40.0}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(25)}
    return write_clip(tmp_path / "clip.ts", moving(25), sets=sets)


def test_a_clip_enters_the_operation_once_with_its_subtitles(inside: Any, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", moving(25))
    (tmp_path / "clip.srt").write_text(
        m3t_subtitles([(0.0, "2026-05-01 12:00:00.000", 52.0, 4.0, 60.0, 100.0, (0, -90, 0))])
    )
    operation = Operation.create(tmp_path / "op", "Vermist", "missing-person")
    result = inside("heat", "clip.mp4", "--operation", "op", "--every", "0.2", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["frames_read"] == 5
    entered = operation.files("frame")
    assert [Path(file.path).name for file in entered] == ["clip.mp4", "clip.srt"]
    assert [file.sha256 for file in entered] == [each["sha256"] for each in told["clips"]]


def test_a_data_stream_places_the_frames_and_a_rate_says_how_many(inside: Any, clip: Path) -> None:
    for every, frames in (("0", 25), ("5fps", 5), ("0.5", 2)):
        result = inside("heat", clip.name, "-o", "f.geojson", "--every", every, "--json")
        assert result.returncode == 0, result.stderr
        told = json.loads(result.stdout)
        assert (told["frames_read"], told["frames_placed"]) == (frames, frames)


@pytest.mark.parametrize("every", ["soon", "-1", "nan", "0fps", "fps"])
def test_a_rate_that_is_none_is_refused(inside: Any, clip: Path, every: str) -> None:
    result = inside("heat", clip.name, "-o", "f.geojson", f"--every={every}")
    assert result.returncode == 2
    assert "--every" in result.stderr


def test_a_stream_that_nobody_sends_is_one_error(inside: Any, tmp_path: Path) -> None:
    result = inside("heat", "tcp://pilot:secret@127.0.0.1:1/live", "-o", "f.geojson")
    assert result.returncode == 2
    assert "does not open" in result.stderr
    assert "secret" not in result.stderr
    assert not (tmp_path / "f.geojson").exists()
