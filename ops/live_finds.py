"""What live thermal streams found, kept for whoever shows it and for the alarms until somebody decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from imaging.geolocate import ellipse95
from imaging.thermal.find import Decision, Find, State
from missions.errors import InputError
from telemetry.alerts import SeenFind

CALLING = frozenset({"person?"})
"""Kinds that call for somebody; the others stand in the list only."""
CALLING_SCORE = 0.25
"""What only contrast found scores less (`imaging.thermal.detector`): it is in the list and calls nobody."""
STRONG_SCORE = 0.5
"""From here on a find may have an alarm of its own (docs/heat.md says what was measured)."""
ALONE_AT_ONCE = 3
"""So many of an aircraft's strongest finds that nobody took have alarms of their own; then the next ones."""
CLEARER = 0.1
"""By so much more a find that was acknowledged among others must score to call again."""
MOST = 4000


Calls = Literal["alone", "together", ""]
"""Whether a find calls by an alarm of its own, with the others in one alarm, or not (any more)."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody saw a find among others, and why that was enough for him. It stays a proposal."""

    by: str
    why: str
    time: str
    score: float = 0.0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class LiveFind:
    """One find as its stream told it last. `source` is the document in the operation that it is kept in.

    `properties` are those of the document's feature (docs/heat.md) without the sightings, `text` what it is
    and where in a line, `frame_s` the time of the frame that it was seen in last. `pictures` counts how often
    its `thumbnail`, a PNG, was another one. `alone` says that it was given an alarm of its own.
    """

    vehicle: int
    name: str
    source: str
    lat_deg: float
    lon_deg: float
    properties: dict[str, Any] = field(repr=False)
    text: str = ""
    frame_s: float | None = None
    thumbnail: bytes = field(default=b"", repr=False)
    pictures: int = 0
    history: tuple[Decision, ...] = ()
    acknowledged: Acknowledged | None = None
    alone: bool = False

    @property
    def id(self) -> str:
        """What names it among all finds of the operation."""
        return f"{self.source}#{self.name}"

    @property
    def state(self) -> State:
        """What was decided last; a find is a proposal until a person decides."""
        return self.history[-1].state if self.history else "proposed"

    @property
    def seen(self) -> SeenFind:
        """As the alarms ask for it."""
        count = int(self.properties.get("sighting_count", 1))
        return SeenFind(self.vehicle, self.name, self.text, count, alone=self.calls == "alone")

    @property
    def score(self) -> float:
        """Of the surer half of its sightings."""
        score = self.properties.get("score")
        return float(score) if isinstance(score, int | float) else 0.0

    @property
    def moves(self) -> bool:
        """Whether it was seen to move, as stones do not."""
        return len(self.properties.get("path") or ()) > 1

    @property
    def strong(self) -> bool:
        """Whether it may well be a person, by its score or since it moves."""
        return self.score >= STRONG_SCORE or self.moves

    @property
    def calls(self) -> Calls:
        """How it calls: likely enough a person, and nobody has decided."""
        may_be = self.properties.get("what") in CALLING and self.score >= CALLING_SCORE
        if not may_be or self.state != "proposed" or self._seen_as_it_is:
            return ""
        return "alone" if self.alone and self.strong else "together"

    @property
    def _seen_as_it_is(self) -> bool:
        """Whether somebody saw it among others, and it looks no more like a person since."""
        seen = self.acknowledged
        return seen is not None and self.score < seen.score + CLEARER and self.moves <= seen.moved


