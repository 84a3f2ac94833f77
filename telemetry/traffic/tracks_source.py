"""Reports of foreign tracks over UDP and TCP, one JSON object a line."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from missions.errors import InputError, LinkError
from telemetry.clock import Clock
from telemetry.links.base import READ_BYTES, resolve
from telemetry.received.items import TRACK, Keep
from telemetry.traffic.addresses import tracks_place
from telemetry.traffic.foreign import MAX_REPORT_BYTES, ForeignReport, track_report_of
from telemetry.traffic.lines import LineReader
from telemetry.traffic.worker import Worker

MOST_CONNECTIONS = 16
_LOOK_S = 0.2
_DATAGRAMS_AT_ONCE = 64


class TracksSource(Worker):
    """Listens on `tracks+udp:[HOST:]PORT` or `tracks+tcp:[HOST:]PORT` and hands each report to `take`.

    `take` may refuse a report with InputError. What is no report is counted in `health.bad_bytes` and named
    in `health.problem`; nobody is answered. `keep` gets every line as it came, with who sent it. Up to 16 may
    be connected. Whoever reaches the port is believed, so let it hear more than this machine only on a
    network that is yours. Raises LinkError where the port cannot be had.
    """

    def __init__(
        self,
        address: str,
        clock: Clock,
        take: Callable[[ForeignReport], None],
        *,
        keep: Keep | None = None,
    ) -> None:
        super().__init__(address, clock, keep)
        self._take = take
        place = tracks_place(address)
        self._stream = place.kind == "tcp"
        kind = socket.SOCK_STREAM if self._stream else socket.SOCK_DGRAM
        family, target = resolve(place.host, place.port, kind, address)
        self._socket = socket.socket(family, kind)
        try:
            if self._stream:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(target)  # type: ignore[arg-type]  # the family's own kind of address
            if self._stream:
                self._socket.listen(MOST_CONNECTIONS)
        except OSError as error:
            self._socket.close()
            raise LinkError(
                f"cannot listen there ({error.strerror})",
                where=address,
                remedy="Choose a port that no other program listens on, and an address of this machine",
            ) from error
        self._socket.setblocking(False)
        self._open: dict[int, tuple[socket.socket, LineReader, str]] = {}

    @property
    def port(self) -> int:
        """The local port, also where the address asked for any (0)."""
        return int(self._socket.getsockname()[1])

    def stop(self) -> None:
        """End the thread and close the port. May be called twice."""
        super().stop()
        self._socket.close()

    def run(self) -> None:
        """Read what comes until told to stop."""
        self.say("open")
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        try:
            while not self.stopping.is_set():
                for number, _ in poll.poll(_LOOK_S * 1000):
                    self._serve(number, poll)
        finally:
            for connection, _, _ in self._open.values():
                connection.close()
            self._open.clear()

    def _serve(self, number: int, poll: select.poll) -> None:
        if number in self._open:
            self._hear(number, poll)
        elif self._stream:
            self._accept(poll)
        else:
            self._take_datagrams()

    def _accept(self, poll: select.poll) -> None:
        try:
            connection, place = self._socket.accept()
        except OSError:
            return  # it left again before it was let in
        if len(self._open) >= MOST_CONNECTIONS:
            connection.close()
            self.count(0, 0, f"more than {MOST_CONNECTIONS} wanted to connect")
            return
        connection.setblocking(False)
        self._open[connection.fileno()] = (connection, LineReader(MAX_REPORT_BYTES), _sender(place))
        poll.register(connection, select.POLLIN)

    def _hear(self, number: int, poll: select.poll) -> None:
        connection, reader, sender = self._open[number]
        try:
            data = connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        lines = reader.feed(data or b"\n")  # the last line may lack its end
        self._read(lines, sender)
        if not data:
            poll.unregister(connection)
            del self._open[number]
            connection.close()

    def _take_datagrams(self) -> None:
        for _ in range(_DATAGRAMS_AT_ONCE):
            try:
                data, place = self._socket.recvfrom(READ_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            self._read(LineReader(MAX_REPORT_BYTES).feed(data + b"\n"), _sender(place))

    def _read(self, lines: list[bytes], sender: str) -> None:
        self.keep(lines, TRACK, sender, longest=MAX_REPORT_BYTES)
        for line in lines:
            try:
                self._take(track_report_of(line))
            except InputError as error:
                self.count(0, len(line), str(error))
            else:
                self.count(1)


def _sender(place: object) -> str:
    """Who sent something: host and port, of whichever family of addresses."""
    return ":".join(map(str, place[:2])) if isinstance(place, tuple) else str(place)
