"""Memory that a frame gives back is there for the next: its pages do not come back one by one."""

import platform
import subprocess
import sys

import pytest

FRAMES, ARRAYS, ARRAY_BYTES = 40, 5, 3_000_000
"""A frame's search holds several arrays at once; one alone the C library keeps by itself."""
PAGE_BYTES = 4096
COUNTED = f"""
import resource
import numpy as np
from imaging.thermal.memory import keep_freed_memory
if {{kept}}:
    keep_freed_memory()
[np.ones({ARRAY_BYTES}, np.uint8) for _ in range({ARRAYS})]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({FRAMES}):
    [np.ones({ARRAY_BYTES}, np.uint8) for _ in range({ARRAYS})]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: bool) -> int:
    """How many pages had to be handed out for frames whose arrays are made and let go one after the other."""
    code = COUNTED.format(kept=kept)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps blocks by mallopt(3)")
def test_pages_of_one_frame_serve_the_next() -> None:
    without, kept = faults(kept=False), faults(kept=True)
    assert without > FRAMES * ARRAYS * ARRAY_BYTES / PAGE_BYTES / 2
    assert kept < without / 10
