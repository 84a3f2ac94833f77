"""The vehicle without a socket: messages in, messages out, and time that is told to pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from missions.items import Command, Frame, MissionType
from sitl.autopilot.battery import Battery
from sitl.autopilot.camera import CameraTrigger
from sitl.autopilot.channel import Channel
from sitl.autopilot.commands import for_us, go_to, obey, order_from_message
from sitl.autopilot.copter_pilot import CopterPilot
from sitl.autopilot.motion import Fall
from sitl.autopilot.parameters import Parameters
from sitl.autopilot.pilot import Aboard, Pilot
from sitl.autopilot.plane_pilot import PlanePilot
from sitl.autopilot.store import MissionStore, StoredItem, plain_frame
from sitl.autopilot.wire import Result, Severity
from sitl.home import Home
from telemetry.messages import Message

STEP_S = 0.02
_TOTALS = {
    MissionType.MISSION: "MIS_TOTAL",
    MissionType.FENCE: "FENCE_TOTAL",
    MissionType.RALLY: "RALLY_TOTAL",
}
_GUIDED_ITEM = 2
"""`current` of a mission item that is a place to go to now."""


class Vehicle:
    """A copter or a plane. `unix_s` is the time at its boot; `advance` lets simulated seconds pass."""

    def __init__(self, kind: str, home: Home, *, system: int, unix_s: float) -> None:
        self.kind = kind
        self.home = home
        self.system = system
        self.parameters = Parameters(kind)
        self.parameters.set("SYSID_THISMAV", system)
        self.store = MissionStore()
        self.battery = Battery(kind, self.parameters)
        self.channels: list[Channel] = []
        self._unix_s = unix_s
        self._camera = CameraTrigger(self._take_picture)
        aboard = Aboard(home, self.parameters, self.store, self._camera, self.say, self._reached)
        self.pilot: Pilot = (CopterPilot if kind == "copter" else PlanePilot)(aboard)
        self._was_ready = self._was_low = False

    @property
    def boot_ms(self) -> int:
        """Simulated milliseconds since boot."""
        return round(self.pilot.time_s * 1000)

    @property
    def unix_us(self) -> int:
        """Simulated microseconds since 1970 UTC."""
        return round((self._unix_s + self.pilot.time_s) * 1e6)

    def open_channel(self) -> Channel:
        """A new client's channel."""
        channel = Channel(self)
        self.channels.append(channel)
        return channel

    def close_channel(self, channel: Channel) -> None:
        """The client has gone."""
        self.channels.remove(channel)

    def step(self) -> None:
        """Let STEP_S simulated seconds pass."""
        self.pilot.advance(STEP_S)
        self._camera.moved(self.pilot.motion.place)
        self.battery.drain(STEP_S, flying=self.pilot.flying)
        self._watch()
        for channel in self.channels:
            channel.step(self)

    def handle(self, channel: Channel, message: Message, now_s: float) -> None:
        """Answer one message; `now_s` is the link's time, for timeouts."""
        if not for_us(self, message):
            return
        if message.name in _MISSION_MESSAGES:
            if not self._guided_item(channel, message):
                others_busy = any(other.transfer.busy for other in self.channels if other is not channel)
                channel.transfer.handle(message, now_s, others_busy=others_busy)
            return
        handler = _HANDLERS.get(message.name)
        if handler:
            handler(self, channel, message)

    def say(self, text: str, severity: Severity) -> None:
        """STATUSTEXT to every client."""
        self._broadcast("STATUSTEXT", severity=int(severity), text=text[:50])

    def home_item(self) -> StoredItem:
        """Home, as the mission's item 0."""
        home = self.home
        x, y = round(home.lat_deg * 1e7), round(home.lon_deg * 1e7)
        return StoredItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, 0, 0, 0, 0, x, y, home.height_amsl_m)

    def list_changed(self, kind: MissionType) -> None:
        """One of the three lists was replaced."""
        self.parameters.set(_TOTALS[kind], len(self.store.items(kind)))
        if kind is MissionType.MISSION:
            self.pilot.run.rewind()

    def set_mission_current(self, sequence: int) -> bool:
        """Begin the mission at this item; False where there is none such."""
        if not 0 <= sequence < len(self.store.items(MissionType.MISSION)):
            return False
        self.pilot.restart_mission(max(1, sequence))
        return True

    def _broadcast(self, name: str, **fields: Any) -> None:
        for channel in self.channels:
            channel.send(name, **fields)

    def _reached(self, sequence: int) -> None:
        self._broadcast("MISSION_ITEM_REACHED", seq=sequence)

    def _take_picture(self, number: int) -> None:
        motion = self.pilot.motion
        lon_deg, lat_deg = self.pilot.frame.geo_from_local([[motion.place.east, motion.place.north]])[0]
        self._broadcast(
            "CAMERA_FEEDBACK",
            time_usec=self.unix_us,
            img_idx=number,
            lat=round(lat_deg * 1e7),
            lng=round(lon_deg * 1e7),
            alt_msl=self.pilot.home_amsl_m + motion.place.up,
            alt_rel=motion.place.up,
            completed_captures=number + 1,
        )

    def _watch(self) -> None:
        if self.pilot.gps_ready and not self._was_ready:
            self._was_ready = True
            self.say("GPS ready, home is set", Severity.INFO)
            for channel in self.channels:
                channel.report(self, "HOME_POSITION")
        if self.battery.low and not self._was_low:
            self._was_low = True
            self.say("Battery is low", Severity.WARNING)
            if self.parameters["BATT_FS_LOW_ACT"] and self.pilot.flying:
                self.pilot.set_mode(self.pilot.modes["RTL"])
        if self.battery.left_mah <= 0 and self.pilot.armed:
            self.say("Battery is empty", Severity.CRITICAL)
            self.pilot.disarm(force=True)
            self.pilot.do(Fall())

    def _guided_item(self, channel: Channel, message: Message) -> bool:
        if message.fields.get("current") != _GUIDED_ITEM or not message.name.startswith("MISSION_ITEM"):
            return False
        scale = 1e7 if message.name == "MISSION_ITEM_INT" else 1.0
        flown = go_to(self, message.x / scale, message.y / scale, message.z, plain_frame(message.frame))
        channel.send(
            "MISSION_ACK",
            target_system=message.system,
            target_component=message.component,
            type=0 if flown else 1,
        )
        return True

    def _on_command(self, channel: Channel, message: Message) -> None:
        result = obey(self, order_from_message(message, channel)) if _sane(message) else Result.DENIED
        channel.send(
            "COMMAND_ACK",
            command=message.command,
            result=int(result),
            target_system=message.system,
            target_component=message.component,
        )

    def _on_set_mode(self, channel: Channel, message: Message) -> None:  # noqa: ARG002 - SET_MODE has no answer
        self.pilot.set_mode(message.custom_mode)

    def _on_stream(self, channel: Channel, message: Message) -> None:
        channel.streams.set_group(
            message.req_stream_id,
            message.req_message_rate,
            start=bool(message.start_stop),
            now_s=self.pilot.time_s,
        )

    def _on_set_current(self, channel: Channel, message: Message) -> None:
        self.set_mission_current(message.seq)
        channel.report(self, "MISSION_CURRENT")

    def _on_position_target(self, channel: Channel, message: Message) -> None:  # noqa: ARG002 - no answer
        go_to(
            self,
            message.lat_int / 1e7,
            message.lon_int / 1e7,
            message.alt,
            plain_frame(message.coordinate_frame),
        )

    def _on_parameter_list(self, channel: Channel, message: Message) -> None:  # noqa: ARG002 - asks for all
        channel.send_all_parameters()

    def _on_parameter_read(self, channel: Channel, message: Message) -> None:
        by_index = message.param_index >= 0
        name = self.parameters.name_at(message.param_index) if by_index else message.param_id
        if name is not None and name in self.parameters:
            channel.send_parameter(self, name)

    def _on_parameter_set(self, channel: Channel, message: Message) -> None:  # noqa: ARG002 - all are told
        if message.param_id in self.parameters:
            self.parameters.set(message.param_id, message.param_value)
            for other in self.channels:
                other.send_parameter(self, message.param_id)


def _sane(message: Message) -> bool:
    """Whether the parameters that become whole numbers can."""
    return all(abs(message.fields[name]) < 2**31 for name in ("param1", "param2"))


_MISSION_MESSAGES = {
    "MISSION_COUNT",
    "MISSION_ITEM",
    "MISSION_ITEM_INT",
    "MISSION_REQUEST",
    "MISSION_REQUEST_INT",
    "MISSION_REQUEST_LIST",
    "MISSION_CLEAR_ALL",
}
_HANDLERS: dict[str, Callable[[Vehicle, Channel, Message], None]] = {
    "COMMAND_LONG": Vehicle._on_command,
    "COMMAND_INT": Vehicle._on_command,
    "SET_MODE": Vehicle._on_set_mode,
    "REQUEST_DATA_STREAM": Vehicle._on_stream,
    "MISSION_SET_CURRENT": Vehicle._on_set_current,
    "SET_POSITION_TARGET_GLOBAL_INT": Vehicle._on_position_target,
    "PARAM_REQUEST_LIST": Vehicle._on_parameter_list,
    "PARAM_REQUEST_READ": Vehicle._on_parameter_read,
    "PARAM_SET": Vehicle._on_parameter_set,
}
