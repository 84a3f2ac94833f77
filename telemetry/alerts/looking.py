"""From states and a situation to sights: everything that several vehicles share is worked out once a look."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from missions.energy import home_wh
from missions.errors import DroneteamError
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan import Plan
from missions.terrain import Terrain
from missions.volumes import Volumes
from telemetry.alerts import memory as past
from telemetry.alerts.conditions.messages import RANKS
from telemetry.alerts.memory import Memory
from telemetry.alerts.prepared import NOTHING, Prepared, prepare
from telemetry.alerts.region import Place
from telemetry.alerts.sight import Flyer, Sight, flies_mission, motion_of
from telemetry.alerts.situation import Said, SeenFind, Situation, Traffic
from telemetry.state import VehicleState

KEEP_SAID_S = 600.0
TRAFFIC_OLD_S = 60.0
"""Traffic not heard for longer is gone."""
MAX_HOMES = 1000
V = TypeVar("V")
_log = logging.getLogger(__name__)
States = Mapping[int, VehicleState]
Degrees = tuple[float, float]
"""Longitude and latitude."""


@dataclass
class Lookout:
    """Keeps what sights need from look to look: a frame, each vehicle's past, plans worked out.

    The frame lies round the first place that is known. Distances between places within 300 km of it are
    true to 0.04 %.
    """

    stale_s: float
    frame: LocalFrame | None = None
    memories: dict[int, Memory] = field(default_factory=dict)
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _prepared: dict[int, tuple[Plan | None, Volumes | None, Prepared]] = field(default_factory=dict)
    _homes: dict[Degrees, Place] = field(default_factory=dict)
    _ground: dict[Degrees, float] = field(default_factory=dict)
    _terrain: Terrain | None = None

    def sights(self, now_s: float, vehicles: States, situation: Situation) -> dict[int, Sight]:
        """A sight of every vehicle, by its number, rising."""
        numbers = sorted(vehicles)
        places = self._places(vehicles, situation)
        for number in numbers:
            self.memories[number] = self._remembered(now_s, number, vehicles[number], places, situation)
        found = {
            number: self._sight(now_s, number, vehicles[number], places, situation) for number in numbers
        }
        found = _with_energy(self._with_ground(found, situation.terrain))
        return _with_others(found, self._traffic(now_s, situation.traffic))

    def _places(self, vehicles: States, situation: Situation) -> dict[int, Place]:
        """Every place that is known, however old, in the frame."""
        known = {number: place for number, state in vehicles.items() if (place := state.place) is not None}
        degrees = [(lon_deg, lat_deg) for lat_deg, lon_deg in known.values()]
        self._find_frame(degrees, situation)
        if self.frame is None or not known:
            return {}
        rows = self.frame.local_from_geo(degrees).tolist()
        return {number: (row[0], row[1]) for number, row in zip(known, rows, strict=True)}

    def _find_frame(self, degrees: list[Degrees], situation: Situation) -> None:
        if self.frame is not None:
            return
        take_offs = [(plan.take_off.lon_deg, plan.take_off.lat_deg) for plan in situation.plans.values()]
        for lon_deg, lat_deg in (*degrees, *take_offs):
            self.frame = LocalFrame(GeoPoint(lat_deg, lon_deg))
            return

    def _remembered(
        self, now_s: float, number: int, state: VehicleState, places: dict[int, Place], situation: Situation
    ) -> Memory:
        before = self.memories.get(number) or Memory(last_text=(state.status_text, state.status_severity))
        memory = past.listened(before, state, situation.losses.get(number))
        memory = past.moved(memory, now_s, state, places.get(number))
        flying = past.flies(before.flying, state)
        text = (state.status_text, state.status_severity)
        if flying != memory.flying or text != memory.last_text:
            memory = replace(memory, flying=flying, last_text=text)
        memory = past.lost(memory, now_s, situation.losses.get(number))
        # what is said on the ground is why it will not arm, again and again; a crash disarms as it is told
        armed = state.armed is not False or (before.state is not None and before.state.armed is not False)
        said = _messages(number, state, situation, new_text=text != before.last_text)
        messages = said if armed else []
        memory = past.heard(memory, messages, KEEP_SAID_S, now_s)
        return past.progressed(
            memory,
            now_s,
            state,
            self._to_go_m(number, state, places),
            flying_mission=flying and flies_mission(state),
        )

    def _to_go_m(self, number: int, state: VehicleState, places: dict[int, Place]) -> float | None:
        """Metres to where the mission leads: what the vehicle says, else by its plan."""
        if state.waypoint_distance_m is not None:
            return state.waypoint_distance_m
        prepared = self._prepared[number][2] if number in self._prepared else NOTHING
        target = prepared.course.targets.get(state.mission_current or 0) if prepared.course else None
        place = places.get(number)
        return None if target is None or place is None else math.dist(target, place)

    def _sight(
        self, now_s: float, number: int, state: VehicleState, places: dict[int, Place], situation: Situation
    ) -> Sight:
        memory = self.memories[number]
        prepared = self._plan(number, situation)
        age_s = max(now_s - memory.heard_s, 0.0) if memory.heard_s is not None else math.inf
        silent = age_s > self.stale_s
        still = memory.moved_s is None or now_s - memory.moved_s > self.stale_s
        place = None if silent or (memory.flying and still) else places.get(number)
        home = self._home(state, prepared)
        return Sight(
            now_s=now_s,
            vehicle=number,
            state=state,
            memory=memory,
            prepared=prepared,
            age_s=age_s,
            silent=silent,
            place=place,
            motion=motion_of(memory.fixes) if place is not None else None,
            home_m=math.dist(place, home) if place is not None and home is not None else None,
            home=home,
            failed=self.failed.get(number, ()),
            finds=_finds_of(number, situation),
        )

    def _home(self, state: VehicleState, prepared: Prepared) -> Place | None:
        """Where it would return to: as it says itself, else where its plan takes off."""
        if state.home_lon_deg is None or state.home_lat_deg is None or self.frame is None:
            return prepared.take_off_m
        degrees = (state.home_lon_deg, state.home_lat_deg)
        home = self._homes.get(degrees)
        if home is None:
            east, north = self.frame.local_from_geo(degrees)[0]
            home = (float(east), float(north))
            _put(self._homes, degrees, home)
        return home

    def _plan(self, number: int, situation: Situation) -> Prepared:
        plan, volumes = situation.plans.get(number), situation.volumes.get(number)
        kept = self._prepared.get(number)
        if kept is not None and kept[0] is plan and kept[1] is volumes:
            return kept[2]
        made = NOTHING if self.frame is None else prepare(plan, volumes, self.frame)
        if self.frame is not None:
            self._prepared[number] = (plan, volumes, made)
        return made

    def _with_ground(self, sights: dict[int, Sight], terrain: Terrain | None) -> dict[int, Sight]:
        """With how much higher the ground is below each vehicle than at its take-off place."""
        if terrain is not self._terrain:
            self._ground, self._terrain = {}, terrain
        homes = {number: _home_deg(sight) for number, sight in sights.items() if sight.place is not None}
        asked = [(number, home) for number, home in homes.items() if home is not None]
        if terrain is None or not asked:
            return sights
        below = [(sights[number].state.lon_deg, sights[number].state.lat_deg) for number, _ in asked]
        new = sorted({home for _, home in asked if home not in self._ground})
        try:
            heights = terrain.heights_amsl_m(np.array([*below, *new], float)).tolist()
        except DroneteamError:
            _log.exception("the terrain cannot be read")
            return sights
        for home, height_m in zip(new, heights[len(below) :], strict=True):
            _put(self._ground, home, height_m)
        risen = {}
        for (number, home), height_m in zip(asked, heights, strict=False):
            above_m = height_m - self._ground.get(home, math.nan)
            risen[number] = replace(sights[number], ground_m=above_m if math.isfinite(above_m) else None)
        return {**sights, **risen}

    def _traffic(self, now_s: float, traffic: tuple[Traffic, ...]) -> tuple[Flyer, ...]:
        """Where each would be now, had it gone on as it did; what was not heard for long is left out."""
        fresh = [one for one in traffic if now_s - one.heard_s <= TRAFFIC_OLD_S]
        if not fresh or self.frame is None:
            return ()
        rows = self.frame.local_from_geo([(one.lon_deg, one.lat_deg) for one in fresh]).tolist()
        return tuple(
            _flown_on(one, (row[0], row[1]), max(now_s - one.heard_s, 0.0))
            for one, row in zip(fresh, rows, strict=True)
        )


def _finds_of(number: int, situation: Situation) -> tuple[SeenFind, ...] | None:
    if situation.finds is None:
        return None
    return tuple(find for find in situation.finds if find.vehicle == number)


def _put(kept: dict[Degrees, V], degrees: Degrees, value: V) -> None:
    """Keep a value by a home's place; a vehicle whose home never stands still must not fill the memory."""
    if len(kept) >= MAX_HOMES:
        kept.clear()
    kept[degrees] = value


