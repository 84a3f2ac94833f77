"""A receiver of ADS-B on the network, read as text over TCP, and found again when it was lost."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from telemetry.backoff import BACKOFF_S, Backoff
from telemetry.clock import Clock
from telemetry.links.base import READ_BYTES, readable
from telemetry.received.items import SBS, Keep
from telemetry.traffic.addresses import sbs_place
from telemetry.traffic.aircraft import Sighting
from telemetry.traffic.keepalive import keep_alive
from telemetry.traffic.sbs import MAX_LINE_BYTES, SbsReader
from telemetry.traffic.worker import Worker

_CONNECT_S = 5.0
_LOOK_S = 0.2


class SbsSource(Worker):
    """Connects to `sbs:HOST:PORT` and hands sightings to `take`, in a thread of its own.

    A connection that cannot be made or was lost is tried again after `backoff_s[0]` seconds, then twice as
    long each time, at most `backoff_s[1]`. `health` counts sightings as frames. `keep` gets every line as it
    came. Raises LinkError for what is no address.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        take: Callable[[Sequence[Sighting]], None],
        *,
        keep: Keep | None = None,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ) -> None:
        super().__init__(address, clock, keep)
        self._place = sbs_place(address)
        self._take = take
        self._backoff = Backoff(*backoff_s)

    def run(self) -> None:
        """Connect and read, over and over."""
        while not self.stopping.is_set():
            try:
                with socket.create_connection((self._place.host, self._place.port), _CONNECT_S) as connection:
                    keep_alive(connection)
                    self.say("open")
                    self._read(connection)
                problem = "the receiver closed the connection"
            except OSError as error:
                problem = f"the receiver cannot be reached ({error.strerror or error})"
            if self.stopping.is_set():
                return
            self.say("reconnecting", problem)
            self.stopping.wait(self._backoff.next_s())

    def _read(self, connection: socket.socket) -> None:
        lines: list[bytes] = []
        reader = SbsReader(lines.append)
        while not self.stopping.is_set():
            if not readable(_LOOK_S, connection):
                continue
            data = connection.recv(READ_BYTES)
            if not data:
                return
            bad_before = reader.bad_bytes
            sightings = reader.feed(data, self.clock.now_s())
            self.keep(lines, SBS, longest=MAX_LINE_BYTES)
            lines.clear()
            bad_bytes = reader.bad_bytes - bad_before
            self.count(len(sightings), bad_bytes, reader.problem if bad_bytes else "")
            if sightings:
                self._backoff.reset()
                self._take(sightings)
