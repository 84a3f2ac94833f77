"""Live thermal streams in the command room: each has a process that searches it, and nothing waits for it.

    hub ---telemetry---> process of a stream ---finds---> `LiveFinds` ---> page, alarms, TAK
                         (reads, searches, places) ----> finds/live-*.geojson, which enters at the end

What people decide is an act in the operation's log at once, by the document's path and the find's name, as it
is for all finds; so it holds whatever becomes of the service.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from imaging.thermal.find import Decision, State
from imaging.thermal.reviewing import checked
from imaging.thermal.sightings import rows_by_now, sightings_path
from missions.errors import DroneteamError, InputError
from ops.finds import REVIEWED
from ops.live_finds import Acknowledged, LiveFind, LiveFinds
from ops.live_finds_earlier import ACKNOWLEDGED, EarlierFinds, FindLike, acknowledged_in
from ops.live_heat_keeping import left_behind, thumbnails_of
from ops.live_heat_specs import HeatSpec
from ops.live_heat_stream import HeatStream
from ops.live_search import LiveSearch, newest_map
from ops.live_search_keeping import enter_left
from ops.operations import FOLDERS, Operation
from telemetry.alerts import SeenFind
from telemetry.clock import Clock
from telemetry.hub import Hub

LEFT = "found by a service that ended without closing it"
_log = logging.getLogger(__name__)


class HeatStreams:
    """All streams of a service and what they found. Any thread may ask anything.

    `entered` gives the finds that entered the operation: those of `earlier` services go on calling while an
    alarm of theirs stands (`go_on_calling`), but for those that somebody saw among others. `taken` tells
    whose own alarm somebody acknowledged. Over the newest search map of the operation what is looked at is
    counted (`search`, None without a map); `terrain` is the ground.
    """

    def __init__(
        self,
        specs: Sequence[HeatSpec],
        operation: Operation,
        hub: Hub,
        clock: Clock,
        entered: Callable[[], Sequence[FindLike]] = tuple,
        terrain: Sequence[Path] = (),
    ) -> None:
        self.finds = LiveFinds()
        self._operation, self._hub, self._entered = operation, hub, entered
        self.earlier = EarlierFinds(entered, acknowledged_in(operation))
        self._folder = operation.folder / FOLDERS["find"]
        self._calling: dict[str, SeenFind] = {}
        self.taken: Callable[[], Collection[str]] = tuple
        self.streams = tuple(
            HeatStream(spec, self._folder, FOLDERS["find"], clock, self.finds.take, terrain) for spec in specs
        )
        enter_left(operation, lambda: newest_map(operation), clock)
        search_map = newest_map(operation)
        self.search = None if search_map is None else LiveSearch(search_map, operation, hub, clock, terrain)
        if self.search is not None:
            for stream in self.streams:
                source = f"live stream {stream.spec.tag}"
                stream.looked_at = partial(self.search.looked_at, stream.spec.vehicle, source)
        self.recovered = self._enter_left(clock)

    def go_on_calling(self, standing: Sequence[SeenFind], together: Collection[int] = ()) -> None:
        """These alarms stood when an earlier service ended: they stand until somebody decides.

        Of the vehicles `together` the alarm of many finds stood: those that nobody saw go on too.
        """
        self._calling = {each.name: each for each in standing}
        self.earlier.vehicles, self.earlier.alone = frozenset(together), frozenset(self._calling)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Search while the block runs; at its end what was found enters the operation."""
        leave = [self._hub.subscribe(stream.hear) for stream in self.streams]
        if self.search is not None:
            self.search.start()
        for stream in self.streams:
            stream.start()
        try:
            yield
        finally:
            for unsubscribe in leave:
                unsubscribe()
            for stream in self.streams:  # all at once: each writes for a while
                stream.stop()
            for stream in self.streams:
                stream.join()
                for document in stream.documents:
                    self._enter(document, stream.spec.shown)
            if self.search is not None:
                self.search.stop()

    def seen(self) -> tuple[SeenFind, ...]:
        """What may be a person and nobody has decided on: what `ops.alarms.AlarmWatch.finds` asks for."""
        among = tuple(each.seen for each in self.earlier.calling())
        if not self._calling:
            return (*among, *self.finds.seen(self.taken()))
        undecided = {each.name for each in self._entered() if each.state == "proposed"}
        earlier = (each for name, each in self._calling.items() if name in undecided)
        return (*among, *self.finds.seen(self.taken()), *earlier)

    def decide(self, find_id: str, state: State, by: str, why: str) -> LiveFind | None:
        """Somebody decided: it is in the operation's log when this returns. None for a find that is not live.

        Raises InputError for a decision by nobody or without a reason, EvidenceError and OutputError where it
        cannot be logged.
        """
        find = self.finds.find(find_id)
        if find is None:
            return None
        made = checked(Decision(state, by, why, ""))
        line = self._operation.record(
            REVIEWED, path=find.source, find=find.name, state=state, by=made.by, why=made.why
        )
        return self.finds.decide(find_id, Decision(state, made.by, made.why, line.time))

    def sightings(self, find: LiveFind) -> list[dict[str, Any]]:
        """Every sighting of a find that is written by now, in order of time."""
        return rows_by_now(sightings_path(self._operation.folder / find.source), find.name)

    def together(self, vehicle: int) -> int:
        """How many finds of a vehicle call together, those of earlier services included."""
        earlier = self.earlier.calling()
        return len(self.finds.together(vehicle)) + sum(each.seen.vehicle == vehicle for each in earlier)

    def acknowledge(self, vehicle: int, ids: Sequence[str], by: str, why: str) -> tuple[str, ...]:
        """Somebody saw finds that call together: it is in the operation's log when this returns.

        Gives their names. What calls alone by now, and whatever is not among these, goes on calling. Raises
        InputError for nobody and without a reason, EvidenceError and OutputError where it cannot be logged.
        """
        made = checked(Decision("proposed", by, why, ""))
        some = [each for each in self.finds.together(vehicle) if each.id in set(ids)]
        before = [
            each for each in self.earlier.calling() if each.seen.vehicle == vehicle and each.id in set(ids)
        ]
        if not some and not before:
            return ()
        named = [*(each.live_id for each in before), *(each.id for each in some)]
        line = self._operation.record(ACKNOWLEDGED, vehicle=vehicle, finds=named, by=made.by, why=made.why)
        seen = Acknowledged(made.by, made.why, line.time)
        self.finds.acknowledge([each.id for each in some], seen)
        self.earlier.acknowledged |= {each.live_id: seen for each in before}
        return (*(each.seen.name for each in before), *(each.name for each in some))

    def _enter_left(self, clock: Clock) -> int:
        """Let in what a killed service left; how many documents that were."""
        entered = [Path(file.path).name for file in self._operation.files("find")]
        found = left_behind(self._folder, entered, clock)
        for document in found:
            self._enter(document, LEFT)
        return len(found)

    def _enter(self, document: Path, stream: str) -> None:
        """A document and its thumbnails; what cannot enter stays where it is, and is tried the next time."""
        pictures = thumbnails_of(document)
        try:
            if document.is_file():
                self._operation.add_file(document, "find", stream=stream)
                if (rows := sightings_path(document)).is_file():
                    self._operation.add_file(rows, "find", of=document.name)
                for path in sorted(pictures.glob("*.png")):
                    self._operation.add_file(path, "find", folder=pictures.name)
            elif pictures.is_dir() and not any(pictures.iterdir()):
                pictures.rmdir()
        except (DroneteamError, OSError) as error:
            _log.error("%s does not enter the operation: %s", document, error)


def heat_needs_an_operation() -> InputError:
    """Why nothing is searched without one."""
    return InputError(
        "live thermal streams need an operation, in which their finds are kept",
        where="--heat",
        remedy="Make one with `droneteam operation new`, and name it: droneteam serve OPERATION --heat …",
    )
