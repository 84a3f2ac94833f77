"""What is sent to many clients, written out once.

Clients that have read up to the same change are told the same, and a vehicle's report is the same for all.
So the text of a report is kept until the next one, and the text of all that changed between two cursors as
long as clients are likely to ask for it.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from ops.api.models import FindReport, VehicleReport
from ops.api.picture import Changes, Cursor

BODIES_KEPT = 32
"""Clients at one pace ask for two or three different ones at a time."""


TEXTS_KEPT = 20_000
GZIP_LEVEL = 3
"""A list of finds becomes a ninth of itself; higher levels save little and take longer."""


class Wire:
    """Writes reports as JSON; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[VehicleReport | FindReport, str]] = {}
        self._bodies: OrderedDict[tuple[Cursor, Cursor], str] = OrderedDict()
        self._whole: tuple[Cursor | None, str] = (None, "")
        self._lists: dict[str, tuple[Sequence[BaseModel], str]] = {}
        self._packed: dict[str, tuple[Sequence[BaseModel], bytes]] = {}
        self._long = threading.Lock()

    def body(self, cursor: Cursor, changes: Changes) -> str:
        """What changed after `cursor`, as in an object: "vehicles", "tracks", "events", "alarms", "finds"."""
        key = (cursor, changes.upto)
        with self._lock:
            found = self._bodies.get(key)
            if found is None:
                found = self._bodies[key] = self._written(changes)
                if len(self._bodies) > BODIES_KEPT:
                    self._bodies.popitem(last=False)
            return found

    def whole(self, changes: Changes) -> str:
        """The same of all there is, which may be long: the newest alone is kept, and nobody else waits."""
        with self._long:
            if self._whole[0] != changes.upto:
                self._whole = (changes.upto, self._written(changes))
            return self._whole[1]

    def kept(self, name: str, reports: Sequence[BaseModel]) -> str:
        """A list that seldom changes: written again only when it is another one."""
        with self._long:
            before = self._lists.get(name)
            if before is None or before[0] != reports:
                before = self._lists[name] = (reports, listed(reports))
            return before[1]

    def packed(self, name: str, reports: Sequence[BaseModel]) -> bytes:
        """The same list compressed with gzip: thousands of finds go over a radio link."""
        with self._long:
            before = self._packed.get(name)
            if before is None or before[0] != reports:
                texts = [each.model_dump_json() for each in reports]
                data = gzip.compress(f"[{','.join(texts)}]".encode(), GZIP_LEVEL)
                before = self._packed[name] = (reports, data)
            return before[1]

    def _written(self, changes: Changes) -> str:
        for key in changes.gone:
            self._texts.pop(key, None)
        vehicles = ",".join([self._once(each.key, each) for each in changes.vehicles])
        tracks, events = listed(changes.tracks), listed(changes.events)
        alarms = "null" if changes.alarms is None else changes.alarms.model_dump_json()
        finds = ",".join([self._once(each.id, each) for each in changes.finds])
        return (
            f'"vehicles":[{vehicles}],"tracks":{tracks},"events":{events},"alarms":{alarms},"finds":[{finds}]'
        )

    def _once(self, key: str, report: VehicleReport | FindReport) -> str:
        before = self._texts.get(key)
        if before is None or before[0] is not report:
            if len(self._texts) >= TEXTS_KEPT:  # finds come for as long as a stream lasts
                self._texts.clear()
            before = self._texts[key] = (report, report.model_dump_json())
        return before[1]


def listed(reports: Iterable[BaseModel]) -> str:
    """A JSON list of reports."""
    return f"[{','.join([each.model_dump_json() for each in reports])}]"
