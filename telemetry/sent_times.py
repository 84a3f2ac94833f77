"""When messages were sent, where they were received late and all at once.

A link that stood still for a while, or a machine that was busy, hands on in one moment what was sent over
seconds. The sender's own clock (time_boot_ms) says how far apart these were: they are put back by it, the
last where it was received, and never before what came before them. All other times stay those of receiving.
A simulator's clock may run many times as fast as the recording's, which shows over the whole of both.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_CLOSER = 0.5
"""Received in less than this share of the time between their sending, two messages came late together."""
_REAL = 2.0
"""A pace within this of 1 is late and early messages of a clock that runs with time."""
_LONGEST_S = 60.0
"""Further apart by the sender's clock they are no burst: it was set, or began anew."""


def spread(received_s: Floats, boot_s: Floats) -> Floats:
    """Times (n,) for messages received at rising times (n,), by their sender's clock (n,), NaN for none."""
    times = received_s.copy()
    apart_s = np.diff(boot_s)
    known = (apart_s > 0) & (apart_s < _LONGEST_S)
    apart_s = apart_s * _pace(np.diff(received_s)[known], apart_s[known])
    late = known & (np.diff(received_s) < _CLOSER * apart_s)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], late, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2):
        before_s = np.append(np.cumsum(apart_s[first:last][::-1])[::-1], 0.0)
        room_s = received_s[last] - (times[first - 1] if first else -np.inf)
        if room_s <= before_s[0]:
            # There is less room than that after what came before: all of it is shrunk, evenly.
            before_s *= room_s / (before_s[0] + before_s[0] - before_s[1])
        burst = slice(first, last + 1)
        times[burst] = np.minimum(received_s[last] - before_s, received_s[burst])
    return times


def _pace(received_s: Floats, sent_s: Floats) -> float:
    """Seconds of the recording for one of the sender's: 1 but for a simulator's.

    Over the whole of both: what was received late at one place is made up for at the next.
    """
    pace = float(received_s.sum() / sent_s.sum()) if sent_s.size else 1.0
    return 1.0 if pace <= 0 or 1 / _REAL < pace < _REAL else pace
