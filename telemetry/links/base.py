"""What every link can do, and the waiting that the socket links share."""

from __future__ import annotations

import select
import socket
from types import TracebackType
from typing import Protocol, Self

from missions.errors import LinkError
from telemetry.frames import Frame

SEND_TIMEOUT_S = 5.0
READ_BYTES = 65_536


class LinkClosed(LinkError):
    """The link has ended: the other side left, the device is gone, the recording is over."""


class Link(Protocol):
    """One way to one or more vehicles.

    `address` is what the link was opened with. One thread may receive while another sends.
    """

    address: str

    def receive(self, timeout_s: float) -> list[Frame]:
        """The frames that are there, waiting at most `timeout_s` for the first; [] when none came.

        Raises LinkClosed when there will be none any more.
        """
        ...

    def send(self, data: bytes) -> None:
        """Send whole frames. Raises LinkClosed."""
        ...

    def close(self) -> None:
        """Let go of the socket, the device or the file. May be called twice."""
        ...

    @property
    def bad_bytes(self) -> int:
        """Bytes received that belonged to no frame."""
        return 0

    @property
    def problem(self) -> str:
        """What people should know of the link, "" for nothing."""
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def readable(timeout_s: float, *files: socket.socket | int) -> bool:
    """Wait until there is something to read in one of the files, or the time is over."""
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    return bool(poll.poll(max(0.0, timeout_s) * 1000))


def send_all(connection: socket.socket, data: bytes, address: str) -> None:
    """Send all of `data` over a non-blocking stream socket. Raises LinkClosed."""
    left = memoryview(data)
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    try:
        while left:
            if not poll.poll(SEND_TIMEOUT_S * 1000):
                raise LinkClosed(f"nothing could be sent for {SEND_TIMEOUT_S:.0f} s", where=address)
            left = left[connection.send(left) :]
    except BlockingIOError:
        send_all(connection, bytes(left), address)
    except OSError as error:
        raise LinkClosed(f"the connection broke ({error.strerror or error})", where=address) from error


def resolve(
    host: str, port: int, kind: socket.SocketKind, address: str
) -> tuple[socket.AddressFamily, object]:
    """The socket family and address of a host and port. Raises LinkError."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=kind)[0]
    except OSError as error:
        raise LinkError(
            f"the host {host!r} is not known ({error.strerror or error})",
            where=address,
            remedy="Give an IP address or a name that this machine can look up",
        ) from error
    return family, place
