"""What aircraft that fly at once share: the moment at which all are ready, and the word to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from missions.errors import SimulatorError
from telemetry.frames import Frame
from telemetry.messages import decode

_POSITION = 33
"""GLOBAL_POSITION_INT."""


class FlightStopped(SimulatorError):
    """Another aircraft's flight failed, or somebody said stop."""


class Sky:
    """For the threads that fly `vehicles` aircraft of one plan."""

    def __init__(self, vehicles: int) -> None:
        self._vehicles = vehicles
        self._lock = threading.Lock()
        self._ready: set[int] = set()
        self._stop = threading.Event()

    @property
    def shared(self) -> bool:
        """Whether the plan's clock counts."""
        return self._vehicles > 1

    @property
    def stopped(self) -> bool:
        """Whether somebody said stop."""
        return self._stop.is_set()

    @property
    def all_ready(self) -> bool:
        """Whether every aircraft may take off."""
        return len(self._ready) == self._vehicles

    def ready(self, vehicle: int) -> None:
        """This aircraft may take off."""
        with self._lock:
            self._ready.add(vehicle)

    def stop(self) -> None:
        """Nobody flies on."""
        self._stop.set()

    def check(self) -> None:
        """Raises FlightStopped where somebody said stop."""
        if self.stopped:
            raise FlightStopped("the flight was stopped")


class Watch:
    """A listener that passes frames on and notes the autopilot's own time, seconds since it started."""

    def __init__(self, onward: Callable[[Sequence[Frame]], None]) -> None:
        self._onward = onward
        self.boot_s = 0.0

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Take in frames."""
        self._onward(frames)
        for frame in frames:
            if frame.message_id == _POSITION and (message := decode(frame)) is not None:
                self.boot_s = message.time_boot_ms / 1000
