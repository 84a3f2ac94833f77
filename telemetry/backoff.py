"""How long to wait before the next try: longer each time, up to a bound."""

from __future__ import annotations

BACKOFF_S = (0.5, 30.0)


class Backoff:
    """Gives waits of `first_s`, then twice as long each time, at most `longest_s`; `reset` begins anew."""

    def __init__(self, first_s: float = BACKOFF_S[0], longest_s: float = BACKOFF_S[1]) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The seconds to wait now."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self._longest_s)
        return wait_s

    def reset(self) -> None:
        """It went well: the next wait is the first again."""
        self._next_s = self._first_s
