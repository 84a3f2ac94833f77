"""Instance numbers: which ports a simulated autopilot gets, and nobody else meanwhile.

Instance n listens on TCP 5760+10n (SERIAL0), 5762+10n and 5763+10n, and on UDP 5501+10n (radio control),
all on 0.0.0.0: ArduPilot offers no narrower choice.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from missions.errors import SimulatorError

FIRST_INSTANCES = range(100)


def tcp_ports(instance: int) -> tuple[int, int, int]:
    """The ports of SERIAL0, SERIAL1 and SERIAL2."""
    return tuple(base + 10 * instance for base in (5760, 5762, 5763))  # type: ignore[return-value]


def udp_port(instance: int) -> int:
    """The port of the simulated radio control."""
    return 5501 + 10 * instance


class InstanceLock:
    """One instance number, held until `release` or the end of this process (whatever ends it)."""

    def __init__(self, instance: int, file: IO[bytes]) -> None:
        self.instance = instance
        self._file = file

    def release(self) -> None:
        """Give the number back."""
        self._file.close()


def take_instance(wanted: int | None = None, among: Iterable[int] = FIRST_INSTANCES) -> InstanceLock:
    """The instance `wanted`, or the first free one `among` many, locked.

    Raises SimulatorError where it is in use, by us or by another program that holds one of its ports.
    """
    for instance in among if wanted is None else [wanted]:
        lock = _lock(instance)
        if lock is None:
            continue
        if _ports_free(instance):
            return lock
        lock.release()
    if wanted is None:
        raise SimulatorError("every simulator instance is in use", remedy="Stop some of them")
    ports = ", ".join(str(port) for port in tcp_ports(wanted))
    raise SimulatorError(
        f"instance {wanted} is in use",
        where=f"TCP {ports} or UDP {udp_port(wanted)}",
        remedy="Stop what uses these ports, or leave the instance out to get a free one",
    )


def lock_folder(folder: Path) -> IO[bytes]:
    """Hold a working folder until the file is closed. Raises SimulatorError where another one runs there."""
    file = _lock_file(folder / ".lock")
    if file is None:
        raise SimulatorError(
            "another simulator runs in this folder", where=str(folder), remedy="Give each a folder of its own"
        )
    return file


def _lock_file(path: Path) -> IO[bytes] | None:
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _lock(instance: int) -> InstanceLock | None:
    folder = Path(tempfile.gettempdir()) / f"droneteam-sitl-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SimulatorError("the folder of simulator locks belongs to someone else", where=str(folder))
    file = _lock_file(folder / f"instance-{instance}.lock")
    return InstanceLock(instance, file) if file else None


def _ports_free(instance: int) -> bool:
    tcp_free = all(_can_bind(port, socket.SOCK_STREAM) for port in tcp_ports(instance))
    return tcp_free and _can_bind(udp_port(instance), socket.SOCK_DGRAM)


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # as ArduPilot does, so that a connection that was just closed does not count as use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - asks whether ArduPilot could
        except OSError:
            return False
    return True
