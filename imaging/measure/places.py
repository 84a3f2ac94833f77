"""Where the marks of a measurement are, all together, so that what they share is not counted twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from imaging.lens import Array


@dataclass(frozen=True, slots=True)
class Places:
    """Marked places by letter: (k, 3) metres east, north, up and their joint covariance (3k, 3k) in m².

    `doubts` says in words what is to be minded of some of them, `left_out` in which photos the marks of some
    were left out.
    """

    letters: tuple[str, ...]
    local_m: Array
    covariance: Array
    doubts: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, letters: tuple[str, ...]) -> tuple[Array, Array]:
        """(n, 3) places of these letters, in this order, and their joint covariance (3n, 3n)."""
        numbers = np.array([self.letters.index(letter) for letter in letters])
        rows = (3 * numbers[:, None] + np.arange(3)).reshape(-1)
        return self.local_m[numbers], self.covariance[np.ix_(rows, rows)]

    def sigma_m(self, letter: str) -> Array:
        """(3,) one standard deviation of east, north and up."""
        return np.sqrt(np.diag(self.of((letter,))[1]))
