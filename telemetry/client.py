"""One vehicle and its operator: connect, command, change modes, arm, read and set parameters.

The client is synchronous: nothing arrives but while `pump` runs, which all its calls use. While pumping it
sends the heartbeat of a ground station once a second, as autopilots expect.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from missions.errors import LinkError, NoAnswer, Refused
from telemetry import parameters
from telemetry.clock import Clock
from telemetry.dialect import BY_NAME, short_name
from telemetry.frames import Frame, FrameReader
from telemetry.links.base import Link
from telemetry.messages import Encoder, Message, decode
from telemetry.modes import mode_numbers
from telemetry.state import VehicleState, fold, is_vehicle_heartbeat

GROUND_STATION = 255
MISSION_PLANNER = 190
"""MAV_COMP_ID_MISSIONPLANNER, the component id of ground stations."""
DEFAULT_RATES_HZ: Mapping[str, float] = {
    "GLOBAL_POSITION_INT": 5,
    "ATTITUDE": 5,
    "VFR_HUD": 2,
    "GPS_RAW_INT": 2,
    "SYS_STATUS": 1,
    "MISSION_CURRENT": 2,
    "BATTERY_STATUS": 0.5,
    "EXTENDED_SYS_STATE": 1,
    "EKF_STATUS_REPORT": 1,
    "SYSTEM_TIME": 1,
}
ACCEPTED, TEMPORARILY_REJECTED, IN_PROGRESS = 0, 1, 5
_SET_MODE, _ARM_DISARM, _SET_MESSAGE_INTERVAL, _REQUEST_MESSAGE = 176, 400, 511, 512
_FORCE = 21_196
_RESEND_S = 1.0
_CALM_S = 0.5
_ASK_AGAIN_S = 5.0
_MOST_ASKED = 4
_ANSWERED_S = 2.0
_TEXTS_KEPT = 8


class VehicleClient:
    """A ground station's side of one link, speaking to one vehicle.

    `system` None takes the first autopilot that is heard. `listener` gets every frame that passes, those
    that were sent too, and an empty sequence now and then; a Recorder or `Hub.publish` fits.
    """

    def __init__(
        self,
        link: Link,
        clock: Clock,
        *,
        system: int | None = None,
        own_system: int = GROUND_STATION,
        own_component: int = MISSION_PLANNER,
        listener: Callable[[Sequence[Frame]], None] | None = None,
    ) -> None:
        self.link = link
        self.clock = clock
        self.system = system
        self.component = 1
        self.own_system = own_system
        self.own_component = own_component
        self.state = VehicleState()
        self.autopilot_type = 0
        self.texts: deque[str] = deque(maxlen=_TEXTS_KEPT)
        self._listener = listener
        self._encoder = Encoder(own_system, own_component)
        self._sent = FrameReader()
        self._next_heartbeat_s = clock.monotonic_s()
        self._rates: dict[str, float] = {}
        self._heard_s: dict[str, float] = {}
        self._asked: dict[str, int] = {}
        self._next_ask_s = 0.0
        self._rates_unanswered = 0
        self._rates_asked_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the link."""
        self.link.close()

    def connect(
        self, timeout_s: float = 30.0, *, rates_hz: Mapping[str, float] = DEFAULT_RATES_HZ
    ) -> VehicleState:
        """Wait for the vehicle's heartbeat and ask for the messages of `rates_hz`. Raises NoAnswer."""
        if not self.wait_for(lambda: self.state.mode is not None, timeout_s):
            who = "any vehicle" if self.system is None else f"vehicle {self.system}"
            raise NoAnswer(
                f"nothing was heard of {who} for {timeout_s:.0f} s",
                where=self.link.address,
                remedy="Check that it is on, that the link goes to it, and that no other program holds it",
            )
        for name, rate_hz in rates_hz.items():
            self._ask_rate(name, rate_hz)
        self._next_ask_s = self.clock.monotonic_s() + _ASK_AGAIN_S
        return self.state

    def pump(self, timeout_s: float = 0.1) -> list[Message]:
        """Receive once, waiting at most `timeout_s`: the messages of this vehicle, in order."""
        self._heartbeat()
        self._ask_again()
        frames = self.link.receive(timeout_s)
        if self._listener:
            self._listener(frames)
        messages: list[Message] = []
        for frame in frames:
            message = self._from_vehicle(frame)
            if message is not None and not self._answers_rate(message):
                messages.append(message)
                self._note(message)
        return messages

    def wait_for(self, reached: Callable[[], bool], timeout_s: float) -> bool:
        """Pump until `reached()`; False when it was not within `timeout_s`."""
        deadline_s = self.clock.monotonic_s() + timeout_s
        while not reached():
            left_s = deadline_s - self.clock.monotonic_s()
            if left_s <= 0:
                return False
            self.pump(min(0.1, left_s))
        return True

    def send(self, name: str, /, **fields: Any) -> None:
        """Send one message; target_system and target_component are filled in where it has them."""
        names = BY_NAME[name].names if name in BY_NAME else ()
        if "target_system" in names:
            fields.setdefault("target_system", self.system or 0)
        if "target_component" in names:
            fields.setdefault("target_component", self.component)
        data = self._encoder.encode(name, **fields)
        self.link.send(data)
        if self._listener:
            self._listener(self._sent.feed(data, round(self.clock.now_s() * 1e6)))

    def command(
        self,
        command: int,
        p1: float = 0,
        p2: float = 0,
        p3: float = 0,
        p4: float = 0,
        p5: float = 0,
        p6: float = 0,
        p7: float = 0,
        *,
        timeout_s: float = 5.0,
    ) -> int:
        """Send a COMMAND_LONG until it is answered: the MAV_RESULT (0 is accepted).

        A temporary rejection is tried again until the time is over; progress extends it. Raises NoAnswer.
        """
        clock = self.clock
        values = {f"param{n}": value for n, value in enumerate((p1, p2, p3, p4, p5, p6, p7), start=1)}
        deadline_s = clock.monotonic_s() + timeout_s
        resend_s = clock.monotonic_s()
        tries = 0
        result: int | None = None
        while clock.monotonic_s() < deadline_s:
            if clock.monotonic_s() >= resend_s:
                self.send("COMMAND_LONG", command=command, confirmation=min(tries, 255), **values)
                tries += 1
                resend_s = clock.monotonic_s() + _RESEND_S
            for message in self.pump(min(0.1, max(0.0, deadline_s - clock.monotonic_s()))):
                if not self._answers(message, command):
                    continue
                result = int(message.result)
                if result == IN_PROGRESS:
                    deadline_s = resend_s = clock.monotonic_s() + timeout_s
                elif result == TEMPORARILY_REJECTED:
                    resend_s, tries = clock.monotonic_s() + _CALM_S, 0
                else:
                    return result
        if result is None:
            raise NoAnswer(
                f"the vehicle did not answer {short_name('MAV_CMD', command)} within {timeout_s:.0f} s",
                where=self.link.address,
                remedy="Check the link; the vehicle may be out of reach",
            )
        return result

    def set_mode(self, name: str, *, timeout_s: float = 5.0) -> None:
        """Change the flight mode and wait until the vehicle confirms it. Raises Refused, NoAnswer."""
        numbers = mode_numbers(self.state.kind or "")
        if name not in numbers:
            known = ", ".join(sorted(numbers)) or "none, for no vehicle was heard yet"
            raise LinkError(f"there is no mode {name}", where=self.link.address, remedy=f"Modes: {known}")
        if self.state.mode == name:
            return
        self.texts.clear()
        result = self.command(_SET_MODE, 1, numbers[name], timeout_s=timeout_s)
        if result != ACCEPTED:
            raise self.refusal(f"mode {name}", result)
        if not self.wait_for(lambda: self.state.mode == name, timeout_s):
            raise NoAnswer(f"the vehicle did not change to mode {name}", where=self.link.address)

    def arm(self, timeout_s: float = 90.0) -> None:
        """Arm the motors, asking again until the vehicle is ready.

        Autopilots refuse while they do not know their place yet, ArduPilot for about 40 s after the start.
        Raises Refused with the vehicle's own reasons, or NoAnswer.
        """
        deadline_s = self.clock.monotonic_s() + timeout_s
        self.texts.clear()
        while True:
            result = self.command(_ARM_DISARM, 1, timeout_s=min(5.0, timeout_s))
            if result == ACCEPTED:
                break
            if self.clock.monotonic_s() >= deadline_s:
                raise self.refusal("arming", result)
            self.wait_for(lambda: False, min(_RESEND_S, timeout_s))
        if not self.wait_for(lambda: self.state.armed is True, 5.0):
            raise NoAnswer("the vehicle accepted arming but did not arm", where=self.link.address)

    def disarm(self, *, force: bool = False, timeout_s: float = 5.0) -> None:
        """Stop the motors; `force` does so in the air too. Raises Refused, NoAnswer."""
        self.texts.clear()
        result = self.command(_ARM_DISARM, 0, _FORCE if force else 0, timeout_s=timeout_s)
        if result != ACCEPTED:
            raise self.refusal("disarming", result)
        if not self.wait_for(lambda: self.state.armed is False, timeout_s):
            raise NoAnswer("the vehicle accepted disarming but is still armed", where=self.link.address)

    def parameter(self, name: str, *, timeout_s: float = 5.0) -> float:
        """One parameter's value. Raises NoAnswer, also where the vehicle has no such parameter."""
        return parameters.read(self, name, timeout_s).value

    def set_parameter(self, name: str, value: float, *, timeout_s: float = 5.0) -> float:
        """Set a parameter and read it back: the value that the vehicle holds. Raises Refused, NoAnswer."""
        return parameters.write(self, name, value, timeout_s)

    def parameters(self, *, timeout_s: float = 60.0) -> dict[str, float]:
        """All parameters by name; what got lost on the way is asked for again. Raises NoAnswer."""
        return parameters.read_all(self, timeout_s)

    def request_message_rate(self, name: str, hz: float, *, timeout_s: float = 5.0) -> None:
        """Have a message sent so many times a second (0: never). Raises Refused, NoAnswer."""
        if name not in BY_NAME:
            raise LinkError(f"there is no MAVLink message {name}", where=self.link.address)
        self._rates.pop(name, None)
        result = self.command(
            _SET_MESSAGE_INTERVAL, BY_NAME[name].message_id, 1e6 / hz if hz > 0 else -1, timeout_s=timeout_s
        )
        if result != ACCEPTED:
            raise self.refusal(f"message {name}", result)

    def refusal(self, what: str, result: int) -> Refused:
        """The error for an answer that was no: with what the vehicle said of late."""
        answer = short_name("MAV_RESULT", result)
        said = "; ".join(dict.fromkeys(self.texts))
        return Refused(
            f"the vehicle refused {what} ({answer}{': ' + said if said else ''})", where=self.link.address
        )

    def _answers(self, message: Message, command: int) -> bool:
        return (
            message.name == "COMMAND_ACK"
            and message.command == command
            and message.target_system in (0, self.own_system)
            and message.target_component in (0, self.own_component)
        )

    def _answers_rate(self, message: Message) -> bool:
        """Answers to rates that were asked for without waiting must not pass for those to a later command."""
        if message.name != "COMMAND_ACK" or message.command != _SET_MESSAGE_INTERVAL:
            return False
        if not self._rates_unanswered or self.clock.monotonic_s() > self._rates_asked_s + _ANSWERED_S:
            return False
        self._rates_unanswered -= 1
        return True

    def _from_vehicle(self, frame: Frame) -> Message | None:
        if frame.system == self.own_system and frame.component == self.own_component:
            return None
        if self.system is not None and frame.system != self.system:
            return None
        message = decode(frame)
        if message is None:
            return None
        if self.system is None:
            if not is_vehicle_heartbeat(message):
                return None
            self.system = frame.system
        return message

    def _note(self, message: Message) -> None:
        if is_vehicle_heartbeat(message):
            self.component = message.component
            self.autopilot_type = message.autopilot
        self._heard_s[message.name] = self.clock.monotonic_s()
        if message.name == "STATUSTEXT":
            self.texts.append(message.text)
        self.state = fold(self.state, message)

    def _heartbeat(self) -> None:
        now_s = self.clock.monotonic_s()
        if now_s >= self._next_heartbeat_s:
            self._next_heartbeat_s = now_s + 1.0
            self.send("HEARTBEAT", type=6, autopilot=8, base_mode=0, system_status=4, mavlink_version=3)

    def _ask_rate(self, name: str, rate_hz: float) -> None:
        self._rates[name] = rate_hz
        now_s = self.clock.monotonic_s()
        if now_s > self._rates_asked_s + _ANSWERED_S:
            self._rates_unanswered = 0
        self._rates_unanswered += 1
        self._rates_asked_s = now_s
        self.send(
            "COMMAND_LONG",
            command=_SET_MESSAGE_INTERVAL,
            param1=BY_NAME[name].message_id,
            param2=1e6 / rate_hz,
        )

    def _ask_again(self) -> None:
        """Rates are asked for without waiting; what then stays silent is asked for again, a few times."""
        now_s = self.clock.monotonic_s()
        if not self._rates or now_s < self._next_ask_s:
            return
        self._next_ask_s = now_s + _ASK_AGAIN_S
        for name, rate_hz in self._rates.items():
            silent = now_s - self._heard_s.get(name, -1e9) > _ASK_AGAIN_S + 2 / rate_hz
            if silent and self._asked.get(name, 0) < _MOST_ASKED:
                self._asked[name] = self._asked.get(name, 0) + 1
                self._ask_rate(name, rate_hz)
