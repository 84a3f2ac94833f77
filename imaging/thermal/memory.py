"""Memory that one frame gives back and the next one takes again."""

from __future__ import annotations

import numpy as np

_KEPT_BYTES = 30_000_000
"""Just under what glibc lets this go up to (DEFAULT_MMAP_THRESHOLD_MAX, 32 MiB)."""


def keep_freed_memory() -> None:
    """Let the C library keep what a frame's search frees, up to twice 30 MB a thread, for the next one.

    It hands every block of more than 128 kB back to the system, and its pages come back one by one: a
    tenth of the time of a search. Once a block was freed, blocks up to its size are kept (mallopt(3),
    M_MMAP_THRESHOLD). Elsewhere than with glibc nothing changes. The block is never written to.
    """
    np.empty(_KEPT_BYTES, np.uint8)
