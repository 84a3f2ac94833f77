"""Frames of a live stream searched as they come: each gives the things that are new or that changed.

Of a stream without an end only so much is held: whoever takes its finds keeps what is to stay.

A frame that tells its own pose is placed by it: its time and its place are by one clock, the track's is
another. Any other waits until the track reaches past it: a pose between two records is known, one after the
last is a guess. After `Patience.wait_s` it is searched all the same, and says why it could not be placed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from imaging.thermal.find import Find, listing
from imaging.thermal.finding import find_of
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.options import HeatOptions
from imaging.thermal.placing.adjusting import Adjusted
from imaging.thermal.placing.walking import Step
from imaging.thermal.posing import APART_S, TrackLike, own_pose
from imaging.thermal.searching import Looked, Search
from imaging.thermal.settling import Settled, known_of, paths_of, told, unknown_tilt_m2
from imaging.thermal.tracks import Thing, Tracker, clearness
from missions.camera import Camera
from telemetry.pose import Pose

KNOWN_EVERY_S = 5.0
"""How often what things say together of the shared errors is worked out anew."""
RECENT_S = 120.0
_LAST = 25
_WAY = 100
"""Of who walks so many sightings are followed: a way of an hour would be gone through with each frame."""
SIGHTINGS_KEPT = 120
"""Of a thing its first sighting and the last, so many in all: a camera may hover over it for an hour."""
SIGHTINGS_OF_OLD = 10
"""So many of a thing that stands and has not been seen for `RECENT_S`: they tell where it is well enough."""
SHOWN_KEPT = 2
THINGS_KEPT = 4000
"""Things that may be seen again as what they are; of more those are forgotten that were seen longest ago."""
TIDY_EVERY = 50
"""Frames."""
_REASONS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a frame waits for its pose, and how many may wait; of more the oldest is placed as it is."""

    wait_s: float = 0.6
    most: int = 20


