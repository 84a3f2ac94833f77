"""What the service answers from: the live picture and the operation, joined at one desk."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from missions.errors import InputError
from ops.alarms import ListedAlarm
from ops.alarms.watch import CALLING, Listed
from ops.api.alarming import Alarming
from ops.api.around import Around, Versions
from ops.api.events import Happening
from ops.api.finds import coarse, live_find_report, with_earlier
from ops.api.folder import SECTIONS, OperationFolder, Section
from ops.api.found import rank
from ops.api.heat_models import heat_report
from ops.api.live import LiveVehicles, link_reports
from ops.api.models import (
    Dropped,
    FindReport,
    LinkReport,
    PlanReport,
    ReplayState,
    SearchReport,
    TrackReport,
    VehicleReport,
)
from ops.api.picture import Cursor, Picture
from ops.api.replayed_alarms import ReplayedAlarms
from ops.api.replaying import ReplayedVehicles, replay_state
from ops.api.searches import live_search_report
from ops.api.wire import Wire
from ops.live_finds import LiveFind
from ops.live_heat import HeatStreams
from ops.live_heat_specs import HeatSpec
from telemetry.alerts import Key, SeenFind, Transition
from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.replay import Replay

TOGETHER = "warm_things"
"""The rule of the alarm of all finds that do not call alone."""
TOLD_EVERY_S = 60.0

if TYPE_CHECKING:
    from ops.marking.boards import Boards


@dataclass(frozen=True, slots=True)
class Said:
    """A message for one client, the cursor to go on from, and whether there was anything to say."""

    text: str
    upto: Cursor
    news: bool
    boards: Versions


class Desk:
    """Everything the endpoints and the stream share; the hub and the folder may each be missing.

    With a replay its vehicles are shown, and no others, and among its events what `happened` to alarms.
    `sections` counts how often each part of the operation changed. `alarms` is set by whoever has them looked
    for, before `search_streams`.
    """

    def __init__(
        self,
        clock: Clock,
        hub: Hub | None = None,
        folder: Path | None = None,
        replay: Replay | None = None,
        *,
        around: Around | None = None,
        happened: Sequence[Transition] = (),
    ) -> None:
        self.clock = clock
        self.hub = hub if replay is None else replay.hub
        self.replay = replay
        self.around = around or Around(clock, None, None)
        self.started_s = clock.monotonic_s()
        self.clients = 0
        self.picture = Picture(source="live" if replay is None else "replay")
        self.folder = None if folder is None else OperationFolder(folder, clock)
        self.sections: Mapping[Section, int] = dict.fromkeys(SECTIONS, 0)
        self.alarms: Alarming | ReplayedAlarms | None = None
        self.heat: HeatStreams | None = None
        self.happened = happened
        self._told: set[str] = set()
        self._told_s = -math.inf
        self._wire = Wire()
        self._live = self._watching()
        self._looking = threading.Lock()
        self._boards: Boards | None = None

    def refresh(self) -> None:
        """Look at the vehicles, and in a replay at its alarms."""
        if self._live is not None:
            self._live.refresh()
        if isinstance(self.alarms, ReplayedAlarms):
            self.alarms.show()

    def look(self) -> None:
        """Look at the operation's files; reads the disk, so not for the event loop. Any thread."""
        if self.folder is None:
            return
        with self._looking:
            changed = self.folder.look()
            for find in self.folder.decided:
                self.picture.put_find(find)
            self.sections = {name: count + (name in changed) for name, count in self.sections.items()}

    def close(self) -> None:
        """Let go of the hub."""
        if self.alarms is not None:
            self.alarms.close()
        if self._live is not None:
            self._live.close()
        if self._boards is not None:
            self._boards.close()

    def boards(self) -> Boards:
        """The scenes of the operation to mark in. There must be an operation."""
        from ops.marking.boards import Boards  # loads much, and only where scenes are marked

        assert self.folder is not None  # noqa: S101 - the caller has looked
        with self._looking:
            if self._boards is None:
                self._boards = Boards(self.folder, self.clock, self.look)
            return self._boards

    def search_streams(self, specs: Sequence[HeatSpec], terrain: Sequence[Path] = ()) -> None:
        """Have live thermal streams searched; whoever serves has them run. There must be an operation."""
        assert self.folder is not None  # noqa: S101 - the caller has looked
        assert self.hub is not None  # noqa: S101 - likewise
        heat = HeatStreams(specs, self.folder.operation, self.hub, self.clock, self.folder.finds, terrain)
        self.heat = heat
        if heat.search is not None:
            heat.search.changed = self._counted
        heat.finds.changed = self._found
        self.around.heat = lambda: [heat_report(stream) for stream in heat.streams]
        self.look()
        if isinstance(self.alarms, Alarming):
            watch = self.alarms.watch
            listed = (*watch.listed().active, *watch.listed().shelved)
            heat.go_on_calling(
                [
                    SeenFind(each.alarm.key.vehicle, each.alarm.key.subject, each.alarm.text, 2)
                    for each in listed
                    if each.alarm.key.rule == "find"
                ],
                together={each.alarm.key.vehicle for each in listed if each.alarm.key.rule == TOGETHER},
            )
            watch.finds = heat.seen
            heat.taken = lambda: _taken(watch.listed())

    def _counted(self) -> None:
        """What was searched live is worth more by now."""
        with self._looking:
            self.sections = {**self.sections, "searches": self.sections["searches"] + 1}

    def searches(self) -> tuple[SearchReport, ...]:
        """The search maps of the operation, the newest last: that is the one that goes on live, if any."""
        kept = () if self.folder is None else self.folder.searches()
        live = None if self.heat is None or self.heat.search is None else live_search_report(self.heat.search)
        return kept if live is None else (*kept, live)

    def _found(self, find: LiveFind) -> None:
        """Show a live find. Only aircraft that are heard have alarms: of any other an event tells."""
        self.picture.put_find(live_find_report(find))
        if not find.calls or self.hub is None or find.vehicle in self.hub.vehicles():
            return
        now_s = self.clock.now_s()
        if find.calls == "alone" and find.name not in self._told:
            self._told.add(find.name)
        elif find.calls == "together" and now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
        else:
            return
        text = f"find of vehicle {find.vehicle}, which is not heard: {find.text}"
        self.picture.tell(None, Happening("warning", "alarm", text), now_s)

    def taken(self, find: str, who: str) -> None:
        """Whoever decides on a find has seen its alarm."""
        if not isinstance(self.alarms, Alarming):
            return
        for listed in self.alarms.watch.listed().active:
            key = listed.alarm.key
            if (key.rule, key.subject) == ("find", find) and listed.alarm.state in CALLING:
                with suppress(InputError):  # somebody else was there first
                    self.alarms.watch.acknowledge(key, who)

    def together(self, vehicle: int) -> int:
        """How many finds of a vehicle call together, and are acknowledged together (`finds_seen`)."""
        return 0 if self.heat is None else self.heat.together(vehicle)

    def finds_seen(self, vehicle: int, ids: Sequence[str], by: str, why: str) -> tuple[tuple[str, ...], int]:
        """Somebody saw these finds, which call together: their names, and how many are left that call so.

        Raises InputError for nobody and without a reason, EvidenceError and OutputError where that cannot be
        logged.
        """
        if self.heat is None:
            raise InputError("no live thermal stream is searched", where="find")
        seen = self.heat.acknowledge(vehicle, ids, by, why)
        left = self.together(vehicle)
        if seen and not left and isinstance(self.alarms, Alarming):
            with suppress(InputError):  # it was acknowledged, or is gone
                self.alarms.watch.acknowledge(Key(vehicle, TOGETHER), by)
        if seen:
            with self._looking:
                self.sections = {**self.sections, "finds": self.sections["finds"] + 1}
        return seen, left

    def vehicles(self) -> tuple[VehicleReport, ...]:
        """Every vehicle as it is now."""
        self.refresh()
        return self.picture.vehicles()

    def plans(self) -> tuple[PlanReport, ...]:
        """The plans of the operation."""
        return () if self.folder is None else self.folder.plans()

    def finds(self) -> tuple[FindReport, ...]:
        """The finds of the operation, and those of live streams, the first to look at first."""
        live = map(live_find_report, self._live_finds())
        return tuple(sorted((*self._entered(), *live), key=rank))

    def finds_json(self) -> bytes:
        """The same as they are sent, compressed with gzip."""
        return self._wire.packed("finds", self.finds())

    def sightings(self, find_id: str) -> tuple[str, str, list[dict[str, Any]]]:
        """A find's name, its document, and every sighting of it.

        Raises InputError for no find, FormatError where they cannot be had.
        """
        live = None if self.heat is None else self.heat.finds.find(find_id)
        if live is not None and self.heat is not None:
            return live.name, live.source, self.heat.sightings(live)
        found = None if self.folder is None else self.folder.find(find_id)
        if self.folder is None or found is None:
            raise InputError(f"there is no find {find_id!r}", where="find", remedy="See GET /api/finds")
        return found.name, found.source, self.folder.sightings(find_id)

    def finds_for_others(self) -> tuple[FindReport, ...]:
        """Those that officers on other maps are told of: of live ones what calls or was confirmed, coarsely.

        A place that is better known with each frame need not be told with each frame.
        """
        some = (each for each in self._live_finds() if each.calls or each.state == "confirmed")
        return (*self._entered(), *map(coarse, map(live_find_report, some)))

    def _entered(self) -> tuple[FindReport, ...]:
        """What entered, and of that who saw which finds of earlier services, and which of them still call."""
        entered = () if self.folder is None else self.folder.finds()
        return entered if self.heat is None else with_earlier(entered, self.heat.earlier)

    def _live_finds(self) -> tuple[LiveFind, ...]:
        if self.heat is None:
            return ()
        sources = {each.source for each in self._entered()}
        return tuple(each for each in self.heat.finds.finds() if each.source not in sources)

    def standing_alarms(self) -> tuple[ListedAlarm, ...]:
        """The alarms of now, as their list has them; of a replay none."""
        return self.alarms.watch.listed().active if isinstance(self.alarms, Alarming) else ()

    def links(self) -> tuple[LinkReport, ...]:
        """How the links of the hub fare."""
        return () if self.hub is None else link_reports(self.hub)

    def live_tracks(self) -> tuple[TrackReport, ...]:
        """What has been flown since the service started, as far as it is remembered."""
        self.refresh()
        return self.picture.tracks()

    def recorded_tracks(self) -> tuple[TrackReport, ...]:
        """What was flown before; nothing in a replay, where it would show what is still to come."""
        return () if self.folder is None or self.replay is not None else self.folder.tracks()

    def now_s(self) -> float:
        """The time that is shown: the clock's, or that of the replay's picture."""
        return self._live.shown_s if isinstance(self._live, ReplayedVehicles) else self.clock.now_s()

    def replay_state(self) -> ReplayState | None:
        """Where the replay is, if this is one."""
        return None if self.replay is None else replay_state(self.replay, self.now_s())

    def snapshot(self, hz: float) -> Said:
        """Everything as it is (`models.Snapshot`), and where the first delta goes on."""
        self.refresh()
        changes = self.picture.since(Cursor())
        name = None if self.folder is None else self.folder.name
        around, boards, _ = self.around.told()
        text = (
            f'{{"type":"snapshot","protocol":1,"time_s":{self.now_s()!r},"hz":{hz!r},'
            f'"operation":{json.dumps(name)},"plans":{self._wire.kept("plans", self.plans())},'
            f'{self._wire.whole(changes)},{around},"replay":{_json(self.replay_state())}}}'
        )
        return Said(text, changes.upto, news=True, boards=boards)

    def delta(
        self,
        cursor: Cursor,
        seen: Mapping[Section, int],
        missed: int = 0,
        boards: Versions = MappingProxyType({}),
    ) -> Said | None:
        """What changed after `cursor` (`models.Delta`); None after a jump, when a snapshot is needed.

        The client has `seen` the sections so often changed, was not sent `missed` deltas, and was told of
        `boards` in these versions.
        """
        changes = self.picture.since(cursor)
        if changes.anew:
            return None
        sections = self.sections
        changed = [name for name in SECTIONS if sections[name] != seen.get(name, 0)]
        around, boards, urgent = self.around.told(boards)
        dropped = Dropped(deltas=missed, events=changes.dropped_events)
        text = (
            f'{{"type":"delta","time_s":{self.now_s()!r},{self._wire.body(cursor, changes)},'
            f'"gone":{json.dumps(changes.gone)},{around},"changed":{json.dumps(changed)},"dropped":{dropped.model_dump_json()},'
            f'"replay":{_json(self.replay_state())}}}'
        )
        news = not changes.empty or urgent or bool(changed or missed) or self.playing[0]
        return Said(text, changes.upto, news, boards)

    @property
    def playing(self) -> tuple[bool, float]:
        """Whether a replay goes on, and how fast."""
        return (False, 1.0) if self.replay is None else (self.replay.playing, self.replay.speed)

    def _watching(self) -> LiveVehicles | ReplayedVehicles | None:
        if self.replay is not None:
            return ReplayedVehicles(self.replay, self.picture, self.happened, self.around.foreign)
        if self.hub is None:
            return None
        return LiveVehicles(self.hub, self.picture, self.clock, self.around.foreign)


def _taken(listed: Listed) -> list[str]:
    """Finds whose own alarm somebody acknowledged or shelved."""
    some = [*(each for each in listed.active if each.alarm.state not in CALLING), *listed.shelved]
    return [each.alarm.key.subject for each in some if each.alarm.key.rule == "find"]


def _json(state: ReplayState | None) -> str:
    return "null" if state is None else state.model_dump_json()
