"""A clip's subtitles as its side track: a `.srt` beside it, or the subtitle stream inside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from imaging.thermal.angles import Angles
from imaging.thermal.sidetrack import Row, SideTrack, step_m
from imaging.thermal.srt import Told, cues, told
from missions.errors import FormatError
from missions.files import read_bounded
from missions.geodesy import GeoPoint

LARGEST_FILE_BYTES = 200_000_000
_HALF_SECOND_S = 0.5


def beside(clip: Path) -> Path | None:
    """The `.srt` of a clip's name in its folder, in whichever case; None where there is none."""
    for suffix in (".srt", ".SRT", ".Srt"):
        path = clip.with_suffix(suffix)
        if path.is_file():
            return path
    return None


def read_subtitles(path: Path) -> SideTrack:
    """The rows of a `.srt`. Raises FormatError where no cue has a time, InputError where unreadable."""
    text = read_bounded(path, LARGEST_FILE_BYTES, "the subtitles").decode("utf-8-sig", "replace")
    track = rows_of(cues(text), f"the subtitles {path.name}")
    if not track.rows:
        raise FormatError(
            "is no SubRip file: no cue has a time of the form 00:00:01,000 -->",
            where=str(path),
            remedy="Give the .SRT that the aircraft wrote with the clip, or move it away",
        )
    return track


def rows_of(timed_cues: Iterable[tuple[float, str]], source: str) -> SideTrack:
    """A side track of cues (seconds of the clip, text)."""
    track = SideTrack(source)
    unused = places = dialect = whole = 0
    finest = 0
    for media_s, text in timed_cues:
        if track.full:
            break
        said = told(text)
        unused += said.altitude_unused
        whole += said.whole_seconds
        places += said.lat_deg is not None
        dialect += said.order == "dialect" and said.lat_deg is not None
        finest = max(finest, said.decimals)
        track.add(_row(media_s, said))
    if places:
        fine_m = step_m(finest)
        track.rows = [replace(row, step_m=fine_m) for row in track.rows]
        if fine_m >= 1:
            track.notes.append(f"{source}: positions are written in steps of {fine_m:.0f} m")
    if dialect:
        track.notes.append(
            f"{source}: which figure of GPS(..) is the latitude was taken from its dialect, since both "
            "could be: check a place"
        )
    if unused:
        track.notes.append(f"{source}: 'altitude' does not say above what, and was not used")
    if whole:
        track.notes.append(f"{source}: times are in whole seconds, so half a second may be missing")
    return track


def _row(media_s: float, said: Told) -> Row:
    # a whole second was cut, not rounded: its middle is the best guess
    cut_s = _HALF_SECOND_S if said.whole_seconds else 0.0
    place = None
    if said.lat_deg is not None and said.lon_deg is not None:
        place = GeoPoint(said.lat_deg, said.lon_deg)
    gimbal = None
    if said.gimbal_pitch_deg is not None and said.gimbal_yaw_deg is not None:
        gimbal = Angles(said.gimbal_yaw_deg, said.gimbal_pitch_deg, said.gimbal_roll_deg or 0.0)
    return Row(
        media_s,
        None if said.local_time_s is None else said.local_time_s + cut_s,
        local_time=said.local_time_s is not None,
        place=place,
        height_amsl_m=said.height_amsl_m,
        height_relative_m=said.height_relative_m,
        yaw_deg=said.yaw_deg,
        gimbal=gimbal,
        zoom=said.zoom,
        equivalent_mm=said.equivalent_mm,
    )
