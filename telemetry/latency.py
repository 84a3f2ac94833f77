"""How long a word takes to a vehicle and back: MAVLink's TIMESYNC (mavlink.io/en/services/timesync.html).

Whoever asks sends its own time in `ts1` and 0 in `tc1`; who answers gives `ts1` back and its own time in
`tc1`.
"""

from __future__ import annotations

import statistics
from collections import OrderedDict, deque
from collections.abc import Iterable

from telemetry.frames import Frame
from telemetry.messages import Encoder, decode

TIMESYNC = 111
_REMEMBERED = 64
_LAST = 9


class RoundTripMeter:
    """Round trips on one link; times are seconds on any clock that does not jump.

    One question may be answered by every vehicle on the link. What answers no question of ours is not
    counted.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[int, float] = OrderedDict()
        self._trips_s: deque[float] = deque(maxlen=_LAST)

    @property
    def round_trip_s(self) -> float | None:
        """The median of the last nine, None before the first."""
        trips_s = list(self._trips_s)
        return statistics.median(trips_s) if trips_s else None

    def question(self, encoder: Encoder, now_s: float) -> bytes:
        """The frame that asks, in the encoder's name, to be sent at once."""
        token = max(1, round(now_s * 1e9))
        self._asked[token] = now_s
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return encoder.encode("TIMESYNC", tc1=0, ts1=token)

    def hear(self, frames: Iterable[Frame], now_s: float) -> None:
        """Look for answers among frames that came just now."""
        for frame in frames:
            if frame.message_id != TIMESYNC:
                continue
            message = decode(frame)
            if message is not None and message.tc1 and message.ts1 in self._asked:
                self._trips_s.append(max(0.0, now_s - self._asked[message.ts1]))
