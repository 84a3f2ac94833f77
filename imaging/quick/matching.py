"""Which features of two pictures are the same: nearest descriptors, mutual, and clearly nearer than the next.

Lowe (2004), section 7.1, on unit vectors: the squared distance is 2 - 2 cos, so one matrix product gives all.
"""

from __future__ import annotations

import numpy as np

from imaging.adjustment.network import Indices
from imaging.quick.features import Descriptors, Features, unit

RATIO = 0.85
BLOCK = 1024
"""Descriptors compared with all others at once: what they hold in memory does not grow with their square."""
NEAREST = 0.9
"""No pair of descriptors further apart than this is a match (two that have nothing in common: about 1.1)."""


def match(first: Features, second: Features, near_first: Indices, near_second: Indices) -> Indices:
    """(m, 2) indices into the features, compared among those of the two index arrays only."""
    if len(near_first) < 2 or len(near_second) < 2:
        return np.zeros((0, 2), np.int64)
    found = _mutual(first.descriptors[near_first], second.descriptors[near_second])
    return np.column_stack([near_first[found[:, 0]], near_second[found[:, 1]]])


def _mutual(first: Descriptors, second: Descriptors) -> Indices:
    """(m, 2) indices of those that are each other's nearest and clear, a block of rows at a time."""
    against = unit(second).T
    best = np.empty(len(first), np.int64)
    nearest, next_nearest = np.empty((2, len(first)), np.float32)
    most_like = np.full(len(second), -1.0, np.float32)
    for start in range(0, len(first), BLOCK):
        likeness = unit(first[start : start + BLOCK]) @ against
        np.maximum(most_like, likeness.max(axis=0), out=most_like)
        rows, part = np.arange(len(likeness)), slice(start, start + len(likeness))
        best[part] = likeness.argmax(axis=1)
        nearest[part] = likeness[rows, best[part]]
        likeness[rows, best[part]] = -1.0
        next_nearest[part] = likeness.max(axis=1)
    clear = 2 - 2 * nearest < RATIO**2 * (2 - 2 * next_nearest)
    good = np.flatnonzero(clear & (nearest >= most_like[best]) & (2 - 2 * nearest < NEAREST**2))
    # Of several that are exactly as near to one, the first.
    good = good[np.sort(np.unique(best[good], return_index=True)[1])]
    return np.column_stack([good, best[good]]).astype(np.int64)
