"""Tenths of what was promised to simulated searches, what came of each, and how sure that is.

Two things that chance adds are taken off, so that as many searches tell more; neither moves what is expected:

- of the word of who confirms the mean counts (`Search.share_found`), not the lot that was drawn;
- how warm somebody is was drawn too, whatever the promise, and it decides most. What the figures would have
  promised to somebody just so warm lies above or below the promise by nought on average; its part in the
  outcomes goes (a control variate: Hammersley and Handscomb, Monte Carlo Methods, 1964, 5.5).

What is left is told as 95 % of chance between grounds drawn anew: searches over one ground are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.search.calibration import together
from missions.search.detection import Detection, conspicuousness
from missions.search.ground_heat import MEASURED
from missions.search.missed import missed_by_person
from tests.imaging.searched_world import Search

Floats = npt.NDArray[np.float64]
TEST_SEED, TESTED = 51, 8000
"""The searches over `searched_ground.TEST_WORLDS` that the figures are tested with."""


@dataclass(frozen=True, slots=True)
class Tenth:
    """So many searches, what was promised and what was found; `noise` is 95 % of what chance makes."""

    count: int
    promised: float
    found: float
    noise: float

    @property
    def off(self) -> float:
        """By how much more was found than promised."""
        return self.found - self.promised


def tenths(promised: Floats, some: Sequence[Search], warmth: Floats, parts: int = 10) -> tuple[Tenth, ...]:
    """The searches in so many equal parts, the lowest promise first; `warmth` (n,) is of `told_by_warmth`."""
    off, ground = _off(promised, some, warmth)
    return tuple(
        Tenth(
            len(rows),
            float(promised[rows].mean()),
            float((promised + off)[rows].mean()),
            1.96 * _sigma(off[rows], ground[rows]),
        )
        for rows in _parts(promised, parts)
    )


def smoothed(promised: Floats, some: Sequence[Search], warmth: Floats, parts: int = 10) -> tuple[Tenth, ...]:
    """As `tenths`, by a parabola through what was found beyond the promise: surer, if that is smooth."""
    off, ground = _off(promised, some, warmth)
    powers = np.column_stack([np.ones(len(promised)), promised, promised**2])
    inverse = np.linalg.inv(powers.T @ powers)
    curve = inverse @ powers.T @ off
    left = (off - powers @ curve)[:, None] * powers
    sums = np.array([np.bincount(ground, column) for column in left.T])
    spread = inverse @ (sums @ sums.T) @ inverse * _few(ground)
    table = []
    for rows in _parts(promised, parts):
        at = powers[rows].mean(axis=0)
        noise = 1.96 * float(np.sqrt(at @ spread @ at))
        table.append(Tenth(len(rows), float(at[1]), float(at[1] + at @ curve), noise))
    return tuple(table)


def _parts(promised: Floats, parts: int) -> list[npt.NDArray[np.intp]]:
    return np.array_split(np.argsort(promised, kind="stable"), parts)


def _off(promised: Floats, some: Sequence[Search], warmth: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """(n,) what was found beyond the promise, the lot of warmth taken off, and the number of the ground."""
    off = np.array([each.share_found for each in some]) - promised
    worth = np.cov(off, warmth)[0, 1] / max(float(np.var(warmth)), 1e-12)
    return off - worth * warmth, np.unique([each.ground for each in some], return_inverse=True)[1]


def told_by_warmth(some: Sequence[Search], known: Mapping[str, Detection]) -> Floats:
    """(n,) how much more than to people at large frames that tell temperatures promise to one as warm."""
    kinds = np.array([each.kind for each in some])
    more = np.zeros(len(some))
    nodes, weights = conspicuousness()
    for kind in set(kinds):
        rows = np.flatnonzero(kinds == kind)
        figures = known[kind + MEASURED]
        looks = together([some[row].as_mapped for row in rows])
        covers = np.array([some[row].cover for row in rows])[looks.cell]
        places, missed = missed_by_person(looks, {kind: figures}, covers)
        cell = places % (len(rows) * looks.per_side) // looks.per_side
        by_node = np.array([np.bincount(cell, 1 - each, len(rows)) for each in missed.T])
        by_node /= looks.per_side**2
        warm = np.array([some[row].warmer_k for row in rows])
        at_him = (warm - figures.contrast_k) / figures.contrast_sigma_k
        his = [np.interp(at, nodes, column) for at, column in zip(at_him, by_node.T, strict=True)]
        more[rows] = his - weights @ by_node
    return more


def _sigma(off: Floats, ground: npt.NDArray[np.intp]) -> float:
    """The standard deviation of a mean whose parts are alike within a ground."""
    sums = np.bincount(ground, off - off.mean())
    return float(np.sqrt((sums**2).sum() * _few(ground))) / len(off)


def _few(ground: npt.NDArray[np.intp]) -> float:
    """What a variance is made greater by where grounds are few."""
    grounds = len(np.unique(ground))
    return grounds / max(grounds - 1, 1)
