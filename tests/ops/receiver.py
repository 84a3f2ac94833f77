"""A receiver of ADS-B of the smallest kind, and lines for it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

_TIMES = "2026/03/14,09:26:53.000,2026/03/14,09:26:53.000"


def lines(
    icao: str,
    callsign: str,
    place: tuple[float, float],
    height_ft: int = 700,
    *,
    squawk: str = "1000",
    speed_kt: int = 90,
    course_deg: int = 45,
) -> bytes:
    """What a receiver says of one aircraft, its height above the pressure of 1013.25 hPa."""
    told = (
        f"MSG,1,1,1,{icao},1,{_TIMES},{callsign},,,,,,,,,,,",
        f"MSG,3,1,1,{icao},1,{_TIMES},,{height_ft},,,{place[0]:.5f},{place[1]:.5f},,,0,0,0,0",
        f"MSG,4,1,1,{icao},1,{_TIMES},,,{speed_kt},{course_deg},,,0,,,,,",
        f"MSG,6,1,1,{icao},1,{_TIMES},,{height_ft},,,,,,{squawk},0,0,0,0",
    )
    return "".join(f"{each}\r\n" for each in told).encode()


class Receiver:
    """Listens at `address` and says what it is told to whoever connects."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"sbs:127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        self.connected = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def say(self, data: bytes) -> None:
        """Send to all who connected, waiting for the first."""
        assert self.connected.wait(30), "nobody connected"
        for connection in self._connections:
            with suppress(OSError):
                connection.sendall(data)

    def close(self) -> None:
        """Hang up."""
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who waits in accept
        self._thread.join(20)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                self._connections.append(self._listener.accept()[0])
            except OSError:
                return
            self.connected.set()
