"""Compared photos to placed ones: parts that hang together, directions, positions, and what is left over.

Photos that no link joins make parts of their own. A part is placed by its own positions, where three of its
photos have one; the two parts share nothing but their lens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imaging.adjustment import LensPrior
from imaging.adjustment.network import Ties, indices
from imaging.lens import Array, Lens, View
from imaging.pairs import on_a_line
from imaging.quick.comparing import TOLERANCE_PX, Compared
from imaging.quick.features import Search
from imaging.quick.guesses import Guess
from imaging.quick.guided import rematch
from imaging.quick.links import Link
from imaging.quick.rotations import LOOKS_DOWN, believed_gimbals, rotations
from imaging.quick.solving import Solved, Start, solve, solve_again
from imaging.quick.tracks import join
from imaging.survey import LeftOut
from missions.errors import AlignmentError

LEAST_IN_PART = 3
LEAST_FEATURES = 60
FAR_OFF_DEG = 45.0
LEAST_WAY_M = 5.0
LIES = 0.7
STEADY_DEG = 15.0
SIGMA_RADIAL = 0.05
NO_TIES = Ties(indices([]), indices([]), np.zeros((0, 2)))


@dataclass(frozen=True, slots=True)
class Placement:
    """Photos in the frame about their middle, metres.

    `by_gps` are views that fit no other photo and lie where their own GPS and gimbal say, showing ground that
    no other shows; `lenses` are those of all views.
    """

    solved: Solved
    lenses: dict[str, Lens]
    by_gps: tuple[View, ...]
    left_out: tuple[LeftOut, ...]


def place(known: list[Guess], compared: Compared, search: Search) -> Placement:
    """Place all photos that can be. Raises AlignmentError where fewer than three fit together.

    Every view has ties: one that lies where its GPS alone says is never among the solved.
    """
    parts = [part for part in parts_of(len(known), compared.links) if _placed(part, known) >= LEAST_IN_PART]
    if not parts:
        raise AlignmentError(
            f"fewer than {LEAST_IN_PART} of {len(known)} photos fit together and have a position",
            remedy="Take photos that overlap by 60 % or more, of ground that shows detail",
        )
    start = _start(known, compared, parts)
    longest_px = max(max(lens.width_px, lens.height_px) for lens in start.lenses.values())
    tolerance_px = TOLERANCE_PX * max(1.0, longest_px / search.longest_px)
    solved = solve(start, tolerance_px)
    if search.guided:
        # One set of ties at a time: the first has told the poses, and they are all that is needed of it.
        start = replace(start, ties=NO_TIES)
        again = rematch(compared.pairs, solved, compared.features, tolerance_px)
        solved = replace(
            solved, ties=NO_TIES, tracks=NO_TIES.point, points=np.zeros((0, 3)), residual_px=NO_TIES.px
        )
        start = replace(start, ties=join(compared.features, again))
        solved = solve_again(start, solved)
    rest = sorted(set(range(len(known))) - set(solved.members))
    by_gps = tuple(_by_gps(known, rest, solved))
    named = {view.name for view in by_gps}
    left_out = [
        _left_out(number, known, compared, parts) for number in rest if known[number].name not in named
    ]
    lenses = {guess.lens_name: guess.lens for guess in known if guess.name in named} | solved.adjusted.lenses
    return Placement(solved, lenses, by_gps, tuple(left_out))


def parts_of(count: int, links: Sequence[Link]) -> list[list[int]]:
    """Groups of numbers that links join, the largest first."""
    edges = np.array([(link.first, link.second) for link in links], int).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    groups = [np.flatnonzero(part == number).tolist() for number in range(int(part.max(initial=-1)) + 1)]
    return sorted(groups, key=len, reverse=True)


def _placed(part: list[int], known: list[Guess]) -> int:
    return sum(known[number].centre is not None for number in part)


def _start(known: list[Guess], compared: Compared, parts: list[list[int]]) -> Start:
    """What the search for poses begins with."""
    places = {number: guess.centre for number, guess in enumerate(known) if guess.centre is not None}
    told = {number: guess.rotation for number, guess in enumerate(known) if guess.rotation is not None}
    turned: dict[int, Array] = {}
    gimbal: dict[int, Array] = {}
    gps: dict[int, Array] = {}
    links: list[Link] = []
    for part in parts:
        members = set(part)
        inside = [link for link in compared.links if link.first in members]
        believed = believed_gimbals(
            {number: told[number] for number in part if number in told}, inside, places
        )
        found = rotations(part, inside, believed, places)
        here = _believed_places(
            {number: places[number] for number in part if number in places}, inside, found
        )
        turned |= found
        gps |= here
        looking = _steady({number: told[number] for number in part if number in told}, found)
        gimbal |= looking
        if not looking and on_a_line(_stacked(here.values())):
            # Positions on a line leave the roll about it open; a drone's camera looks down.
            gimbal |= dict.fromkeys(part, LOOKS_DOWN)
        links += inside
    lenses = {known[number].lens_name: known[number].lens for number in turned}
    strips = all(on_a_line(_stacked(places[number] for number in part if number in places)) for part in parts)
    priors = {name: _prior(lens, strips) for name, lens in lenses.items()}
    return Start(
        names=tuple(guess.name for guess in known),
        lens_names=tuple(guess.lens_name for guess in known),
        lenses=lenses,
        priors=priors,
        rotations=turned,
        told={number: places[number] for number in turned if number in places},
        gps=gps,
        gimbal=gimbal,
        strips=strips,
        ties=join(compared.features, [(link.first, link.second, link.features) for link in links]),
    )


def _steady(told: dict[int, Array], found: dict[int, Array]) -> dict[int, Array]:
    """The gimbals whose axis is where the links have it: one whose heading lies may know the vertical."""
    least = np.cos(np.radians(STEADY_DEG))
    return {number: rotation for number, rotation in told.items() if rotation[2] @ found[number][2] > least}


def _prior(lens: Lens, strips: bool) -> LensPrior:
    """The focal length is held as told: level photos of flat ground tell little of it and a strip nothing.

    The distortion is found: a held one that is wrong bends the ground and tilts the cameras by degrees at no
    cost in reprojection error, while the positions' heights and the gimbal keep a free one from doing so.
    """
    focal = 0.0 if lens.focal_known or strips else 0.2
    return LensPrior(focal=focal, centre=0.0, radial=SIGMA_RADIAL, radial2=0.0, tangential=0.0)


def _believed_places(
    places: dict[int, Array], links: Sequence[Link], turned: dict[int, Array]
) -> dict[int, Array]:
    """Without the positions that most of their links point away from, the worst first; three always stay.

    All of them where half or more would go: so many positions are hardly wrong, the links are.
    """
    everything, places = places, dict(places)
    judged = list(_judged(places, links, turned))
    while len(places) > LEAST_IN_PART:
        total, against = dict.fromkeys(places, 0), dict.fromkeys(places, 0)
        for first, second, weight, lies in judged:
            if first in places and second in places:
                for number in (first, second):
                    total[number] += weight
                    against[number] += weight * lies
        share = {number: against[number] / max(1, total[number]) for number in places}
        worst = max(share, key=lambda number: (share[number], -number))
        if share[worst] <= LIES:
            break
        del places[worst]
    return places if 2 * len(places) > len(everything) else everything


def _judged(
    places: dict[int, Array], links: Sequence[Link], turned: dict[int, Array]
) -> Iterator[tuple[int, int, int, bool]]:
    """Each link's numbers, its weight, and whether it leads elsewhere than the positions say."""
    for link in links:
        if link.first not in places or link.second not in places:
            continue
        way = places[link.second] - places[link.first]
        length_m = float(np.linalg.norm(way))
        if length_m >= LEAST_WAY_M:
            seen = -turned[link.second].T @ link.baseline
            far_off = way @ seen < np.cos(np.radians(FAR_OFF_DEG)) * length_m
            yield link.first, link.second, len(link), bool(far_off)


