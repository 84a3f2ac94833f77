"""DJI's subtitles in every dialect, and what a side track says between its rows, in gaps and at its ends."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from imaging.thermal.angles import Angles
from imaging.thermal.posing import own_pose
from imaging.thermal.sidetrack import Row, SideTrack
from imaging.thermal.srt import cues, told
from imaging.thermal.subtitles import beside, read_subtitles, rows_of
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint
from telemetry.pose import Pose
from tests.imaging.clips import m3t_subtitles

SIZE = (640, 512)
M3T = (
    "FrameCnt: 28115, DiffTime: 34ms\n2023-06-28 18:43:56.810\n"
    "[focal_len: 40.00] [dzoom_ratio: 1.00], "
    "[latitude: -37.996099] [longitude: 177.035704] [rel_alt: 75.645 abs_alt: 227.888] "
    "[gb_yaw: 76.8 gb_pitch: -49.1 gb_roll: 0.0] </font>"
)
M2EA = (
    "FrameCnt : 4, DiffTime : 114ms\n2022-09-08 06:26:55,549,370\n[color_md : default] "
    "[latitude: -36.885326] [longtitude: 174.697242] [altitude: 28.736000] "
    "[Drone: Yaw:-146.0, Pitch:-0.6, Roll:1.3] </font>"
)
H20N = (
    "SrtCnt : 1, DiffTime : 36ms\n2024-02-28 00:13:26.240\n[fnum: 1.0] [focal_len: 52.00] [dzoom: 1.79]\n"
    "[latitude: -44.228930] [longitude: 171.193573] [rel_alt: 40.050 abs_alt: 104.235]\n"
    "[drone_yaw: -19.8 drone_pitch: -3.3 drone_roll: 0.0]\n"
    "[gb_yaw: -35.4 gb_pitch: -30.3 gb_roll: 0.0]\n\n0\n"
    "[dzoom_ratio: 17871, delta:0] </font>"
)
XT2 = "2023.08.07 20:10:01\nGPS(36.6146,-6.1120,0.0M) BAROMETER:97.7M"
MAVIC_PRO = "HOME(4.3564,52.1386) 2017.8.5 14:11:51\nGPS(4.3566,52.1383,19) BAROMETER:20.1"
P4_RTK = (
    "F/5.6, SS 400, ISO 100, EV 0, RTK (-58.851745, -34.237922, 15), "
    "HOME (-58.847509, -34.232707, -57.98m), D 698.70m, H 85.80m, H.S 0.00m/s, V.S 0.00m/s, "
    "F.PRY (2.7°, -7.0°, 110.1°), G.PRY (-24.4°, 0.0°, 110.4°)"
)
AUTEL = "HOME(W: 120.0, N: 20.0) 2024-03-01 12:00:01\nGPS(W: 120.000001, N: 20.000001, 001.01m)"


@pytest.mark.parametrize(
    ("cue", "place", "relative_m", "amsl_m"),
    [
        (M3T, (-37.996099, 177.035704), 75.645, 227.888),
        (M2EA, (-36.885326, 174.697242), None, None),
        (H20N, (-44.228930, 171.193573), 40.050, 104.235),
        (XT2, (36.6146, -6.1120), 97.7, None),
        (MAVIC_PRO, (52.1383, 4.3566), 20.1, None),
        (P4_RTK, (-34.237922, -58.851745), 85.8, None),
        (AUTEL, (20.000001, -120.000001), None, None),
    ],
    ids=["M3T", "M2EA", "H20N", "XT2", "Mavic Pro", "Phantom 4 RTK", "Autel"],
)
def test_each_dialects_place_and_heights_are_read(
    cue: str, place: tuple[float, float], relative_m: float | None, amsl_m: float | None
) -> None:
    said = told(cue)
    assert (said.lat_deg, said.lon_deg) == place
    assert (said.height_relative_m, said.height_amsl_m) == (relative_m, amsl_m)


def test_times_are_read_in_every_form_and_their_fineness_is_known() -> None:
    at = {cue: (told(cue).local_time_s, told(cue).whole_seconds) for cue in (M3T, M2EA, XT2, MAVIC_PRO)}
    assert at[M3T] == (datetime(2023, 6, 28, 18, 43, 56, 810000, UTC).timestamp(), False)
    assert at[M2EA][0] == pytest.approx(datetime(2022, 9, 8, 6, 26, 55, 549370, UTC).timestamp(), abs=1e-6)
    assert at[XT2] == (datetime(2023, 8, 7, 20, 10, 1, tzinfo=UTC).timestamp(), True)
    assert at[MAVIC_PRO] == (datetime(2017, 8, 5, 14, 11, 51, tzinfo=UTC).timestamp(), True)
    assert told("2024-13-45 99:99:99.000").local_time_s is None


def test_the_angles_are_the_cameras_and_in_their_makers_order() -> None:
    m3t, h20n, p4 = told(M3T), told(H20N), told(P4_RTK)
    assert (m3t.gimbal_yaw_deg, m3t.gimbal_pitch_deg, m3t.gimbal_roll_deg) == (76.8, -49.1, 0.0)
    assert (h20n.yaw_deg, h20n.gimbal_yaw_deg, h20n.gimbal_pitch_deg) == (-19.8, -35.4, -30.3)
    assert (p4.yaw_deg, p4.gimbal_pitch_deg, p4.gimbal_yaw_deg) == (110.1, -24.4, 110.4)


@pytest.mark.parametrize(
    ("cue", "place"),
    [
        ("GPS(-121.7458, 48.0771, 17)", (48.0771, -121.7458)),
        ("GPS(48.0771, -121.7458, 17)", (48.0771, -121.7458)),
        ("GPS(174.0177,-41.3899,0.0M)", (-41.3899, 174.0177)),
    ],
    ids=["longitude first", "latitude first though its dialect has it second", "the M dialect turned round"],
)
def test_a_figure_beyond_90_is_the_longitude_whatever_the_dialect(
    cue: str, place: tuple[float, float]
) -> None:
    said = told(cue)
    assert (said.lat_deg, said.lon_deg) == place
    assert said.order == "beyond 90"


def test_an_order_that_only_the_dialect_tells_is_said() -> None:
    assert any("dialect" in note for note in rows_of([(0.0, XT2)], "the subtitles").notes)
    assert not any("dialect" in note for note in rows_of([(0.0, M3T)], "the subtitles").notes)


def test_no_fix_is_no_place() -> None:
    for cue in (
        "[latitude: 0.000000] [longitude: 0.000000]",
        "GPS(0.0,0.0,0)",
        "[latitude: 95] [longitude: 4]",
    ):
        assert told(cue).lat_deg is None


def test_zoom_and_focal_length_are_read_in_both_generations_of_figures() -> None:
    assert told(H20N).zoom == pytest.approx(1.7871)
    assert told("[focal_len: 240] [dzoom_ratio: 10000, delta:0]").equivalent_mm == 24.0
    # 40 mm on film is 9.1 mm before 12 micrometres, as the M3T's data sheet has it
    focal_px = rows_of([(0.0, M3T)], "").exposure_at(0.0, SIZE).focal_length_px
    assert focal_px == pytest.approx(9.1 / 0.012, rel=0.01)


def test_coarse_positions_and_whole_seconds_carry_their_error() -> None:
    track = rows_of([(float(n), XT2) for n in range(3)], "the subtitles")
    assert any("steps of 11 m" in note for note in track.notes)
    assert any("whole seconds" in note for note in track.notes)
    exposure = track.exposure_at(0.0, SIZE)
    assert exposure.sigma_horizontal_m == pytest.approx(11.1 / math.sqrt(12), rel=0.01)
    assert exposure.time_s == datetime(2023, 8, 7, 20, 10, 1, 500000, UTC).timestamp()


def test_cues_are_parted_by_their_times_not_by_blank_lines() -> None:
    text = f"1\n00:00:00,000 --> 00:00:00,036\n{H20N}\n\n2\n00:01:02,500 --> 00:01:02,536\n{M3T}\n"
    found = list(cues(text))
    assert [start for start, _ in found] == [0.0, 62.5]
    assert told(found[0][1]).zoom == pytest.approx(1.7871)


def test_a_file_is_found_beside_its_clip_and_refused_where_it_is_none(tmp_path: Path) -> None:
    clip = tmp_path / "DJI_0001_T.MP4"
    assert beside(clip) is None
    (tmp_path / "DJI_0001_T.SRT").write_text(
        "\ufeff"
        + m3t_subtitles([(0.0, "2026-05-01 12:00:00.000", 52.0, 4.0, 60.0, 100.0, (10.0, -90.0, 0.0))]),
        encoding="utf-8",
    )
    path = beside(clip)
    assert path is not None
    assert read_subtitles(path).rows[0].place == GeoPoint(52.0, 4.0)
    (tmp_path / "text.srt").write_text("Dear viewer,\n")
    with pytest.raises(FormatError, match="no cue"):
        read_subtitles(tmp_path / "text.srt")
    with pytest.raises(InputError, match="cannot be read"):
        read_subtitles(tmp_path / "absent.srt")


def test_damaged_subtitles_give_rows_or_one_clear_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    whole = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},033\n{cue}\n\n"
        for n, cue in enumerate((M3T, M2EA, H20N, XT2, MAVIC_PRO, P4_RTK, AUTEL))
    ).encode()
    for n in range(300):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 15):
            data[at] = rng.integers(0, 256)
        path = tmp_path / "a.srt"
        path.write_bytes(data[: int(rng.integers(1, len(data)))] if n % 3 == 0 else data)
        try:
            track = read_subtitles(path)
        except FormatError:
            continue
        for row in track.rows:
            track.exposure_at(row.media_s + 0.1, SIZE)


def track_of(*rows: Row) -> SideTrack:
    side = SideTrack("the subtitles")
    for row in rows:
        side.add(row)
    return side


def row(media_s: float, lon: float = 4.0, yaw: float = 0.0) -> Row:
    return Row(
        media_s, 1000.0 + media_s, place=GeoPoint(52.0, lon), height_amsl_m=100.0, height_relative_m=60.0,
        yaw_deg=yaw, gimbal=Angles(yaw, -90.0),
    )  # fmt: skip


def test_between_two_rows_everything_is_interpolated_the_short_way_round() -> None:
    half = track_of(row(0.0, 179.9999, 350.0), row(2.0, -179.9999, 10.0)).exposure_at(1.0, SIZE)
    assert half.time_s == 1001.0
    assert half.place is not None
    assert abs(half.place.lon_deg) == pytest.approx(180.0, abs=1e-9)
    assert half.yaw_deg == pytest.approx(0.0, abs=1e-9)
    assert half.gimbal_yaw_deg == pytest.approx(0.0, abs=1e-6) or half.gimbal_yaw_deg == pytest.approx(360.0)
    assert half.gap_s == 2.0


def test_a_gap_leaves_the_clock_running_and_says_why_there_is_no_place() -> None:
    side = track_of(row(0.0), row(1.0), row(21.0), row(22.0))
    within = side.exposure_at(11.0, SIZE)
    assert within.place is None
    assert within.time_s == 1011.0
    assert own_pose(within) == "the subtitles: no record within 10 s of the frame"
    assert isinstance(own_pose(side.exposure_at(1.0, SIZE)), Pose)
    assert isinstance(own_pose(side.exposure_at(21.0, SIZE)), Pose)


def test_past_the_last_row_the_aircraft_flies_on_for_a_moment_and_the_clock_for_a_minute() -> None:
    side = track_of(row(0.0, 4.0), row(1.0, 4.0001))
    ahead = side.exposure_at(2.0, SIZE)
    assert ahead.place is not None
    assert ahead.place.lon_deg == pytest.approx(4.0002, abs=1e-9)
    assert ahead.gap_s == 2.0
    assert side.exposure_at(4.0, SIZE).place is None
    assert side.exposure_at(40.0, SIZE).time_s == 1040.0
    assert side.exposure_at(400.0, SIZE).time_s is None
    assert track_of().exposure_at(0.0, SIZE).unposed == "the subtitles: nothing at the frame"


def test_the_speed_is_that_over_ground() -> None:
    # a ten thousandth of a degree of longitude at 52 degrees is 6.87 m
    side = track_of(*(row(n / 10, 4.0 + n * 1e-5) for n in range(40)))
    assert side.exposure_at(2.0, SIZE).speed_m_s == pytest.approx(6.87, rel=0.01)


def test_a_streams_rows_stay_few() -> None:
    side = SideTrack("the data stream", kept=100)
    for n in range(1000):
        side.add(row(float(n)))
    assert len(side.rows) <= 200
    assert side.exposure_at(999.0, SIZE).time_s == 1999.0
