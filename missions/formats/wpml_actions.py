"""What a DJI aircraft does on the way: turn the gimbal, wait, take pictures.

Element names and values: DJI Cloud API, "WPML common elements" (actionGroup, actionTrigger, action).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from missions.formats.wpml_xml import Value, add, fill
from missions.geodesy import distance_m
from missions.plan import LookAt, Waypoint

AT_POINT = "reachPoint"
ON_LEG = "betweenAdjacentPoints"
EVERY_METRES = "multipleDistance"
EVERY_SECONDS = "multipleTiming"
_SAME_PITCH_DEG = 0.05


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its function and parameters."""

    what: str
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Group:
    """Actions from one waypoint to another, by number, and what sets them off."""

    first: int
    last: int
    trigger: str
    actions: tuple[Action, ...]
    every: float | None = None


@dataclass(slots=True)
class Doings:
    """Makes the action groups of a route; `lens` is what pictures are kept, `every_m` the plan's distance.

    `suffix` ends the names of the pictures.
    """

    lens: str
    suffix: str
    every_m: float
    _pitch_deg: float | None = field(default=None, init=False)
    _wanted_deg: float | None = field(default=None, init=False)

    def groups(self, route: Sequence[Waypoint]) -> list[Group]:
        """Every group, those that begin earlier first."""
        self._pitch_deg = self._wanted_deg = None
        runs = list(_runs(route, self.every_m))
        found = [one for index in range(len(route)) for one in self._at(route, index, runs)]
        found += [
            Group(first, last, EVERY_METRES, (self._photo(),), every_m)
            for first, last, every_m in runs
            if every_m > 0
        ]
        return sorted(found, key=lambda one: one.first)

    def _at(self, route: Sequence[Waypoint], index: int, runs: list[_Run]) -> Iterator[Group]:
        here = route[index]
        actions = [self._record("stopRecord") for _, last, every_m in runs if last == index and not every_m]
        if here.heading_deg is not None and here.look_at is None:
            actions.append(_turn(here.heading_deg))
        actions += [_tilt(pitch_deg) for pitch_deg in self._tilts(here)]
        if here.hold_s > 0:
            actions.append(Action("hover", {"hoverTime": here.hold_s}))
        if here.picture:
            actions.append(self._photo())
        actions += [
            self._record("startRecord") for first, _, every_m in runs if first == index and not every_m
        ]
        if actions:
            yield Group(index, index, AT_POINT, tuple(actions))
        if here.look_at is not None and index + 1 < len(route):
            yield from self._keep_looking(here.look_at, route[index + 1], index)

    def _tilts(self, here: Waypoint) -> Iterator[float]:
        """The pitch to set here, where it is not set already."""
        if here.gimbal_pitch_deg is not None:
            self._wanted_deg = here.gimbal_pitch_deg
        pitch_deg = self._wanted_deg if here.look_at is None else pitch_to(here.look_at, here)
        if pitch_deg is not None and pitch_deg != self._pitch_deg:
            self._pitch_deg = pitch_deg
            yield pitch_deg

    def _keep_looking(self, at: LookAt, there: Waypoint, index: int) -> Iterator[Group]:
        # The heading follows the point by itself, the gimbal does not.
        pitch_deg = pitch_to(at, there)
        if self._pitch_deg is not None and abs(pitch_deg - self._pitch_deg) > _SAME_PITCH_DEG:
            self._pitch_deg = pitch_deg
            values: dict[str, Value] = {"gimbalPitchRotateAngle": pitch_deg, "payloadPositionIndex": 0}
            yield Group(index, index + 1, ON_LEG, (Action("gimbalEvenlyRotate", values),))

    def _photo(self) -> Action:
        return self._record("takePhoto")

    def _record(self, what: str) -> Action:
        values: dict[str, Value] = {"payloadPositionIndex": 0}
        if what != "stopRecord":
            values |= {"fileSuffix": self.suffix, "useGlobalPayloadLensIndex": 0}
        return Action(what, values | {"payloadLensIndex": self.lens})


_Run = tuple[int, int, float]


def _runs(route: Sequence[Waypoint], every_m: float) -> Iterator[_Run]:
    """The stretches recorded in one go: first and last waypoint, and metres between pictures (0: video)."""
    first = 0
    for index in range(1, len(route)):
        now, came = _recorded(route[index], every_m), _recorded(route[index - 1], every_m)
        if came is not None and (now != came or index == len(route) - 1):
            yield first, index, came
        if now != came:
            first = index


def _recorded(waypoint: Waypoint, every_m: float) -> float | None:
    if not waypoint.recording:
        return None
    return every_m if waypoint.trigger_m is None else waypoint.trigger_m


def pitch_to(at: LookAt, here: Waypoint) -> float:
    """The gimbal's pitch that looks from a waypoint at a place, degrees, down negative."""
    away_m = distance_m(here.place, at.place)
    return round(math.degrees(math.atan2(at.height_relative_m - here.height_relative_m, away_m)), 2)


def yaw(heading_deg: float) -> float:
    """A heading as WPML has it: -180 to 180."""
    return (heading_deg + 180.0) % 360.0 - 180.0


def _turn(heading_deg: float) -> Action:
    return Action("rotateYaw", {"aircraftHeading": yaw(heading_deg), "aircraftPathMode": "clockwise"})


def _tilt(pitch_deg: float) -> Action:
    return Action(
        "gimbalRotate",
        {
            "gimbalHeadingYawBase": "north",
            "gimbalRotateMode": "absoluteAngle",
            "gimbalPitchRotateEnable": 1,
            "gimbalPitchRotateAngle": pitch_deg,
            "gimbalRollRotateEnable": 0,
            "gimbalRollRotateAngle": 0,
            "gimbalYawRotateEnable": 0,
            "gimbalYawRotateAngle": 0,
            "gimbalRotateTimeEnable": 0,
            "gimbalRotateTime": 0,
            "payloadPositionIndex": 0,
        },
    )


def write_group(parent: Element, number: int, group: Group) -> None:
    """The group as an element of the placemark that it begins at."""
    element = fill(
        add(parent, "actionGroup"),
        {
            "actionGroupId": number,
            "actionGroupStartIndex": group.first,
            "actionGroupEndIndex": group.last,
            "actionGroupMode": "sequence",
        },
    )
    trigger = fill(add(element, "actionTrigger"), {"actionTriggerType": group.trigger})
    if group.every is not None:
        add(trigger, "actionTriggerParam", group.every)
    for index, action in enumerate(group.actions):
        inner = fill(add(element, "action"), {"actionId": index, "actionActuatorFunc": action.what})
        fill(add(inner, "actionActuatorFuncParam"), action.values)
