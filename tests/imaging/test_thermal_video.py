"""Clips: which frames, their names, hashes and times, what is broken, and what the containers may not do."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from imaging.finds import Unread
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.reading import Reading, VideoOptions
from imaging.thermal.sources import file_of, open_frames
from imaging.thermal.video import ClipFrames
from missions.errors import InputError, PhotoError
from tests.imaging.clips import local_set, m3t_subtitles, moving, write_clip

PICTURES = moving(50)
ALL = VideoOptions(every_s=0.0)
POSE = {5: 0.0, 6: 0.0, 7: 0.0, 13: 52.0, 14: 4.0, 15: 100.0, 16: 30.0, 18: 0.0, 19: -90.0, 25: 40.0}


def whole(items: Iterable[ThermalFrame | Unread]) -> list[ThermalFrame]:
    return [item for item in items if isinstance(item, ThermalFrame)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", PICTURES)


def test_frames_are_named_by_clip_and_number_and_show_what_was_filmed(clip: Path) -> None:
    frames = whole(ClipFrames(clip, ALL))
    assert [f.name for f in frames[:2]] == ["clip.mp4#000000", "clip.mp4#000001"]
    assert len(frames) == len(PICTURES)
    assert [f.number for f in frames] == list(range(len(PICTURES)))
    for frame, picture in zip(frames, PICTURES, strict=True):
        assert frame.unit == "grey"
        assert np.abs(frame.values - picture).mean() < 4
    assert file_of(frames[1].name) == "clip.mp4"
    assert file_of("DJI#000001.jpg") == "DJI#000001.jpg"


def test_a_frames_hash_is_that_of_its_decoded_planes_and_repeats(clip: Path) -> None:
    frames = whole(ClipFrames(clip, ALL))
    with av.open(str(clip)) as container:
        raw = [
            hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in container.decode(video=0)
        ]
    assert [f.sha256 for f in frames] == raw
    assert len(set(raw)) == len(raw)
    assert [f.sha256 for f in whole(ClipFrames(clip, ALL))] == raw


def test_the_clips_own_hash_is_told_with_that_of_its_subtitles(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES[:5])
    (tmp_path / "a.SRT").write_text(
        m3t_subtitles([(0.0, "2026-05-01 12:00:00.000", 52.0, 4.0, 60.0, 100.0, (0, -90, 0))])
    )
    frames = open_frames(path)
    assert len(whole(frames)) == 1
    assert frames.clips == [
        (name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()) for name in ("a.mp4", "a.SRT")
    ]


@pytest.mark.parametrize(
    ("every_s", "numbers"), [(0.2, range(0, 50, 5)), (1.0, (0, 25)), (0.1, (0, 3, 5, 8))]
)
def test_one_frame_in_so_many_seconds_is_taken(clip: Path, every_s: float, numbers: Iterable[int]) -> None:
    taken = [f.number for f in whole(ClipFrames(clip, VideoOptions(every_s=every_s)))]
    assert taken[: len(list(numbers))] == list(numbers)


def test_sampling_keeps_to_time_where_the_rate_varies(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.08, 1.5, 1.54, 3.0, 3.9, 4.0, 4.04, 9.0]
    path = write_clip(tmp_path / "a.mkv", PICTURES[:10], times_s=times_s)
    frames = whole(ClipFrames(path, VideoOptions(every_s=1.0, starts_s=1000.0)))
    assert [f.exposure.time_s for f in frames] == pytest.approx(
        [1000.0, 1001.5, 1003.0, 1004.0, 1009.0], abs=2e-3
    )


def test_reading_ends_where_it_is_told_to(clip: Path) -> None:
    frames = whole(ClipFrames(clip, VideoOptions(every_s=0.0, at_most_s=0.5)))
    assert [f.number for f in frames] == list(range(13))


def test_the_time_is_the_start_that_was_named_else_the_creation_time_with_a_note(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES[:20], created="2026-05-01T12:00:00.000000Z")
    made_s = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
    frames = whole(ClipFrames(path, VideoOptions(every_s=0.4)))
    assert [f.exposure.time_s for f in frames] == pytest.approx([made_s, made_s + 0.4])
    assert any("creation time" in note for note in frames[0].notes)
    named = whole(ClipFrames(path, VideoOptions(every_s=0.4, starts_s=5e8)))
    assert [f.exposure.time_s for f in named] == pytest.approx([5e8, 5e8 + 0.4])
    bare = whole(ClipFrames(write_clip(tmp_path / "b.mp4", PICTURES[:5])))
    assert bare[0].exposure.time_s is None


def test_subtitles_give_each_frame_its_time_place_and_angles(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES, created="2020-01-01T00:00:00.000000Z")
    rows = [
        (
            n / 5,
            f"2026-05-01 12:00:0{n // 5}.{200 * (n % 5):03d}",
            52 + n * 1e-5,
            4.0,
            60.0,
            100.0,
            (350.0 + n, -45.0, 0.0),
        )
        for n in range(11)
    ]
    (tmp_path / "a.srt").write_text(m3t_subtitles(rows))
    frames = whole(ClipFrames(path, VideoOptions(every_s=0.1)))
    third = frames[3].exposure
    starts_s = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
    assert third.time_s == pytest.approx(starts_s + 0.32, abs=0.002)
    assert third.local_time
    assert third.place is not None
    assert third.place.lat_deg == pytest.approx(52 + 1.6e-5, abs=1e-8)
    assert (third.height_relative_m, third.height_amsl_m) == (60.0, 100.0)
    assert (third.gimbal_yaw_deg, third.gimbal_pitch_deg) == pytest.approx((351.6, -45.0), abs=0.05)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_subtitles_inside_a_clip_are_used_where_none_lie_beside_it(tmp_path: Path, name: str) -> None:
    cues = {
        n: f"FrameCnt: {n}\n2026-05-01 12:00:00.{40 * n:03d}\n"
        f"[latitude: {52 + n * 1e-5:.6f}] [longitude: 4.000000]"
        for n in range(0, 25, 5)
    }
    frames = whole(ClipFrames(write_clip(tmp_path / name, PICTURES[:25], cues=cues)))
    places = [f.exposure.place for f in frames]
    assert [place and round(place.lat_deg, 6) for place in places] == [
        52 + round(n * 5e-5, 6) for n in range(5)
    ]
    starts_s = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
    assert [f.exposure.time_s for f in frames] == pytest.approx(
        [starts_s + n / 5 for n in range(5)], abs=1e-3
    )


def test_a_data_stream_goes_before_subtitles_beside_the_clip(tmp_path: Path) -> None:
    sets = {n: local_set(1.7e9 + n / 25, {**POSE, 13: 52 + n * 1e-5}) for n in range(0, 50, 5)}
    path = write_clip(tmp_path / "a.ts", PICTURES, sets=sets)
    (tmp_path / "a.srt").write_text(
        m3t_subtitles([(0.0, "2020-01-01 00:00:00.000", 10.0, 10.0, 60.0, 100.0, (0, -90, 0))])
    )
    reader = ClipFrames(path, VideoOptions(every_s=0.2))
    frames = whole(reader)
    assert [f.exposure.time_s for f in frames] == pytest.approx([1.7e9 + n / 5 for n in range(10)], abs=1e-3)
    assert [f.exposure.place.lat_deg for f in frames if f.exposure.place] == pytest.approx(
        [52 + n * 5e-5 for n in range(10)], abs=1e-7
    )
    assert frames[0].exposure.height_relative_m == pytest.approx(60.0, abs=0.5)
    # 30 degrees over 160 pixels
    assert frames[0].exposure.focal_length_px == pytest.approx(80 / np.tan(np.radians(15)), rel=1e-3)
    assert [name for name, _ in reader.hashes()] == ["a.ts"]


def test_a_text_of_the_clips_name_that_is_no_subtitles_does_not_cost_the_clip(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES[:10])
    (tmp_path / "a.srt").write_text("Dear viewer,\n")
    reader = ClipFrames(path)
    assert len(whole(reader)) == 2
    assert any("a.srt" in note and "no cue" in note for note in reader.notes)
    with pytest.raises(InputError, match="no cue"):
        list(ClipFrames(path, VideoOptions(subtitles=tmp_path / "a.srt")))


def test_colour_that_is_a_palette_becomes_the_order_of_warmth(tmp_path: Path) -> None:
    from imaging.thermal.palettes import CURVES

    curve = np.array(CURVES["rainbow"], float)
    ramp = np.stack([np.interp(np.linspace(0, 20, 160), np.arange(21), curve[:, c]) for c in range(3)], -1)
    picture = np.broadcast_to(ramp[None], (128, 160, 3)).astype(np.uint8).copy()
    (frame,) = whole(ClipFrames(write_clip(tmp_path / "a.mkv", [picture], codec="ffv1", pix_fmt="yuv444p")))
    assert "rainbow" in frame.notes[0]
    column = frame.values[64]
    assert (np.diff(np.convolve(column, np.ones(7) / 7, "valid")) > 0).mean() > 0.97


def test_deep_frames_stay_counts_unless_told_what_they_are(tmp_path: Path) -> None:
    kelvin = np.full((128, 160), 30_015, np.uint16)
    path = write_clip(tmp_path / "a.mkv", [kelvin], codec="ffv1", pix_fmt="gray16le")
    (frame,) = whole(ClipFrames(path))
    assert frame.unit == "counts"
    assert np.array_equal(frame.values, kelvin)
    assert not frame.radiometric
    (told,) = whole(open_frames(path, Reading(scale="centikelvin")))
    assert told.unit == "degC"
    assert told.values[0, 0] == pytest.approx(27.0, abs=1e-3)


def test_black_hot_turns_grey_round_and_says_so(clip: Path) -> None:
    white, black = (whole(ClipFrames(clip, black_hot=hot))[0] for hot in (False, True))
    assert np.allclose(black.values, 255 - white.values)
    assert "which end is hot" in white.notes[0]
    assert "as asked" in black.notes[0]


def test_a_folder_of_pictures_and_clips_is_read_in_order_of_time(tmp_path: Path, clip: Path) -> None:
    write_clip(tmp_path / "b.mp4", PICTURES[:5], created="2026-05-01T12:00:00.000000Z")
    write_clip(tmp_path / "c.mp4", PICTURES[:5], created="2026-05-01T11:00:00.000000Z")
    (tmp_path / "a.mp4").write_bytes(clip.read_bytes()[:2000])
    (tmp_path / "notes.txt").write_text("nothing")
    frames = open_frames(tmp_path)
    items = list(frames)
    assert [item.name for item in items] == ["a.mp4", "c.mp4#000000", "b.mp4#000000"]
    assert isinstance(items[0], Unread)
    assert frames.count() == 3


def test_one_start_is_not_taken_for_that_of_several_clips(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_clip(tmp_path / name, PICTURES[:5])
    with pytest.raises(InputError, match="2 clips"):
        open_frames(tmp_path, Reading(video=VideoOptions(starts_s=1.7e9)))


def test_files_that_are_no_clips_give_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    (tmp_path / "empty.ts").write_bytes(b"")
    for name in ("text.mp4", "empty.ts", "absent.mov"):
        with pytest.raises(PhotoError, match=name):
            list(ClipFrames(tmp_path / name))
    with pytest.raises(InputError, match="cannot be read"):
        open_frames(tmp_path / "absent.mp4")


def test_a_list_of_other_files_is_not_followed(tmp_path: Path, clip: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(clip.read_bytes())
    lists = {
        "concat.mp4": f"ffconcat version 1.0\nfile '{secret}'\n",
        "hls.ts": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(PhotoError, match="not a clip"):
            list(ClipFrames(tmp_path / name))


def test_frames_of_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    big = np.zeros((4800, 5600), np.uint8)
    path = write_clip(tmp_path / "a.mkv", [big], codec="ffv1", pix_fmt="gray")
    with pytest.raises(PhotoError, match="25 million pixels"):
        list(ClipFrames(path))


def test_a_clip_that_breaks_off_gives_what_it_has_where_its_container_allows(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", PICTURES, group=10)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    frames = whole(ClipFrames(path, ALL))
    assert 15 < len(frames) < 45
    assert all(np.abs(f.values - PICTURES[f.number or 0]).mean() < 4 for f in frames)
    path = write_clip(tmp_path / "b.mp4", PICTURES, group=10)
    data = path.read_bytes()
    # the index lies at the end of the file
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(PhotoError, match="not a clip"):
        list(ClipFrames(path, ALL))
