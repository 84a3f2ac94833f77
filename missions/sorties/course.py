"""A plan's route as fine rows: every place where it may be cut, and what it takes to get there."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.local import local_from_ring, places_from_local
from missions.plan import Plan, Waypoint
from missions.sorties.spent import Floats, profile_of, track_of

FINEST_M = 5.0
MOST_PIECES = 1200
LONGEST_HOLD_S = 30.0
"""Waiting and circling may be cut into pieces of this many seconds, and of one turn."""

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Course:
    """The rows of a route, (n,) each; `points_m` (n, 2).

    `source` is the waypoint that a row comes from, and `between` says that it lies on the way to the next
    one. `works` marks the ways (from each row to the next) that the flight is for, `stays` the rows where it
    waits, circles or takes a picture. `along_m` counts from the first row. `at_s` and `at_wh` are counted
    from take-off to leaving each row, `before_s` and `before_wh` to reaching it.
    """

    frame: LocalFrame
    rows: tuple[Waypoint, ...]
    points_m: Points
    source: Indices
    between: Bools
    works: Bools
    stays: Bools
    along_m: Floats
    at_s: Floats
    at_wh: Floats
    before_s: Floats
    before_wh: Floats
    extra_share: float
    """Metres that turns add to each metre of the route."""

    def __len__(self) -> int:
        return len(self.rows)


def course_of(plan: Plan, frame: LocalFrame, most: int = MOST_PIECES) -> Course:
    """The plan's route, cut fine."""
    places = local_from_ring([row.place for row in plan.route], frame)
    works = working(plan.route)
    extra_m = turns_m(plan, places)
    length_m = float(np.hypot(*np.diff(places, axis=0).T).sum())
    step_m = max(FINEST_M, length_m / most)
    fine = list(_fine(plan.route, places, works, frame, step_m))
    source = np.array([row.source for row in fine])
    done = np.array([row.done for row in fine])
    doing = np.array([row.doing for row in fine])
    share = np.array([row.share for row in fine])
    profile = profile_of(plan.aircraft, track_of(places, plan.route, plan.aircraft, extra_m), plan.wind)
    at_s, at_wh = profile.between(source, share)
    stayed_s, stayed_wh = profile.at_s - profile.to_s, profile.at_wh - profile.to_wh
    points = np.array([row.place_m for row in fine])
    return Course(
        frame=frame,
        rows=tuple(row.waypoint for row in fine),
        points_m=points,
        source=source,
        between=share > 0,
        works=np.array([row.works for row in fine]),
        stays=doing > 0,
        along_m=np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))]),
        at_s=at_s - (1 - done) * stayed_s[source],
        at_wh=at_wh - (1 - done) * stayed_wh[source],
        before_s=at_s - (1 - done + doing) * stayed_s[source],
        before_wh=at_wh - (1 - done + doing) * stayed_wh[source],
        extra_share=extra_m / length_m if length_m > 0 else 0.0,
    )


def working(route: Sequence[Waypoint]) -> Bools:
    """Which ways, from each waypoint to the next, the flight is for: all of them where none records."""
    works = np.array([row.recording or row.look_at is not None for row in route])
    if not works.any() and not any(_stays(row) for row in route):
        works[:] = True
    works[-1] = False
    return works


def turns_m(plan: Plan, places: Points) -> float:
    """What turns add to the plan's route: its length less that of its straight ways and circles."""
    straight_m = float(np.hypot(*np.diff(places, axis=0).T).sum())
    circles_m = sum(2 * math.pi * abs(row.orbit_radius_m) * row.orbit_turns for row in plan.route)
    extra_m = plan.totals.length_m - straight_m - circles_m
    # Below this it is the rounding of places and lengths.
    return extra_m if extra_m > 1.0 + 1e-4 * straight_m else 0.0


def _stays(row: Waypoint) -> bool:
    return bool(row.hold_s or row.orbit_turns or row.picture)


@dataclass(frozen=True, slots=True)
class _Row:
    """One fine row: `share` of the way to the next; `done` of what is done at this waypoint, `doing` here."""

    waypoint: Waypoint
    place_m: Floats
    source: int
    works: bool = False
    share: float = 0.0
    done: float = 1.0
    doing: float = 0.0


def _fine(
    route: Sequence[Waypoint], places: Points, works: Bools, frame: LocalFrame, step_m: float
) -> Iterator[_Row]:
    """Each waypoint's stays in pieces, then the way from it in pieces of `step_m` at most."""
    for index, waypoint in enumerate(route):
        chunks = _chunks(waypoint)
        for number, chunk in enumerate(chunks, start=1):
            yield _Row(chunk, places[index], index, done=number / len(chunks), doing=1 / len(chunks))
        if chunks and not works[index]:
            continue
        plain = moving(waypoint)
        yield _Row(plain, places[index], index, bool(works[index]))
        if works[index]:
            yield from _pieces(plain, route[index + 1], places, frame, (index, step_m))


def _pieces(
    row: Waypoint, after: Waypoint, places: Points, frame: LocalFrame, at: tuple[int, float]
) -> Iterator[_Row]:
    index, step_m = at
    ends = places[index : index + 2]
    count = max(1, math.ceil(float(np.hypot(*(ends[1] - ends[0]))) / step_m))
    shares = np.arange(1, count) / count
    points = ends[0] + shares[:, None] * (ends[1] - ends[0])
    for share, point, place in zip(shares, points, places_from_local(points, frame), strict=True):
        yield _Row(between(row, after, float(share), place), point, index, True, float(share))


def between(row: Waypoint, after: Waypoint, share: float, place: GeoPoint) -> Waypoint:
    """What `row` does at a place that lies at a share of the way to the next."""
    rise_m = after.height_relative_m - row.height_relative_m
    return dataclasses.replace(
        moving(row),
        place=place,
        height_relative_m=round(row.height_relative_m + share * rise_m, 3),
        height_agl_m=row.height_agl_m if row.height_agl_m == after.height_agl_m else None,
    )


def moving(row: Waypoint) -> Waypoint:
    """The waypoint without what is done at its place."""
    return dataclasses.replace(row, hold_s=0.0, orbit_turns=0.0, orbit_radius_m=0.0, picture=False)


def _chunks(row: Waypoint) -> list[Waypoint]:
    """What is done at a waypoint's place, in pieces that may be cut between."""
    if not _stays(row):
        return []
    count = max(1, math.ceil(row.orbit_turns - 1e-9), math.ceil(row.hold_s / LONGEST_HOLD_S - 1e-9))
    return [
        dataclasses.replace(
            row,
            hold_s=row.hold_s / count,
            orbit_turns=row.orbit_turns / count,
            picture=row.picture and number == 0,
        )
        for number in range(count)
    ]
