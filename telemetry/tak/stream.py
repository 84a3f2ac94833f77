"""Events out of a stream of XML, parted at `</event>` as TAK servers do."""

from __future__ import annotations

from collections.abc import Callable

from missions.errors import FormatError
from telemetry.tak.event import CotEvent
from telemetry.tak.xml import MAX_EVENT_BYTES, event_of

_START, _END = b"<event", b"</event>"
Heard = Callable[[bytes, CotEvent | None], None]
"""Gets an event as it came and as it was read; None where it was none."""


class CotStream:
    """Turns a stream of bytes into events; half an event waits for its end, at most 64 kB of it.

    `bad_bytes` counts what was no event; `problem` says why the last of that was none. `heard` gets the bytes
    of each event, whole or not to be read, but for what was longer than an event can be.
    """

    def __init__(self, heard: Heard = lambda *_: None) -> None:
        self._heard = heard
        self.bad_bytes = 0
        self.problem = ""
        self._rest = b""

    def feed(self, data: bytes) -> list[CotEvent]:
        """The events that `data` completes."""
        *chunks, rest = (self._rest + data).split(_END)
        events = [event for chunk in chunks if (event := self._read(chunk + _END)) is not None]
        if len(rest) > MAX_EVENT_BYTES:
            start = rest.rfind(_START)
            keep = rest[start:] if start > 0 and len(rest) - start <= MAX_EVENT_BYTES else b""
            self.bad_bytes += len(rest) - len(keep)
            self.problem = f"an event is longer than {MAX_EVENT_BYTES} bytes"
            rest = keep
        self._rest = rest
        return events

    def _read(self, chunk: bytes) -> CotEvent | None:
        """The event at the end of a chunk. An event that was cut short before it must not cost it."""
        start, last = chunk.find(_START), chunk.rfind(_START)
        for begin in sorted({start, last} - {-1}):
            try:
                event = event_of(chunk[begin:])
            except FormatError as error:
                self.problem = str(error)
            else:
                self.bad_bytes += begin - start
                self._heard(chunk[begin:], event)
                return event
        self.bad_bytes += len(chunk)
        self._heard(chunk, None)
        return None
