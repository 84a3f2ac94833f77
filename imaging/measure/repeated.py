"""Marks that matching made repeat the click of a person: what is wrong with it is wrong with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import WORST_CONDITION, Shared
from imaging.adjustment.rays import meeting_point
from imaging.control.points import Mark
from imaging.control.scene import pointings
from imaging.lens import Array
from imaging.measure.matching import MATCHED, PATCH_CELLS, SIGMA_PX
from missions.errors import InputError

CONTRADICTS = 2.0
"""Standard deviations of the surface, from which on the matches of a click contradict it: few that are right
do, and a match of what all but covers a mark may do no more.
"""
ELSEWHERE = 13.816
"""The 99.9 % quantile of chi-square with two degrees of freedom: further from where two marks by hand meet
a match is of something else.
"""
_STEP_M = 1e-3


class Relief(Protocol):
    """A surface that also knows how rough it is."""

    def __call__(self, east_north: Array) -> tuple[float, float]:
        """The height at (2,) metres east and north, and its standard deviation."""
        ...

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        """The standard deviation of the heights about a place, metres."""
        ...


@dataclass(frozen=True, slots=True)
class Repeated:
    """Marks to intersect, which of them are wrong together, and what is to be minded of them."""

    marks: tuple[Mark, ...]
    shared: tuple[Shared, ...] = ()
    doubt: str = ""


def repeated(adjusted: Adjusted, marks: Sequence[Mark], surface: Relief) -> Repeated:
    """The marks with what those of one click share.

    A click and its matches are told by their time. The click's error lies across its line of sight. Matching
    finds the height of a patch, not of a point: where the surface is rough within it, the point may lie that
    much higher or lower on the line of sight. So it may where one click and its matches contradict the
    surface: either that lacks what stands there, or the matches are of what stands beside it. Matches of
    which nothing tells the click they repeat are left out beside several clicks, and so are those of a click
    of which one lies elsewhere than where two or more marks by hand meet.
    """
    marks, elsewhere = _without_strays(adjusted, marks, surface)
    times = dict.fromkeys(mark.marked_at for mark in marks if mark.marked_by == MATCHED)
    if not times or len(marks) == 1:
        return Repeated(tuple(marks), doubt=elsewhere)
    groups = []
    left_out: set[int] = set()
    for time in times:
        matches = [n for n, mark in enumerate(marks) if mark.marked_by == MATCHED and mark.marked_at == time]
        clicks = [n for n, mark in enumerate(marks) if mark.marked_by != MATCHED and mark.marked_at == time]
        if len(clicks) > 1:
            left_out |= set(matches)
        else:
            groups.append((clicks[0] if clicks else None, matches))
    kept = [n for n in range(len(marks)) if n not in left_out]
    alike = {n for click, matches in groups for n in (click, *matches) if n is not None}
    chosen = tuple(replace(marks[n], sigma_px=SIGMA_PX) if n in alike else marks[n] for n in kept)
    seen = pointings(chosen, adjusted.network.index)
    place = meeting_point(seen, adjusted.views, adjusted.lenses)
    by_hand_px = [mark.sigma_px for mark in marks if mark.marked_by != MATCHED]
    shared = []
    off_m = _off_surface(adjusted, chosen, place, surface)
    for click, matches in groups:
        first = marks[matches[0] if click is None else click]
        sigma_px = max([*by_hand_px, SIGMA_PX]) if click is None else first.sigma_px
        together = np.isin(kept, [*matches, *([] if click is None else [click])])
        shared.append(Shared(together, _spread(adjusted, first.photo, place, sigma_px, surface, off_m)))
    return Repeated(chosen, tuple(shared), elsewhere or _doubt(off_m))


def _without_strays(adjusted: Adjusted, marks: Sequence[Mark], surface: Relief) -> tuple[Sequence[Mark], str]:
    """The marks without the matches of a click of which one lies elsewhere than where marks by hand meet."""
    by_hand = tuple(mark for mark in marks if mark.marked_by != MATCHED)
    matches = [mark for mark in marks if mark.marked_by == MATCHED]
    if len(by_hand) < 2 or not matches:
        return marks, ""
    place = meeting_point(pointings(by_hand, adjusted.network.index), adjusted.views, adjusted.lenses)
    weighed = [_by_place(adjusted, mark.photo, place)[1] / mark.sigma_px for mark in by_hand]
    matrix = sum(each.T @ each for each in weighed)
    if np.linalg.cond(matrix) > WORST_CONDITION:
        return marks, ""
    click_px = max(mark.sigma_px for mark in by_hand)
    own = _spread(adjusted, by_hand[0].photo, place, click_px, surface, 0.0)
    spread = np.linalg.inv(matrix) + own @ own.T
    away_px: dict[str, float] = {}
    for mark in matches:
        seen_px, by_place = _by_place(adjusted, mark.photo, place)
        covariance = by_place @ spread @ by_place.T + SIGMA_PX**2 * np.eye(2)
        off_px = np.array([mark.x_px, mark.y_px]) - seen_px
        if off_px @ np.linalg.solve(covariance, off_px) > ELSEWHERE:
            off = float(np.linalg.norm(off_px))
            away_px[mark.marked_at] = max(off, away_px.get(mark.marked_at, 0.0))
    if not away_px:
        return marks, ""
    kept = [mark for mark in marks if mark.marked_by != MATCHED or mark.marked_at not in away_px]
    return kept, (
        f"its matches lie up to {max(away_px.values()):.1f} px from where the marks by hand meet and are "
        "left out; look at those marks again, or mark it in a third photo"
    )


def _by_place(adjusted: Adjusted, photo: str, place: Array) -> tuple[Array, Array]:
    """Where a photo shows a place, (2,) pixels, and (2, 3) how that moves with it, pixels a metre."""
    view = adjusted.views[adjusted.network.index[photo]]
    around = np.vstack([place, place + _STEP_M * np.eye(3)])
    seen_px = view.pixels(adjusted.lenses[view.lens], around)
    return seen_px[0], (seen_px[1:] - seen_px[0]).T / _STEP_M


def _off_surface(adjusted: Adjusted, marks: Sequence[Mark], place: Array, surface: Relief) -> float:
    """How far above the surface one click and its matches lie, metres; 0 within what that may be wrong."""
    if sum(mark.marked_by != MATCHED for mark in marks) > 1:
        return 0.0
    try:
        height_m, sigma_m = surface(place[:2])
    except InputError:
        return 0.0
    relief_m = surface.relief_m(place[:2], _patch_m(adjusted, marks[0].photo, place))
    off_m = float(place[2]) - height_m
    return off_m if abs(off_m) > CONTRADICTS * float(np.hypot(sigma_m, relief_m)) else 0.0


def _doubt(off_m: float) -> str:
    if not off_m:
        return ""
    side = "above" if off_m > 0 else "below"
    return f"its matches lie {abs(off_m):.2f} m {side} the surface; mark it by hand in a second photo"


def _patch_m(adjusted: Adjusted, photo: str, place: Array) -> float:
    """Half a side of the patch that is matched, on the ground."""
    view = adjusted.views[adjusted.network.index[photo]]
    depth_m = float(np.linalg.norm(place - view.centre))
    return PATCH_CELLS * depth_m / adjusted.lenses[view.lens].focal_px


def _spread(
    adjusted: Adjusted, photo: str, place: Array, sigma_px: float, surface: Relief, off_m: float
) -> Array:
    """(3, 3) metres: what one standard deviation of the click, twice across, and of the patch moves, `off_m`
    being how far its matches contradict the surface.
    """
    view = adjusted.views[adjusted.network.index[photo]]
    focal_px = adjusted.lenses[view.lens].focal_px
    sight = place - view.centre
    depth_m = float(np.linalg.norm(sight))
    across = np.linalg.svd(sight[None, :])[2][1:]
    relief_m = surface.relief_m(place[:2], _patch_m(adjusted, photo, place))
    along = sight / max(abs(float(sight[2])), 1e-6)
    return np.column_stack(
        [*(across * sigma_px * depth_m / focal_px), along * float(np.hypot(relief_m, off_m))]
    )
