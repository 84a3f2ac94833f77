"""Marks that matching made repeat the click of a person: what is wrong with it is wrong with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import Shared
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
    which nothing tells the click they repeat are left out beside several clicks.
    """
    times = dict.fromkeys(mark.marked_at for mark in marks if mark.marked_by == MATCHED)
    if not times or len(marks) == 1:
        return Repeated(tuple(marks))
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
    return Repeated(chosen, tuple(shared), _doubt(off_m))


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
