"""Files as a failing card or a hostile sender gives them."""

from __future__ import annotations

import numpy as np


def damaged(
    data: bytes, rng: np.random.Generator, *, changes: int, within: int, cut_from: int | None = None
) -> bytes:
    """So many bytes overwritten among the first `within`, and the end cut off somewhere after `cut_from`."""
    spoiled = bytearray(data)
    for at in rng.integers(0, min(within, len(spoiled)), changes):
        spoiled[at] = rng.integers(0, 256)
    if cut_from is not None:
        del spoiled[int(rng.integers(cut_from, len(spoiled))) :]
    return bytes(spoiled)
