"""The copter's modes, after ArduCopter's."""

from __future__ import annotations

from missions.items import Command
from sitl.autopilot.copter import CopterFlight
from sitl.autopilot.motion import Guidance, Rest, Vector
from sitl.autopilot.pilot import Aboard, Pilot, Task
from sitl.autopilot.store import StoredItem
from sitl.autopilot.wire import COPTER_MODES

_NEED_POSITION = {COPTER_MODES[name] for name in ("AUTO", "GUIDED", "LOITER", "RTL", "POSHOLD", "BRAKE")}
_NOT_ARMABLE = {COPTER_MODES[name] for name in ("RTL", "LAND", "BRAKE")}
_CIRCLE_RADIUS_M = 10.0
"""CIRCLE_RADIUS's default."""
_ARM_IN_AUTO = 1
_TAKE_OFF_IN_AUTO = 2
"""Bits of AUTO_OPTIONS."""


class CopterPilot(Pilot):
    """Without sticks: in the modes that are flown by hand it holds where it is."""

    modes = COPTER_MODES

    def __init__(self, aboard: Aboard) -> None:
        super().__init__(aboard)
        self._flight = CopterFlight(self.motion, self.parameters)

    def take_off(self, height_m: float) -> bool:
        if not (self.armed and self.motion.on_ground and self.mode == self.modes["GUIDED"] and height_m > 0):
            return False
        self.do(self._flight.take_off(height_m))
        return True

    def go_to(self, place: Vector) -> None:
        self.target = place
        self.do(self._flight.fly_to(place))

    def _why_not_arm(self) -> str:
        if self.mode in _NOT_ARMABLE:
            return f"{self.mode_name} mode not armable"
        if self.mode == self.modes["AUTO"] and not int(self.parameters["AUTO_OPTIONS"]) & _ARM_IN_AUTO:
            return "AUTO mode not armable"
        return ""

    def _idle_limit_s(self) -> float:
        return self.parameters["DISARM_DELAY"] or float("inf")

    def _may_enter(self, number: int) -> bool:
        if number in _NEED_POSITION and not self.gps_ready:
            return False
        return number != self.modes["AUTO"] or self.run.exists

    def _enter(self, number: int) -> None:
        if number != self.modes["AUTO"]:
            self.run.pause()
            self._flight.speed_m_s = None
        if not self.armed:
            return
        if number == self.modes["AUTO"]:
            self._enter_auto()
        elif self.motion.on_ground:
            self.do(Rest())
        elif number == self.modes["LAND"]:
            self._tasks_now(self._landing_tasks())
        elif number == self.modes["RTL"]:
            self._tasks_now(self._return_tasks())
        else:
            self.do(self._flight.hold())

    def _enter_auto(self) -> None:
        may_take_off = self.run.started or int(self.parameters["AUTO_OPTIONS"]) & _TAKE_OFF_IN_AUTO
        if self.motion.on_ground and not may_take_off:
            self.do(Rest())
            return
        if self.run.complete:
            self.run.rewind()
        if not self.run.active:
            self._go_on()

    def _mission_speed(self, speed_m_s: float) -> None:
        self._flight.speed_m_s = speed_m_s

    def _mission_over(self) -> None:
        if self.motion.on_ground:
            self.disarm()
        else:
            self.do(self._flight.hold())

    def _item_tasks(self, item: StoredItem) -> list[Task]:
        place = self.place_of(item)
        match item.command:
            case Command.TAKEOFF:
                return [lambda: self._flight.take_off(place.up)]
            case Command.LAND:
                above = Vector(place.east, place.north, self.motion.place.up)
                return [lambda: self._flight.fly_to(above), *self._landing_tasks()]
            case Command.LOITER_TIME:
                return [lambda: self._flight.fly_to(place, hold_s=item.p1)]
            case Command.LOITER_TURNS:
                radius_m = item.p3 or _CIRCLE_RADIUS_M
                return [
                    lambda: self._flight.edge_of(place, radius_m),
                    lambda: self._flight.circle(place, radius_m, item.p1),
                ]
            case Command.LOITER_UNLIMITED:
                return [lambda: self._flight.fly_to(place, hold_s=float("inf"))]
            case _:
                return [lambda: self._flight.fly_to(place, hold_s=item.p1)]

    def _return_tasks(self) -> list[Task]:
        refuge = self.refuge()
        rails = self._flight.return_to(refuge)
        return [*((lambda rail=rail: rail) for rail in rails), *self._landing_tasks()]

    def _landing_tasks(self) -> list[Task]:
        def begin() -> Guidance:
            self._landing = True
            down, slow = self._flight.land()
            self._tasks.appendleft(lambda: slow)
            return down

        return [begin]
