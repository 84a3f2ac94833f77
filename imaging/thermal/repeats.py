"""Pictures that came before, to the byte: copies of a file, and a stream that stands still in flight."""

from __future__ import annotations

from collections import deque

from missions.geodesy import GeoPoint, distance_m

_WITHIN, _MOVED_M = 8, 1.0
"""Frames back that a picture is known again: copies bear one time, a stream that stands repeats its last."""


class Repeats:
    """The pictures that were placed last, in order of time."""

    def __init__(self) -> None:
        self._last: deque[tuple[str, str, float | None, GeoPoint]] = deque(maxlen=_WITHIN)

    def why(self, name: str, sha256: str, time_s: float | None, place: GeoPoint) -> str:
        """Why a picture taken at a place is not to be placed again, naming the one that it repeats; else ""
        and it is kept in mind. One without a hash repeats none.
        """
        for other, hashed, when, where in self._last:
            if sha256 and hashed == sha256 and (when == time_s or distance_m(where, place) > _MOVED_M):
                return f"is the very picture of {other}"
        self._last.append((name, sha256, time_s, place))
        return ""
