"""The clock of whoever watches a simulator that runs faster than real time."""

from __future__ import annotations

import time


class HurriedClock:
    """The machine's clock, running `speedup` times as fast from the moment it is made.

    What is received, recorded and timed out with it is in simulated seconds, as near as the simulator keeps
    the pace it was asked for.
    """

    def __init__(self, speedup: float) -> None:
        self._speedup = speedup
        self._start_s = time.time()
        self._began_s = time.monotonic()

    def now_s(self) -> float:
        """Simulated seconds since 1970 UTC."""
        return self._start_s + self.monotonic_s()

    def monotonic_s(self) -> float:
        """Simulated seconds since the clock was made."""
        return (time.monotonic() - self._began_s) * self._speedup

    def sleep(self, seconds: float) -> None:
        """Let that much simulated time pass."""
        time.sleep(max(0.0, seconds) / self._speedup)
