"""What waits to be sent to one destination: little, and only what is still true."""

from __future__ import annotations

import socket
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

from telemetry.tak.event import CotEvent

MOST_WAITING = 256


@dataclass(frozen=True, slots=True)
class Sending:
    """How sending goes: events sent, waiting now, and not sent at all.

    `dropped` had no room, the oldest first; `overtaken` waited while a newer one of the same thing came;
    `expired` were stale before they could be sent.
    """

    sent: int = 0
    waiting: int = 0
    dropped: int = 0
    overtaken: int = 0
    expired: int = 0


class Outbox:
    """At most `most` events, the newest of each thing. `put` never waits. Any thread may call anything.

    `wake` is a socket that can be read once there is something new.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._events: OrderedDict[str, CotEvent] = OrderedDict()
        self._lock = threading.Lock()
        self._dropped = self._overtaken = self._expired = 0
        self.wake, self._bell = socket.socketpair()
        self.wake.setblocking(False)
        self._bell.setblocking(False)

    def put(self, event: CotEvent) -> None:
        """Have an event sent when its turn comes."""
        with self._lock:
            self._overtaken += self._events.pop(event.uid, None) is not None
            self._events[event.uid] = event
            if len(self._events) > self._most:
                self._events.popitem(last=False)
                self._dropped += 1
        self.ring()

    def take(self, now_s: float) -> CotEvent | None:
        """The event that waited longest and holds still, or None."""
        with self._lock:
            while self._events:
                _, event = self._events.popitem(last=False)
                if event.stale_s > now_s:
                    return event
                self._expired += 1
        return None

    def put_back(self, event: CotEvent) -> None:
        """An event that was taken and could not be sent, unless there is a newer one of the same thing."""
        with self._lock:
            if event.uid in self._events:
                self._overtaken += 1
            elif len(self._events) >= self._most:
                self._dropped += 1
            else:
                self._events[event.uid] = event
                self._events.move_to_end(event.uid, last=False)

    def ring(self) -> None:
        """Wake who waits on `wake`."""
        with suppress(OSError):  # full: it rings already; closed: nobody waits
            self._bell.send(b"\0")

    def hush(self) -> None:
        """Have `wake` wait for the next event."""
        with suppress(OSError):
            self.wake.recv(4096)

    def counts(self, sent: int) -> Sending:
        """How it goes, where `sent` were sent."""
        with self._lock:
            return Sending(sent, len(self._events), self._dropped, self._overtaken, self._expired)

    def close(self) -> None:
        """Let go of the sockets."""
        self.wake.close()
        self._bell.close()
