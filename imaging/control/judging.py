"""What control contradicts the rest of an adjusted scene, step by step, the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from imaging.adjustment import Adjusted
from imaging.control.blunders import Blunder
from imaging.control.scene import SceneControl
from imaging.control.snooping import blunders_of, suspects
from imaging.control.straying import Stray, less_sure, strays


@dataclass(frozen=True, slots=True)
class Judged:
    """Control that is used still, of what was `begun` with; what was set aside, and by point doubts and how
    many times less sure its marks count.
    """

    control: SceneControl
    begun: SceneControl
    blunders: tuple[Blunder, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)


def judged(adjusted: Adjusted, so_far: Judged) -> Judged | None:
    """Without what contradicts the rest most: marks, or points and bars; None where nothing does.

    Marks of which nothing tells which is wrong count as less sure instead.
    """
    marks = strays(adjusted, so_far.control, so_far.begun, passed=so_far.doubts)
    wrong = suspects(adjusted)
    if marks and not (wrong and wrong[0].ratio > marks[0].ratio):
        return _without_marks(so_far, marks)
    if not wrong:
        return None
    control = so_far.control
    for each in wrong:
        control = control.without(each.name)
    return replace(so_far, control=control, blunders=(*so_far.blunders, *blunders_of(wrong)))


def _without_marks(so_far: Judged, found: tuple[Stray, ...]) -> Judged:
    factors = {each.name: each.factor for each in found if not each.photo}
    return replace(
        so_far,
        control=less_sure(so_far.control.without_marks({(each.name, each.photo) for each in found}), factors),
        blunders=(*so_far.blunders, *(each.blunder for each in found if each.photo)),
        doubts={**so_far.doubts, **{each.name: each.doubt for each in found if not each.photo}},
        factors={**so_far.factors, **factors},
    )
