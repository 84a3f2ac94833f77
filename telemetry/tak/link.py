"""One destination of events, in a thread of its own: it may stall or be gone, and nobody else notices."""

from __future__ import annotations

import logging
import select
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from missions.errors import InputError, LinkError
from telemetry.backoff import BACKOFF_S, Backoff
from telemetry.clock import Clock
from telemetry.health import LinkHealth
from telemetry.received.items import COT, Keep
from telemetry.tak.addresses import tak_address
from telemetry.tak.event import CotEvent
from telemetry.tak.outbox import MOST_WAITING, Outbox, Sending
from telemetry.tak.tls import tls_context
from telemetry.tak.transports import SEND_S, Transport, open_transport
from telemetry.traffic.worker import Worker

_LOOK_S = 0.2
_STEADY_S = 10.0
"""A connection that held for this long was a good one: the next try after it comes soon."""
_REMEMBERED = 4096
_log = logging.getLogger(__name__)


class TakLink(Worker):
    """Sends events to `address` and hands what comes from there to `on_event`, from `start` to `stop`.

    `offer` never waits: at most `most_waiting` things wait, the newest event of each, and the oldest are let
    go beyond that. What is stale is not sent. A server that is lost is tried again after `backoff_s[0]`
    seconds, then twice as long each time, at most `backoff_s[1]`. Our own events, which a mesh gives back,
    are not handed on. `keep` gets what comes from others as it came. `on_event` may refuse an event with
    InputError. Raises LinkError for what is no address and SettingsError for TLS files that will not do.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        on_event: Callable[[CotEvent], None] | None = None,
        *,
        most_waiting: int = MOST_WAITING,
        backoff_s: tuple[float, float] = BACKOFF_S,
        send_s: float = SEND_S,
        keep: Keep | None = None,
    ) -> None:
        self.to = tak_address(address)
        super().__init__(self.to.text, clock, keep)
        self._context = tls_context(self.to, clock.now_s()) if self.to.kind == "tls" else None
        self._on_event = on_event
        self._outbox = Outbox(most_waiting)
        self._backoff = Backoff(*backoff_s)
        self._send_s = send_s
        self._sent = 0
        self._told_dropped = 0
        self._own: OrderedDict[str, None] = OrderedDict()

    def offer(self, event: CotEvent) -> None:
        """Have an event sent, soon."""
        self._outbox.put(event)

    def stop(self) -> None:
        """End the thread and close the connection. What still waits is not sent. May be called twice."""
        self.stopping.set()
        self._outbox.ring()
        super().stop()
        self._outbox.close()

    @property
    def sending(self) -> Sending:
        """How sending goes."""
        return self._outbox.counts(self._sent)

    @property
    def health(self) -> LinkHealth:
        """How the link does: `frames` are events received; events that were let go are a problem."""
        health, sending = super().health, self.sending
        problems = [health.problem] if health.problem else []
        if sending.dropped:
            problems.append(f"{sending.dropped} events found no room and were let go, the oldest first")
        if self.to.verify == "no":
            problems.append("the server's certificate is not checked")
        return replace(health, problem="; ".join(problems))

    def run(self) -> None:
        """Connect and send, over and over."""
        while not self.stopping.is_set():
            opened_s = self.clock.monotonic_s()
            try:
                transport = open_transport(
                    self.to,
                    self.clock,
                    self.stopping,
                    self._context,
                    send_s=self._send_s,
                    heard=self._heard,
                )
                with closing(transport):
                    self.say("open")
                    self._serve(transport)
            except LinkError as error:
                if self.stopping.is_set():
                    return
                self.say("reconnecting", str(error))
                _log.warning("%s", error)
            if self.clock.monotonic_s() - opened_s > _STEADY_S:
                self._backoff.reset()
            self.stopping.wait(self._backoff.next_s())

    def _serve(self, transport: Transport) -> None:
        poll = select.poll()
        poll.register(transport.socket, select.POLLIN)
        poll.register(self._outbox.wake, select.POLLIN)
        bad_bytes = 0
        try:
            while not self.stopping.is_set():
                poll.poll(_LOOK_S * 1000)
                self._outbox.hush()
                self._hand_on(transport.receive(), transport.bad_bytes - bad_bytes, transport.problem)
                bad_bytes = transport.bad_bytes
                self._send_waiting(transport)
        finally:
            self._hand_on(transport.left(), 0, "")

    def _send_waiting(self, transport: Transport) -> None:
        while not self.stopping.is_set():
            event = self._outbox.take(self.clock.now_s())
            if event is None:
                return
            self._remember(event.uid)
            try:
                transport.send(event)
            except LinkError:
                self._outbox.put_back(event)
                raise
            self._sent += 1

    def _hand_on(self, events: list[CotEvent], bad_bytes: int, problem: str) -> None:
        others = [event for event in events if event.uid not in self._own]
        if others or bad_bytes:
            self.count(len(others), bad_bytes, problem if bad_bytes else "")
        take = self._on_event
        if take is None:
            return
        for event in others:
            try:
                take(event)
            except InputError as error:
                _log.debug("an event from %s was refused: %s", self.address, error)

    def _heard(self, data: bytes, event: CotEvent | None, sender: str) -> None:
        if event is None or event.uid not in self._own:
            self.keep([data], COT, sender)

    def _remember(self, uid: str) -> None:
        self._own[uid] = None
        self._own.move_to_end(uid)
        if len(self._own) > _REMEMBERED:
            self._own.popitem(last=False)
