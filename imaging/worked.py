"""What a process took: processor seconds, and the most memory that it held.

The peak is the largest resident set (VmHWM of proc(5)), begun anew where the kernel allows it; elsewhere the
largest since the process began (ru_maxrss of getrusage(2)).
"""

from __future__ import annotations

import ctypes
import re
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ONE_HEAP = ((-8, 1), (-3, 32 << 20), (-1, 64 << 20))
"""M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's malloc.h."""
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Worked:
    """Processor seconds of a process, and the most memory that it held, bytes."""

    cpu_s: float
    peak_bytes: int


def worked() -> Worked:
    """What this process took up to now."""
    return Worked(time.process_time(), peak_bytes())


def peak_bytes() -> int:
    """The most memory that this process held, since `forget_peak` where that is possible."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
        if found:
            return 1024 * int(found[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else 1024 * peak)


def give_back() -> None:
    """Give memory that was freed back to the system, where the C library keeps it (malloc_trim(3), glibc).

    Else what one stage has freed and the next cannot use, as its pieces lie apart, would count for both.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def one_heap() -> None:
    """Let all threads of this process share one heap from now on (mallopt(3), glibc; nothing elsewhere).

    With a heap for each thread, what one has freed is of no use to another and lies torn apart: 50 MB more
    for two threads. Arrays below the largest threshold that glibc knows come from that heap, and it shrinks
    only by twice as much: so pages are not given back and asked for again all the time.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in _ONE_HEAP:
            mallopt(parameter, value)


def forget_peak() -> None:
    """Begin the peak anew, where the kernel can (5 in /proc/self/clear_refs, proc(5))."""
    with suppress(OSError):
        _CLEAR.write_text("5")
