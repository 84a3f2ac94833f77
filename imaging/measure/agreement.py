"""Whether the marks that a person made of one point in several photos are of one place at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import misfit
from imaging.adjustment.rays import meeting_point
from imaging.control.points import Mark
from imaging.control.scene import pointings
from imaging.control.straying import LEAST_LEFT
from imaging.lens import Array
from imaging.measure.matching import MATCHED
from imaging.measure.repeated import Relief
from missions.errors import AlignmentError, InputError

RISK = 1e-4
"""The chance that sound marks of a point are called wrong."""
OFF_SURFACE, NEAR_M = 4.0, 0.5
"""Standard deviations, and how far about a place the surface's roughness counts."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Marks that are of one place, or all of them taken for less sure, and what is to be minded of them."""

    marks: tuple[Mark, ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Chi-square over what is allowed, chi-square over its degrees of freedom, pixels of the worst mark."""

    over: float
    reduced: float
    worst_px: float


_FITS, _NOWHERE = _Misfit(0.0, 0.0, 0.0), _Misfit(math.inf, math.inf, math.inf)


def agreed(adjusted: Adjusted, marks: Sequence[Mark]) -> Agreed:
    """The marks without those by hand that lie elsewhere than the others show the point.

    What no place explains is tested by chi-square, poses and lenses being as unsure as they are. The mark
    without which the others fit best goes first, while three stay and more stay than go. Where that does not
    do, or would with another mark too, nothing tells which is wrong: all stay, and their sigmas are
    multiplied by the root of chi-square over its degrees of freedom (Birge 1932).
    """
    kept = [mark for mark in marks if mark.marked_by != MATCHED]
    gone: list[Mark] = []
    first = found = _misfit(adjusted, kept) or _FITS
    while found.over > 1 and len(kept) > max(LEAST_LEFT, len(gone) + 2):
        others = [[*kept[:n], *kept[n + 1 :]] for n in range(len(kept))]
        tried = [_misfit(adjusted, each) or _NOWHERE for each in others]
        if sum(each.over <= 1 for each in tried) > 1:
            break  # any of several may be the wrong one
        best = int(np.argmin([each.over for each in tried]))
        gone.append(kept[best])
        kept, found = others[best], tried[best]
    if found.over > 1:
        factor = math.sqrt(first.reduced)
        return Agreed(
            tuple(
                mark if mark.marked_by == MATCHED else replace(mark, sigma_px=factor * mark.sigma_px)
                for mark in marks
            ),
            f"its marks miss one another by up to {first.worst_px:.1f} px and count as {factor:.1f} times "
            "less sure; look at each of them again",
        )
    if not gone:
        return Agreed(tuple(marks))
    photos = ", ".join(mark.photo for mark in gone)
    return Agreed(
        tuple(mark for mark in marks if mark not in gone),
        f"marked elsewhere in {photos} than in the other photos, and left out there; look at it again",
    )


def off_surface(place: Array, sigma_up_m: float, surface: Relief) -> str:
    """What is to be minded of a place that two photos alone show: one of two marks that is off along the line
    between the cameras moves the place up or down, and the marks meet all the same. Empty where the surface
    lies where they meet, or is not known there.
    """
    try:
        height_m, sigma_m = surface(place[:2])
    except InputError:
        return ""
    allowed_m = OFF_SURFACE * math.hypot(sigma_up_m, sigma_m, surface.relief_m(place[:2], NEAR_M))
    off_m = float(place[2]) - height_m
    if not abs(off_m) > allowed_m:  # nor where nobody knows how sure the surface is
        return ""
    side = "above" if off_m > 0 else "below"
    return f"its two marks meet {abs(off_m):.2f} m {side} the surface; mark it in a third photo"


def _misfit(adjusted: Adjusted, marks: Sequence[Mark]) -> _Misfit | None:
    """None where marks give no place: too few, or all from one direction."""
    if len(marks) < 2:
        return None
    seen = pointings(tuple(marks), adjusted.network.index)
    try:
        start = meeting_point(seen, adjusted.views, adjusted.lenses)
        square, freedom, off_px = misfit(adjusted, seen, start)
    except AlignmentError:
        return None
    worst_px = float(np.linalg.norm(off_px, axis=1).max())
    return _Misfit(square / float(chdtri(freedom, RISK)), square / freedom, worst_px)
