"""Action groups of other people's WPML, as what waypoints do.

What has no counterpart in a plan (zoom, focus, folders, panoramas) is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from missions.errors import FormatError
from missions.formats.area_kml import child, tag
from missions.formats.wpml_actions import AT_POINT, EVERY_METRES, EVERY_SECONDS, ON_LEG
from missions.formats.wpml_values import finite_of, text_of
from missions.plan import Waypoint

_MAX_DONE = 500_000
_REMEDY = "Save it again in DJI Pilot 2"
_Named = list[tuple[str, Element]]
_Changes = dict[int, dict[str, Any]]


def do_actions(
    route: Sequence[Waypoint], groups: Sequence[tuple[Element, str]], speed_m_s: float
) -> list[Waypoint]:
    """The route with holds, pictures, gimbal, headings and recording as the groups say.

    Raises FormatError.
    """
    changes: _Changes = {}
    filming: dict[int, bool] = {}
    done = 0
    for number, (group, where) in enumerate(groups):
        here = f"{where}, action group {number}"
        first, last = _span(group, len(route), here)
        actions = [(text_of(one, "actionActuatorFunc"), one) for one in group if tag(one) == "action"]
        done += (last - first + 1) * (1 + len(actions))
        if done > _MAX_DONE:
            raise FormatError("does more than is read", where=here, remedy="Divide the mission")
        trigger = child(group, "actionTrigger")
        kind = "" if trigger is None else text_of(trigger, "actionTriggerType")
        if kind == AT_POINT:
            for index in range(first, last + 1):
                _at_point(changes.setdefault(index, {}), filming, index, actions, here)
        elif kind == ON_LEG and route[first].look_at is None:
            _swing(changes.setdefault(last, {}), actions, here)
        elif trigger is not None and kind in {EVERY_METRES, EVERY_SECONDS}:
            every = finite_of(trigger, "actionTriggerParam", here, None)
            for index in range(first, last):
                apart_m = max(0.0, every)
                if kind == EVERY_SECONDS:
                    apart_m = round(apart_m * (route[index].speed_m_s or speed_m_s), 6)
                changes.setdefault(index, {}).update(recording=True, trigger_m=apart_m)
    return list(_changed(route, changes, filming))


def _span(group: Element, count: int, where: str) -> tuple[int, int]:
    first = finite_of(group, "actionGroupStartIndex", where, None)
    last = finite_of(group, "actionGroupEndIndex", where, None)
    if 0 <= first <= last < count:
        return int(first), int(last)
    raise FormatError(f"goes from waypoint {first:g} to {last:g} of {count}", where=where, remedy=_REMEDY)


def _at_point(
    change: dict[str, Any],
    filming: dict[int, bool],
    index: int,
    actions: list[tuple[str, Element]],
    where: str,
) -> None:
    for what, action in actions:
        param = child(action, "actionActuatorFuncParam")
        if what in {"startRecord", "stopRecord"}:
            filming[index] = what == "startRecord"
        elif what in {"takePhoto", "orientedShoot", "accurateShoot"}:
            change["picture"] = True
        elif param is None:
            continue
        elif what == "hover":
            change["hold_s"] = change.get("hold_s", 0.0) + max(0.0, finite_of(param, "hoverTime", where, 0.0))
        elif what == "rotateYaw":
            change["turned_deg"] = round(finite_of(param, "aircraftHeading", where, 0.0) % 360, 9)
        elif what == "gimbalRotate" and text_of(param, "gimbalPitchRotateEnable") == "1":
            change["gimbal_pitch_deg"] = finite_of(param, "gimbalPitchRotateAngle", where, 0.0)


def _swing(change: dict[str, Any], actions: _Named, where: str) -> None:
    """The gimbal turns on the way, and has the angle at the next waypoint."""
    for what, action in actions:
        param = child(action, "actionActuatorFuncParam")
        if what == "gimbalEvenlyRotate" and param is not None:
            change.setdefault("gimbal_pitch_deg", finite_of(param, "gimbalPitchRotateAngle", where, 0.0))


def _changed(route: Sequence[Waypoint], changes: _Changes, filming: dict[int, bool]) -> Iterator[Waypoint]:
    film = False
    for index, waypoint in enumerate(route):
        change = dict(changes.get(index, {}))
        film = filming.get(index, film) and index < len(route) - 1
        if film and "recording" not in change:
            change.update(recording=True, trigger_m=0.0)
        turned_deg = change.pop("turned_deg", None)
        if waypoint.look_at is not None:
            # The gimbal looks where the nose does.
            change.pop("gimbal_pitch_deg", None)
        elif waypoint.heading_deg is not None and turned_deg is not None:
            change["heading_deg"] = turned_deg
        yield dataclasses.replace(waypoint, **change)
