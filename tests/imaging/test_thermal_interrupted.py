"""A search that is stopped: of a stream what came is kept, of files nothing is said by halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from imaging.heat import HeatOptions, heat
from imaging.thermal.reading import VideoOptions
from tests.imaging.clips import local_set, moving, write_clip
from tests.imaging.conftest import Heard
from tests.imaging.marked_frames import Told
from tests.imaging.rtsp import camera

POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 20: 0.0, 25: 40.0}
OPTIONS = HeatOptions(detector=Told({}), video=VideoOptions(every_s=0.0, silent_s=5.0))


def stopped_at(count: int) -> Heard:
    """Ctrl-C once so many frames were searched."""
    left = [count]

    def advance(stage: str) -> None:
        left[0] -= stage == "frames"
        if left[0] == 0:
            raise KeyboardInterrupt

    return Heard(advance)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(50)}
    return write_clip(tmp_path / "clip.ts", moving(50), sets=sets)


def test_a_stream_that_is_interrupted_gives_the_finds_so_far(clip: Path) -> None:
    heard = stopped_at(8)
    with camera(clip.read_bytes()) as address:
        found = heat(address, None, options=OPTIONS, progress=heard)
    assert len(found.frames) == 8
    assert found.finds
    assert any("interrupted" in note for note in found.notes)
    assert any("interrupted" in note for note in heard.notes)


def test_files_that_are_interrupted_give_nothing(clip: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        heat(clip, None, options=OPTIONS, progress=stopped_at(8))
