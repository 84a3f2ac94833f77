"""Times of a recording put in order, for a clock may be set back and a frame may come late."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def never_backwards(time_us: Integers) -> Integers:
    """The times, those that run backwards moved to a neighbour's: forwards or back, whichever moves fewer.

    Forwards a time that was too early becomes the latest before it, back one that was too late the earliest
    after it.
    """
    latest = np.maximum.accumulate(time_us)
    earliest = np.minimum.accumulate(time_us[::-1])[::-1]
    forwards, back = np.count_nonzero(latest != time_us), np.count_nonzero(earliest != time_us)
    return latest if forwards <= back else earliest


def near_each_other(time_us: Integers, within_us: int) -> Integers:
    """The times of one segment, those further than that from their median put at the one before.

    A figure that was damaged must not make a recording last for years.
    """
    if not len(time_us):
        return time_us
    sound = np.abs(time_us - int(np.median(time_us))) <= within_us
    first = int(np.argmax(sound))
    places = np.maximum.accumulate(np.where(sound, np.arange(len(time_us)), first))
    near: Integers = time_us[places]
    return near
