"""Marks of control that lie elsewhere than the others show their point, by a little: what `blunders` passes.

Each mark is tested against the other marks of its point (`imaging.adjustment.intersect.mark_tests`), poses
and lenses being as unsure as they are. Nothing is said of where the point was surveyed: that is `snooping`'s.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri

from imaging.adjustment import Adjusted
from imaging.adjustment.intersect import MarkTests, mark_tests
from imaging.adjustment.rays import meeting_point
from imaging.control.blunders import Blunder
from imaging.control.points import Mark
from imaging.control.scene import SceneControl, pointings
from imaging.control.snooping import ALIKE, RISK
from missions.errors import AlignmentError

LEAST_LEFT = 3
"""Of two marks that miss each other nothing tells which is wrong."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A point whose marks miss one another: the test's ratio, above 1 an error, and the mark that is wrong.

    `photo` is empty where nothing tells which; then all count as `factor` times less sure. `off_px` is how
    far the worst one lies off.
    """

    name: str
    photo: str
    off_px: float
    ratio: float
    factor: float = 1.0

    @property
    def blunder(self) -> Blunder:
        """The mark that is left out, in words."""
        return Blunder(
            self.name,
            self.photo,
            f"the mark lies {self.off_px:.1f} pixels from where the other photos show the point: too far to "
            "be chance",
        )

    @property
    def doubt(self) -> str:
        """Marks of which nothing tells which is wrong, in words."""
        return (
            f"The marks of {self.name} miss one another by up to {self.off_px:.1f} pixels and count as "
            f"{self.factor:.1f} times less sure. Look at each of them again."
        )


def strays(
    adjusted: Adjusted, control: SceneControl, begun: SceneControl, *, passed: Collection[str] = ()
) -> tuple[Stray, ...]:
    """The worst mark of each point whose marks miss one another, or that point where nothing tells which.

    `begun` is the control with the marks that were left out before; points that `passed` names are tested no
    more. Whoever clicks less surely than he says does so everywhere: where the marks of most points miss one
    another by more than their sigmas, without the worst of each, so much more is allowed.
    """
    tested = dict(_tested(adjusted, control, passed))
    if not tested:
        return ()
    count = sum(len(marks) for marks, _ in tested.values())
    slack = max(1.0, float(np.median([_rest(tests) for _, tests in tested.values()])))
    found = []
    for name, (marks, tests) in tested.items():
        allowed = slack * np.array([chdtri(max(1, free), RISK / count) for free in tests.free])
        ratios = tests.square / allowed
        worst = int(np.argmax(ratios))
        if ratios[worst] <= 1:
            continue
        off_px = float(np.hypot(*tests.off_px[worst]))
        gone = len(begun.marks[name]) - len(control.marks[name])
        if len(marks) <= max(LEAST_LEFT, gone + 2) or np.sum(ratios > ALIKE * ratios[worst]) > 1:
            factor = math.sqrt(max(1.0, tests.whole / tests.freedom))
            found.append(Stray(name, "", off_px, float(ratios[worst]), factor))
        else:
            found.append(Stray(name, marks[worst].photo, off_px, float(ratios[worst])))
    return tuple(sorted(found, key=lambda each: -each.ratio))


def less_sure(control: SceneControl, factors: Mapping[str, float]) -> SceneControl:
    """The control, so many times less sure of the marks of those points."""
    marks = {
        name: tuple(replace(mark, sigma_px=factors.get(name, 1.0) * mark.sigma_px) for mark in marks)
        for name, marks in control.marks.items()
    }
    return replace(control, marks=marks)


def _tested(
    adjusted: Adjusted, control: SceneControl, passed: Collection[str]
) -> Iterator[tuple[str, tuple[tuple[Mark, ...], MarkTests]]]:
    """The marks of each point that was surveyed or ends a distance, and their tests."""
    index = adjusted.network.index
    wanted = {point.name for point in control.points}
    wanted |= {name for bar in control.bars for name in (bar.first, bar.second)}
    for name, marks in control.marks.items():
        seen = pointings(marks, index)
        if name in passed or name not in wanted or len(set(seen.view.tolist())) < 2:
            continue
        try:
            start = meeting_point(seen, adjusted.views, adjusted.lenses)
            tests = mark_tests(adjusted, seen, start)
        except AlignmentError:
            continue
        yield name, (tuple(mark for mark in marks if mark.photo in index), tests)


def _rest(tests: MarkTests) -> float:
    """Chi-square over its degrees of freedom of a point's marks without the worst of them."""
    worst = int(np.argmax(tests.square))
    freedom = tests.freedom - int(tests.free[worst])
    return max(0.0, tests.whole - float(tests.square[worst])) / freedom if freedom > 0 else 1.0
