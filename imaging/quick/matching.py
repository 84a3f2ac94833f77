"""Which features of two pictures are the same: nearest descriptors, mutual, and clearly nearer than the next.

Lowe (2004), section 7.1, on unit vectors: the squared distance is 2 - 2 cos, so one matrix product gives all.
"""

from __future__ import annotations

import numpy as np

from imaging.adjustment.network import Indices
from imaging.quick.features import Descriptors, Features, unit

RATIO = 0.85
NEAREST = 0.9
"""No pair of descriptors further apart than this is a match (two that have nothing in common: about 1.1)."""


def match(first: Features, second: Features, near_first: Indices, near_second: Indices) -> Indices:
    """(m, 2) indices into the features, compared among those of the two index arrays only."""
    if len(near_first) < 2 or len(near_second) < 2:
        return np.zeros((0, 2), np.int64)
    found = _mutual(first.descriptors[near_first], second.descriptors[near_second])
    return np.column_stack([near_first[found[:, 0]], near_second[found[:, 1]]])


def _mutual(first: Descriptors, second: Descriptors) -> Indices:
    likeness = unit(first) @ unit(second).T
    rows = np.arange(len(first))
    best = likeness.argmax(axis=1)
    back = likeness.argmax(axis=0)
    nearest = likeness[rows, best]
    likeness[rows, best] = -1.0
    second_nearest = likeness.max(axis=1)
    clear = 2 - 2 * nearest < RATIO**2 * (2 - 2 * second_nearest)
    good = clear & (back[best] == rows) & (2 - 2 * nearest < NEAREST**2)
    return np.column_stack([rows[good], best[good]]).astype(np.int64)
