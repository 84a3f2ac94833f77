"""MAVLink over TCP connections that others make to us."""

from __future__ import annotations

import socket
import threading

from missions.errors import LinkError
from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.links.base import Link, LinkClosed, readable, resolve
from telemetry.links.tcp import StreamEnd

_MOST_CLIENTS = 8


class TcpInLink(Link):
    """Listens on a port. Up to eight may connect; all are heard and all are answered."""

    def __init__(self, address: str, host: str, port: int, clock: Clock) -> None:
        family, place = resolve(host, port, socket.SOCK_STREAM, address)
        self.address = address
        self._clock = clock
        self._changing = threading.Lock()
        self._ends: tuple[StreamEnd, ...] = ()
        self._gone_bad_bytes = 0
        self._server = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._server.bind(place)  # type: ignore[arg-type]  # the family's own kind of address
            self._server.listen(_MOST_CLIENTS)
            self._server.setblocking(False)
        except OSError as error:
            self._server.close()
            raise LinkError(
                f"cannot listen there ({error.strerror})",
                where=address,
                remedy="Choose a port that no other program listens on, and an address of this machine",
            ) from error

    @property
    def port(self) -> int:
        """The local port, also where the address asked for any (0)."""
        return int(self._server.getsockname()[1])

    @property
    def bad_bytes(self) -> int:
        return self._gone_bad_bytes + sum(end.reader.bad_bytes for end in self._ends)

    def receive(self, timeout_s: float) -> list[Frame]:
        if self._server.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        readable(timeout_s, self._server, *(end.connection for end in self._ends))
        self._accept()
        frames: list[Frame] = []
        for end in self._ends:
            try:
                frames += end.take()
            except LinkClosed:
                self._drop(end)
        return frames

    def send(self, data: bytes) -> None:
        if self._server.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        for end in self._ends:
            try:
                end.send(data)
            except LinkClosed:
                self._drop(end)

    def close(self) -> None:
        for end in self._ends:
            end.connection.close()
        self._ends = ()
        self._server.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._server.accept()
        except OSError:
            return
        if len(self._ends) >= _MOST_CLIENTS:
            connection.close()
            return
        with self._changing:
            self._ends = (*self._ends, StreamEnd(connection, self.address, self._clock))

    def _drop(self, end: StreamEnd) -> None:
        with self._changing:
            end.connection.close()
            if end in self._ends:
                self._gone_bad_bytes += end.reader.bad_bytes
            self._ends = tuple(other for other in self._ends if other is not end)
