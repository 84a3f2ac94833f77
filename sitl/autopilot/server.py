"""The vehicle on a TCP port of this machine, in a thread of its own."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from missions.errors import SettingsError, SimulatorError
from sitl.autopilot.channel import Channel
from sitl.autopilot.vehicle import STEP_S, Vehicle
from sitl.home import DEFAULT_HOME, Home
from telemetry.clock import Clock, SystemClock

_MOST_CLIENTS = 2
_READ_BYTES = 65_536
_MOST_UNSENT_BYTES = 4_000_000
_TICK_S = 0.005
_MOST_STEPS_A_TICK = 100
"""More would keep the clients waiting."""
_MOST_BEHIND_S = 30.0
"""What a machine that slept or was too slow need not make up for."""


class SmallVehicle:
    """A small MAVLink vehicle that speaks as ArduPilot does, for tests and for want of ArduPilot.

    Up to two clients may connect to `address`. Simulated time runs `speedup` times as fast as `clock`, and
    slower where the machine cannot keep up. `port` 0 takes a free one. Raises SimulatorError where the port
    is taken.
    """

    def __init__(
        self,
        kind: str = "copter",
        *,
        home: Home = DEFAULT_HOME,
        system: int = 1,
        speedup: float = 1.0,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        if kind not in {"copter", "plane"}:
            raise SettingsError(f'there is no small vehicle "{kind}"', remedy="Choose copter or plane")
        if not 1 <= system <= 255:
            raise SettingsError(f"{system} is no MAVLink system number", remedy="Choose 1 to 255")
        if not 0 < speedup <= 100:
            raise SettingsError(f"a speedup of {speedup} makes no sense", remedy="Choose 1 to 100")
        self.kind = kind
        self.home = home
        self.system = system
        self.speedup = speedup
        self._port = port
        self._clock = clock or SystemClock()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failure: BaseException | None = None

    @property
    def address(self) -> str:
        """The link address; two clients may use it."""
        if self._listener is None:
            raise SimulatorError("the small vehicle is not running", remedy="Start it")
        return f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def second_address(self) -> str:
        """Where a second client may connect."""
        return self.address

    @property
    def description(self) -> str:
        """What is running, for people."""
        return f"small MAVLink {self.kind} of droneteam"

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def log_tail(self) -> str:
        """What ended it, "" while nothing did."""
        return repr(self._failure) if self._failure else ""

    def start(self) -> None:
        """Listen, and let time pass. Raises SimulatorError."""
        if self._thread is not None:
            raise SimulatorError("the small vehicle is already running")
        try:
            self._listener = socket.create_server(("127.0.0.1", self._port), backlog=_MOST_CLIENTS)
        except OSError as error:
            raise SimulatorError(
                f"cannot listen ({error.strerror})",
                where=f"TCP port {self._port}",
                remedy="Choose another port",
            ) from error
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._run, name=f"small-{self.kind}-{self.system}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; harmless when it does not run. Raises what ended it, if it ended by itself."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise SimulatorError(f"the small vehicle broke down ({failure!r})") from failure

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        if self._listener is None:
            return
        vehicle = Vehicle(self.kind, self.home, system=self.system, unix_s=self._clock.now_s())
        vehicle.parameters.set("SIM_SPEEDUP", self.speedup)
        clients = _Clients(self._listener, vehicle, self._clock)
        due_s = self._clock.monotonic_s()
        try:
            while not self._stopping.is_set():
                clients.receive(_TICK_S)
                now_s = self._clock.monotonic_s()
                due_s = max(due_s, now_s - _MOST_BEHIND_S)
                steps = min(int((now_s - due_s) * self.speedup / STEP_S), _MOST_STEPS_A_TICK)
                for _ in range(steps):
                    vehicle.step()
                due_s += steps * STEP_S / self.speedup
                clients.send()
        except Exception as error:  # noqa: BLE001 - told by `stop`
            self._failure = error
        finally:
            clients.close()


class _Clients:
    """The sockets of those who are connected."""

    def __init__(self, listener: socket.socket, vehicle: Vehicle, clock: Clock) -> None:
        self._listener = listener
        self._vehicle = vehicle
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, None)
        self._unsent: dict[socket.socket, tuple[Channel, bytearray]] = {}

    def receive(self, timeout_s: float) -> None:
        """Wait for bytes or clients, and answer them."""
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                self._accept()
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj, key.data)
        now_s = self._clock.monotonic_s()
        for channel in self._vehicle.channels:
            channel.transfer.tick(now_s)

    def send(self) -> None:
        """Send what waits, as far as the clients take it."""
        for connection, (channel, waiting) in list(self._unsent.items()):
            waiting += channel.take()
            try:
                if waiting:
                    del waiting[: connection.send(waiting)]
            except BlockingIOError:
                pass
            except OSError:
                self._drop(connection)
                continue
            if len(waiting) > _MOST_UNSENT_BYTES:
                self._drop(connection)

    def close(self) -> None:
        """Close them all."""
        for connection in list(self._unsent):
            self._drop(connection)
        self._selector.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._unsent) >= _MOST_CLIENTS:
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel = self._vehicle.open_channel()
        self._unsent[connection] = (channel, bytearray())
        self._selector.register(connection, selectors.EVENT_READ, channel)

    def _read(self, connection: socket.socket, channel: Channel) -> None:
        try:
            data = connection.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        for message in channel.read(data, round(self._clock.now_s() * 1e6)):
            self._vehicle.handle(channel, message, self._clock.monotonic_s())

    def _drop(self, connection: socket.socket) -> None:
        channel, _ = self._unsent.pop(connection)
        self._vehicle.close_channel(channel)
        self._selector.unregister(connection)
        connection.close()
