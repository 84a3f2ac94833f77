"""Who flies: modes, arming, and the tasks that a mode comes down to.

A task is a function that gives a guidance from where the vehicle is when its turn comes. A mode is a row of
tasks; when they are done the vehicle holds what it reached, or lands, disarms or goes on with its mission.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from missions.geodesy import LocalFrame
from missions.items import Command, Frame, MissionType
from sitl.autopilot.camera import CameraTrigger
from sitl.autopilot.mission import MissionRun
from sitl.autopilot.motion import Fall, Guidance, Motion, Rest, Vector
from sitl.autopilot.parameters import Parameters
from sitl.autopilot.store import MissionStore, StoredItem
from sitl.autopilot.wire import Severity
from sitl.home import Home

GPS_READY_S = 12.0
"""Simulated seconds from boot until the vehicle knows where it is and can be armed."""
Task = Callable[[], Guidance]
Say = Callable[[str, Severity], None]


@dataclass(frozen=True, slots=True)
class Aboard:
    """What a pilot has at hand. `reached` is told the number of each mission item that was flown."""

    home: Home
    parameters: Parameters
    store: MissionStore
    camera: CameraTrigger
    say: Say
    reached: Callable[[int], None]


class Pilot(ABC):
    """What copter and plane have in common."""

    modes: dict[str, int]

    def __init__(self, aboard: Aboard) -> None:
        home = aboard.home
        self.motion = Motion(yaw_rad=math.radians(home.heading_deg))
        self.parameters = aboard.parameters
        self.store = aboard.store
        self.say = aboard.say
        self.time_s = 0.0
        self.mode = 0
        self.armed = False
        self.frame = LocalFrame(home.place)
        self.home_amsl_m = home.height_amsl_m
        self.run = MissionRun(aboard.store, aboard.camera, self._mission_speed, aboard.reached)
        self._guidance: Guidance = Rest()
        self._tasks: deque[Task] = deque()
        self.target: Vector | None = None
        self._landing = False
        self._still_s = 0.0
        self._idle_s = 0.0

    @property
    def gps_ready(self) -> bool:
        """Whether the vehicle knows where it is."""
        return self.time_s >= GPS_READY_S

    @property
    def flying(self) -> bool:
        """Whether it is in the air or on its way there."""
        return self.armed and not (self.motion.on_ground and isinstance(self._guidance, Rest))

    @property
    def mode_name(self) -> str:
        """ArduPilot's name of the mode."""
        return next(name for name, number in self.modes.items() if number == self.mode)

    def arm(self, *, force: bool = False) -> str:
        """Arm; the reason why not, "" once armed."""
        if self.armed:
            return ""
        reason = "" if force else self._why_not_arm()
        if not self.gps_ready:
            reason = "waiting for GPS"
        if reason:
            self.say(f"Arm: {reason}", Severity.CRITICAL)
            return reason
        self.armed = True
        self._idle_s = 0.0
        self._landing = False
        self.say("Arming motors", Severity.INFO)
        self._enter(self.mode)
        return ""

    def disarm(self, *, force: bool = False) -> bool:
        """Disarm, in the air only by force; whether it did."""
        if self.armed and not self.motion.on_ground and not force:
            return False
        if self.armed:
            self.armed = False
            self._landing = False
            self.run.rewind()
            self.do(Fall() if not self.motion.on_ground else Rest())
            self.say("Disarming motors", Severity.INFO)
        return True

    def set_mode(self, number: int) -> bool:
        """Change the mode; False where there is none such or it cannot be entered now."""
        if number not in self.modes.values() or not self._may_enter(number):
            return False
        self.mode = number
        self.target = None
        self._landing = False
        self._enter(number)
        return True

    def start_mission(self) -> bool:
        """MAV_CMD_MISSION_START."""
        if not self.run.exists:
            return False
        self.run.started = True
        return self.set_mode(self.modes["AUTO"])

    def restart_mission(self, at: int) -> None:
        """Fly the mission from that item on, at once where it is being flown."""
        flown, started = self.run.active, self.run.started
        self.run.rewind(at)
        self.run.started = started
        if flown and self.armed and self.mode == self.modes["AUTO"]:
            self._go_on()

    def do(self, guidance: Guidance) -> None:
        """Drop what was under way and do this."""
        self._tasks.clear()
        self._guidance = guidance

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` simulated seconds pass."""
        self.time_s += dt_s
        done = self._guidance.step(self.motion, dt_s)
        if not self.armed:
            return
        if done:
            self._next()
        self._watch_ground(dt_s)

    def place_of(self, item: StoredItem) -> Vector:
        """Where an item is, metres from home; here where it names no place."""
        here = self.motion.place
        up = item.z - self.home_amsl_m if item.frame == Frame.GLOBAL_AMSL else item.z
        if not item.has_place:
            return Vector(here.east, here.north, up)
        east, north = self.frame.local_from_geo([[item.y / 1e7, item.x / 1e7]])[0]
        return Vector(float(east), float(north), up)

    def refuge(self) -> Vector:
        """Where to return to: home, or the nearest rally point within RALLY_LIMIT_KM."""
        points = [self.place_of(item) for item in self.store.items(MissionType.RALLY)]
        reach_m = self.parameters["RALLY_LIMIT_KM"] * 1000
        near = [point for point in points if (point - self.motion.place).horizontal <= reach_m]
        self.target = min(near, key=lambda point: (point - self.motion.place).horizontal, default=Vector())
        return self.target

    def _tasks_now(self, tasks: Sequence[Task]) -> None:
        self._tasks = deque(tasks)
        if self._tasks:
            self._guidance = self._tasks.popleft()()

    def _next(self) -> None:
        if self._tasks:
            self._guidance = self._tasks.popleft()()
        elif self.mode == self.modes["AUTO"] and self.run.active:
            self.run.done()
            self._go_on()

    def _go_on(self) -> None:
        """Fly the mission's next item, or end it."""
        item = self.run.next_item()
        self.target = self.place_of(item) if item and item.has_place else None
        if item is None:
            self.say("Mission complete", Severity.INFO)
            self._mission_over()
        elif item.command == Command.RETURN_TO_LAUNCH:
            self._return_in_mission()
        else:
            self._tasks_now(self._item_tasks(item))

    def _watch_ground(self, dt_s: float) -> None:
        on_ground = self.motion.on_ground and self.motion.velocity.length < 0.2
        self._still_s = self._still_s + dt_s if on_ground and self._landing else 0.0
        self._idle_s = self._idle_s + dt_s if on_ground and isinstance(self._guidance, Rest) else 0.0
        if self._still_s > self._landed_limit_s() or self._idle_s > self._idle_limit_s():
            self.disarm()

    def _return_in_mission(self) -> None:
        """The mission's own RETURN_TO_LAUNCH."""
        self._tasks_now(self._return_tasks())

    def _why_not_arm(self) -> str:
        """What forbids arming beyond the missing position."""
        return ""

    def _idle_limit_s(self) -> float:
        """How long it may stand armed on the ground."""
        return math.inf

    def _landed_limit_s(self) -> float:
        """How long after landing it disarms."""
        return 1.0

    @abstractmethod
    def _mission_speed(self, speed_m_s: float) -> None:
        """Fly the mission at this speed from now on."""

    @abstractmethod
    def _may_enter(self, number: int) -> bool:
        """Whether this mode can be entered now."""

    @abstractmethod
    def _enter(self, number: int) -> None:
        """Begin what the mode is for."""

    @abstractmethod
    def _item_tasks(self, item: StoredItem) -> list[Task]:
        """A mission item as tasks."""

    @abstractmethod
    def _return_tasks(self) -> list[Task]:
        """Going back home as tasks."""

    @abstractmethod
    def _mission_over(self) -> None:
        """What follows the last item."""

    @abstractmethod
    def take_off(self, height_m: float) -> bool:
        """MAV_CMD_NAV_TAKEOFF; whether it can."""

    @abstractmethod
    def go_to(self, place: Vector) -> None:
        """Fly there, guided."""
