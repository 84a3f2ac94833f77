"""The mission protocol without a link: messages and times in, messages out.

    upload      COUNT ->   <- REQUEST(_INT) n   ITEM_INT n ->   ...   <- ACK
    download    REQUEST_LIST ->   <- COUNT   REQUEST_INT n ->   <- ITEM_INT n   ...   ACK ->
    clear       CLEAR_ALL ->   <- ACK

Each machine tells what to send now and when it wants to be called again; it ends with `done` or `failure`.
What is lost is sent again, what comes twice or late is harmless. Protocol and retries as in
mavlink.io/en/services/mission.html.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from missions.errors import LinkError, NoAnswer, Refused
from missions.items import MissionItem, MissionType
from telemetry.dialect import short_name
from telemetry.messages import Message
from telemetry.transfer.items import fields_from_item, item_from_message

ACCEPTED, ERROR, NO_SPACE, INVALID_SEQUENCE, CANCELLED = 0, 1, 4, 13, 15
MOST_ITEMS = 65_535


class Outgoing(NamedTuple):
    """A message to send."""

    name: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for an answer, how often to ask again, and how often to begin anew."""

    answer_s: float = 1.5
    tries: int = 8
    restarts: int = 3


class Machine(ABC):
    """What the three transfers share: deadlines, tries and the end."""

    def __init__(self, kind: MissionType, timing: Timing) -> None:
        self.kind = kind
        self.done = False
        self.failure: LinkError | None = None
        self.total = 0
        self.moved = 0
        self._timing = timing
        self._tries = 0
        self._deadline_s = 0.0

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.done or self.failure is not None

    def begin(self, now_s: float) -> list[Outgoing]:
        """The first message."""
        return self._ask(now_s, self._opening())

    def on_message(self, message: Message, now_s: float) -> list[Outgoing]:
        """What to send after `message`; other lists' messages and other protocols' are passed over."""
        if self.over or not message.name.startswith("MISSION_"):
            return []
        if message.fields.get("mission_type", self.kind) != self.kind:
            return []
        return self._take(message, now_s)

    def on_time(self, now_s: float) -> list[Outgoing]:
        """What to send because nothing came; call it at least every tenth of a second."""
        if self.over or now_s < self._deadline_s:
            return []
        self._tries += 1
        if self._tries > self._timing.tries:
            self.failure = NoAnswer(
                f"the vehicle stopped answering during the transfer of its {self.kind.name.lower()}"
                f" ({self.moved} of {self.total} items)",
                remedy="Try again nearer to the vehicle; what it holds now may be incomplete",
            )
            return []
        self._deadline_s = now_s + self._timing.answer_s
        return self._again()

    def cancel(self) -> list[Outgoing]:
        """The message that ends a transfer half-way."""
        if self.over:
            return []
        self.failure = LinkError("the transfer was cancelled")
        return [self._ack(CANCELLED)]

    def _ask(self, now_s: float, outgoing: Outgoing) -> list[Outgoing]:
        self._tries = 0
        self._deadline_s = now_s + self._timing.answer_s
        return [outgoing]

    def _ack(self, result: int) -> Outgoing:
        return Outgoing("MISSION_ACK", {"type": result, "mission_type": int(self.kind)})

    def _refuse(self, result: int, remedy: str = "") -> list[Outgoing]:
        answer = short_name("MAV_MISSION_RESULT", result).removeprefix("mission ")
        self.failure = Refused(
            f"the vehicle refused the transfer of its {self.kind.name.lower()} ({answer})"
            f" after {self.moved} of {self.total} items",
            remedy=remedy,
        )
        return []

    @abstractmethod
    def _opening(self) -> Outgoing: ...

    @abstractmethod
    def _take(self, message: Message, now_s: float) -> list[Outgoing]: ...

    @abstractmethod
    def _again(self) -> list[Outgoing]: ...


