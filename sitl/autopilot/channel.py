"""One client's side of the vehicle: its bytes in, its bytes out, its intervals, its transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sitl.autopilot.reports import report
from sitl.autopilot.streams import ON_INTERVAL, Streams
from sitl.autopilot.transfer import MissionTransfer
from sitl.autopilot.wire import AUTOPILOT_COMPONENT
from telemetry.dialect import LAYOUTS
from telemetry.frames import FrameReader
from telemetry.messages import Encoder, Message, decode

if TYPE_CHECKING:
    from sitl.autopilot.vehicle import Vehicle

_MOST_WAITING_BYTES = 1_000_000
_PARAMETERS_A_STEP = 10


class Channel:
    """A link to one client, without the socket: `read` what came, `take` what is to be sent."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.streams = Streams()
        self.transfer = MissionTransfer(vehicle.store, self.send, vehicle.home_item, vehicle.list_changed)
        self._reader = FrameReader()
        self._encoder = Encoder(vehicle.system, AUTOPILOT_COMPONENT)
        self._out = bytearray()
        self._next_parameter: int | None = None

    def read(self, data: bytes, time_us: int) -> list[Message]:
        """The messages in what came."""
        messages = (decode(frame) for frame in self._reader.feed(data, time_us))
        return [message for message in messages if message is not None]

    def take(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def send(self, name: str, **fields: Any) -> None:
        """Send a message. A client that does not read loses what is beyond a megabyte."""
        if len(self._out) < _MOST_WAITING_BYTES:
            self._out += self._encoder.encode(name, **fields)

    def report(self, vehicle: Vehicle, name: str) -> None:
        """Send one of the vehicle's reports now."""
        self.send(name, **report(vehicle, name))

    def report_by_id(self, vehicle: Vehicle, message_id: int) -> bool:
        """Send the report of that number now; False where there is none."""
        layout = LAYOUTS.get(message_id)
        if layout is None or layout.name not in ON_INTERVAL:
            return False
        self.report(vehicle, layout.name)
        return True

    def send_all_parameters(self) -> None:
        """Begin to send every parameter."""
        self._next_parameter = 0

    def send_parameter(self, vehicle: Vehicle, name: str) -> None:
        """Send one parameter."""
        table = vehicle.parameters
        self.send(
            "PARAM_VALUE",
            param_id=name,
            param_value=table[name],
            param_type=int(table.type_of(name)),
            param_count=len(table),
            param_index=table.index_of(name),
        )

    def step(self, vehicle: Vehicle) -> None:
        """Send what is due."""
        for name in self.streams.due(vehicle.pilot.time_s):
            if name != "HOME_POSITION" or vehicle.pilot.gps_ready:
                self.report(vehicle, name)
        if self._next_parameter is not None:
            self._send_some_parameters(vehicle, self._next_parameter)

    def _send_some_parameters(self, vehicle: Vehicle, first: int) -> None:
        self._next_parameter = first + _PARAMETERS_A_STEP
        for index in range(first, self._next_parameter):
            name = vehicle.parameters.name_at(index)
            if name is None:
                self._next_parameter = None
                return
            self.send_parameter(vehicle, name)
