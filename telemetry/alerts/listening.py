"""Collects what autopilots say (STATUSTEXT) for `Situation.messages`: a state holds the last text only."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence

from telemetry.alerts.situation import Said
from telemetry.dialect import BY_NAME, short_name
from telemetry.frames import Frame
from telemetry.messages import Message, decode

MAX_WAITING = 50
PIECE = 50
"""Letters in one piece; a longer text comes in several, each with the same `id`, numbered by `chunk_seq`."""
MAX_PIECES = 8
_STATUSTEXT = BY_NAME["STATUSTEXT"].message_id


class StatusTexts:
    """A listener for a `Hub`; `take` gives what was said since it was last called. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[int, deque[Said]] = {}
        self._open: dict[tuple[int, int], list[Message]] = {}

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Take in frames."""
        for frame in frames:
            message = decode(frame) if frame.message_id == _STATUSTEXT else None
            if message is not None:
                with self._lock:
                    self._add(message)

    def take(self) -> Mapping[int, Sequence[Said]]:
        """What each system said, the oldest first, at most the last 50."""
        with self._lock:
            said, self._said = self._said, {}
        return said

    def _add(self, message: Message) -> None:
        """A text that is one piece, or the next piece of one; a text whose end is lost ends with the next."""
        sender = (message.system, message.component)
        pieces = self._open.pop(sender, [])
        if pieces and (message.id, message.chunk_seq) != (pieces[0].id, len(pieces)):
            self._say(pieces)
            pieces = []
        pieces.append(message)
        if message.id and len(message.text) == PIECE and len(pieces) < MAX_PIECES:
            self._open[sender] = pieces
        else:
            self._say(pieces)

    def _say(self, pieces: list[Message]) -> None:
        first = pieces[0]
        text = "".join(piece.text for piece in pieces)
        said = Said(pieces[-1].time_s, short_name("MAV_SEVERITY", first.severity), text)
        self._said.setdefault(first.system, deque(maxlen=MAX_WAITING)).append(said)
