"""The camera: one picture each so many metres of way, each reported with where it was taken."""

from __future__ import annotations

from collections.abc import Callable

from sitl.autopilot.motion import Vector


class CameraTrigger:
    """Calls `take` with the picture's number whenever the vehicle has moved on by the distance asked for."""

    def __init__(self, take: Callable[[int], None]) -> None:
        self._take = take
        self._distance_m = 0.0
        self._last: Vector | None = None
        self.taken = 0

    def each(self, distance_m: float, *, at_once: bool) -> None:
        """A picture each `distance_m` metres on the map from now on; 0 or less stops that."""
        self._distance_m = distance_m
        self._last = None
        if distance_m > 0 and at_once:
            self.shoot()

    def shoot(self) -> None:
        """One picture now."""
        self._take(self.taken)
        self.taken += 1

    def moved(self, place: Vector) -> None:
        """The vehicle is here now."""
        if self._distance_m <= 0:
            return
        if self._last is None:
            self._last = place
        elif (place - self._last).horizontal >= self._distance_m:
            self._last = place
            self.shoot()
