"""Planning the rest: what of a plan was flown, and a plan of what was not.

A piece of a lane counts as flown where the track passed it along the lane, within the tolerance in plan, at
its height and with the camera on. The tolerance is half of what neighbouring lanes overlap, so that two lanes
flown off their lines, away from each other, still leave nothing unseen between them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from missions.coverage.around import Around
from missions.coverage.inside import Inside
from missions.coverage.tour import short_tour
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import frame_of, local_from_ring
from missions.plan import Plan, Waypoint
from missions.sorties.air import Air, air_of
from missions.sorties.building import Flight, Piece, idle, piece_rows, recorded_m, totals_of, way_rows
from missions.sorties.course import Bools, Course, course_of
from missions.sorties.dividing import SWAP_S, divide
from missions.sorties.lift import Lift
from missions.sorties.parts import fence_round, rechecked
from missions.sorties.spent import Floats

LEAST_TOLERANCE_M = 3.0
HEIGHT_TOLERANCE = 0.1
"""Of the height planned; 5 m at least."""
_LEAST_HEIGHT_TOLERANCE_M = 5.0
_LONGEST_STEP_M = 100.0
"""Further apart two positions are no flight between them, but a gap in the record."""
_ALONG_COS = math.cos(math.radians(30.0))
_STILL_M = 1.0
_FINE = 4000
_MOST_TO_ORDER = 150
_SHAKES = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a plan was flown: its work in all and what is left of it, metres; stays likewise."""

    work_m: float
    left_m: float
    stays_left: int


@dataclass(frozen=True, slots=True)
class FlownTrack:
    """What was flown, of one flight or several, in the order flown.

    `lonlat_deg` (n, 2) are longitudes and latitudes; `heights_relative_m` (n,) are above the take-off point,
    `recorded` (n,) says whether the camera was on. What is None is taken as planned. `tolerance_m` is how far
    off its lane a piece may have been flown, None for half of what the lanes overlap, 3 m at least.
    """

    lonlat_deg: npt.ArrayLike
    heights_relative_m: npt.ArrayLike | None = None
    recorded: npt.ArrayLike | None = None
    tolerance_m: float | None = None


def rest(
    plan: Plan,
    flown: FlownTrack,
    *,
    created: str = "",
    take_off: GeoPoint | None = None,
    reserve_pct: float | None = None,
    start_pct: float = 100.0,
    swap_s: float = SWAP_S,
) -> Plan | None:
    """A plan of what a track left unflown of a plan, divided over batteries; None where nothing is left.

    Lanes keep their places; a lane that was begun resumes a bit before where it was left. Lanes of an area
    are flown in a new order where that is shorter. `take_off` is where the rest starts from, None for the
    plan's. Raises InputError for arrays that do not fit together, SettingsError, and InputError for what no
    battery reaches.
    """
    course, ways, stays = left_of(plan, flown)
    pieces = _pieces(plan, course, (ways, stays))
    if not pieces:
        return None
    left = _planned(plan, course, pieces, take_off or plan.take_off)
    named = dataclasses.replace(left, name=f"{plan.name} rest", created=created or plan.created)
    return divide(named, reserve_pct=reserve_pct, start_pct=start_pct, swap_s=swap_s)


def seen(plan: Plan, flown: FlownTrack) -> Seen:
    """How much of a plan a track left unflown; errors as those of `rest`."""
    course, ways, stays = left_of(plan, flown)
    steps = np.append(np.diff(course.along_m), 0.0)
    return Seen(float(steps[course.works].sum()), float(steps[ways].sum()), int(stays.sum()))


def left_of(plan: Plan, flown: FlownTrack) -> tuple[Course, Bools, Bools]:
    """A plan's course, and which of its ways of work and of its stays a track left; errors as of `rest`."""
    frame = frame_of(plan.area)
    track = _track(flown, frame)
    course = course_of(plan, frame, _FINE)
    return course, *_left(course, track, _tolerance_m(plan, flown.tolerance_m))


@dataclass(frozen=True, slots=True)
class _Track:
    """What was flown with the camera on: ways between positions (n, 2, 2), and their heights (n,)."""

    ways_m: Points
    height_m: Floats | None


def _track(flown: FlownTrack, frame: LocalFrame) -> _Track:
    heights, recorded = flown.heights_relative_m, flown.recorded
    places = np.asarray(flown.lonlat_deg, float).reshape(-1, 2)
    count = len(places)
    height = None if heights is None else _column(heights, count, "heights").astype(float)
    on = np.ones(count, bool) if recorded is None else _column(recorded, count, "recorded").astype(bool)
    usable = np.isfinite(places).all(axis=1) & on
    if height is not None:
        usable &= np.isfinite(height)
    points = frame.local_from_geo(np.where(np.isfinite(places), places, 0.0))
    ways = np.stack([points[:-1], points[1:]], axis=1) if count > 1 else np.zeros((0, 2, 2))
    kept = usable[:-1] & usable[1:] & (np.hypot(*(ways[:, 1] - ways[:, 0]).T) <= _LONGEST_STEP_M)
    return _Track(ways[kept], None if height is None else ((height[:-1] + height[1:]) / 2)[kept])


