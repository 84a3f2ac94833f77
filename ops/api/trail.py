"""The last points of a track, in memory that is taken once and never grows."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ops.api.models import TrackPoint

_UNKNOWN = math.nan


class Trail:
    """At most `most` points, each with the number of the change that brought it; the oldest go first.

    Numbers rise. One thread at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows = np.full((most, 4), _UNKNOWN)
        self._changes = np.full(most, -1, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return min(self._count, self._most)

    @property
    def newest(self) -> int:
        """The change that brought the newest point, -1 without one."""
        return int(self._changes[(self._count - 1) % self._most]) if self._count else -1

    @property
    def newest_s(self) -> float:
        """The time of the newest point; minus infinity without one."""
        return float(self._rows[(self._count - 1) % self._most, 3]) if self._count else -math.inf

    def add(self, change: int, point: TrackPoint) -> None:
        """Add one point."""
        at = self._count % self._most
        lon_deg, lat_deg, height_m, time_s = point
        self._rows[at] = (lon_deg, lat_deg, _UNKNOWN if height_m is None else height_m, time_s)
        self._changes[at] = change
        self._count += 1

    def after(self, change: int, at_most: int | None = None) -> tuple[TrackPoint, ...]:
        """The points that came after a change, oldest first.

        Of more than `at_most` the newest half of so many is given whole, and of the older ones every so many,
        the oldest among them.
        """
        if self.newest <= change:
            return ()
        order = np.arange(self._count - len(self), self._count) % self._most
        order = order[int(np.searchsorted(self._changes[order], change, "right")) :]
        if at_most is not None and len(order) > at_most:
            older, newer = order[: -(at_most // 2)], order[-(at_most // 2) :]
            chosen = np.linspace(0, len(older) - 1, at_most - len(newer)).astype(np.int64)
            order = np.concatenate([older[chosen], newer])
        return tuple(_points(self._rows[order].tolist()))


def _points(rows: list[list[float]]) -> Iterable[TrackPoint]:
    for lon_deg, lat_deg, height_m, time_s in rows:
        yield (lon_deg, lat_deg, None if math.isnan(height_m) else height_m, time_s)
