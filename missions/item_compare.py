"""What an autopilot holds against what it was sent, item by item."""

from __future__ import annotations

import math
from dataclasses import dataclass

from missions.items import Command, MissionItem, MissionType

PLACE_TOLERANCE_DEG = 1.5e-7
"""Autopilots keep places as whole 1e-7 degrees; half of one is lost twice on the way there and back."""
HEIGHT_TOLERANCE_M = 0.011
"""ArduPilot keeps heights in whole centimetres."""
_OWN = frozenset({(Command.LAND, "p4")})
"""Where an autopilot keeps something of its own: ArduPlane the direction of the circle it lands from."""
_BEARINGS = frozenset({(Command.CONDITION_YAW, "p1")})
"""Where a value just below 360 degrees is one just above 0."""
_PLACELESS = frozenset({Command.RETURN_TO_LAUNCH})
_FRAMED = frozenset(
    {
        Command.WAYPOINT,
        Command.LOITER_UNLIMITED,
        Command.LOITER_TURNS,
        Command.LOITER_TIME,
        Command.LAND,
        Command.TAKEOFF,
        Command.LOITER_TO_ALT,
        Command.SPLINE_WAYPOINT,
        Command.DO_SET_ROI,
        Command.RALLY_POINT,
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is held otherwise than it was sent: the item's number, its field and both values."""

    index: int
    field: str
    sent: float | None
    held: float | None

    def __str__(self) -> str:
        return f"item {self.index}: {self.field} sent {self.sent}, held {self.held}"


def compare_items(
    sent: tuple[MissionItem, ...], held: tuple[MissionItem, ...], *, kind: MissionType = MissionType.MISSION
) -> list[Difference]:
    """Every difference that matters; none means that the autopilot holds what was sent.

    Command and frame must be equal (a frame only where the item has a place), places within 1.5e-7 degrees,
    heights within 1.1 cm, parameters within float32 and the hundredths that ArduPilot keeps some in. Home
    (item 0 of a mission) is the autopilot's own: there nothing but the command is compared.
    """
    found: list[Difference] = []
    if len(sent) != len(held):
        found.append(Difference(min(len(sent), len(held)), "count", len(sent), len(held)))
    for index, (ours, theirs) in enumerate(zip(sent, held, strict=False)):
        home = kind is MissionType.MISSION and index == 0
        found += _home(ours, theirs) if home else _item(index, ours, theirs)
    return found


def _home(ours: MissionItem, theirs: MissionItem) -> list[Difference]:
    if ours.command != theirs.command:
        return [Difference(0, "command", ours.command, theirs.command)]
    return []


def _item(index: int, ours: MissionItem, theirs: MissionItem) -> list[Difference]:
    if ours.command != theirs.command:
        return [Difference(index, "command", ours.command, theirs.command)]
    found = []
    if ours.command in _FRAMED and ours.frame != theirs.frame:
        found.append(Difference(index, "frame", ours.frame, theirs.frame))
    for name in ("p1", "p2", "p3", "p4"):
        a, b = getattr(ours, name), getattr(theirs, name)
        near = _nearest_turn(a, b) if (ours.command, name) in _BEARINGS else b
        if (ours.command, name) not in _OWN and not _close(a, near, 0.0051):
            found.append(Difference(index, name, a, b))
    if ours.command in _PLACELESS:
        return found
    for name, tolerance in (
        ("x", PLACE_TOLERANCE_DEG),
        ("y", PLACE_TOLERANCE_DEG),
        ("z", HEIGHT_TOLERANCE_M),
    ):
        a, b = getattr(ours, name), getattr(theirs, name)
        if not _close(a, b, tolerance, relative=1e-6 if name == "z" else 0.0):
            found.append(Difference(index, name, a, b))
    return found


def _nearest_turn(a_deg: float, b_deg: float) -> float:
    """The bearing `b_deg`, counted on or back by whole turns to lie nearest to `a_deg`."""
    return b_deg + 360 * round((a_deg - b_deg) / 360) if math.isfinite(a_deg - b_deg) else b_deg


def _close(a: float, b: float, tolerance: float, relative: float = 1e-6) -> bool:
    if math.isnan(a) or math.isnan(b):
        # NaN asks for the autopilot's own default, which it may hold as 0.
        return (math.isnan(a) or a == 0) and (math.isnan(b) or b == 0)
    return abs(a - b) <= tolerance + relative * max(abs(a), abs(b))
