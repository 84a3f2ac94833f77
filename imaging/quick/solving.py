"""Start values into an adjusted network: triangulation, bundle adjustment, and the photos that had no place.

The photos that tell their place come first. The others are then set among them by resection, and all of it is
adjusted together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from imaging.adjustment import Adjusted, Directions, LensPrior, Network, Positions, Ties, adjust, indices
from imaging.adjustment.intersect import intersected
from imaging.adjustment.network import Indices
from imaging.lens import Array, Lens, View
from imaging.quick.resection import resect
from imaging.quick.tracks import only, spread_choice, without_short
from imaging.quick.triangulation import triangulate, unit_rays
from missions.errors import AlignmentError

SIGMA_PLAN_M = 1.5
SIGMA_UP_M = 1.5
SIGMA_DIRECTION_RAD = 0.035
SIGMA_STRIP_RAD = 0.015
"""Of a single strip the gimbal alone tells the roll about it, so it is held to what a gimbal can do."""
WRONG_SIGMAS = 5.0
WRONG_GPS_M = 6.0
CELLS, EACH = 5, 4
LEAST_TIES = 4
LEAST_HELD = 3


@dataclass(frozen=True, slots=True)
class Start:
    """What the search for poses begins with, photos by number.

    `rotations` of all members; `told` are the positions (metres) that photos tell, `gps` those believed at
    first, `gimbal` the rotations that are told and believed. `strips` says that all parts are single strips.
    """

    names: tuple[str, ...]
    lens_names: tuple[str, ...]
    lenses: dict[str, Lens]
    priors: dict[str, LensPrior]
    rotations: dict[int, Array]
    told: dict[int, Array]
    gps: dict[int, Array]
    gimbal: dict[int, Array]
    strips: bool
    ties: Ties


@dataclass(frozen=True, slots=True)
class Solved:
    """The adjusted views and all well placed points; `ties` count views as `members` does.

    `members` are the photos' numbers, `gps` the positions (metres) that were believed. `points` (p, 3),
    `tracks` (p,) the track that each is; `residual_px` (m, 2) of the ties.
    """

    adjusted: Adjusted
    members: tuple[int, ...]
    gps: dict[int, Array]
    points: Array
    tracks: Indices
    ties: Ties
    residual_px: Array


def solve(start: Start, tolerance_px: float) -> Solved:
    """Poses, lenses and points. `tolerance_px` is how far off a good tie may be, in full pixels.

    A photo that keeps fewer than four ties is not placed: only its GPS would say where. Raises AlignmentError
    where fewer than three photos are.
    """
    poses = {number: (start.rotations[number], start.gps[number]) for number in start.gps}
    solved = _adjusted(start, poses, start.gps)
    gps = _near(_poses(solved), start.gps)
    lost = sorted(set(start.rotations) - set(gps))
    if len(gps) < len(start.gps):
        solved = _adjusted(start, {number: _poses(solved)[number] for number in gps}, gps)
    if lost:
        poses = _poses(solved) | _set_among(start, solved, lost, tolerance_px)
        # A position that the links did not believe may be right: then its photo now lies there.
        gps = _near(poses, {number: place for number, place in start.told.items() if number in poses})
        solved = _adjusted(start, poses, gps)
    return _held(start, _cleaned(solved))


def solve_again(start: Start, solved: Solved) -> Solved:
    """The same with the other ties of `start`, begun where the photos were found to lie."""
    return _held(start, _cleaned(_adjusted(start, _poses(solved), solved.gps)))


def _held(start: Start, solved: Solved) -> Solved:
    """Without the photos that next to no tie holds."""
    while True:
        seen = np.bincount(solved.ties.view, minlength=len(solved.members))
        poses = _poses(solved)
        held = {
            number: poses[number]
            for number, ties in zip(solved.members, seen, strict=True)
            if ties >= LEAST_TIES
        }
        if len(held) < LEAST_HELD:
            raise AlignmentError(
                f"the features that {len(solved.members)} photos share fit no places of their cameras",
                remedy="Take photos that overlap by 60 % or more, of ground that shows detail",
            )
        if len(held) == len(solved.members):
            return solved
        gps = {number: place for number, place in solved.gps.items() if number in held}
        solved = _cleaned(_adjusted(start, held, gps))


def _adjusted(start: Start, poses: dict[int, tuple[Array, Array]], gps: dict[int, Array]) -> Solved:
    """One adjustment of the views with a pose, on a choice of ties that holds them together.

    All other points are then set with the cameras standing still.
    """
    members = tuple(sorted(poses))
    views = tuple(
        View(start.names[number], start.lens_names[number], *poses[number], points=0, error_px=0.0)
        for number in members
    )
    ties, tracks = without_short(_ties_of(start.ties, members))
    points, good = triangulate(
        ties,
        unit_rays(ties, views, start.lenses),
        np.array([view.rotation for view in views]),
        np.array([view.centre for view in views]),
        len(tracks),
    )
    ties, placed = only(ties, np.flatnonzero(good))
    lenses = [start.lenses[view.lens] for view in views]
    sizes = np.array([(lens.width_px, lens.height_px) for lens in lenses])
    few, chosen = without_short(spread_choice(ties, sizes, cells=CELLS, each=EACH))
    points, tracks = points[placed], tracks[placed]
    adjusted = adjust(_network(start, members, views, few, points[chosen], gps))
    points, residual_px = intersected(adjusted, ties, points)
    return Solved(adjusted, members, gps, points, tracks, ties, residual_px)


def _network(
    start: Start, members: tuple[int, ...], views: tuple[View, ...], ties: Ties, points: Array,
    gps: dict[int, Array],
) -> Network:  # fmt: skip
    place = {number: index for index, number in enumerate(members)}
    placed = [number for number in members if number in gps]
    looking = [number for number in members if number in start.gimbal]
    used = {view.lens for view in views}
    variance = np.tile([SIGMA_PLAN_M**2, SIGMA_PLAN_M**2, SIGMA_UP_M**2], len(placed))
    return Network(
        views=views,
        lenses={name: lens for name, lens in start.lenses.items() if name in used},
        priors={name: prior for name, prior in start.priors.items() if name in used},
        points=points,
        ties=ties,
        positions=Positions(
            indices([place[number] for number in placed]),
            np.array([gps[number] for number in placed]),
            np.diag(variance),
        ),
        directions=Directions(
            indices([place[number] for number in looking]),
            np.array([start.gimbal[number][2] for number in looking]).reshape(-1, 3),
            SIGMA_STRIP_RAD if start.strips else SIGMA_DIRECTION_RAD,
        ),
    )


def _ties_of(ties: Ties, members: tuple[int, ...]) -> Ties:
    """The ties of the members, views counted among them."""
    place = np.full(int(ties.view.max(initial=0)) + 1, -1)
    inside = [number for number in members if number < len(place)]
    place[inside] = [members.index(number) for number in inside]
    mine = place[ties.view] >= 0
    kept = ties if mine.all() else ties.chosen(mine)
    return Ties(indices(place[kept.view]), kept.point, kept.px)


def _poses(solved: Solved) -> dict[int, tuple[Array, Array]]:
    views = solved.adjusted.views
    return {number: (view.rotation, view.centre) for number, view in zip(solved.members, views, strict=True)}


def _near(poses: dict[int, tuple[Array, Array]], told: dict[int, Array]) -> dict[int, Array]:
    """The positions told without those far from where the photos lie, unless these are many."""
    apart_m = {number: float(np.linalg.norm(poses[number][1] - place)) for number, place in told.items()}
    limit_m = max(WRONG_GPS_M, WRONG_SIGMAS * float(np.median(list(apart_m.values()))))
    near = {number: place for number, place in told.items() if apart_m[number] <= limit_m}
    return near if len(near) >= max(3, 2 * len(told) / 3) else told


def _set_among(
    start: Start, solved: Solved, lost: list[int], tolerance_px: float
) -> dict[int, tuple[Array, Array]]:
    """Poses of the photos without a place, as far as they share points with those that have one."""
    place = np.full(int(start.ties.point.max(initial=-1)) + 1, -1)
    place[solved.tracks] = np.arange(len(solved.tracks))
    found = {}
    for number in lost:
        mine = start.ties.chosen(start.ties.view == number)
        point = place[mine.point]
        known = point >= 0
        lens = start.lenses[start.lens_names[number]]
        pose = resect(solved.points[point[known]], mine.px[known], lens, 2 * tolerance_px)
        if pose is not None:
            found[number] = pose
    return found


def _cleaned(solved: Solved) -> Solved:
    """Without the ties that are wrong; the adjustment has paid them no heed."""
    error_px = np.nan_to_num(np.linalg.norm(solved.residual_px, axis=1), nan=np.inf)
    good = error_px <= WRONG_SIGMAS * solved.adjusted.sigma_px
    ties, kept = without_short(solved.ties.chosen(good))
    good[good] = np.isin(solved.ties.point[good], kept)
    return replace(
        solved,
        points=solved.points[kept],
        tracks=solved.tracks[kept],
        ties=ties,
        residual_px=solved.residual_px[good],
    )
