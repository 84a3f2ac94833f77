"""The waypoints and figures of one flight: the way out, its part of the course, the way home."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from missions.geodesy import Points
from missions.local import places_from_local
from missions.plan import Plan, Totals, Waypoint
from missions.sorties.air import Way
from missions.sorties.course import Course, between, moving
from missions.sorties.lift import Lift
from missions.sorties.spent import Floats, full_wh, spent, track_of

_SAME_M = 0.05


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a course: from `share` of the way behind row `begin` to row `end`."""

    begin: int
    share: float
    end: int


@dataclass(frozen=True, slots=True)
class Flight:
    """Waypoints with their places in metres; `extra_m` is what turns add."""

    points_m: Points
    rows: tuple[Waypoint, ...]
    extra_m: float


def flight_of(course: Course, piece: Piece, out: Way, home: Way | None, lift: Lift) -> Flight:
    """A piece of a course with the way to it and the way home from it; without `home` it ends in the air."""
    points, rows = piece_rows(course, piece)
    before, before_rows = way_rows(course, out.points_m, lift, slice(None, -1))
    pieces, waypoints = [points], rows
    if len(before) and np.hypot(*(before[0] - points[0])) > _SAME_M:
        pieces, waypoints = [before, points], [*before_rows, *rows]
    if home is not None:
        waypoints[-1] = idle(waypoints[-1])
        after, after_rows = way_rows(course, home.points_m, lift, slice(1, None))
        if np.hypot(*(after[-1] - points[-1])) > _SAME_M:
            pieces.append(after)
            waypoints = [*waypoints, *after_rows]
    length_m = float(np.hypot(*np.diff(points, axis=0).T).sum())
    return Flight(np.concatenate(pieces), tuple(waypoints), course.extra_share * length_m)


def begin_place(course: Course, begin: int, share: float) -> Floats:
    """Where a piece begins, metres."""
    after = min(begin + 1, len(course) - 1)
    return np.asarray(course.points_m[begin] + share * (course.points_m[after] - course.points_m[begin]))


def piece_rows(course: Course, piece: Piece) -> tuple[Points, list[Waypoint]]:
    """The piece's own waypoints: those of the plan, and the cuts."""
    first = course.rows[piece.begin]
    if piece.share > 0:
        place = places_from_local(begin_place(course, piece.begin, piece.share)[None], course.frame)[0]
        first = between(first, course.rows[piece.begin + 1], piece.share, place)
    points = [begin_place(course, piece.begin, piece.share)]
    rows = [dataclasses.replace(first, gimbal_pitch_deg=_gimbal(course, piece.begin))]
    sources = [-1 if piece.share > 0 or course.between[piece.begin] else int(course.source[piece.begin])]
    for row in range(piece.begin + 1, piece.end + 1):
        source = -1 if course.between[row] else int(course.source[row])
        if source >= 0 and source == sources[-1]:
            rows[-1] = _merged(rows[-1], course.rows[row])
        elif source >= 0 or row == piece.end:
            points.append(course.points_m[row])
            rows.append(course.rows[row])
            sources.append(source)
    led = _led(course, piece)
    if led is not None:
        points, rows = [points[0], *points], [led, *rows]
    return np.array(points), rows


def _led(course: Course, piece: Piece) -> Waypoint | None:
    """Where the piece begins by staying: a waypoint that has the camera do what it did on the way there."""
    if piece.share > 0 or not course.stays[piece.begin]:
        return None
    first = int(np.flatnonzero(course.source == course.source[piece.begin])[0])
    if first == 0:
        return None
    before = course.rows[first - 1]
    if not before.recording and before.look_at is None:
        return None
    here = course.rows[piece.begin]
    return dataclasses.replace(
        moving(before), place=here.place, height_relative_m=here.height_relative_m, speed_m_s=here.speed_m_s
    )


def _gimbal(course: Course, row: int) -> float | None:
    """How the gimbal was last turned up to a row."""
    pitches = (course.rows[index].gimbal_pitch_deg for index in range(row, -1, -1))
    return next((pitch for pitch in pitches if pitch is not None), None)


def _merged(before: Waypoint, after: Waypoint) -> Waypoint:
    """Two rows of one waypoint as one again."""
    return dataclasses.replace(
        after,
        hold_s=before.hold_s + after.hold_s,
        orbit_turns=before.orbit_turns + after.orbit_turns,
        orbit_radius_m=before.orbit_radius_m or after.orbit_radius_m,
        picture=before.picture or after.picture,
        gimbal_pitch_deg=before.gimbal_pitch_deg
        if after.gimbal_pitch_deg is None
        else after.gimbal_pitch_deg,
    )


def idle(row: Waypoint) -> Waypoint:
    """The waypoint with nothing recorded or looked at on the way from it."""
    return dataclasses.replace(
        row, recording=False, look_at=None, speed_m_s=None, heading_deg=None, trigger_m=None
    )


def way_rows(course: Course, way_m: Points, lift: Lift, kept: slice) -> tuple[Points, list[Waypoint]]:
    """Some of a way's waypoints: its first or last is where the work ends or begins."""
    points, heights = lift.over(way_m)
    places = places_from_local(points[kept], course.frame)
    rows = [
        Waypoint(place, round(float(height), 3)) for place, height in zip(places, heights[kept], strict=True)
    ]
    return points[kept], rows


def totals_of(plan: Plan, flight: Flight, whole_m: float) -> Totals:
    """The flight's figures; `covered_pct` is what it covers of the area, by its share of `whole_m` recorded.

    The metres before a cut are recorded twice, so the shares add up to a little more than all.
    """
    taken = spent(
        plan.aircraft, track_of(flight.points_m, flight.rows, plan.aircraft, flight.extra_m), plan.wind
    )
    share = min(1.0, recorded_m(flight.points_m, flight.rows) / whole_m) if whole_m > 0 else 1.0
    return dataclasses.replace(
        plan.totals,
        lanes=_lanes(flight.rows),
        length_m=round(taken.length_m, 1),
        duration_s=round(taken.duration_s, 1),
        photos=_photos(flight, plan.totals.trigger_distance_m),
        battery_pct=round(100 * taken.energy_wh / full_wh(plan.aircraft), 1),
        covered_pct=round(plan.totals.covered_pct * share, 2),
        energy_wh=round(taken.energy_wh, 2),
    )


def recorded_m(points_m: Points, rows: Sequence[Waypoint]) -> float:
    """Metres on which the camera records."""
    on = np.array([row.recording for row in rows[:-1]], dtype=bool)
    return float(np.hypot(*np.diff(points_m, axis=0).T)[on].sum())


def _lanes(rows: Sequence[Waypoint]) -> int:
    """How often the camera begins to record."""
    on = [False, *(row.recording for row in rows)]
    return sum(after and not before for before, after in itertools.pairwise(on))


def _photos(flight: Flight, trigger_m: float) -> int:
    """Pictures at places, and along recorded ways."""
    steps = np.hypot(*np.diff(flight.points_m, axis=0).T)
    along = (
        math.floor(step_m / (row.trigger_m or trigger_m)) + 1
        for row, step_m in zip(flight.rows, steps, strict=False)
        if row.recording
    )
    return int(sum(1 for row in flight.rows if row.picture) + sum(along))
