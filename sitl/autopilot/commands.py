"""What the vehicle does on a command, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from missions.geodesy import GeoPoint
from missions.items import Command, Frame
from sitl.autopilot.motion import Vector
from sitl.autopilot.store import plain_frame
from sitl.autopilot.wire import ALL_COMPONENTS, AUTOPILOT_COMPONENT, FORCE, Do, Result
from telemetry.messages import Message

if TYPE_CHECKING:
    from sitl.autopilot.channel import Channel
    from sitl.autopilot.vehicle import Vehicle


@dataclass(frozen=True, slots=True)
class Order:
    """One command, from COMMAND_LONG or COMMAND_INT. `lat_deg`, `lon_deg` and `z` are parameters 5 to 7."""

    command: int
    p1: float
    p2: float
    p3: float
    p4: float
    lat_deg: float
    lon_deg: float
    z: float
    frame: int
    channel: Channel


def order_from_message(message: Message, channel: Channel) -> Order:
    """The order in a COMMAND_LONG or a COMMAND_INT."""
    whole = message.name == "COMMAND_INT"
    return Order(
        command=message.command,
        p1=message.param1,
        p2=message.param2,
        p3=message.param3,
        p4=message.param4,
        lat_deg=message.x / 1e7 if whole else message.param5,
        lon_deg=message.y / 1e7 if whole else message.param6,
        z=message.z if whole else message.param7,
        frame=plain_frame(message.frame) if whole else Frame.GLOBAL_RELATIVE,
        channel=channel,
    )


def obey(vehicle: Vehicle, order: Order) -> Result:
    """Do what is ordered; what is not known is UNSUPPORTED."""
    action = _ACTIONS.get(order.command)
    return action(vehicle, order) if action else Result.UNSUPPORTED


def for_us(vehicle: Vehicle, message: Message) -> bool:
    """Whether a message is meant for this vehicle, or for all."""
    system = message.fields.get("target_system", 0)
    component = message.fields.get("target_component", 0)
    return system in (0, vehicle.system) and component in (ALL_COMPONENTS, AUTOPILOT_COMPONENT)


def go_to(vehicle: Vehicle, lat_deg: float, lon_deg: float, z: float, frame: int) -> bool:
    """Fly to a place in GUIDED mode; whether that can be."""
    pilot = vehicle.pilot
    place_known = abs(lat_deg) <= 90 and abs(lon_deg) <= 180 and abs(z) < 100_000
    if pilot.mode_name != "GUIDED" or not pilot.flying or not place_known:
        return False
    point = GeoPoint(lat_deg, lon_deg)
    east, north = pilot.frame.local_from_geo([[point.lon_deg, point.lat_deg]])[0]
    up = z - pilot.home_amsl_m if frame == Frame.GLOBAL_AMSL else z
    pilot.go_to(Vector(float(east), float(north), up))
    return True


def _arm(vehicle: Vehicle, order: Order) -> Result:
    force = order.p2 == FORCE
    if order.p1 == 1:
        return Result.FAILED if vehicle.pilot.arm(force=force) else Result.ACCEPTED
    if order.p1 == 0:
        return Result.ACCEPTED if vehicle.pilot.disarm(force=force) else Result.FAILED
    return Result.UNSUPPORTED


def _mode(vehicle: Vehicle, order: Order) -> Result:
    if not int(order.p1) & 1:
        return Result.DENIED
    return _whether(vehicle.pilot.set_mode(int(order.p2)))


def _named_mode(name: str) -> Callable[[Vehicle, Order], Result]:
    def change(vehicle: Vehicle, order: Order) -> Result:  # noqa: ARG001 - the order has nothing to add
        number = vehicle.pilot.modes.get(name)
        return Result.UNSUPPORTED if number is None else _whether(vehicle.pilot.set_mode(number))

    return change


def _take_off(vehicle: Vehicle, order: Order) -> Result:
    return _whether(vehicle.pilot.take_off(order.z))


def _start_mission(vehicle: Vehicle, order: Order) -> Result:  # noqa: ARG001 - the order has nothing to add
    return _whether(vehicle.pilot.start_mission())


def _reposition(vehicle: Vehicle, order: Order) -> Result:
    if int(order.p2) & 1 and vehicle.pilot.mode_name != "GUIDED":
        vehicle.pilot.set_mode(vehicle.pilot.modes["GUIDED"])
    return _whether(go_to(vehicle, order.lat_deg, order.lon_deg, order.z, order.frame))


def _set_current(vehicle: Vehicle, order: Order) -> Result:
    return _whether(vehicle.set_mission_current(int(order.p1)))


def _home(vehicle: Vehicle, order: Order) -> Result:
    if not vehicle.pilot.gps_ready:
        return Result.FAILED
    order.channel.report(vehicle, "HOME_POSITION")
    return Result.ACCEPTED


def _version(vehicle: Vehicle, order: Order) -> Result:
    order.channel.report(vehicle, "AUTOPILOT_VERSION")
    return Result.ACCEPTED


def _interval(vehicle: Vehicle, order: Order) -> Result:
    set_it = order.channel.streams.set_interval(int(order.p1), order.p2, vehicle.pilot.time_s)
    return Result.ACCEPTED if set_it else Result.DENIED


def _tell_interval(vehicle: Vehicle, order: Order) -> Result:  # noqa: ARG001 - intervals belong to the link
    interval_us = order.channel.streams.interval_us(int(order.p1))
    order.channel.send("MESSAGE_INTERVAL", message_id=int(order.p1), interval_us=interval_us or 0)
    return Result.ACCEPTED


def _request_message(vehicle: Vehicle, order: Order) -> Result:
    return _whether(order.channel.report_by_id(vehicle, int(order.p1)))


def _whether(done: bool) -> Result:
    return Result.ACCEPTED if done else Result.FAILED


_ACTIONS: dict[int, Callable[[Vehicle, Order], Result]] = {
    Do.ARM_DISARM: _arm,
    Do.SET_MODE: _mode,
    Do.MISSION_START: _start_mission,
    Do.REPOSITION: _reposition,
    Do.SET_MISSION_CURRENT: _set_current,
    Do.GET_HOME_POSITION: _home,
    Do.REQUEST_AUTOPILOT_CAPABILITIES: _version,
    Do.SET_MESSAGE_INTERVAL: _interval,
    Do.GET_MESSAGE_INTERVAL: _tell_interval,
    Do.REQUEST_MESSAGE: _request_message,
    Command.TAKEOFF: _take_off,
    Command.RETURN_TO_LAUNCH: _named_mode("RTL"),
    Command.LAND: _named_mode("LAND"),
    Command.LOITER_UNLIMITED: _named_mode("LOITER"),
}
