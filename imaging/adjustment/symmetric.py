"""Symmetric matrices of which half is held, factored and inverted where they lie.

Rectangular full packed format (Gustavson, Waśniewski, Dongarra and Langou 2010), as LAPACK has it with
TRANSR = N and UPLO = L: the lower triangle of n columns folded into a rectangle of half as many, so that it
takes n (n + 1) / 2 numbers and is worked on block by block all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpftrf, dpftri, dpftrs

from imaging.compiled import kernel
from imaging.lens import Array

ROWS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Symmetric:
    """A symmetric (`size`, `size`) matrix; `packed` (size (size + 1) / 2,) is changed where it lies."""

    size: int
    packed: Array

    @staticmethod
    def zeros(size: int) -> Symmetric:
        """Nothing yet."""
        return Symmetric(size, np.zeros(size * (size + 1) // 2))

    @staticmethod
    def of(matrix: Array) -> Symmetric:
        """From a whole one, of which the lower half is read."""
        return Symmetric.read(len(matrix), [matrix])

    @staticmethod
    def read(size: int, rows: Iterable[Array]) -> Symmetric:
        """From the rows of a whole one, some at a time."""
        made, first = Symmetric.zeros(size), 0
        for part in rows:
            _lay(made.packed, size, first, np.ascontiguousarray(part, float))
            first += len(part)
        return made

    def in_rows(self) -> Iterator[Array]:
        """Its rows, some at a time."""
        for first in range(0, self.size, ROWS_AT_ONCE):
            yield self.rows(first, min(self.size, first + ROWS_AT_ONCE))

    def whole(self) -> Array:
        """(size, size)"""
        return self.rows(0, self.size)

    def rows(self, first: int, last: int) -> Array:
        """(last - first, size) of its rows."""
        return self.block(np.arange(first, last), np.arange(self.size))

    def block(self, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> Array:
        """(r, c) what stands in these rows and columns."""
        found = np.empty((len(rows), len(columns)))
        _read(self.packed, self.size, rows.astype(np.int64), columns.astype(np.int64), found)
        return found

    def diagonal(self) -> Array:
        """(size,)"""
        return self.packed[self._diagonal(np.arange(self.size))]

    def add(self, places: npt.NDArray[Any], block: Array) -> None:
        """Add a symmetric (k, k) block at (k,) places, no two alike."""
        order = block if block.flags.c_contiguous else block.T  # which is the same one
        _add(self.packed, self.size, places.astype(np.int64), np.ascontiguousarray(order))

    def add_to_diagonal(self, places: npt.NDArray[Any], values: Array) -> None:
        """Add (k,) values on the diagonal at (k,) places, no two alike."""
        self.packed[self._diagonal(places)] += values

    def add_product(self, factor: Array) -> None:
        """Add factor factorᵀ of a (size, k) factor."""
        _add_product(self.packed, self.size, np.ascontiguousarray(factor))

    def grow_diagonal(self, times: float) -> None:
        """Multiply the diagonal."""
        self.packed[self._diagonal(np.arange(self.size))] *= times

    def set_apart(self, places: npt.NDArray[Any], value: float) -> None:
        """Leave nothing in these rows and columns but `value` on the diagonal."""
        _set_apart(self.packed, self.size, places.astype(np.int64), value)

    def factor(self) -> None:
        """Become its own lower Cholesky factor. Raises LinAlgError where it is not positive definite."""
        _, status = dpftrf(self.size, self.packed, transr="N", uplo="L", overwrite_a=1)
        if status:
            raise np.linalg.LinAlgError(f"not positive definite at {status}")

    def solve(self, right: Array) -> Array:
        """The answer to (size,) or (size, k) right sides, once factored."""
        found, status = dpftrs(self.size, self.packed, right, transr="N", uplo="L")
        assert status == 0  # noqa: S101 - the sizes fit
        return np.asarray(found).reshape(right.shape)

    def invert(self) -> None:
        """Become the inverse of what was factored."""
        _, status = dpftri(self.size, self.packed, transr="N", uplo="L", overwrite_a=1)
        assert status == 0  # noqa: S101 - it was factored

    def across(self, rows: Array) -> Array:
        """(k, k) rows matrix rowsᵀ of (k, size) rows: a covariance in other unknowns."""
        total, first = np.zeros((len(rows), len(rows))), 0
        for part in self.in_rows():
            total += (rows[:, first : first + len(part)] @ part) @ rows.T
            first += len(part)
        return total

    def _diagonal(self, places: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        half, even = (self.size + 1) // 2, 1 - self.size % 2
        high = self.size + even
        here = places.astype(np.int64)
        folded = (here - half + 1 - even) * high + here - half
        return np.where(here < half, here * high + here + even, folded)


@kernel(inline="always")
def column_in(size: int, column: int) -> tuple[int, int]:
    """Where row 0 of a column of the lower triangle would stand, and how far apart its rows do."""
    half, even = (size + 1) // 2, 1 - size % 2
    high = size + even
    if column < half:
        return column * high + even, 1
    return (1 - even - half) * high + column - half, high


@kernel()
def _read(
    packed: Array, size: int, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], found: Array
) -> None:
    for b in range(columns.shape[0]):
        for a in range(rows.shape[0]):
            begin, step = column_in(size, min(rows[a], columns[b]))
            found[a, b] = packed[begin + step * max(rows[a], columns[b])]


@kernel()
def _lay(packed: Array, size: int, first: int, rows: Array) -> None:
    for b in range(min(size, first + rows.shape[0])):
        begin, step = column_in(size, b)
        for a in range(max(first, b), first + rows.shape[0]):
            packed[begin + step * a] = rows[a - first, b]


@kernel()
def _add(packed: Array, size: int, places: npt.NDArray[np.int64], block: Array) -> None:
    for a in range(places.shape[0]):
        for b in range(places.shape[0]):
            if places[a] >= places[b]:
                begin, step = column_in(size, places[b])
                packed[begin + step * places[a]] += block[a, b]


@kernel()
def _add_product(packed: Array, size: int, factor: Array) -> None:
    for b in range(size):
        begin, step = column_in(size, b)
        for a in range(b, size):
            total = 0.0
            for c in range(factor.shape[1]):
                total += factor[a, c] * factor[b, c]
            packed[begin + step * a] += total


@kernel()
def _set_apart(packed: Array, size: int, places: npt.NDArray[np.int64], value: float) -> None:
    for place in places:
        for other in range(size):
            begin, step = column_in(size, min(place, other))
            packed[begin + step * max(place, other)] = value if place == other else 0.0