def _stacked(places: Iterable[Array]) -> Array:
    """(n, 3)"""
    return np.array(list(places)).reshape(-1, 3)


def _by_gps(known: list[Guess], rest: list[int], solved: Solved) -> Iterator[View]:
    """Views by GPS and gimbal alone, of ground that no placed photo shows."""
    shown = [
        Guess(view.name, view.lens, solved.adjusted.lenses[view.lens], view.rotation, view.centre, True)
        for view in solved.adjusted.views
    ]
    for number in rest:
        guess = known[number]
        if not guess.foretold or guess.rotation is None or guess.centre is None:
            continue
        middle = guess.ground(np.array([[0.0, 0.0, 1.0]]))
        if not np.isfinite(middle).all() or any(each.sees(middle, margin=0.0)[0] for each in shown):
            continue
        shown.append(guess)
        yield View(guess.name, guess.lens_name, guess.rotation, guess.centre, points=0, error_px=0.0)


def _left_out(number: int, known: list[Guess], compared: Compared, parts: list[list[int]]) -> LeftOut:
    guess = known[number]
    linked = sum(number in (link.first, link.second) for link in compared.links)
    if len(compared.features[number]) < LEAST_FEATURES:
        reason = "it shows too little detail to fit it to the others"
    elif not linked:
        reason = "it fits no other photo"
    elif guess.centre is None:
        reason = "it has no position and too little in common with photos that have one"
    elif any(number in part for part in parts):
        reason = "it overlaps others, but what they share fits no place of its camera"
    else:
        reason = "it overlaps others, but not three with a position"
    return LeftOut(guess.name, reason)