class LiveHeat:
    """Takes frames in order of time; `track` is asked anew each time, as it grows. One thread at a time.

    `named` gives a find's name by its number, from 1. `looked` hears of every frame once it was searched,
    also of those that could not be placed.
    """

    def __init__(
        self,
        track: Callable[[], TrackLike | None],
        camera: Camera | None = None,
        options: HeatOptions | None = None,
        patience: Patience | None = None,
        looked: Callable[[Looked], None] = lambda _: None,
        named: Callable[[int], str] = "live-{:03d}".format,
    ) -> None:
        self._track = track
        self._named = named
        self._looked = looked
        self._patience = patience or Patience()
        self._search = Search(None, camera, replace(options or HeatOptions(), find_clock=False), again=False)
        self._waiting: deque[ThermalFrame] = deque()
        self._names: dict[int, str] = {}
        self._left_out: dict[int, int] = {}
        self._newest_s = -math.inf
        self._known: Adjusted | None = None
        self._known_s = -math.inf
        self._named_so_far = self._untidy = 0

    @property
    def names(self) -> frozenset[str]:
        """Of the finds whose things are not forgotten."""
        return frozenset(self._names.values())

    @property
    def waiting(self) -> int:
        """How many frames wait for their pose."""
        return len(self._waiting)

    def add(self, frame: ThermalFrame) -> list[Find]:
        """One more frame; gives the finds that are new or changed, of it and of frames that had waited."""
        self._waiting.append(frame)
        self._newest_s = max(self._newest_s, frame.exposure.time_s or -math.inf)
        return self.go_on()

    def go_on(self, now_s: float | None = None) -> list[Find]:
        """Place what waited for its pose; `now_s` is the stream's time, where no frame tells it."""
        now_s = self._newest_s if now_s is None else max(now_s, self._newest_s)
        changed: dict[int, Thing] = {}
        while self._waiting:
            track = self._track_for(self._waiting[0])
            if not self._due(self._waiting[0], track, now_s):
                break
            self._search.track = track
            looked = self._search.add(self._waiting.popleft())
            self._looked(looked)
            self._untidy += 1
            changed.update((id(thing), thing) for thing in looked.changed)
        del self._search.spots_not_placed[:-_REASONS_KEPT]
        found = self._finds(list(changed.values()))
        if self._untidy >= TIDY_EVERY:
            self._untidy = 0
            self._tidy()
        return found

    def _track_for(self, frame: ThermalFrame) -> TrackLike | None:
        return None if isinstance(own_pose(frame.exposure), Pose) else self._track()

    def _due(self, frame: ThermalFrame, track: TrackLike | None, now_s: float) -> bool:
        time_s = frame.exposure.time_s
        if track is None or time_s is None or len(self._waiting) > self._patience.most:
            return True
        there_s = time_s + self._search.clock_offset_s + APART_S
        return track.end_s >= there_s or now_s - time_s >= self._patience.wait_s

    def _finds(self, things: list[Thing]) -> list[Find]:
        tracker = self._search.tracker
        if not things or tracker is None:
            return []
        options = self._search.options
        body = options.sigmas.body_m**2 * np.eye(2)
        known = self._shared(tracker.things)
        found = []
        for thing in told([t for t in things if len(t.sightings) >= options.least_sightings], known, _LAST):
            key = id(thing.sightings[0])
            name = self._name(key)
            self._bound(key, thing, SIGHTINGS_KEPT)
            unit, error = self._search.units[thing.picture_of.sha256]
            way = self._way(thing, known)
            place, spread = (
                (way[-1].east_north_m, way[-1].covariance)
                if way
                else (thing.still.place[0], thing.still.covariance[0])
            )
            settled = Settled(thing, place, spread + body + unknown_tilt_m2(thing, known), way)
            find = find_of(name, settled, tracker.frame, unit, error)
            found.append(replace(find, unlisted=self._left_out.get(key, 0)))
        return sorted(found, key=lambda find: listing(find.kind, find.score))

    def _name(self, key: int) -> str:
        if key not in self._names:
            self._named_so_far += 1
            self._names[key] = self._named(self._named_so_far)
        return self._names[key]

    @staticmethod
    def _way(thing: Thing, known: Adjusted) -> tuple[Step, ...]:
        if not thing.walks:
            return ()
        return paths_of([replace(thing, sightings=thing.sightings[-_WAY:])], known)[0][-_LAST:]

    def _bound(self, key: int, thing: Thing, most: int) -> None:
        """Forget sightings between the first and the last ones."""
        more = len(thing.sightings) - most
        if more > 0:
            self._left_out[key] = self._left_out.get(key, 0) + more
            del thing.sightings[1 : more + 1]

    def _tidy(self) -> None:
        """Forget what a stream of a day must not fill the memory with."""
        things: list[Thing] = []
        if self._search.tracker is not None:
            self._forget(self._search.tracker)
            things = self._search.tracker.things
        for thing in things:
            while len(thing.shown) > SHOWN_KEPT:  # the last one is that of the pass that may go on
                clear = [clearness(sighting) for sighting, _ in thing.shown[:-1]]
                del thing.shown[clear.index(min(clear))]
            if not thing.walks and (thing.last_s or 0.0) < self._newest_s - RECENT_S:
                self._bound(id(thing.sightings[0]), thing, SIGHTINGS_OF_OLD)
        needed = {sighting.sha256 for thing in things for sighting, _ in thing.shown}
        for sha256 in self._search.units.keys() - needed:
            del self._search.units[sha256]

    def _forget(self, tracker: Tracker) -> None:
        """The things that were seen longest ago, where there are too many."""
        if len(tracker.things) <= THINGS_KEPT:
            return
        last_s = sorted((thing.last_s or 0.0 for thing in tracker.things), reverse=True)
        since_s = last_s[THINGS_KEPT * 9 // 10]
        tracker.keep([thing for thing in tracker.things if (thing.last_s or 0.0) > since_s])
        there = {id(thing.sightings[0]) for thing in tracker.things}
        for key in self._names.keys() - there:
            del self._names[key]
        for key in self._left_out.keys() - there:
            del self._left_out[key]

    def _shared(self, things: list[Thing]) -> Adjusted:
        """The shared errors by the things of the last minutes, worked out every few seconds."""
        if self._known is None or self._newest_s - self._known_s >= KNOWN_EVERY_S:
            recent = [t for t in things if (t.last_s or 0.0) >= self._newest_s - RECENT_S]
            self._known, self._known_s = known_of(recent, trusting=True), self._newest_s
        return self._known