def _column(values: npt.ArrayLike, count: int, name: str) -> npt.NDArray[np.generic]:
    column = np.asarray(values).reshape(-1)
    if len(column) != count:
        raise InputError(
            f"{len(column)} {name} do not go with {count} positions", remedy="Give one for each position"
        )
    return column


def _tolerance_m(plan: Plan, asked_m: float | None) -> float:
    if asked_m is None:
        overlap_m = plan.totals.footprint_across_m - plan.totals.lane_spacing_m
        return max(LEAST_TOLERANCE_M, overlap_m / 2)
    if not (math.isfinite(asked_m) and asked_m > 0):
        raise SettingsError(f"a tolerance of {asked_m} m is none", remedy="Give metres above 0")
    return float(asked_m)


def _left(course: Course, track: _Track, tolerance_m: float) -> tuple[Bools, Bools]:
    """Which ways of work and which stays of a course are left."""
    after = np.minimum(np.arange(len(course)) + 1, len(course) - 1)
    middles = (course.points_m + course.points_m[after]) / 2
    heights = np.array([row.height_relative_m for row in course.rows])
    ahead = course.points_m[after] - course.points_m
    works, stays = course.works.copy(), course.stays.copy()
    works[_passed(middles, (heights + heights[after]) / 2, ahead, track, tolerance_m)] = False
    radius_m = np.array([abs(row.orbit_radius_m) for row in course.rows])
    reach_m = tolerance_m + float(radius_m[stays].max(initial=0.0))
    stays[_passed(course.points_m, heights, np.zeros_like(ahead), track, reach_m)] = False
    return works, stays


def _passed(
    places: Points, heights: Floats, ahead: Points, track: _Track, reach_m: float
) -> npt.NDArray[np.int64]:
    """The places that the track passed: near enough, at their height, and along where it leads."""
    if not len(track.ways_m):
        return np.zeros(0, np.int64)
    tree = shapely.STRtree(list(map(shapely.LineString, track.ways_m)))
    place, way = tree.query(shapely.points(places), predicate="dwithin", distance=reach_m)
    vectors = track.ways_m[way, 1] - track.ways_m[way, 0]
    lengths, leads = np.hypot(*vectors.T), np.hypot(*ahead[place].T)
    cosines = np.abs(np.einsum("ij,ij->i", vectors, ahead[place]))
    fits = (cosines >= _ALONG_COS * lengths * leads) | (lengths < _STILL_M)
    if track.height_m is not None:
        allowed_m = np.maximum(_LEAST_HEIGHT_TOLERANCE_M, HEIGHT_TOLERANCE * heights[place])
        fits &= np.abs(track.height_m[way] - heights[place]) <= allowed_m
    return np.unique(place[fits])


def _pieces(plan: Plan, course: Course, left: tuple[Bools, Bools]) -> list[Piece]:
    """What is left, as pieces of the course: gaps too short to turn aside for are flown through."""
    works, stays = left
    along_m = course.along_m
    overlap_m = max(0.0, plan.totals.footprint_along_m - plan.totals.trigger_distance_m) / 2
    back_m = plan.totals.trigger_distance_m
    found: list[Piece] = []
    for begin, end in _runs(course, works, stays):
        short = along_m[end] - along_m[begin] < overlap_m and not stays[begin : end + 1].any()
        if short and not _whole_lane(course, begin, end):
            continue
        begin = _moved(course, begin, -back_m)
        end = _moved(course, end, back_m)
        if (found and begin <= found[-1].end) or (
            found and _flown_through(plan, course, found[-1].end, begin)
        ):
            found[-1] = Piece(found[-1].begin, 0.0, max(end, found[-1].end))
        else:
            found.append(Piece(begin, 0.0, end))
    return found


def _runs(course: Course, works: Bools, stays: Bools) -> list[tuple[int, int]]:
    """First and last row of every stretch that is left, one lane at a time."""
    found: list[tuple[int, int]] = []
    for row in np.flatnonzero(works | stays):
        last = int(row) + 1 if works[row] else int(row)
        joins = bool(found) and found[-1][1] == row and (course.between[row] or stays[row])
        if joins:
            found[-1] = (found[-1][0], last)
        else:
            found.append((int(row), last))
    return found


