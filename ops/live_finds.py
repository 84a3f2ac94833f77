"""What live thermal streams found, kept for whoever shows it and for the alarms until somebody decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from imaging.geolocate import ellipse95
from imaging.thermal.find import Decision, Find, State
from missions.errors import InputError
from telemetry.alerts import SeenFind

CALLING = frozenset({"person?"})
"""Kinds that call for somebody; the others stand in the list only."""
CALLING_SCORE = 0.25
"""What only contrast found scores less (`imaging.thermal.detector`): it is in the list and calls nobody."""
MOST = 4000


@dataclass(frozen=True, slots=True)
class LiveFind:
    """One find as its stream told it last. `source` is the document in the operation that it is kept in.

    `properties` are those of the document's feature (docs/heat.md) without the sightings, `text` what it is
    and where in a line, `frame_s` the time of the frame that it was seen in last. `pictures` counts how often
    its `thumbnail`, a PNG, was another one.
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
        return SeenFind(self.vehicle, self.name, self.text, int(self.properties.get("sighting_count", 1)))

    @property
    def calls(self) -> bool:
        """Whether it is likely enough a person, and nobody has decided."""
        may_be = self.properties.get("what") in CALLING and _score(self) >= CALLING_SCORE
        return may_be and self.state == "proposed"


class LiveFinds:
    """The newest word on every find of every stream. Any thread may call anything.

    `changed` hears of each find that is new or changed, with what was decided of it; it must not ask back.
    """

    def __init__(self, changed: Callable[[LiveFind], None] = lambda _: None) -> None:
        self.changed = changed
        self._lock = threading.Lock()
        self._finds: dict[str, LiveFind] = {}

    def take(self, find: LiveFind) -> None:
        """A new or changed find; without a thumbnail it keeps the one that it had."""
        with self._lock:
            before = self._finds.pop(find.id, None)
            if before is not None:
                fresh = bool(find.thumbnail)
                find = replace(
                    find,
                    history=before.history,
                    thumbnail=find.thumbnail or before.thumbnail,
                    pictures=before.pictures + fresh,
                )
            self._finds[find.id] = find
            while len(self._finds) > MOST:
                lowest = min(self._finds.values(), key=lambda each: (bool(each.history), _score(each)))
                del self._finds[lowest.id]
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

    def find(self, find_id: str) -> LiveFind | None:
        """One of them, None where there is none of that id."""
        with self._lock:
            return self._finds.get(find_id)

    def finds(self) -> tuple[LiveFind, ...]:
        """All of them, the last changed last."""
        with self._lock:
            return tuple(self._finds.values())

    def seen(self) -> tuple[SeenFind, ...]:
        """Those that call: what is likely enough a person, and on which nobody has decided."""
        return tuple(find.seen for find in self.finds() if find.calls)


def _score(find: LiveFind) -> float:
    score = find.properties.get("score")
    return float(score) if isinstance(score, int | float) else 0.0


def sentence(find: Find) -> str:
    """What a find is called, what it is and where, in a line for people."""
    within_m = ellipse95(find.covariance).semi_major_m
    moves = f", moving {find.path[-1].speed_m_s:.1f} m/s" if find.path else ""
    place = f"{find.place.lat_deg:.6f}, {find.place.lon_deg:.6f}"
    return f"{find.id}, {find.kind}{moves}, 95 % within {within_m:.0f} m of {place}"