class LiveFinds:
    """The newest word on every find of every stream. Any thread may call anything.

    `changed` hears of each find that is new or changed, with what was decided of it; it must not ask back.
    """

    def __init__(self, changed: Callable[[LiveFind], None] = lambda _: None) -> None:
        self.changed = changed
        self._lock = threading.Lock()
        self._finds: dict[str, LiveFind] = {}
        self._taken: frozenset[str] = frozenset()

    def take(self, find: LiveFind) -> None:
        """A new or changed find; without a thumbnail it keeps the one that it had."""
        with self._lock:
            before = self._finds.pop(find.id, None)
            if before is not None:
                fresh = bool(find.thumbnail)
                find = replace(
                    find,
                    history=before.history,
                    acknowledged=before.acknowledged,
                    alone=before.alone,
                    thumbnail=find.thumbnail or before.thumbnail,
                    pictures=before.pictures + fresh,
                )
            self._finds[find.id] = find
            while len(self._finds) > MOST:
                lowest = min(self._finds.values(), key=lambda each: (bool(each.history), each.score))
                del self._finds[lowest.id]
            if not self._give_alarms(find.vehicle, among=find):
                self.changed(find)

    def decide(self, find_id: str, decision: Decision) -> LiveFind:
        """Somebody decided on a find. Raises InputError where there is none of that id."""
        with self._lock:
            find = self._finds.get(find_id)
            if find is None:
                raise InputError(f"there is no find {find_id!r}", where="find", remedy="See GET /api/finds")
            find = self._finds[find_id] = replace(find, history=(*find.history, decision))
            self.changed(find)
            return find

    def acknowledge(self, ids: Sequence[str], acknowledged: Acknowledged) -> None:
        """Somebody saw those of these that call together, as they look now."""
        with self._lock:
            for find_id in ids:
                find = self._finds.get(find_id)
                if find is not None and find.calls == "together":
                    seen = replace(acknowledged, score=find.score, moved=find.moves)
                    find = self._finds[find_id] = replace(find, acknowledged=seen)
                    self.changed(find)

    def together(self, vehicle: int) -> tuple[LiveFind, ...]:
        """Those of a vehicle that call together, the newest last."""
        some = [each for each in self.finds() if each.vehicle == vehicle and each.calls == "together"]
        return tuple(sorted(some, key=_first_seen))

    def find(self, find_id: str) -> LiveFind | None:
        """One of them, None where there is none of that id."""
        with self._lock:
            return self._finds.get(find_id)

    def finds(self) -> tuple[LiveFind, ...]:
        """All of them, the last changed last."""
        with self._lock:
            return tuple(self._finds.values())

    def seen(self, taken: Collection[str] = ()) -> tuple[SeenFind, ...]:
        """Those that call, the newest last: likely enough people, and nobody has decided on them.

        `taken` are the names of those whose own alarm somebody took: others may have one in their place.
        """
        with self._lock:
            if self._taken != frozenset(taken):
                self._taken = frozenset(taken)
                for vehicle in {find.vehicle for find in self._finds.values()}:
                    self._give_alarms(vehicle)
        return tuple(find.seen for find in sorted(self.finds(), key=_first_seen) if find.calls)

    def _give_alarms(self, vehicle: int, among: LiveFind | None = None) -> bool:
        """Give the strongest alarms of their own, and whatever moves; whether `among` got one.

        Who has one keeps it: an alarm does not go because something else looks more like a person.
        """
        if among is not None and (among.alone or not among.strong or not among.calls):
            return False
        free = [
            find
            for find in self._finds.values()
            if find.vehicle == vehicle and find.strong and find.calls and find.name not in self._taken
        ]
        best = sorted(free, key=lambda find: -find.score)[:ALONE_AT_ONCE]
        fresh = [find for find in free if not find.alone and (find.moves or any(find is one for one in best))]
        for find in fresh:
            self._finds[find.id] = replace(find, alone=True)
            self.changed(self._finds[find.id])
        return among is not None and any(find.id == among.id for find in fresh)


def _first_seen(find: LiveFind) -> tuple[str, str]:
    return str(find.properties.get("first_time") or ""), find.name


def sentence(find: Find) -> str:
    """What a find is called, what it is and where, in a line for people."""
    within_m = ellipse95(find.covariance).semi_major_m
    moves = f", moving {find.path[-1].speed_m_s:.1f} m/s" if find.path else ""
    place = f"{find.place.lat_deg:.6f}, {find.place.lon_deg:.6f}"
    return f"{find.id}, {find.kind}{moves}, 95 % within {within_m:.0f} m of {place}"