def _whole_lane(course: Course, begin: int, end: int) -> bool:
    """Whether a stretch is all of its lane."""
    return not course.between[begin] and not (end < len(course) and course.between[end])


def _moved(course: Course, row: int, by_m: float) -> int:
    """The row that lies `by_m` further along the same lane, its end at most; a row at a lane's end stays."""
    if not course.between[row]:
        return row
    step = 1 if by_m > 0 else -1
    moved = row
    while course.between[moved] and abs(course.along_m[moved] - course.along_m[row]) < abs(by_m):
        moved += step
    return moved


def _flown_through(plan: Plan, course: Course, end: int, begin: int) -> bool:
    """Whether what was flown between two pieces is so short, all of it work, that they are flown as one."""
    return bool(course.works[end:begin].all()) and (
        course.along_m[begin] - course.along_m[end] < plan.totals.lane_spacing_m
    )


def _planned(plan: Plan, course: Course, pieces: Sequence[Piece], take_off: GeoPoint) -> Plan:
    """The plan with a route through the pieces, from a take-off point and back."""
    frame = course.frame
    air, lift = air_of(plan, frame), Lift(course)
    home = local_from_ring([take_off], frame)[0]
    parts = [piece_rows(course, piece) for piece in pieces]
    if air.within and len(parts) <= _MOST_TO_ORDER:
        parts = _ordered(air, home, parts)
    flight = _joined(course, (air, lift), home, parts)
    whole_m = recorded_m(local_from_ring([row.place for row in plan.route], frame), plan.route)
    left = dataclasses.replace(
        plan,
        take_off=take_off,
        route=flight.rows,
        totals=totals_of(plan, flight, whole_m),
        sorties=(),
        no_return=None,
        rally=tuple(
            dataclasses.replace(rally, place=take_off) if rally.place == plan.take_off else rally
            for rally in plan.rally
        ),
    )
    return rechecked(dataclasses.replace(left, fence=fence_round(left)))


_Part = tuple[Points, list[Waypoint]]


def _joined(course: Course, where: tuple[Air, Lift], home: Floats, parts: Sequence[_Part]) -> Flight:
    """The parts with the ways between them, from home and back."""
    air, lift = where
    points: list[Points] = []
    rows: list[Waypoint] = []
    last = home
    for places, waypoints in parts:
        way = air.ways(last[None], places[0])[0]
        transit = way_rows(course, way.points_m, lift, slice(0 if not rows else 1, -1))
        points += [transit[0], places]
        rows += [*transit[1], *waypoints[:-1], idle(waypoints[-1])]
        last = places[-1]
    transit = way_rows(course, air.ways(last[None], home)[0].points_m, lift, slice(1, None))
    places = np.concatenate([*points, transit[0]])
    length_m = sum(float(np.hypot(*np.diff(part[0], axis=0).T).sum()) for part in parts)
    return Flight(places, (*rows, *transit[1]), course.extra_share * length_m)


def _ordered(air: Air, home: Floats, parts: list[_Part]) -> list[_Part]:
    """The parts in the order and directions of a short tour from home, where that is shorter than theirs."""
    inside = Inside(air.ground)
    ends = np.array([home, home, *(part[0][row] for part in parts for row in (0, -1))])
    ends = np.array([inside.nearest(place) for place in ends])
    costs = Around(inside).distances(ends)
    tour = short_tour(costs, _SHAKES)
    as_planned = list(range(0, len(ends), 2))
    if _between_m(costs, tour) >= _between_m(costs, as_planned) - 1.0:
        return parts
    return [parts[end // 2 - 1] if end % 2 == 0 else _reversed(parts[end // 2 - 1]) for end in tour[1:]]


def _between_m(costs: Floats, tour: Sequence[int]) -> float:
    steps = zip(tour, [*tour[1:], tour[0]], strict=True)
    return sum(float(costs[before ^ 1, after]) for before, after in steps)


def _reversed(part: _Part) -> _Part:
    """The part flown the other way: what each waypoint has done on the way from it now holds before it."""
    points, rows = part
    gimbal_deg = rows[0].gimbal_pitch_deg
    turned = [
        dataclasses.replace(
            doing,
            place=row.place,
            height_relative_m=row.height_relative_m,
            height_agl_m=row.height_agl_m,
            hold_s=row.hold_s,
            picture=row.picture,
            orbit_turns=row.orbit_turns,
            orbit_radius_m=row.orbit_radius_m,
            gimbal_pitch_deg=gimbal_deg if doing.gimbal_pitch_deg is None else doing.gimbal_pitch_deg,
        )
        for row, doing in zip(rows[::-1], [*rows[-2::-1], rows[-1]], strict=True)
    ]
    return points[::-1], turned