class Upload(Machine):
    """Sends a list. An empty one empties the vehicle's."""

    def __init__(self, kind: MissionType, items: Sequence[MissionItem], timing: Timing | None = None) -> None:
        super().__init__(kind, timing or Timing())
        self._items = [fields_from_item(item, n, kind) for n, item in enumerate(items)]
        self._last: int | None = None
        self._restarts = 0
        self.total = len(items)

    def _opening(self) -> Outgoing:
        return Outgoing("MISSION_COUNT", {"count": self.total, "mission_type": int(self.kind)})

    def _take(self, message: Message, now_s: float) -> list[Outgoing]:
        if message.name in ("MISSION_REQUEST", "MISSION_REQUEST_INT"):
            return self._give(int(message.seq), now_s)
        if message.name == "MISSION_ACK":
            return self._end(int(message.type), now_s)
        return []

    def _give(self, sequence: int, now_s: float) -> list[Outgoing]:
        if sequence >= self.total:
            return []
        self._last = sequence
        self.moved = max(self.moved, sequence + 1)
        return self._ask(now_s, Outgoing("MISSION_ITEM_INT", self._items[sequence]))

    def _end(self, result: int, now_s: float) -> list[Outgoing]:
        """An early "accepted" answers an older transfer, and a wrong sequence number a doubled item."""
        everything = self.moved == self.total
        if result == ACCEPTED:
            self.done = everything
            return []
        if result == INVALID_SEQUENCE:
            return []
        starting = result in (NO_SPACE, ERROR) and self._last is None
        if starting and self._restarts < self._timing.restarts:
            self._restarts += 1  # an ArduPilot that is starting cannot take any yet: wait, then ask again
            self._tries, self._deadline_s = 0, now_s + self._timing.answer_s
            return []
        lost_track = result in (CANCELLED, ERROR)
        if lost_track and self._restarts < self._timing.restarts:
            return self._restart(now_s)
        return self._refuse(
            result, f"Look at item {self._last}; the vehicle may not know it" if self._last else ""
        )

    def _restart(self, now_s: float) -> list[Outgoing]:
        self._restarts += 1
        self._last = None
        self.moved = 0
        return self._ask(now_s, self._opening())

    def _again(self) -> list[Outgoing]:
        """The count until an item is asked for, then the last item; after some silence all from the start.

        A lost final ACK does not come again, so that a vehicle which is done answers with an error.
        """
        if self._last is None:
            return [self._opening()]
        if self._tries > self._timing.tries // 2:
            self._last = None
            self.moved = 0
            return [self._opening()]
        return [Outgoing("MISSION_ITEM_INT", self._items[self._last])]


class Download(Machine):
    """Fetches a list; `items` holds it once done."""

    def __init__(self, kind: MissionType, timing: Timing | None = None) -> None:
        super().__init__(kind, timing or Timing())
        self._held: dict[int, MissionItem] = {}
        self._counted = False

    @property
    def items(self) -> tuple[MissionItem, ...]:
        """The items in order."""
        return tuple(self._held[n] for n in sorted(self._held))

    def _opening(self) -> Outgoing:
        return Outgoing("MISSION_REQUEST_LIST", {"mission_type": int(self.kind)})

    def _take(self, message: Message, now_s: float) -> list[Outgoing]:
        if message.name == "MISSION_COUNT" and not self._counted:
            self._counted = True
            self.total = int(message.count)
            return self._next(now_s)
        if message.name in ("MISSION_ITEM_INT", "MISSION_ITEM") and self._counted:
            sequence = int(message.seq)
            if sequence >= self.total or sequence in self._held:
                return []
            self._held[sequence] = item_from_message(message)
            self.moved = len(self._held)
            return self._next(now_s)
        if message.name == "MISSION_ACK" and message.type != ACCEPTED:
            return self._refuse(int(message.type))
        return []

    def _next(self, now_s: float) -> list[Outgoing]:
        if self.moved == self.total:
            self.done = True
            return [self._ack(ACCEPTED)]
        return self._ask(now_s, self._request())

    def _request(self) -> Outgoing:
        sequence = next(n for n in range(self.total) if n not in self._held)
        return Outgoing("MISSION_REQUEST_INT", {"seq": sequence, "mission_type": int(self.kind)})

    def _again(self) -> list[Outgoing]:
        return [self._request() if self._counted else self._opening()]


class Clear(Machine):
    """Empties a list."""

    def __init__(self, kind: MissionType, timing: Timing | None = None) -> None:
        super().__init__(kind, timing or Timing())

    def _opening(self) -> Outgoing:
        return Outgoing("MISSION_CLEAR_ALL", {"mission_type": int(self.kind)})

    def _take(self, message: Message, now_s: float) -> list[Outgoing]:  # noqa: ARG002  # asks nothing more
        if message.name == "MISSION_ACK":
            if message.type != ACCEPTED:
                return self._refuse(int(message.type))
            self.done = True
        return []

    def _again(self) -> list[Outgoing]:
        return [self._opening()]
