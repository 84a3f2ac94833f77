"""What the service answers from: the live picture and the operation, joined at one desk."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from ops.api.folder import SECTIONS, OperationFolder, Section
from ops.api.live import LiveVehicles, link_reports
from ops.api.models import Delta, Dropped, LinkReport, PlanReport, Snapshot, TrackReport, VehicleReport
from ops.api.picture import Cursor, Picture
from telemetry.clock import Clock
from telemetry.hub import Hub


class Desk:
    """Everything the endpoints and the stream share; the hub and the folder may each be missing.

    `sections` counts how often each part of the operation changed.
    """

    def __init__(self, clock: Clock, hub: Hub | None = None, folder: Path | None = None) -> None:
        self.clock = clock
        self.hub = hub
        self.started_s = clock.monotonic_s()
        self.clients = 0
        self.picture = Picture()
        self.folder = None if folder is None else OperationFolder(folder, clock)
        self.sections: Mapping[Section, int] = dict.fromkeys(SECTIONS, 0)
        self._live = None if hub is None else LiveVehicles(hub, self.picture, clock)
        self._looking = threading.Lock()

    def refresh(self) -> None:
        """Look at the vehicles."""
        if self._live is not None:
            self._live.refresh()

    def look(self) -> None:
        """Look at the operation's files; reads the disk, so not for the event loop. Any thread."""
        if self.folder is None:
            return
        with self._looking:
            changed = self.folder.look()
            self.sections = {name: count + (name in changed) for name, count in self.sections.items()}

    def close(self) -> None:
        """Let go of the hub."""
        if self._live is not None:
            self._live.close()

    def vehicles(self) -> tuple[VehicleReport, ...]:
        """Every vehicle as it is now."""
        self.refresh()
        return self.picture.vehicles()

    def plans(self) -> tuple[PlanReport, ...]:
        """The plans of the operation."""
        return () if self.folder is None else self.folder.plans()

    def links(self) -> tuple[LinkReport, ...]:
        """How the links of the hub fare."""
        return () if self.hub is None else link_reports(self.hub)

    def live_tracks(self) -> tuple[TrackReport, ...]:
        """What has been flown since the service started, as far as it is remembered."""
        self.refresh()
        return self.picture.since(Cursor()).tracks

    def snapshot(self, hz: float) -> tuple[Snapshot, Cursor]:
        """Everything as it is, and where the first delta goes on."""
        self.refresh()
        changes = self.picture.since(Cursor())
        snapshot = Snapshot(
            time_s=self.clock.now_s(),
            hz=hz,
            operation=None if self.folder is None else self.folder.name,
            vehicles=changes.vehicles,
            tracks=changes.tracks,
            plans=self.plans(),
            events=changes.events,
        )
        return snapshot, changes.upto

    def delta(self, cursor: Cursor, seen: Mapping[Section, int]) -> tuple[Delta, Cursor]:
        """What changed after `cursor`, for a client that has `seen` the sections so often changed."""
        changes = self.picture.since(cursor)
        sections = self.sections
        delta = Delta(
            time_s=self.clock.now_s(),
            vehicles=changes.vehicles,
            tracks=changes.tracks,
            events=changes.events,
            changed=tuple(name for name in SECTIONS if sections[name] != seen.get(name, 0)),
            dropped=Dropped(events=changes.dropped_events),
        )
        return delta, changes.upto
