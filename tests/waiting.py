"""Waiting for what must come."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60.0
"""How long is waited for what must come: long enough for a machine that is far slower."""
_LOOK_EACH_S = 0.01


def eventually(reached: Callable[[], object], timeout_s: float = PATIENCE_S) -> bool:
    """Ask until it is true; whether it became so."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := reached()) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EACH_S)
    return bool(found)
