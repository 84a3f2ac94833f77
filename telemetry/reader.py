"""A thread that reads one link into the hub."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from missions.errors import LinkError
from telemetry.backoff import BACKOFF_S, Backoff
from telemetry.health import LinkHealth, RateMeter
from telemetry.hub import Hub
from telemetry.latency import RoundTripMeter
from telemetry.links import Link, LinkClosed, open_link
from telemetry.messages import Encoder

_RECEIVE_S = 0.2
_STOP_S = 10.0
_RECONNECT_TIMEOUT_S = 1.0
_RECONNECTING = ("tcp:", "serial:")
_log = logging.getLogger(__name__)


class LinkReader:
    """Reads `link` into `hub` from `start` to `stop`; as a context manager it does both.

    A connection or a device that was lost is opened again, after `backoff_s[0]` seconds at first, twice as
    long each time, at most `backoff_s[1]`. `reopen` says how; by default `tcp:` and `serial:` links are
    opened by their address and others end. `guard` is put round the link, also when it was opened again.
    """

    def __init__(
        self,
        link: Link,
        hub: Hub,
        *,
        reopen: Callable[[], Link] | None = None,
        guard: Callable[[Link], Link] | None = None,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ) -> None:
        self.address = link.address
        self._guard = guard or (lambda link: link)
        self._link = self._guard(link)
        self._hub = hub
        self._reopen = reopen or self._default_reopen()
        self._backoff_s = backoff_s
        self._rate = RateMeter()
        self._trips = RoundTripMeter()
        self._frames = 0
        self._gone_bad_bytes = 0
        self._heard_s: float | None = None
        self._state = "open"
        self._problem = ""
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"link {link.address}", daemon=True)
        hub.watch(link.address, lambda: self.health)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the link."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._link.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the link has ended for good, as a recording does; whether it has."""
        return self._ended.wait(timeout_s)

    def send(self, data: bytes) -> None:
        """Send whole frames over the link. Raises LinkClosed."""
        self._link.send(data)

    def ask_round_trip(self, encoder: Encoder) -> None:
        """Ask whoever is there how long a word takes to it and back. Raises LinkClosed.

        We ask in the encoder's name; the answer is part of `health`.
        """
        self._link.send(self._trips.question(encoder, self._hub.clock.monotonic_s()))

    @property
    def health(self) -> LinkHealth:
        """How the link does."""
        return LinkHealth(
            address=self.address,
            state=self._state,
            frames=self._frames,
            rate_hz=self._rate.rate_hz(self._hub.clock.monotonic_s()),
            bad_bytes=self._gone_bad_bytes + self._link.bad_bytes,
            heard_s=self._heard_s,
            problem=self._problem or self._link.problem,
            round_trip_s=self._trips.round_trip_s,
        )

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._read_once()
                except LinkClosed as error:
                    self._problem = str(error)
                    if self._reopen is None or not self._reconnect(self._reopen):
                        break
            self._state = "ended"
        except Exception as error:  # noqa: BLE001  # the thread's end must be seen, whatever ended it
            _log.exception("link %s failed", self.address)
            self._state, self._problem = "failed", str(error)
        finally:
            self._ended.set()

    def _read_once(self) -> None:
        frames = self._link.receive(_RECEIVE_S)
        if frames:
            self._frames += len(frames)
            self._heard_s = self._hub.clock.now_s()
            now_s = self._hub.clock.monotonic_s()
            self._rate.add(now_s, len(frames))
            self._trips.hear(frames, now_s)
        self._hub.publish(frames, self.address)

    def _reconnect(self, reopen: Callable[[], Link]) -> bool:
        self._state = "reconnecting"
        self._gone_bad_bytes += self._link.bad_bytes
        self._link.close()
        backoff = Backoff(*self._backoff_s)
        while not self._stopping.wait(backoff.next_s()):
            try:
                self._link = self._guard(reopen())
            except LinkError as error:
                self._problem = str(error)
                self._hub.publish((), self.address)
            else:
                self._state, self._problem = "open", ""
                return True
        return False

    def _default_reopen(self) -> Callable[[], Link] | None:
        if not self.address.startswith(_RECONNECTING):
            return None
        return lambda: open_link(self.address, self._hub.clock, timeout_s=_RECONNECT_TIMEOUT_S)
