"""One ArduPilot process in its own folder, from start to stop."""

from __future__ import annotations

import atexit
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from missions.errors import OutputError, SettingsError, SimulatorError
from missions.files import write_whole
from sitl.ardupilot.binaries import Binary
from sitl.ardupilot.defaults import parameter_text, read_parameters
from sitl.ardupilot.instances import InstanceLock, lock_folder, take_instance, tcp_ports
from sitl.ardupilot.processes import start_process, stop_process
from sitl.home import DEFAULT_HOME, Home
from telemetry.clock import Clock, SystemClock

LOG_NAME = "ardupilot.log"
PARAMETERS_NAME = "droneteam.parm"
_TAIL_BYTES = 4_000
_QUIET = {"LOG_BACKEND_TYPE": 0.0}
"""Without this an instance writes megabytes of dataflash log a minute."""


class ArduPilot:
    """An ArduPilot vehicle in SITL.

    `folder` is its own: the simulated EEPROM, its parameters and its log lie there. `instance` chooses the
    ports, None takes a free one; `speedup` is how many times faster than real time it runs; `parameters`
    go over the defaults. It boots when a client connects to `address`. Raises SimulatorError where it does
    not start.
    """

    def __init__(
        self,
        binary: Binary,
        folder: Path,
        *,
        home: Home = DEFAULT_HOME,
        instance: int | None = None,
        speedup: float = 1.0,
        system: int = 1,
        parameters: Mapping[str, float] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not 1 <= system <= 255:
            raise SettingsError(f"{system} is no MAVLink system number", remedy="Choose 1 to 255")
        if not 0 < speedup <= 100:
            raise SettingsError(f"a speedup of {speedup} makes no sense", remedy="Choose 1 to 100")
        self.binary = binary
        self.folder = folder
        self.home = home
        self.speedup = speedup
        self.system = system
        self._wanted = instance
        self._parameters = dict(parameters or {})
        self._clock = clock or SystemClock()
        self._lock: InstanceLock | None = None
        self._folder_lock: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def instance(self) -> int:
        """The instance number that it runs as."""
        if self._lock is None:
            raise SimulatorError("the simulator is not running", where=str(self.folder), remedy="Start it")
        return self._lock.instance

    @property
    def address(self) -> str:
        """SERIAL0 as a link address; one client at a time."""
        return f"tcp:127.0.0.1:{tcp_ports(self.instance)[0]}"

    @property
    def second_address(self) -> str:
        """SERIAL1, for a second client; it opens once the first has connected."""
        return f"tcp:127.0.0.1:{tcp_ports(self.instance)[1]}"

    @property
    def description(self) -> str:
        """What is running, for people."""
        return f"ArduPilot {self.binary.kind} {self.binary.version} (SITL)"

    @property
    def pid(self) -> int | None:
        """The process, None while it does not run."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_tail(self) -> str:
        """The last lines that it printed."""
        try:
            with (self.folder / LOG_NAME).open("rb") as log:
                log.seek(0, 2)
                log.seek(max(0, log.tell() - _TAIL_BYTES))
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    def start(self, timeout_s: float = 20.0) -> None:
        """Start it and wait until it listens. Raises SimulatorError."""
        if self._process is not None:
            raise SimulatorError("the simulator is already running", where=str(self.folder))
        self._lock = take_instance(self._wanted)
        try:
            self._make_folder()
            self._folder_lock = lock_folder(self.folder)
            self._prepare_folder()
            atexit.register(self.stop)
            self._process = start_process(self._command(), self.folder, self.folder / LOG_NAME)
            self._wait_until_listening(timeout_s)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, with everything it started; harmless when it does not run."""
        process, self._process = self._process, None
        lock, self._lock = self._lock, None
        try:
            if process is not None:
                stop_process(process)
        finally:
            if lock is not None:
                lock.release()
            if self._folder_lock is not None:
                self._folder_lock.close()
                self._folder_lock = None
            atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be made ({error.strerror})", where=str(self.folder), remedy="Choose another folder"
            ) from error

    def _prepare_folder(self) -> None:
        merged: dict[str, float] = {}
        for path in self.binary.defaults:
            merged |= read_parameters(path)
        text = parameter_text(merged | _QUIET | self._parameters)
        write_whole(self.folder / PARAMETERS_NAME, text.encode())
        try:
            shutil.rmtree(self.folder / "logs", ignore_errors=True)
            (self.folder / "eeprom.bin").unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be cleared ({error.strerror})",
                where=str(self.folder),
                remedy="Choose another folder",
            ) from error

    def _command(self) -> list[str]:
        home = self.home
        return [
            str(self.binary.path.resolve()),
            "-w",
            *("-I", str(self.instance)),
            *("--sysid", str(self.system)),
            *("--model", self.binary.model),
            *("--speedup", f"{self.speedup:g}"),
            *("--home", f"{home.lat_deg!r},{home.lon_deg!r},{home.height_amsl_m!r},{home.heading_deg!r}"),
            *("--defaults", PARAMETERS_NAME),
        ]

    def _wait_until_listening(self, timeout_s: float) -> None:
        deadline_s = self._clock.monotonic_s() + timeout_s
        while not _listens(tcp_ports(self.instance)[0]):
            if not self.running:
                raise SimulatorError(
                    f"ArduPilot ended before it listened; its last words: {self._last_words()}",
                    where=str(self.folder / LOG_NAME),
                    remedy="Read the log",
                )
            if self._clock.monotonic_s() > deadline_s:
                raise SimulatorError(
                    f"ArduPilot did not listen within {timeout_s:g} s; its last words: {self._last_words()}",
                    where=str(self.folder / LOG_NAME),
                    remedy="Read the log",
                )
            self._clock.sleep(0.02)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log_tail.splitlines() if line.strip()]
        return " | ".join(lines[-5:]) or "none"


def _listens(port: int) -> bool:
    """Whether someone listens on this TCP port, asked of the kernel: a connection would boot ArduPilot."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(wanted) and line.split()[3] == "0A" for line in lines)
