"""What a clip's own records say at any moment of it: subtitles or a data stream, as one kind of row.

Rows lie at times of the clip (seconds from its first frame). A frame takes its place, heights and angles from
the two rows around it, the angles by the shortest turn, and nothing where these are more than five seconds
apart: then it says so. Its time of day goes on by the clip's own clock over a gap.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field, replace

from imaging.exif import DIAGONAL_35MM
from imaging.thermal.angles import Angles, between
from imaging.thermal.frame import Exposure
from missions.geodesy import GeoPoint, distance_m

MAX_GAP_S = 5.0
MOST_ROWS = 500_000
LONGEST_HOLD_S = 60.0
"""Over a longer gap in the records the clip's clock is not trusted to have gone on with them."""
AHEAD_S = 1.5
"""So far before the first and past the last record the aircraft is taken to have flown on as it flew."""
_SPEED_OVER_S = 1.0
_SAME_S = 1e-4
_DEGREE_M = 111_320.0


@dataclass(frozen=True, slots=True)
class Row:
    """One record, at `media_s` of the clip; None where it says nothing.

    `time_s` is seconds since 1970, UTC unless `local_time`. `step_m` is how finely the position is written,
    `above_ground` says that the relative height is over the ground in view, not over the take-off.
    `unposed` says why this record cannot place a frame, where it is known.
    """

    media_s: float
    time_s: float | None = None
    local_time: bool = False
    place: GeoPoint | None = None
    step_m: float = 0.0
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    yaw_deg: float | None = None
    gimbal: Angles | None = None
    fov_deg: float | None = None
    zoom: float = 1.0
    equivalent_mm: float | None = None
    above_ground: bool = False
    unposed: str = ""


@dataclass
class SideTrack:
    """Rows by rising time, and what there is to say of them as a whole. `kept` bounds a stream's memory."""

    source: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kept: int | None = None
    full: bool = False

    def add(self, row: Row) -> None:
        """Take in a row; one that goes back in time is not used, nor more than 500,000 of a clip."""
        if self.rows and row.media_s <= self.rows[-1].media_s:
            return
        if len(self.rows) >= MOST_ROWS:
            if not self.full:
                self.notes.append(f"{self.source}: only the first {MOST_ROWS} records were read")
            self.full = True
            return
        self.rows.append(row)
        if self.kept is not None and len(self.rows) > 2 * self.kept:
            del self.rows[: -self.kept]

    def at(self, media_s: float) -> Row:
        """The record at a moment; its `unposed` says why it has no place where there is none."""
        first, second = self._around(media_s)
        if first is None:
            return Row(media_s, unposed=f"{self.source}: nothing at the frame")
        if second is None:
            same = abs(first.media_s - media_s) < _SAME_S
            return first if same else self._without(first, media_s)
        nearest = first if media_s - first.media_s <= second.media_s - media_s else second
        if abs(nearest.media_s - media_s) < _SAME_S:
            return nearest
        ahead_s = max(first.media_s - media_s, media_s - second.media_s)
        if second.media_s - first.media_s > MAX_GAP_S or ahead_s > AHEAD_S:
            return self._without(nearest, media_s)
        share = (media_s - first.media_s) / (second.media_s - first.media_s)
        return _mixed(first, second, share, nearest, media_s)

    def _around(self, media_s: float) -> tuple[Row | None, Row | None]:
        """The two rows around a moment, or the two nearest to one before the first or after the last."""
        after = bisect.bisect_left(self.rows, media_s, key=lambda row: row.media_s)
        start = min(max(0, after - 1), max(0, len(self.rows) - 2))
        pair = [*self.rows[start : start + 2], None, None]
        return pair[0], pair[1]

    def _without(self, nearest: Row, media_s: float) -> Row:
        """A moment without a place: the clock alone goes on from the nearest row."""
        away_s = abs(nearest.media_s - media_s)
        held = _moved(nearest, media_s) if away_s <= LONGEST_HOLD_S else Row(media_s)
        why = f"{self.source}: no record within {away_s:.0f} s of the frame"
        return Row(media_s, held.time_s, held.local_time, unposed=why)

    def exposure_at(self, media_s: float, size_px: tuple[int, int]) -> Exposure:
        """When, where and how the frame at a moment was taken."""
        row = self.at(media_s)
        gimbal = row.gimbal
        return Exposure(
            time_s=row.time_s,
            local_time=row.local_time,
            place=row.place,
            height_amsl_m=row.height_amsl_m,
            height_relative_m=row.height_relative_m,
            yaw_deg=row.yaw_deg,
            gimbal_pitch_deg=gimbal.pitch_deg if gimbal else None,
            gimbal_yaw_deg=gimbal.yaw_deg if gimbal else None,
            gimbal_roll_deg=gimbal.roll_deg if gimbal else None,
            focal_length_px=_focal_length_px(row, size_px),
            size_px=size_px,
            zoom=row.zoom,
            sigma_horizontal_m=row.step_m / math.sqrt(12) if row.step_m >= 1 else None,
            gap_s=self._gap_s(media_s),
            speed_m_s=self._speed_m_s(media_s),
            unposed=row.unposed,
            above_ground=row.above_ground,
        )

    def _gap_s(self, media_s: float) -> float:
        """The time between the rows around; past an end, the gap that a path strays in as far as there."""
        first, second = self._around(media_s)
        if first is None or second is None:
            return 0.0
        if min(abs(first.media_s - media_s), abs(second.media_s - media_s)) < _SAME_S:
            return 0.0
        ahead_s = max(first.media_s - media_s, media_s - second.media_s)
        # a half a t^2 from the end is what a gap of twice t strays from its chord, a gap^2 / 8
        return 2 * ahead_s if ahead_s > 0 else second.media_s - first.media_s

    def _speed_m_s(self, media_s: float) -> float:
        """Over ground, from where the rows about a second before and after are."""
        first = bisect.bisect_left(self.rows, media_s - _SPEED_OVER_S, key=lambda row: row.media_s)
        last = min(
            bisect.bisect_left(self.rows, media_s + _SPEED_OVER_S, key=lambda row: row.media_s),
            len(self.rows) - 1,
        )
        if last <= first:
            return 0.0
        a, b = self.rows[first], self.rows[last]
        if a.place is None or b.place is None or not 0 < b.media_s - a.media_s <= 2 * MAX_GAP_S:
            return 0.0
        return distance_m(a.place, b.place) / (b.media_s - a.media_s)


