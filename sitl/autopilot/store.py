"""The three lists that the vehicle holds, and which items it takes into them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from missions.items import Command, Frame, MissionType
from sitl.autopilot.wire import MissionResult

CAPACITY = {MissionType.MISSION: 724, MissionType.FENCE: 255, MissionType.RALLY: 85}
_PLACES = {
    Command.WAYPOINT,
    Command.LOITER_UNLIMITED,
    Command.LOITER_TURNS,
    Command.LOITER_TIME,
    Command.LOITER_TO_ALT,
    Command.LAND,
    Command.TAKEOFF,
}
_DOES = {
    Command.RETURN_TO_LAUNCH,
    Command.DO_CHANGE_SPEED,
    Command.DO_JUMP,
    Command.DO_LAND_START,
    Command.DO_DIGICAM_CONTROL,
    Command.DO_SET_CAM_TRIGG_DIST,
    Command.DO_SET_ROI,
    Command.DO_GIMBAL_MANAGER_PITCHYAW,
    Command.CONDITION_YAW,
}
_TAKEN = _PLACES | _DOES
_POLYGONS = {Command.FENCE_POLYGON_INCLUSION, Command.FENCE_POLYGON_EXCLUSION}
_CIRCLES = {Command.FENCE_CIRCLE_INCLUSION, Command.FENCE_CIRCLE_EXCLUSION}
_FRAMES = {Frame.GLOBAL_AMSL, Frame.GLOBAL_RELATIVE, Frame.GLOBAL_TERRAIN}
_WITHOUT_INT = {5: Frame.GLOBAL_AMSL, 6: Frame.GLOBAL_RELATIVE, 11: Frame.GLOBAL_TERRAIN}
"""The old *_INT frames, which mean the same in a MISSION_ITEM_INT."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One item as MISSION_ITEM_INT carries it: `x` and `y` in 1e-7 degrees where it takes a place."""

    command: int
    frame: int
    p1: float
    p2: float
    p3: float
    p4: float
    x: int
    y: int
    z: float
    autocontinue: int = 1

    @property
    def has_place(self) -> bool:
        """Whether it names a place; latitude and longitude zero mean "where you are"."""
        return bool(self.x or self.y)


def plain_frame(frame: int) -> int:
    """The frame without its old _INT variant."""
    return _WITHOUT_INT.get(frame, frame)


class MissionStore:
    """Mission, fence and rally points; a list is replaced whole or stays as it was."""

    def __init__(self) -> None:
        self._lists: dict[MissionType, tuple[StoredItem, ...]] = dict.fromkeys(MissionType, ())

    def items(self, kind: MissionType) -> tuple[StoredItem, ...]:
        """What is held."""
        return self._lists[kind]

    def check(self, kind: MissionType, item: StoredItem) -> MissionResult:
        """Whether this item can go into that list at all."""
        if kind is MissionType.MISSION:
            known = item.command in _TAKEN
            framed = item.frame in _FRAMES or item.command in _DOES
        else:
            known = item.command in (
                {Command.RALLY_POINT}
                if kind is MissionType.RALLY
                else _POLYGONS | _CIRCLES | {Command.FENCE_RETURN_POINT}
            )
            framed = item.frame in _FRAMES
        if not known:
            return MissionResult.UNSUPPORTED
        if not framed:
            return MissionResult.UNSUPPORTED_FRAME
        return _check_numbers(item)

    def replace(self, kind: MissionType, items: tuple[StoredItem, ...]) -> MissionResult:
        """Hold these instead, unless they do not make a list of that kind."""
        if kind is MissionType.FENCE and not _rings_whole(items):
            return MissionResult.INVALID_PARAM1
        self._lists[kind] = items
        return MissionResult.ACCEPTED


def _check_numbers(item: StoredItem) -> MissionResult:
    if item.command in _DOES:
        return MissionResult.ACCEPTED
    if abs(item.x) > 90e7:
        return MissionResult.INVALID_PARAM5_X
    if abs(item.y) > 180e7:
        return MissionResult.INVALID_PARAM6_Y
    if not abs(item.z) < 100_000:
        return MissionResult.INVALID_PARAM7
    circle_without_radius = item.command in _CIRCLES and not item.p1 > 0
    return MissionResult.INVALID_PARAM1 if circle_without_radius else MissionResult.ACCEPTED


def _rings_whole(items: tuple[StoredItem, ...]) -> bool:
    """Vertices stand together, each naming how many its ring has: runs of equal vertices split into rings."""
    for (command, count), run in groupby(items, key=lambda item: (item.command, item.p1)):
        if command in _POLYGONS and (not 3 <= count <= 255 or len(list(run)) % int(count)):
            return False
    return True
