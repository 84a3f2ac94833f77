"""The state of every vehicle at any place of a recording, without playing up to there.

The state is a fold over all messages, and of a fold that overwrites only the last to write each field counts.
So between two checkpoints the messages of each type are looked at backwards, until every field that the type
can write has been seen: a few hundred messages instead of thousands. What comes out equals the fold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from telemetry.dialect import BY_NAME
from telemetry.messages import Message, decode
from telemetry.pointing import SOURCES
from telemetry.replay.timeline import Timeline
from telemetry.replay.writes import FIELDS_OF_ID, RADIO_IDS
from telemetry.state import VehicleState, fold, is_vehicle_heartbeat

CHECKPOINT_S = 30.0
HEARTBEAT = 0
CAMERA = ("gimbal_roll_deg", "gimbal_pitch_deg", "gimbal_yaw_deg", "gimbal_source")
_NOTHING = VehicleState()
_LOOK_BACK = 1 << 14
Numbers = npt.NDArray[np.int64]
Fields = dict[str, tuple[int, Any]]
"""A field's value, and the number of the frame that wrote it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a hub knows after a number of frames, and when each (system, component) was last heard.

    `behind` are the systems that were heard over each link; `heard_s` is seconds since 1970 UTC.
    """

    vehicles: Mapping[int, VehicleState]
    behind: Mapping[str, frozenset[int]]
    heard_s: Mapping[tuple[int, int], float]


class States:
    """Looks states up in a timeline; making one reads it through once."""

    def __init__(self, timeline: Timeline, checkpoint_s: float = CHECKPOINT_S) -> None:
        self._timeline = timeline
        by_type = grouped(timeline, [*FIELDS_OF_ID])
        self.first = _first_heartbeats(timeline, by_type)
        self._behind = _first_heard(timeline, self.first)
        self._told = self._tellers(by_type)
        self._pointing = grouped(timeline, [BY_NAME[name].message_id for name in SOURCES])
        self._edges, self._checkpoints = self._fold_all(checkpoint_s)

    def at(self, number: int) -> Situation:
        """The situation after the first `number` frames."""
        at = max(0, int(np.searchsorted(self._edges, number, "right")) - 1)
        vehicles = self._folded(self._checkpoints[at], int(self._edges[at]), number)
        behind = {
            self._timeline.links[link]: frozenset(
                system for (lane, system), first in self._behind.items() if lane == link and first < number
            )
            for link in {lane for lane, _ in self._behind}
        }
        wanted = {(system, state.component or 0) for system, state in vehicles.items()}
        return Situation(vehicles, behind, self._last_heard(number, wanted))

    def _tellers(
        self, by_type: Mapping[tuple[int, int], Numbers]
    ) -> dict[int, list[tuple[frozenset[str], Numbers]]]:
        """For each vehicle the frames that may say something of it, one array for each type and sender."""
        told: dict[int, list[tuple[frozenset[str], Numbers]]] = {system: [] for system in self.first}
        radios = [(key, numbers) for key, numbers in by_type.items() if key[1] in RADIO_IDS]
        for (system, message_id), numbers in by_type.items():
            if system in self.first and message_id not in RADIO_IDS:
                own = numbers[numbers >= self.first[system]]
                told[system].append((FIELDS_OF_ID[message_id], own))
        for (_, message_id), numbers in radios:
            links = self._timeline.link[numbers]
            for (link, system), first in self._behind.items():
                heard = numbers[(links == link) & (numbers > first)]
                if len(heard):
                    told[system].append((FIELDS_OF_ID[message_id], heard))
        return told

    def _fold_all(self, checkpoint_s: float) -> tuple[Numbers, list[dict[int, VehicleState]]]:
        timeline = self._timeline
        steps = int((timeline.end_us - timeline.begin_us) / (checkpoint_s * 1e6)) + 1
        times_us = timeline.begin_us + np.arange(steps) * round(checkpoint_s * 1e6)
        edges = np.unique(np.searchsorted(timeline.due_us, times_us, "left"))
        checkpoints: list[dict[int, VehicleState]] = [{}]
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            checkpoints.append(self._folded(checkpoints[-1], begin, end))
        return edges, checkpoints

    def _folded(self, before: Mapping[int, VehicleState], begin: int, end: int) -> dict[int, VehicleState]:
        """The vehicles after the frames `begin` to `end`, from what they were before those."""
        vehicles = dict(before)
        for system, tellers in self._told.items():
            if self.first[system] >= end:
                continue
            written: Fields = {}
            for fields, numbers in tellers:
                self._look_back(numbers, begin, end, fields, written)
            self._look_at_camera(system, vehicles.get(system, _NOTHING), (begin, end), written)
            if written:
                known = vehicles.get(system, VehicleState(system=system))
                vehicles[system] = replace(known, **{name: value for name, (_, value) in written.items()})
        return vehicles

    def _look_back(
        self, numbers: Numbers, begin: int, end: int, fields: frozenset[str], written: Fields
    ) -> None:
        """Add to `written` what was last written by one kind of message, where nothing later wrote it."""
        at = int(np.searchsorted(numbers, end)) - 1
        missing = set(fields)
        while missing and at >= 0 and numbers[at] >= begin:
            number = int(numbers[at])
            at -= 1
            message = decode(self._timeline.frame(number))
            if message is None:
                continue
            changes = _changes(message)
            for name, value in changes.items():
                _keep_later(written, name, number, value)
            missing -= changes.keys()

    def _look_at_camera(
        self, system: int, before: VehicleState, between: tuple[int, int], written: Fields
    ) -> None:
        """Add where the camera points: the last that the best message said, which no lesser one overrules.

        It depends on where the nose pointed just then.
        """
        begin, end = between
        for name in SOURCES:
            for number in self._between(system, name, begin, end):
                nose: Fields = {"yaw_deg": (-1, before.yaw_deg)}
                for fields, numbers in self._told[system]:
                    if "yaw_deg" in fields:
                        self._look_back(numbers, begin, number, fields, nose)
                then = VehicleState(yaw_deg=nose["yaw_deg"][1], gimbal_source=before.gimbal_source)
                message = decode(self._timeline.frame(number))
                after = then if message is None else fold(then, message)
                if after is not then:
                    for field in (*CAMERA, "last_s"):
                        _keep_later(written, field, number, getattr(after, field))
                    return
            if name == before.gimbal_source:
                return

    def _between(self, system: int, name: str, begin: int, end: int) -> list[int]:
        """The vehicle's frames of one type between two numbers, the last first."""
        numbers = self._pointing.get((system, BY_NAME[name].message_id))
        if numbers is None:
            return []
        begin = max(begin, self.first[system])
        low, high = np.searchsorted(numbers, (begin, end))
        return list(reversed(numbers[low:high].tolist()))

    def _last_heard(self, number: int, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """When each (system, component) was last heard, looking back until all that are wanted were found."""
        timeline = self._timeline
        found: dict[tuple[int, int], float] = {}
        end, size = number, _LOOK_BACK
        while wanted and end > 0:
            begin = max(0, end - size)
            keys = timeline.system[begin:end].astype(np.uint16) << 8 | timeline.component[begin:end]
            senders, back = np.unique(keys[::-1], return_index=True)
            for sender, steps in zip(senders.tolist(), back.tolist(), strict=True):
                key = (sender >> 8, sender & 0xFF)
                found.setdefault(key, timeline.frame(end - 1 - steps).time_us / 1e6)
            wanted -= found.keys()
            end, size = begin, 2 * size
        return found


def grouped(timeline: Timeline, message_ids: Iterable[int]) -> dict[tuple[int, int], Numbers]:
    """The numbers of the frames of these types, in order, by (system, message id)."""
    chosen = np.flatnonzero(timeline.known & np.isin(timeline.message_id, list(message_ids)))
    keys = timeline.system[chosen].astype(np.int64) << 24 | timeline.message_id[chosen]
    return {(key >> 24, key & 0xFFFFFF): part for key, part in _parted(keys, chosen)}


def _parted(keys: Numbers, numbers: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Each key with its numbers, in order."""
    order = np.argsort(keys, kind="stable")
    unique, begins = np.unique(keys[order], return_index=True)
    for key, begin, end in zip(unique.tolist(), begins, np.append(begins, len(keys))[1:], strict=True):
        yield key, numbers[order[begin:end]]


def _first_heartbeats(timeline: Timeline, by_type: Mapping[tuple[int, int], Numbers]) -> dict[int, int]:
    """The number of each vehicle's first heartbeat: what it said before is not taken in."""
    first: dict[int, int] = {}
    for (system, message_id), numbers in by_type.items():
        if message_id != HEARTBEAT:
            continue
        for number in numbers.tolist():
            message = decode(timeline.frame(number))
            if message is not None and is_vehicle_heartbeat(message):
                first[system] = number
                break
    return first


def _first_heard(timeline: Timeline, first: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """The number of the frame by which each (link, system) is known to be there, vehicles only."""
    radios = np.isin(timeline.message_id, list(RADIO_IDS))
    chosen = np.flatnonzero(timeline.known & ~radios)
    keys = timeline.link[chosen].astype(np.int64) << 8 | timeline.system[chosen]
    heard: dict[tuple[int, int], int] = {}
    for key, numbers in _parted(keys, chosen):
        link, system = key >> 8, key & 0xFF
        if system in first:
            at = bisect_left(numbers, first[system])
            if at < len(numbers):
                heard[link, system] = int(numbers[at])
    return heard


def _changes(message: Message) -> dict[str, Any]:
    """What a message says of a vehicle, with the time as `last_s`; nothing for one that says nothing."""
    return {name: value for name, value in vars(fold(_NOTHING, message)).items() if value is not None}


def _keep_later(written: Fields, name: str, number: int, value: Any) -> None:
    if name not in written or written[name][0] < number:
        written[name] = (number, value)