def _messages(number: int, state: VehicleState, situation: Situation, *, new_text: bool) -> list[Said]:
    """The grave ones of what was said since the last look."""
    if situation.messages is not None:
        said = list(situation.messages.get(number, ()))
    elif new_text and state.status_text is not None and state.last_s is not None:
        said = [Said(state.last_s, state.status_severity or "error", state.status_text)]
    else:
        return []
    return [one for one in said if RANKS.get(one.severity, 0) < RANKS["notice"]]


def _home_deg(sight: Sight) -> Degrees | None:
    state = sight.state
    if state.home_lon_deg is None or state.home_lat_deg is None:
        return sight.prepared.take_off_deg
    return state.home_lon_deg, state.home_lat_deg


def _with_energy(sights: dict[int, Sight]) -> dict[int, Sight]:
    """With what it takes to get home, worked out at once for all that fly the same aircraft in one wind."""
    groups: dict[object, list[Sight]] = {}
    for sight in sights.values():
        if sight.prepared.aircraft and sight.place and sight.home and sight.height_relative_m is not None:
            groups.setdefault((sight.prepared.aircraft, sight.prepared.wind), []).append(sight)
    found = dict(sights)
    for group in groups.values():
        aircraft, wind = group[0].prepared.aircraft, group[0].prepared.wind
        if aircraft is None:
            continue
        away = [_less(one.place, one.home) for one in group]
        heights = np.array([one.height_relative_m or 0.0 for one in group])
        needed = home_wh(aircraft, np.array(away), np.maximum(heights, 0.0), (0.0, 0.0), wind).tolist()
        found.update(
            {one.vehicle: replace(one, home_wh=float(wh)) for one, wh in zip(group, needed, strict=True)}
        )
    return found


