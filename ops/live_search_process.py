"""A process of its own for the search map of a flight that is searched live: what was seen, what is left.

    python -m ops.live_search_process

Standard input is a line of JSON (`Job`), then a line for each frame that was looked at
(`imaging.searched.live`) with its source and where its aircraft took off. Standard output is a line of JSON
every `EACH_S` seconds in which something was looked at: what all of it was worth, and the map's contours.
The map is kept each minute (`ops.live_search_keeping`), for what may come, and when standard input ends,
which the last line tells. No frame and no find waits for any of this.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging.searched.live import OverMap
from imaging.searched.searching import Searching
from imaging.worker import obeyed, tell
from missions.geodesy import GeoPoint
from missions.search.bookkeeping import kept_share, score_of
from missions.search.contours import contours, geojson
from missions.search.detection import detections
from missions.search.looks import Viewpoint
from missions.search.search_map import SearchMap
from missions.search.seen_ground import SeenGround
from missions.terrain import open_terrain
from ops.live_search_keeping import Keeping
from ops.searching import cover_of, keep_search, open_search, told_figures, told_score
from telemetry.clock import Clock, SystemClock

EACH_S = 5.0
KEEP_S, KEEPING_SHARE = 60.0, 0.1
"""The map is written so often, and less often where writing would take more than this share of the time."""
AROUND_M = 500.0
LONGEST_LINE = 20_000
MOST_WAITING = 50_000
LEFT_OUT_LISTED = 200


@dataclass(frozen=True, slots=True)
class Job:
    """The map, where to keep the one after it, and files of the ground; without any it is level."""

    search_map: str
    output: str
    terrain: tuple[str, ...] = ()
    keep_s: float = KEEP_S


@dataclass
class Watch:
    """A search as it goes on: frames come in, and what all of them were worth goes out."""

    job: Job
    sources: set[str] = field(default_factory=set)
    fresh: list[Viewpoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._opened = opened = open_search(Path(self.job.search_map))
        grid = opened.search.mixture.grid
        west, south, east, north = grid.bounds_m
        wider = (west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M)
        ground = (
            SeenGround.of_terrain(open_terrain([Path(each) for each in self.job.terrain]), grid.frame, wider)
            if self.job.terrain
            else SeenGround.level(grid.frame, 0.0)
        )
        self._figures = detections(None)
        self._searching = Searching(
            opened.search.mixture,
            self._figures,
            ground,
            looks=opened.looks,
            cover=cover_of(opened.canopy, grid),
            cumulative_pos=opened.cumulative_pos,
        )
        self._missed_before = self._searching.missed
        self._known = len(self._searching.looks.frames), len(self._searching.looks)
        self._over = OverMap(grid.frame, ground)
        self._take_off: dict[str, GeoPoint] = {}

    @property
    def frames(self) -> int:
        """How many frames were counted so far."""
        return len(self._searching.looks.frames) - self._known[0]

    def hear(self, told: dict[str, Any]) -> None:
        """A frame that was looked at. Raises FormatError for what is none."""
        source, place = str(told["source"]), told.get("take_off")
        if source not in self._take_off:
            lat_deg, lon_deg = place or (told["view"]["pose"]["place"][key] for key in ("lat_deg", "lon_deg"))
            self._take_off[source] = GeoPoint(float(lat_deg), float(lon_deg))
        view = self._over.view(told["view"], self._take_off[source], source)
        del self._over.views.left_out[:-LEFT_OUT_LISTED]
        self.sources.add(source)
        if view is not None:
            self.fresh.append(view)

    def count(self) -> dict[str, Any]:
        """Count what came: what all frames of this watch were worth, as one search from a recording."""
        last = self._searching.see(self.fresh)
        self.fresh.clear()
        after = self._after
        drawing = json.loads(geojson(after, contours(after.chances)))
        return {**self._worth(), "last_pos": last.pos, "frames": self.frames, "drawing": drawing}

    @property
    def _after(self) -> SearchMap:
        """The map with all that was counted."""
        return dataclasses.replace(self._opened.search, mixture=self._searching.mixture)

    def _worth(self) -> dict[str, float]:
        """What all frames of this watch were worth together."""
        before = self._opened
        kept = kept_share(self._searching.missed, self._missed_before)
        return told_score(score_of(before.search.chances, kept, before.cumulative_pos))

    def keep(self, path: Path, dropped: int = 0) -> None:
        """Write the map with all that was counted, and the files beside it. Raises OutputError."""
        before, searching = self._opened, self._searching
        kinds = {frame.kind for frame in searching.looks.frames}
        views = self._over.views
        notes = {**views.notes, **({"came faster than they could be counted": dropped} if dropped else {})}
        act = {
            "from": sorted(self.sources),
            "camera": "",
            "canopy": before.canopy,
            "frames": self.frames,
            "look_count": len(searching.looks) - self._known[1],
            **self._worth(),
            "notes": [f"{text} ({count} frames)" for text, count in notes.items()],
            "left_out": [{"frame": name, "reason": why} for name, why in views.left_out],
            "known_before": 0,
            "hypotheses": {each.name: each.weight for each in searching.mixture.hypotheses},
            "figures": told_figures(kinds, self._figures),
        }
        keep_search(self._after, searching.looks, path, act)


class _Inbox:
    """Lines of standard input, taken in by a thread: of very many the oldest are dropped and counted."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.dropped = 0
        self._lines: deque[bytes] = deque()

    def read(self, pipe: Any) -> None:
        while line := pipe.readline(LONGEST_LINE):
            self._lines.append(line)
            if len(self._lines) > MOST_WAITING:
                self._lines.popleft()
                self.dropped += 1
        self.over.set()

    def take(self) -> Iterator[bytes]:
        """Those that wait, the oldest first."""
        for _ in range(len(self._lines)):
            with suppress(IndexError):  # the reader dropped some meanwhile
                yield self._lines.popleft()


