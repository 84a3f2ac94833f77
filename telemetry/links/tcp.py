"""MAVLink over a TCP connection that this side makes."""

from __future__ import annotations

import socket

from missions.errors import LinkError
from telemetry.clock import Clock
from telemetry.frames import Frame, FrameReader
from telemetry.links.base import READ_BYTES, Link, LinkClosed, readable, resolve, send_all

_RETRY_S = 0.2


class StreamEnd:
    """One end of a TCP connection: reads frames, sends bytes, knows when it is over."""

    def __init__(self, connection: socket.socket, address: str, clock: Clock) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.reader = FrameReader()
        self._address = address
        self._clock = clock
        self._ended: LinkClosed | None = None

    def take(self) -> list[Frame]:
        """The frames that have arrived, without waiting. Raises LinkClosed after the last of them."""
        if self._ended:
            raise self._ended
        time_us = round(self._clock.now_s() * 1e6)
        try:
            data = self.connection.recv(READ_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            self._ended = LinkClosed(f"the connection broke ({error.strerror})", where=self._address)
        else:
            if data:
                return self.reader.feed(data, time_us)
            self._ended = LinkClosed("the other side closed the connection", where=self._address)
        frames = self.reader.finish(time_us)
        if not frames:
            raise self._ended
        return frames

    def send(self, data: bytes) -> None:
        """Send whole frames. Raises LinkClosed."""
        if self.connection.fileno() < 0:
            raise LinkClosed("the link is closed", where=self._address)
        send_all(self.connection, data, self._address)


class TcpLink(Link):
    """A connection to HOST:PORT; what refuses it is asked again until the time is over."""

    def __init__(self, address: str, host: str, port: int, clock: Clock, timeout_s: float) -> None:
        self.address = address
        self._end = StreamEnd(_connected(address, host, port, clock, timeout_s), address, clock)

    @property
    def bad_bytes(self) -> int:
        return self._end.reader.bad_bytes

    def receive(self, timeout_s: float) -> list[Frame]:
        if self._end.connection.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        if not readable(timeout_s, self._end.connection):
            return []
        return self._end.take()

    def send(self, data: bytes) -> None:
        self._end.send(data)

    def close(self) -> None:
        self._end.connection.close()


def _connected(address: str, host: str, port: int, clock: Clock, timeout_s: float) -> socket.socket:
    family, place = resolve(host, port, socket.SOCK_STREAM, address)
    deadline_s = clock.monotonic_s() + timeout_s
    while True:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.1, deadline_s - clock.monotonic_s()))
            connection.connect(place)  # type: ignore[arg-type]  # the family's own kind of address
        except OSError as error:
            connection.close()
            if clock.monotonic_s() + _RETRY_S >= deadline_s:
                raise LinkError(
                    f"nobody accepts a connection there ({error.strerror or error})",
                    where=address,
                    remedy="Start the vehicle or the radio first, and check the host and the port",
                ) from error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
        clock.sleep(_RETRY_S)
