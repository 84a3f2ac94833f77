"""A track that says something else than the frames themselves places nothing, and says by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imaging.thermal.frame import Exposure
from imaging.thermal.posing import Posed, posed_by
from imaging.thermal.radiometry import read_exposure
from missions.geodesy import GeoPoint
from telemetry.pose import Pose
from tests.imaging.marked_frames import BEGIN_S, HOME, LOCAL, east_north_m, frame, searched
from tests.imaging.test_gimbal_conventions import dji_photo

SPEED_M_S = 8.0
LANE_S = 60.0


@dataclass(frozen=True)
class Lanes:
    """A flight of three hours along ever the same two lanes, 480 m north and back, each lane 30 m on."""

    start_s: float = BEGIN_S
    end_s: float = BEGIN_S + 10_800.0

    def place(self, time_s: float) -> GeoPoint:
        lane, into = divmod(time_s - BEGIN_S, LANE_S)
        along = SPEED_M_S * (into if lane % 2 == 0 else LANE_S - into)
        return LOCAL.point_from_local(30.0 * lane, along)

    def pose_at(self, time_s: float) -> Pose | None:
        if not self.start_s <= time_s <= self.end_s:
            return None
        return Pose(
            time_s, self.place(time_s), 60.0, 60.0, 0.0, 0.0, 0.0,
            gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0, gimbal_roll_deg=0.0, speed_m_s=SPEED_M_S,
        )  # fmt: skip


TRACK = Lanes()
WHOLE = Exposure(
    height_relative_m=60.0, yaw_deg=0.0, gimbal_pitch_deg=-90.0, gimbal_yaw_deg=0.0, height_amsl_m=60.0
)


def taken(at_s: float, ahead_s: float = 0.0, exposure: Exposure = WHOLE) -> Exposure:
    """A frame taken at a time of the track, its clock ahead."""
    return replace(exposure, time_s=at_s + ahead_s, place=TRACK.place(at_s))


@pytest.mark.parametrize("hours", [-1.0, 0.5, 1.0])
def test_a_clock_an_hour_off_within_the_track_is_noticed(hours: float) -> None:
    posed = posed_by(taken(BEGIN_S + 4000, 3600 * hours), TRACK, 0.0)
    assert isinstance(posed, Posed)
    assert posed.source == "frame"
    assert posed.pose.place == TRACK.place(BEGIN_S + 4000)
    assert (
        f"with its clock moved by {-hours:+g} h it would fit (clock offset {-3600 * hours:g} s)"
        in posed.apart
    )
    told = posed_by(taken(BEGIN_S + 4000, 3600 * hours), TRACK, -3600 * hours)
    assert isinstance(told, Posed)
    assert (told.source, told.apart) == ("track", "")


def test_a_frame_that_tells_only_its_position_is_not_placed_and_says_how_far_off_the_track_is() -> None:
    place_only = taken(BEGIN_S + 4000, 3600.0, Exposure())
    why = posed_by(place_only, TRACK, 0.0)
    assert isinstance(why, str)
    assert why.startswith("the track lies 18")  # an hour is sixty lanes of 30 m
    assert "moved by -1 h" in why


def test_another_aircrafts_track_is_not_taken() -> None:
    elsewhere = replace(taken(BEGIN_S + 100), place=LOCAL.point_from_local(-3000.0, 0.0))
    posed = posed_by(elsewhere, TRACK, 0.0)
    assert isinstance(posed, Posed)
    assert posed.source == "frame"
    assert "is the track another aircraft's?" in posed.apart


@pytest.mark.parametrize("ahead_s", [-2.0, 0.0, 1.5])
def test_a_clock_a_second_or_two_off_stays_on_the_track(ahead_s: float) -> None:
    posed = posed_by(taken(BEGIN_S + 30, ahead_s), TRACK, 0.0)
    assert isinstance(posed, Posed)
    assert posed.source == "track"


def test_finds_lie_where_the_frames_say_and_the_note_says_why() -> None:
    """An hour off, the track alone would have laid them 1,800 m away."""
    frames = [frame(n, taken(BEGIN_S + 4000 + n, 3600.0)) for n in range(3)]
    found = searched(frames, TRACK)
    for find in found.finds:
        at = east_north_m(TRACK.place((find.clearest.time_s or 0.0) - 3600.0))
        assert east_north_m(find.place) == pytest.approx(at, abs=15.0)
        assert {s.pose_source for s in find.sightings} == {"frame"}
    assert any(
        note.startswith("the track lies 1000 m or more") and "(3 frames)" in note for note in found.notes
    )


@pytest.mark.parametrize("written", ["2026-06-01T08:00:00.250000", "2026:06:01 08:00:00.25"])
def test_djis_utc_goes_before_a_local_time(written: str, tmp_path: Path) -> None:
    path = dji_photo(tmp_path / "a.jpg", HOME, {}, told={"UTCAtExposure": written})
    exposure = read_exposure(path)
    assert exposure.time_s == datetime(2026, 6, 1, 8, 0, 0, 250_000, UTC).timestamp()
    assert not exposure.local_time


@pytest.mark.parametrize("written", ["", "soon", "1970-01-01T00:00:10", "2026-13-01T08:00:00"])
def test_what_is_no_time_is_none(written: str, tmp_path: Path) -> None:
    assert (
        read_exposure(dji_photo(tmp_path / "a.jpg", HOME, {}, told={"UTCAtExposure": written})).time_s is None
    )
