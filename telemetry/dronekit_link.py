"""dronekit on one of our links.

    from telemetry.dronekit_link import connect
    vehicle = connect("tcp:127.0.0.1:5760", wait_ready=True)

dronekit 2.9.2 looks for `collections.MutableMapping`, which Python dropped in 3.10; it is lent that name
while it is imported and no longer. It needs the extra `dronekit` (`pip install droneteam[dronekit]`). It
speaks MAVLink 2, for which pymavlink wants MAVLINK20 in the environment of the whole process.
"""

from __future__ import annotations

import collections
import collections.abc
import importlib
import os
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from missions.errors import InputError, LinkError, NoAnswer
from telemetry.clock import Clock
from telemetry.dialect import LAYOUTS
from telemetry.links import Link, open_link

if TYPE_CHECKING:
    from dronekit import Vehicle

_importing = threading.Lock()
_LENT = "MutableMapping"


def load() -> ModuleType:
    """The dronekit package, importable on this Python. Raises InputError where it is not installed."""
    with _importing, _lent_name(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own old idioms are not its users' concern
        os.environ["MAVLINK20"] = "1"
        try:
            dronekit = importlib.import_module("dronekit")
            wire = importlib.import_module("dronekit.mavlink")
            mavutil = importlib.import_module("pymavlink.mavutil")
        except ImportError as error:
            raise InputError(
                f"dronekit cannot be used ({error})", remedy="Install it: pip install 'droneteam[dronekit]'"
            ) from error
        mavutil.set_dialect("ardupilotmega")
        wire.MAVWriter.read = _nothing_to_read
    return dronekit


def connect(
    link: str | Link,
    clock: Clock | None = None,
    *,
    wait_ready: bool = False,
    timeout_s: float = 60.0,
    rate_hz: int = 4,
    source_system: int = 255,
    source_component: int = 0,
) -> Vehicle:
    """A dronekit Vehicle on `link`, an address as `open_link` takes it or an open link, which it then owns.

    `wait_ready` waits until dronekit has parameters, position, mode and attitude. Close the vehicle to
    close the link. Raises NoAnswer, LinkError, and InputError where dronekit is not installed.
    """
    dronekit = load()
    opened = open_link(link, clock) if isinstance(link, str) else link
    try:
        handler = _handler(opened, source_system, source_component)
    except BaseException:
        opened.close()
        raise
    vehicle = dronekit.Vehicle(handler)
    try:
        vehicle.initialize(rate=rate_hz, heartbeat_timeout=timeout_s)
        if wait_ready:
            vehicle.wait_ready(timeout=timeout_s)
    except dronekit.APIException as error:
        vehicle.close()
        raise NoAnswer(
            f"dronekit got no vehicle ({error or 'it waited too long'})",
            where=opened.address,
            remedy="Check that the vehicle is on and that no other program holds the link",
        ) from error
    except BaseException:
        vehicle.close()
        raise
    return vehicle


def _handler(link: Link, source_system: int, source_component: int) -> Any:
    """A dronekit MAVConnection whose port is our link.

    It insists on opening a port of its own: it gets one that nobody knows, closed at once, and keeps only
    the encoder that writes into its queue.
    """
    wire = importlib.import_module("dronekit.mavlink")
    mavutil = importlib.import_module("pymavlink.mavutil")
    handler = wire.MAVConnection(
        "udpin:127.0.0.1:0", source_system=source_system, source_component=source_component
    )
    unused = handler.master
    unused.close()
    port = mavutil.mavfile(
        None, link.address, source_system=source_system, source_component=source_component, input=False
    )
    waiting: deque[bytes] = deque()

    def select(timeout: float) -> bool:
        waiting.extend(frame.raw for frame in link.receive(timeout) if frame.message_id in LAYOUTS)
        return bool(waiting)

    def write(data: bytes) -> None:
        link.send(bytes(data))

    port.mav = unused.mav
    port.first_byte = False
    port.select = select
    port.recv = lambda _count=None: waiting.popleft() if waiting else b""
    port.write = write
    port.close = link.close
    handler.master = port
    return handler


@contextmanager
def _lent_name() -> Iterator[None]:
    if hasattr(collections, _LENT):
        yield
        return
    setattr(collections, _LENT, collections.abc.MutableMapping)
    try:
        yield
    finally:
        delattr(collections, _LENT)


def _nothing_to_read(_writer: object) -> bytes:
    """dronekit's own ends the whole process here (os._exit)."""
    raise LinkError("dronekit tried to read where it only writes")
