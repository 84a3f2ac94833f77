"""MAVLink over a serial port: a telemetry radio or an autopilot on a cable."""

from __future__ import annotations

import os

import serial

from missions.errors import LinkError
from telemetry.clock import Clock
from telemetry.frames import Frame, FrameReader
from telemetry.links.base import READ_BYTES, SEND_TIMEOUT_S, Link, LinkClosed, readable


class SerialLink(Link):
    """A serial device, opened for this program alone."""

    def __init__(self, address: str, device: str, baud: int, clock: Clock) -> None:
        self.address = address
        self._clock = clock
        self._reader = FrameReader()
        try:
            self._port = serial.Serial(device, baud, timeout=0, write_timeout=SEND_TIMEOUT_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(
                f"the serial port cannot be opened ({error})",
                where=address,
                remedy="Plug the radio in, close other programs that use it, and check your rights to it",
            ) from error

    @property
    def bad_bytes(self) -> int:
        return self._reader.bad_bytes

    def receive(self, timeout_s: float) -> list[Frame]:
        try:
            if not readable(timeout_s, self._port.fileno()):
                return []
            data = os.read(self._port.fileno(), READ_BYTES)
        except BlockingIOError:
            return []
        except (serial.SerialException, OSError) as error:
            raise LinkClosed(f"the serial port is gone ({error})", where=self.address) from error
        if not data:
            raise LinkClosed("the serial port is gone", where=self.address)
        return self._reader.feed(data, round(self._clock.now_s() * 1e6))

    def send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (serial.SerialException, OSError) as error:
            raise LinkClosed(f"the serial port takes nothing ({error})", where=self.address) from error

    def close(self) -> None:
        self._port.close()
