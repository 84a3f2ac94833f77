"""A thread with a health, that stops when told to: what every source of traffic is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from telemetry.clock import Clock
from telemetry.health import LinkHealth, RateMeter
from telemetry.received.items import MOST_BYTES, STATE, Keep, item

STOP_S = 15.0
_log = logging.getLogger(__name__)


class Worker:
    """Runs `run` in a thread of its own from `start` to `stop`; as a context manager it does both.

    `health` counts what `count` was told of as frames, and what could not be read as bad bytes. `keep` gets
    all that comes, as it came and before anything is made of it, and each change of how the link does.
    """

    def __init__(self, address: str, clock: Clock, keep: Keep | None = None) -> None:
        self.address = address
        self.clock = clock
        self._keep = keep
        self.stopping = threading.Event()
        self._state = "reconnecting"
        self._problem = ""
        self._frames = 0
        self._bad_bytes = 0
        self._heard_s: float | None = None
        self._rate = RateMeter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._guarded, name=address, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and let go of its sockets. May be called twice."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def run(self) -> None:
        """What the thread does until `stopping` is set."""
        raise NotImplementedError

    @property
    def health(self) -> LinkHealth:
        """How it does; `state` is "open", "reconnecting", "ended" or "failed"."""
        with self._lock:
            return LinkHealth(
                address=self.address,
                state=self._state,
                frames=self._frames,
                rate_hz=self._rate.rate_hz(self.clock.monotonic_s()),
                bad_bytes=self._bad_bytes,
                heard_s=self._heard_s,
                problem=self._problem,
            )

    def say(self, state: str, problem: str = "") -> None:
        """Note how it does."""
        with self._lock:
            changed = state != self._state
            self._state, self._problem = state, problem
        if changed:
            self.keep([f"{state}: {problem}".removesuffix(": ").encode()], STATE)

    def keep(self, data: Iterable[bytes], form: str, sender: str = "", *, longest: int = MOST_BYTES) -> None:
        """Have what came just now kept, each thing as it came."""
        if self._keep is not None:
            now_s = self.clock.now_s()
            self._keep([item(now_s, self.address, form, each, sender, longest=longest) for each in data])

    def count(self, things: int, bad_bytes: int = 0, problem: str = "") -> None:
        """Note what came just now, and what was wrong with it."""
        with self._lock:
            self._frames += things
            self._bad_bytes += bad_bytes
            self._problem = problem
            if things:
                self._heard_s = self.clock.now_s()
                self._rate.add(self.clock.monotonic_s(), things)

    def _guarded(self) -> None:
        try:
            self.run()
        except Exception as error:  # noqa: BLE001  # the thread's end must be seen, whatever ended it
            _log.exception("%s failed", self.address)
            self.say("failed", str(error))
        else:
            self.say("ended", self._problem)