def step_m(decimals: int) -> float:
    """How far apart two positions are that differ by one in their last decimal of a degree of latitude."""
    return float(_DEGREE_M * 10.0**-decimals)


def _focal_length_px(row: Row, size_px: tuple[int, int]) -> float | None:
    if row.fov_deg is not None:
        return size_px[0] / 2 / math.tan(math.radians(row.fov_deg) / 2)
    if row.equivalent_mm is not None:
        return row.equivalent_mm / DIAGONAL_35MM * math.hypot(*size_px)
    return None


def _moved(row: Row, media_s: float) -> Row:
    """A row held to another moment of the clip, its clock going on."""
    time_s = None if row.time_s is None else row.time_s + media_s - row.media_s
    return replace(row, media_s=media_s, time_s=time_s)


def _mixed(first: Row, second: Row, share: float, nearest: Row, media_s: float) -> Row:
    def mean(a: float | None, b: float | None) -> float | None:
        return None if a is None or b is None else a + share * (b - a)

    place = None
    if first.place is not None and second.place is not None:
        turn = (second.place.lon_deg - first.place.lon_deg + 180) % 360 - 180
        lon = (first.place.lon_deg + share * turn + 180) % 360 - 180
        lat = first.place.lat_deg + share * (second.place.lat_deg - first.place.lat_deg)
        place = GeoPoint(lat, lon)
    yaw = None
    if first.yaw_deg is not None and second.yaw_deg is not None:
        yaw = (first.yaw_deg + share * ((second.yaw_deg - first.yaw_deg + 180) % 360 - 180)) % 360
    gimbal = None
    if first.gimbal is not None and second.gimbal is not None:
        gimbal = (
            first.gimbal if first.gimbal == second.gimbal else between(first.gimbal, second.gimbal, share)
        )
    return Row(
        media_s,
        mean(first.time_s, second.time_s),
        first.local_time or second.local_time,
        place,
        max(first.step_m, second.step_m),
        mean(first.height_amsl_m, second.height_amsl_m),
        mean(first.height_relative_m, second.height_relative_m),
        yaw,
        gimbal,
        nearest.fov_deg,
        nearest.zoom,
        nearest.equivalent_mm,
        nearest.above_ground,
        first.unposed or second.unposed,
    )