def _less(place: Place | None, home: Place | None) -> Place:
    return (place[0] - home[0], place[1] - home[1]) if place and home else (0.0, 0.0)


def _with_others(sights: dict[int, Sight], traffic: tuple[Flyer, ...]) -> dict[int, Sight]:
    """With those of ours that fly and have a higher number, and with the traffic."""
    found = {}
    above: tuple[Flyer, ...] = ()
    for number in sorted(sights, reverse=True):
        sight = sights[number]
        found[number] = replace(sight, others=above, traffic=traffic)
        if sight.memory.flying:
            above = (Flyer(str(number), sight.place, sight.height_amsl_m, sight.motion), *above)
    return dict(sorted(found.items()))


def _flown_on(one: Traffic, place: Place, seconds: float) -> Flyer:
    speed, course = one.ground_speed_m_s, one.course_deg
    if speed is None or course is None:
        return Flyer(one.name, place, one.height_amsl_m, None)
    east, north = speed * math.sin(math.radians(course)), speed * math.cos(math.radians(course))
    up = one.climb_m_s or 0.0
    height_m = None if one.height_amsl_m is None else one.height_amsl_m + up * seconds
    there = (place[0] + east * seconds, place[1] + north * seconds)
    return Flyer(one.name, there, height_m, (east, north, up))
