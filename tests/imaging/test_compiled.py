"""Compiled loops: what the cache holds is loaded without what numba compiles with, and does the same."""

import subprocess
import sys
from pathlib import Path

PROBE = """
import sys
import numpy as np
from imaging.sampling import coloured
total, weight = np.full((1, 2, 3), 80, np.float32), np.full((1, 2), 2, np.float32)
shown = coloured(total, weight, np.array([[True, False]]))
print(shown.tolist(), "numba.np.linalg" in sys.modules)
"""
"""A module that numba compiles with, and nothing else here imports."""


def test_what_the_cache_holds_is_loaded_by_itself():
    root = Path(__file__).parents[2]
    told = [
        subprocess.run(
            [sys.executable, "-c", PROBE], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told[0].startswith("[[[40, 40, 40, 255], [0, 0, 0, 0]]]")
    assert told[1] == "[[[40, 40, 40, 255], [0, 0, 0, 0]]] False"