def main(clock: Clock | None = None) -> None:
    """Do the job on standard input until that ends."""
    os.nice(10)  # telemetry, then finds, then this
    clock, pipe, inbox = clock or SystemClock(), sys.stdin.buffer, _Inbox()
    told = json.loads(pipe.readline())
    job = Job(told["search_map"], told["output"], tuple(told["terrain"]), told.get("keep_s", KEEP_S))
    watch, keeping = Watch(job), Keeping(Path(job.output), Path(job.search_map).name)
    threading.Thread(target=inbox.read, args=(pipe,), daemon=True).start()
    tell(begun=True)
    with keeping.locked():
        _watch(watch, inbox, keeping, clock)


def _watch(watch: Watch, inbox: _Inbox, keeping: Keeping, clock: Clock) -> None:
    counted_s = kept_s = clock.monotonic_s()
    wait_s, kept = watch.job.keep_s, 0

    def keep() -> int:
        if watch.frames > kept:
            keeping.keep(lambda path: watch.keep(path, inbox.dropped))
        return watch.frames

    while not inbox.over.is_set():
        inbox.over.wait(max(0.0, counted_s + EACH_S - clock.monotonic_s()))
        counted_s = clock.monotonic_s()
        for line in inbox.take():
            watch.hear(json.loads(line))
        if watch.fresh:
            tell(counted=watch.count())
        if clock.monotonic_s() - kept_s >= wait_s:
            began_s = clock.monotonic_s()
            kept, kept_s = keep(), clock.monotonic_s()
            wait_s = max(watch.job.keep_s, (kept_s - began_s) / KEEPING_SHARE)
    for line in inbox.take():
        watch.hear(json.loads(line))
    if watch.fresh:
        watch.count()
    keep()
    tell(kept=watch.frames > 0, frames=watch.frames)


if __name__ == "__main__":
    sys.exit(obeyed(main, reads_input=True))
