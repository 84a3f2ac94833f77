"""What waits to be sent somewhere: whoever puts something in never waits, and the oldest is dropped first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from missions.errors import LinkError

HELD = 10_000
"""Frames that wait at most: some seconds of a busy link."""
_LOOK_EACH_S = 0.5
_CLOSE_S = 10.0


class Outbox:
    """Sends frames one by one in a thread of its own, `send` raising LinkError where it cannot.

    At most `held` wait; beyond that the oldest are dropped. `sent` and `dropped` count, `problem` is why the
    last could not be sent, "" where it could.
    """

    def __init__(self, name: str, send: Callable[[bytes], None], held: int = HELD) -> None:
        self.sent = 0
        self.dropped = 0
        self.problem = ""
        self._send = send
        self._waiting: deque[bytes] = deque(maxlen=held)
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"outbox {name}", daemon=True)
        self._thread.start()

    def put(self, frames: Sequence[bytes]) -> None:
        """Have frames sent, in this order."""
        with self._changed:
            full = len(self._waiting) + len(frames) - (self._waiting.maxlen or 0)
            self.dropped += max(0, full)
            self._waiting.extend(frames)
            self._changed.notify()

    def close(self) -> None:
        """Send what waits, as far as it goes without waiting long, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, _LOOK_EACH_S)
                if not self._waiting and self._closed:
                    return
                batch = list(self._waiting)
                self._waiting.clear()
            for frame in batch:
                self._try(frame)

    def _try(self, frame: bytes) -> None:
        try:
            self._send(frame)
        except LinkError as error:
            self.dropped += 1
            self.problem = str(error)
        else:
            self.sent += 1
            self.problem = ""
