"""Finds of a service that ended: who saw them among others, and which still call together.

A live find is known by its document and its name (`LiveFind.id`), and so it is in the log. In the list of
what entered it has another id, and the same name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ops.live_finds import CALLING, CALLING_SCORE, Acknowledged
from ops.operations import Operation
from telemetry.alerts import SeenFind

ACKNOWLEDGED = "finds.acknowledged"
_DOCUMENT = re.compile(r"(?:.*/)?live-(\d{1,3})[a-z]?-\d{8}T\d{6}Z(?:-\d+)?\.geojson")


class FindLike(Protocol):
    """What is asked of a find that entered; `ops.api.models.FindReport` is one."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def properties(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class EarlierFind:
    """One that still calls together: its id in the list of what entered, and how the alarms ask for it."""

    id: str
    live_id: str
    seen: SeenFind


@dataclass
class EarlierFinds:
    """What earlier services found.

    `vehicles` are those whose alarm of many finds stood when the last service ended, `alone` the names of
    finds that had one of their own.
    """

    entered: Callable[[], Sequence[FindLike]]
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    vehicles: frozenset[int] = frozenset()
    alone: frozenset[str] = frozenset()

    def calling(self) -> tuple[EarlierFind, ...]:
        """Those that call together: nobody decided on them or saw them."""
        if not self.vehicles:
            return ()
        found = []
        for each in self.entered():
            vehicle = vehicle_of(each.source)
            score, live_id = each.properties.get("score"), live_id_of(each)
            if (
                vehicle in self.vehicles
                and each.state == "proposed"
                and each.name not in self.alone
                and each.properties.get("what") in CALLING
                and isinstance(score, int | float)
                and score >= CALLING_SCORE
                and live_id not in self.acknowledged
            ):
                count = each.properties.get("sighting_count")
                sightings = count if isinstance(count, int) else 1
                seen = SeenFind(vehicle, each.name, _text(each), sightings, alone=False)
                found.append(EarlierFind(each.id, live_id, seen))
        return tuple(sorted(found, key=lambda each: each.seen.name))


def acknowledged_in(operation: Operation) -> dict[str, Acknowledged]:
    """Who saw which finds among others, by the finds' live ids, out of the log; the last word of each."""
    found: dict[str, Acknowledged] = {}
    for act in operation.store.acts(ACKNOWLEDGED):
        told = act["details"]
        ids = told.get("finds")
        for each in ids if isinstance(ids, list) else ():
            found[str(each)] = Acknowledged(str(told.get("by")), str(told.get("why")), str(act["time"]))
    return found


def live_id_of(find: FindLike) -> str:
    """As the service that found it named it."""
    return f"{find.source}#{find.name}"


def vehicle_of(source: str) -> int | None:
    """Whose live stream a document is of; None for any other document."""
    named = _DOCUMENT.fullmatch(source)
    return int(named[1]) if named else None


def _text(find: FindLike) -> str:
    ellipse = find.properties.get("ellipse95")
    major = ellipse.get("semi_major_m") if isinstance(ellipse, dict) else None
    within = f", 95 % within {major:.0f} m" if isinstance(major, int | float) else ""
    return f"{find.name}, {find.properties.get('what')}{within}"
