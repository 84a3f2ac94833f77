"""A TAK server of the smallest kind, and events for it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from telemetry.state import VehicleState
from telemetry.tak import (
    CotEvent,
    CotStream,
    TakStation,
    vehicle_event,
    xml_of,
)

STATION = TakStation("van-3", stale_s=600)
SOON = (0.01, 0.05)


def event(number: int = 1, *, now_s: float | None = None, **changes: Any) -> CotEvent:
    state = VehicleState(
        system=number, kind="copter", lat_deg=52.0, lon_deg=5.0, last_s=now_s or round(time.time(), 3)
    )
    made = vehicle_event(STATION, state)
    assert made is not None
    return replace(made, **changes)


class Server:
    """A TAK server of the smallest kind: takes connections, keeps what it hears, says what it is told to."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self.listener.getsockname()[1])
        self.heard: list[CotEvent] = []
        self.raw = b""
        self.connections: list[socket.socket] = []
        self.accepted = 0
        self.errors: list[Exception] = []
        self._context = context
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        stream = CotStream()
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self.connections.append(connection)
            while data := connection.recv(65_536):
                self.raw += data
                self.heard += stream.feed(data)
        except OSError as error:
            self.errors.append(error)
        finally:
            connection.close()

    def say(self, *events: CotEvent) -> None:
        for connection in self.connections:
            connection.sendall(b"".join(map(xml_of, events)))

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who waits in accept
        self._thread.join(20)
        self.listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
