"""What aircraft that fly at once share: the moment at which all are ready, and the word to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from missions.errors import SimulatorError
from telemetry.frames import Frame
from telemetry.messages import decode

_SYS_STATUS, _POSITION = 1, 33
_PREARM_CHECK = 0x10000000
"""MAV_SYS_STATUS_PREARM_CHECK. Other bits may never turn good: a plane's terrain where it has no data."""


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
    """A listener that passes frames on and notes two things of the autopilot.

    `boot_s` is its own time, seconds since it started; `may_arm` whether its checks before arming pass.
    """

    def __init__(self, onward: Callable[[Sequence[Frame]], None]) -> None:
        self._onward = onward
        self.boot_s = 0.0
        self.may_arm = False

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Take in frames."""
        self._onward(frames)
        for frame in frames:
            if frame.message_id not in (_SYS_STATUS, _POSITION) or (message := decode(frame)) is None:
                continue
            if frame.message_id == _POSITION:
                self.boot_s = message.time_boot_ms / 1000
            else:
                self.may_arm = bool(message.onboard_control_sensors_health & _PREARM_CHECK)
