"""The plane's modes, after ArduPlane's."""

from __future__ import annotations

from missions.items import Command
from sitl.autopilot.motion import Guidance, Rest, Vector
from sitl.autopilot.pilot import Aboard, Pilot, Task
from sitl.autopilot.plane import Airframe, PlaneFlight
from sitl.autopilot.store import StoredItem
from sitl.autopilot.wire import PLANE_MODES


class PlanePilot(Pilot):
    """Without sticks: in the modes that are flown by hand it flies straight on."""

    modes = PLANE_MODES

    def __init__(self, aboard: Aboard) -> None:
        super().__init__(aboard)
        self._airframe = Airframe(self.motion, self.parameters)
        self._flight = PlaneFlight(self._airframe)
        self._came_from: Vector | None = None

    def take_off(self, height_m: float) -> bool:  # noqa: ARG002 - ArduPlane takes off in its TAKEOFF and AUTO modes only
        return False

    def go_to(self, place: Vector) -> None:
        self.target = place
        self.do(self._flight.circle(place))

    def _may_enter(self, number: int) -> bool:
        return number != self.modes["AUTO"] or self.run.exists

    def _enter(self, number: int) -> None:
        if number != self.modes["AUTO"]:
            self.run.pause()
            self._airframe.speed_m_s = None
        if not self.armed:
            return
        if number == self.modes["AUTO"]:
            self._enter_auto()
        elif number == self.modes["TAKEOFF"] and self.motion.on_ground:
            self._tasks_now([lambda: self._flight.take_off(self.parameters["TKOFF_ALT"]), self._loiter_here])
        elif self.motion.on_ground:
            self.do(Rest())
        elif number == self.modes["RTL"]:
            self._tasks_now(self._return_tasks())
        elif number in {self.modes[name] for name in ("LOITER", "CIRCLE", "GUIDED", "TAKEOFF")}:
            self.do(self._loiter_here())
        else:
            self.do(self._flight.straight())

    def _enter_auto(self) -> None:
        if self.run.complete:
            self.run.rewind()
        if not self.run.active:
            self._go_on()

    def _loiter_here(self) -> Guidance:
        return self._flight.circle(self.motion.place)

    def _landed_limit_s(self) -> float:
        return self.parameters["LAND_DISARMDELAY"] or float("inf")

    def _return_in_mission(self) -> None:
        self.set_mode(self.modes["RTL"])

    def _mission_speed(self, speed_m_s: float) -> None:
        self._airframe.speed_m_s = speed_m_s

    def _mission_over(self) -> None:
        if self.motion.on_ground:
            self.do(Rest())
        else:
            self.set_mode(self.modes["RTL"])

    def _item_tasks(self, item: StoredItem) -> list[Task]:
        place = self.place_of(item)
        start, self._came_from = self._came_from, None
        match item.command:
            case Command.TAKEOFF:
                return [lambda: self._flight.take_off(place.up)]
            case Command.LAND:
                return [lambda: self._land(place)]
            case Command.LOITER_TIME:
                return [lambda: self._flight.circle(place, seconds=item.p1)]
            case Command.LOITER_TURNS:
                return [lambda: self._flight.circle(place, item.p3, turns=item.p1)]
            case Command.LOITER_TO_ALT:
                return [lambda: self._flight.circle(place, item.p2, turns=1)]
            case Command.LOITER_UNLIMITED:
                return [lambda: self._flight.circle(place, item.p3)]
            case _:
                self._came_from = place
                return [lambda: self._flight.fly_to(place, start=start)]

    def _land(self, place: Vector) -> Guidance:
        self._landing = True
        return self._flight.land(place)

    def _return_tasks(self) -> list[Task]:
        refuge = self.refuge()
        height_m = refuge.up or self.parameters["RTL_ALTITUDE"]
        centre = Vector(refuge.east, refuge.north, height_m)
        return [lambda: self._flight.circle(centre)]
