"""Walking through the mission: which item is flown now, and the DO commands on the way."""

from __future__ import annotations

from collections.abc import Callable

from missions.items import Command, MissionType
from sitl.autopilot.camera import CameraTrigger
from sitl.autopilot.store import MissionStore, StoredItem
from sitl.autopilot.wire import MissionState

_DOES = {
    Command.DO_CHANGE_SPEED,
    Command.DO_SET_CAM_TRIGG_DIST,
    Command.DO_DIGICAM_CONTROL,
    Command.DO_LAND_START,
    Command.DO_JUMP,
    Command.DO_SET_ROI,
    Command.DO_GIMBAL_MANAGER_PITCHYAW,
    Command.CONDITION_YAW,
}
"""Pointing camera and nose is taken and leaves no trace: the small vehicle has no gimbal."""
_MOST_DOES_IN_A_ROW = 2000


class MissionRun:
    """The place in the mission. `started`: flying it was asked for; `active`: it is being flown."""

    def __init__(
        self,
        store: MissionStore,
        camera: CameraTrigger,
        set_speed: Callable[[float], None],
        reached: Callable[[int], None],
    ) -> None:
        self._store = store
        self._camera = camera
        self._set_speed = set_speed
        self._reached = reached
        self._next = 1
        self._jumped: dict[int, int] = {}
        self.current = 0
        self.started = False
        self.active = False
        self.complete = False

    @property
    def exists(self) -> bool:
        """Whether there is anything beyond home to fly."""
        return len(self._store.items(MissionType.MISSION)) > 1

    @property
    def state(self) -> MissionState:
        """As MISSION_CURRENT reports it."""
        if not self.exists:
            return MissionState.NO_MISSION
        if self.complete:
            return MissionState.COMPLETE
        if self.active:
            return MissionState.ACTIVE
        return MissionState.PAUSED if self.current else MissionState.NOT_STARTED

    def rewind(self, to: int = 1) -> None:
        """Begin at item `to` next time."""
        self._next = to
        self._jumped.clear()
        self.current = to if to > 1 else 0
        self.started = self.active = self.complete = False

    def pause(self) -> None:
        """Leave it; the item under way is begun again later."""
        if self.active:
            self._next = max(1, self.current)
        self.active = False

    def done(self) -> None:
        """The current item was reached."""
        self._reached(self.current)

    def next_item(self) -> StoredItem | None:
        """Do the DO commands from here on and give the next item to be flown, None at the end."""
        items = self._store.items(MissionType.MISSION)
        for _ in range(_MOST_DOES_IN_A_ROW):
            if self._next >= len(items):
                break
            self.current = self._next
            item = items[self.current]
            self._next += 1
            if item.command not in _DOES:
                self.active = True
                return item
            self._do(item)
        self.active = False
        self.complete = True
        return None

    def _do(self, item: StoredItem) -> None:
        if item.command == Command.DO_CHANGE_SPEED and item.p2 > 0:
            self._set_speed(item.p2)
        elif item.command == Command.DO_SET_CAM_TRIGG_DIST:
            self._camera.each(item.p1, at_once=item.p3 == 1)
        elif item.command == Command.DO_DIGICAM_CONTROL:
            self._camera.shoot()
        elif item.command == Command.DO_JUMP:
            self._jump(item)

    def _jump(self, item: StoredItem) -> None:
        """p1: where to, p2: how often (-1: for ever)."""
        times = self._jumped.get(self.current, 0)
        if item.p1 >= 1 and (item.p2 < 0 or times < item.p2):
            self._jumped[self.current] = times + 1
            self._next = int(item.p1)
