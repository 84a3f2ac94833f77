"""Damaged clips: no frame that is handed on shows what was not filmed, and nothing is left out in silence."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from imaging.finds import Unread
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.radiometry import read_frame
from imaging.thermal.reading import VideoOptions
from imaging.thermal.sources import open_frames
from imaging.thermal.video import ClipFrames
from missions.errors import InputError
from tests.imaging.clips import local_set, m3t_subtitles, moving, write_clip
from tests.imaging.damaging import damaged

PICTURES = moving(60)
ALL = VideoOptions(every_s=0.0)
TS_PACKET = 188
POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 25: 40.0}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.ts", PICTURES)


@pytest.fixture(scope="module")
def truth(clip: Path) -> dict[str, int]:
    """Numbers of the frames by their hash, each of another picture."""
    return {f.sha256: f.number or 0 for f in ClipFrames(clip, ALL) if isinstance(f, ThermalFrame)}


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
def test_frames_after_lost_packets_are_left_out_up_to_the_next_whole_picture(
    tmp_path: Path, codec: str
) -> None:
    clip = write_clip(tmp_path / "clip.ts", PICTURES, codec=codec)
    truth = {item.sha256 for item in ClipFrames(clip, ALL) if isinstance(item, ThermalFrame)}
    rng = np.random.default_rng(9)
    data = clip.read_bytes()
    lost = 0
    for _ in range(10):
        at = TS_PACKET * int(rng.integers(30, len(data) // TS_PACKET - 10))
        path = tmp_path / "lost.ts"
        path.write_bytes(data[:at] + data[at + TS_PACKET * int(rng.integers(1, 4)) :])
        items = list(ClipFrames(path, ALL))
        frames = [item for item in items if isinstance(item, ThermalFrame)]
        gaps = [item for item in items if isinstance(item, Unread)]
        assert all(frame.sha256 in truth for frame in frames)
        assert len(frames) >= len(PICTURES) - 3 * 12
        assert all("broken" in gap.reason and gap.name.startswith("lost.ts#") for gap in gaps)
        lost += len(gaps)
    assert lost >= 8


def test_a_bit_turned_over_is_seen_unless_the_damage_decodes_to_a_near_picture(
    clip: Path, truth: dict[str, int], tmp_path: Path
) -> None:
    rng = np.random.default_rng(10)
    data = clip.read_bytes()
    named = shown = 0
    off = []
    for _ in range(12):
        damaged = bytearray(data)
        damaged[int(rng.integers(4000, len(damaged)))] ^= 1 << int(rng.integers(8))
        path = tmp_path / "turned.ts"
        path.write_bytes(damaged)
        for item in ClipFrames(path, ALL):
            if isinstance(item, Unread):
                named += 1
                continue
            shown += 1
            if item.sha256 not in truth:
                off.append(min(float(np.abs(item.values - picture).mean()) for picture in PICTURES))
    assert named >= 3
    # H.264 has no checksum of its own
    assert len(off) < 0.03 * shown
    assert max(off, default=0.0) < 25


def test_numbers_are_those_that_a_player_counts(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    data[len(data) // 2] ^= 0x10
    path = tmp_path / "turned.ts"
    path.write_bytes(data)
    frames = [item for item in ClipFrames(path, ALL) if isinstance(item, ThermalFrame)]
    with av.open(str(path)) as container:
        shown = [hashlib.sha256(f.to_ndarray().tobytes()).hexdigest() for f in container.decode(video=0)]
    assert 0 < len(frames) < len(shown)
    assert all(shown[frame.number or 0] == frame.sha256 for frame in frames)


def kinds(folder: Path) -> dict[str, bytes]:
    """A small clip of each container, with what lies in it and beside it."""
    sets = {n: local_set(1.7e9 + n / 25, POSE) for n in range(0, 20, 2)}
    made = {
        "a.ts": write_clip(folder / "a.ts", PICTURES[:20], sets=sets),
        "a.mp4": write_clip(folder / "a.mp4", PICTURES[:20], created="2026-05-01T12:00:00.000000Z"),
        "a.mkv": write_clip(folder / "a.mkv", PICTURES[:20], codec="ffv1", pix_fmt="gray"),
        "a.avi": write_clip(folder / "a.avi", PICTURES[:20], codec="mjpeg", pix_fmt="yuvj420p"),
        "a.mpg": write_clip(folder / "a.mpg", PICTURES[:20], codec="mpeg2video"),
    }
    (folder / "a.srt").write_text(
        m3t_subtitles(
            [(n / 10, "2026-05-01 12:00:00.000", 52.0, 4.0, 60.0, 100.0, (0, -90, 0)) for n in range(9)]
        )
    )
    return {name: path.read_bytes() for name, path in made.items()}


def fuzz(folder: Path, rounds: int, seed: int) -> int:
    """How often a damaged clip was refused; anything but frames, named gaps and one error raises."""
    rng = np.random.default_rng(seed)
    refused = 0
    for name, data in kinds(folder).items():
        for n in range(rounds):
            path = folder / f"damaged{Path(name).suffix}"
            within, cut_from = 600 if n % 2 else len(data), None if n % 3 else 1
            changes = int(rng.integers(1, 30))
            path.write_bytes(damaged(data, rng, changes=changes, within=within, cut_from=cut_from))
            try:
                frames = open_frames(path)
                items = list(frames)
            except InputError:
                refused += 1
                continue
            refused += all(isinstance(item, Unread) for item in items)
            assert all(item.values.ndim == 2 for item in items if isinstance(item, ThermalFrame))
    return refused


def test_damaged_clips_of_every_kind_give_frames_named_gaps_or_one_error(tmp_path: Path) -> None:
    assert fuzz(tmp_path, 12, 11) >= 3


def test_damaged_pictures_of_every_kind_give_a_frame_or_one_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    values = (rng.normal(29_000, 60, (120, 160)) // 1).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray(values).save(tmp_path / "a.tif", description="centikelvin")
    Image.fromarray(np.repeat((values // 256).astype(np.uint8)[..., None], 3, 2)).save(tmp_path / "a.jpg")
    plain = (tmp_path / "a.jpg").read_bytes()
    raw = values.astype("<u2").tobytes()
    pieces = [b"\xff\xe3" + (len(p) + 2).to_bytes(2, "big") + p for p in (raw[:20_000], raw[20_000:])]
    (tmp_path / "dji.jpg").write_bytes(plain[:2] + b"".join(pieces) + plain[2:])
    assert read_frame(tmp_path / "dji.jpg").unit == "counts"
    refused = 0
    for name in ("a.png", "a.tif", "a.jpg", "dji.jpg"):
        data = (tmp_path / name).read_bytes()
        for n in range(40):
            path = tmp_path / f"damaged{Path(name).suffix}"
            within, cut_from = 400 if n % 2 else len(data), None if n % 3 else 1
            path.write_bytes(damaged(data, rng, changes=10, within=within, cut_from=cut_from))
            try:
                assert read_frame(path).values.ndim == 2
            except InputError:
                refused += 1
    assert refused > 20


@pytest.mark.campaign
def test_damaged_clips_in_their_thousands(tmp_path: Path) -> None:
    assert fuzz(tmp_path, 1500, 12) >= 300
