"""Waiting for what must come, and what goes on beside a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 60.0
"""How long is waited for what must come: long enough for a machine that is far slower."""
_LOOK_EACH_S = 0.01


def eventually(reached: Callable[[], object], timeout_s: float = PATIENCE_S) -> bool:
    """Ask until it is true; whether it became so."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := reached()) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EACH_S)
    return bool(found)


@contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Work that goes on in a thread of its own until the event that it is given says to stop."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
