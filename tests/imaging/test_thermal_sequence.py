"""FLIR sequences: radiometric frames one after the other, by their own times."""

import struct
from pathlib import Path

import numpy as np
import pytest

from imaging.finds import Unread
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.planck import degc_from_counts
from imaging.thermal.reading import Reading, VideoOptions
from imaging.thermal.sources import open_frames
from tests.imaging.flir_files import LENS, RAMP, fff


def frame_at(n: int, *, png: str = "") -> bytes:
    """The nth of thirty frames a second, each a little warmer."""
    data = bytearray(fff((RAMP + n).astype(np.uint16), png=png))
    struct.pack_into("<II", data, len(data) - 0x400 + 0x384, 1_700_000_000 + n // 30, 1000 * (n % 30) // 30)
    return bytes(data)


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    path = tmp_path / "flight.seq"
    path.write_bytes(b"".join(frame_at(n, png="swapped" if n % 2 else "") for n in range(60)))
    return path


def test_every_frame_of_a_sequence_is_in_degrees_at_its_own_time(sequence: Path) -> None:
    frames = open_frames(sequence, Reading(video=VideoOptions(every_s=0.0)))
    seen = [item for item in frames if isinstance(item, ThermalFrame)]
    assert [frame.name for frame in seen] == [f"flight.seq#{n:06d}" for n in range(60)]
    for n, frame in enumerate(seen):
        assert frame.unit == "degC"
        expected = degc_from_counts((RAMP + n).astype(np.float32), LENS)
        assert np.allclose(frame.values, expected, atol=0.01)
        assert frame.exposure.time_s == pytest.approx(1_700_000_000 + n / 30, abs=1e-3)
    assert [name for name, _ in frames.clips] == ["flight.seq"]


def test_a_sequence_is_sampled_as_a_clip_is(sequence: Path) -> None:
    frames = open_frames(sequence, Reading(video=VideoOptions(every_s=0.5, at_most_s=1.2)))
    assert [item.name[-2:] for item in frames] == ["00", "15", "30"]


def test_damaged_frames_are_named_and_the_rest_is_read(sequence: Path) -> None:
    rng = np.random.default_rng(14)
    data = sequence.read_bytes()
    named = 0
    for _ in range(40):
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 20):
            damaged[at] = rng.integers(0, 256)
        sequence.write_bytes(damaged[: int(rng.integers(len(data) // 2, len(data)))])
        items = list(open_frames(sequence, Reading(video=VideoOptions(every_s=0.0))))
        assert any(isinstance(item, ThermalFrame) for item in items)
        named += sum(isinstance(item, Unread) for item in items)
    assert named > 40


def test_what_is_no_sequence_is_one_error(tmp_path: Path) -> None:
    for name, data in (("text.seq", b"hello"), ("empty.csq", b"")):
        (tmp_path / name).write_bytes(data)
        (item,) = open_frames(tmp_path / name)
        assert isinstance(item, Unread)
