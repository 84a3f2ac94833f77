"""Gains and falloff of photos from how much brighter one is than another, place by place.

Robust least squares with Cauchy's weights. Its normal equations are summed over a part of the ratios at a
time, so that what photos tell of each other is held once, and compactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_diag, bmat, csr_matrix, eye, kron
from scipy.sparse.linalg import spsolve

from imaging.lens import Array, View

BRIGHTNESS_SIGMA, COLOUR_SIGMA, FALLOFF_SIGMA = 0.1, 0.04, 0.3
CAUCHY = 2.4
ROUNDS = 8
AT_ONCE = 16_384
BANDS, TERMS = 3, 4
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ratios:
    """Parts of overlaps: the two photos (m,), the log of the second's colours over the first's (m, 3), its
    standard deviation (m, 3), and the middle of the place in either, as falloff terms (m, 4).
    """

    first: Numbers
    second: Numbers
    ratio: Floats
    sigma: Floats
    first_terms: Floats
    second_terms: Floats

    def __len__(self) -> int:
        return len(self.first)

    @staticmethod
    def of(
        first: int, second: int, ratio: Array, sigma: Array, first_terms: Array, second_terms: Array
    ) -> Ratios:
        """Those of one pair of photos."""
        photos = [np.full(len(ratio), each, np.int32) for each in (first, second)]
        values = [np.asarray(each, np.float32) for each in (ratio, sigma, first_terms, second_terms)]
        return Ratios(photos[0], photos[1], *values)

    @staticmethod
    def joined(parts: Sequence[Ratios]) -> Ratios:
        """All of them."""
        names = [each.name for each in fields(Ratios)]
        return Ratios(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def parts(self) -> Iterator[Ratios]:
        """Some of them at a time."""
        names = [each.name for each in fields(Ratios)]
        for begin in range(0, len(self), AT_ONCE):
            yield Ratios(*(getattr(self, name)[begin : begin + AT_ONCE] for name in names))


def settle(ratios: Ratios, views: Sequence[View], told: Array) -> tuple[Array, Array]:
    """Logs of the gains (n, 3), and each photo's falloff (n, 4); `told` (n,) are the gains to expect.

    The bands have the falloff in common: per lens in its picture, and a plane one over the ground, from the
    sun.
    """
    number, lenses = len(views), sorted({view.lens for view in views})
    lens_of = np.array([lenses.index(view.lens) for view in views])
    turned = np.array([view.rotation[:2, :2] for view in views])
    solution: Array | None = None
    for _ in range(ROUNDS):
        matrix, right = _priors(number, TERMS * len(lenses) + 2, told)
        for part in ratios.parts():
            falloff = _falloff_rows(part, lens_of, turned, len(lenses))
            more, more_right = _equations(part, falloff, _weights(part, falloff, solution, number), number)
            matrix, right = matrix + more, right + more_right
        solution = np.asarray(spsolve(matrix.tocsc(), right))
    assert solution is not None  # noqa: S101 - there was a round
    found = solution[BANDS * number : -2].reshape(-1, TERMS)[lens_of]
    found[:, :2] += turned @ solution[-2:]
    return _gains(solution, number).T.copy(), found


def _gains(solution: Array, number: int) -> Array:
    """(3, n): unknowns stand band by band, the falloff after them."""
    return solution[: BANDS * number].reshape(BANDS, number)


def _falloff_rows(part: Ratios, lens_of: Numbers, turned: Array, lenses: int) -> Array:
    """(m, 4 lenses + 2) what the falloff's unknowns add to the first photo's log, less the second's."""
    rows, line = np.zeros((len(part), TERMS * lenses + 2)), np.arange(len(part))[:, None]
    for sign, photo, terms in ((1, part.first, part.first_terms), (-1, part.second, part.second_terms)):
        rows[line, TERMS * lens_of[photo][:, None] + np.arange(TERMS)] += sign * terms
        rows[:, -2:] += sign * np.einsum("mk,mkj->mj", terms[:, :2], turned[photo])
    return rows


def _weights(part: Ratios, falloff: Array, solution: Array | None, number: int) -> Array:
    """(m, 3) one over the variance, less for what the solution so far does not explain."""
    sigma = part.sigma.astype(float)
    if solution is None:
        return np.asarray(sigma**-2)
    gains = _gains(solution, number)
    off = part.ratio - (gains[:, part.first] - gains[:, part.second]).T
    off -= (falloff @ solution[BANDS * number :])[:, None]
    return np.asarray(sigma**-2 / (1 + (off / sigma / CAUCHY) ** 2))


def _equations(part: Ratios, falloff: Array, weights: Array, number: int) -> tuple[csr_matrix, Array]:
    """Normal matrix and right side that these ratios add."""
    weight, ratio = weights.T.ravel(), part.ratio.T.astype(float).ravel()
    band = number * np.repeat(np.arange(BANDS), len(part))
    ends = np.concatenate([band + np.tile(part.first, BANDS), band + np.tile(part.second, BANDS)])
    signs, line = np.repeat([1.0, -1.0], len(weight)), np.tile(np.arange(len(weight)), 2)
    gains = csr_matrix((signs, (line, ends)), (len(weight), BANDS * number))
    weighed = csr_matrix((signs * np.tile(weight, 2), (ends, line)), (BANDS * number, len(weight)))
    joining = csr_matrix(weighed @ np.tile(falloff, (BANDS, 1)))
    own = falloff.T @ (falloff * weights.sum(axis=1)[:, None])
    matrix = bmat([[weighed @ gains, joining], [joining.T, csr_matrix(own)]])
    right = np.concatenate([weighed @ ratio, falloff.T @ (weights * part.ratio).sum(axis=1)])
    return csr_matrix(matrix), right


def _priors(number: int, falloff: int, told: Array) -> tuple[csr_matrix, Array]:
    """The equations of what is expected: brightness as told, bands alike, a small falloff."""
    mean = np.full((BANDS, BANDS), 1 / BANDS)
    bands = mean / BANDS / BRIGHTNESS_SIGMA**2 + (np.eye(BANDS) - mean) / COLOUR_SIGMA**2
    gains = kron(csr_matrix(bands), eye(number))
    matrix = block_diag([gains, eye(falloff) / FALLOFF_SIGMA**2])
    right = np.concatenate([np.tile(told / BANDS / BRIGHTNESS_SIGMA**2, BANDS), np.zeros(falloff)])
    return csr_matrix(matrix), right
