"""A picture of others made from items, as it was when they came: what a replay shows, and alarms look at."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from missions.errors import InputError
from telemetry.clock import Clock
from telemetry.received.items import Item
from telemetry.received.told import told_by
from telemetry.traffic.aircraft import Sighting
from telemetry.traffic.foreign import ForeignReport
from telemetry.traffic.picture import TrafficPicture


class _Moment(Clock):
    """The time at which the item that is being taken in came, else that of `clock`."""

    def __init__(self, clock: Clock) -> None:
        self.time_s: float | None = None
        self._clock = clock

    def now_s(self) -> float:
        return self._clock.now_s() if self.time_s is None else self.time_s

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class PlayedPicture(TrafficPicture):
    """A `TrafficPicture` that takes items too; each is judged at the time at which it came."""

    def __init__(self, clock: Clock) -> None:
        self._moment = _Moment(clock)
        super().__init__(self._moment)

    def play(self, items: Iterable[Item]) -> None:
        """Take in items, in the order in which they came; what was refused then is refused again.

        One thread at a time may play.
        """
        for item in items:
            self._moment.time_s = item.time_s
            try:
                with suppress(InputError):
                    told = told_by(item)
                    if isinstance(told, Sighting):
                        self.take([told])
                    elif isinstance(told, ForeignReport):
                        self.report(told)
            finally:
                self._moment.time_s = None
