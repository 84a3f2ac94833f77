"""One open way to a TAK server or a mesh: events out, events in."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Protocol

from missions.errors import FormatError, LinkError
from telemetry.clock import Clock
from telemetry.links.base import READ_BYTES, LinkClosed, resolve
from telemetry.tak.addresses import TakAddress
from telemetry.tak.event import CotEvent
from telemetry.tak.protobuf import event_of_datagram, mesh_of
from telemetry.tak.stream import CotStream, Heard
from telemetry.tak.tls import why
from telemetry.tak.xml import xml_of
from telemetry.traffic.keepalive import keep_alive

CONNECT_S = 5.0
SEND_S = 5.0
_LOOK_S = 0.2
_READS_AT_ONCE = 64


HeardFrom = Callable[[bytes, CotEvent | None, str], None]


class Transport(Protocol):
    """An open way. One thread uses it."""

    socket: socket.socket
    bad_bytes: int
    problem: str

    def send(self, event: CotEvent) -> None:
        """Send one event. Raises LinkClosed."""
        ...

    def receive(self) -> list[CotEvent]:
        """The events that are there, without waiting. Raises LinkClosed."""
        ...

    def left(self) -> list[CotEvent]:
        """The events that came while something was sent and were not yet given."""
        ...

    def close(self) -> None:
        """Let go of the sockets."""
        ...


class StreamTransport:
    """A connection to a server, with or without TLS. What the server says is read even while we send.

    A server that takes nothing for `send_s` is given up: half an event sent cannot be taken back.
    """

    def __init__(
        self,
        connection: socket.socket,
        address: TakAddress,
        clock: Clock,
        stopping: threading.Event,
        send_s: float,
        heard: Heard,
    ) -> None:
        self.socket = connection
        self.bad_bytes = 0
        self.problem = ""
        self._address = address
        self._clock = clock
        self._stopping = stopping
        self._send_s = send_s
        self._stream = CotStream(heard)
        self._inbox: list[CotEvent] = []

    def send(self, event: CotEvent) -> None:
        left = memoryview(xml_of(event))
        deadline_s = self._clock.monotonic_s() + self._send_s
        while left:
            try:
                sent = self.socket.send(left)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(deadline_s)
            except OSError as error:
                raise self._closed(error) from error
            else:
                left = left[sent:]
                deadline_s = self._clock.monotonic_s() + self._send_s

    def receive(self) -> list[CotEvent]:
        for _ in range(_READS_AT_ONCE):
            if not self._pull():
                break
        return self.left()

    def left(self) -> list[CotEvent]:
        events, self._inbox = self._inbox, []
        return events

    def close(self) -> None:
        self.socket.close()

    def _wait(self, deadline_s: float) -> None:
        if self._stopping.is_set():
            raise LinkClosed("the link is closed", where=self._address.text)
        if self._clock.monotonic_s() >= deadline_s:
            raise LinkClosed(f"the server took nothing for {self._send_s:.0f} s", where=self._address.text)
        poll = select.poll()
        poll.register(self.socket, select.POLLIN | select.POLLOUT)
        poll.poll(_LOOK_S * 1000)
        self._pull()

    def _pull(self) -> bool:
        """Read what there is into the inbox; whether there was something."""
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            raise self._closed(error) from error
        if not data:
            raise LinkClosed("the server closed the connection", where=self._address.text)
        self._inbox += self._stream.feed(data)
        self.bad_bytes, self.problem = self._stream.bad_bytes, self._stream.problem
        return True

    def _closed(self, error: OSError) -> LinkClosed:
        if not isinstance(error, ssl.SSLError):
            what = f"the connection broke ({error.strerror or error})"
            return LinkClosed(what, where=self._address.text)
        what, remedy = why(error, self._address)
        return LinkClosed(what, where=self._address.text, remedy=remedy)


class UdpTransport:
    """Datagrams, one event each: to one host, or to a mesh, whose events are heard too."""

    def __init__(self, address: TakAddress, heard: HeardFrom) -> None:
        self._heard = heard
        self.bad_bytes = 0
        self.problem = ""
        self._address = address
        self._encode = mesh_of if address.protocol else xml_of
        self._sender, target = _udp_sender(address)
        self.socket = self._sender
        try:
            self._sender.connect(target)  # type: ignore[arg-type]  # the family's own kind of address
            if address.multicast:
                self.socket = _mesh_listener(address)
        except OSError as error:
            self.close()
            raise LinkError(
                f"datagrams cannot be sent there ({error.strerror or error})",
                where=address.text,
                remedy="Check the network, and give interface=ADDRESS where there are several",
            ) from error

    def send(self, event: CotEvent) -> None:
        try:
            self._sender.send(self._encode(event))
        except (BlockingIOError, ConnectionError):
            return  # a datagram may be lost; the next one is under way in a second
        except OSError as error:
            raise LinkClosed(f"nothing can be sent ({error.strerror})", where=self._address.text) from error

    def receive(self) -> list[CotEvent]:
        events = []
        for _ in range(_READS_AT_ONCE):
            try:
                data, place = self.socket.recvfrom(READ_BYTES + 1)
            except (BlockingIOError, ConnectionError):
                break
            except OSError as error:
                raise LinkClosed(f"the socket failed ({error.strerror})", where=self._address.text) from error
            event = None
            try:
                event = event_of_datagram(data)
            except FormatError as error:
                self.bad_bytes += len(data)
                self.problem = str(error)
            self._heard(data, event, ":".join(map(str, place[:2])))
            events += [event] if event is not None else []
        return events

    def left(self) -> list[CotEvent]:
        return []

    def close(self) -> None:
        self._sender.close()
        self.socket.close()


def open_transport(
    address: TakAddress,
    clock: Clock,
    stopping: threading.Event,
    context: ssl.SSLContext | None,
    *,
    send_s: float = SEND_S,
    heard: HeardFrom = lambda *_: None,
) -> Transport:
    """The way that an address names, open. Raises LinkError.

    `heard` gets all that comes as it came, with the event that it is and, on a mesh, who sent it.
    """
    if address.kind == "udp":
        return UdpTransport(address, heard)
    connection = _connected(address, context)
    return StreamTransport(
        connection, address, clock, stopping, send_s, lambda data, event: heard(data, event, "")
    )


def _connected(address: TakAddress, context: ssl.SSLContext | None) -> socket.socket:
    try:
        connection = socket.create_connection((address.host, address.port), CONNECT_S)
    except OSError as error:
        what, remedy = why(error, address)
        raise LinkError(what, where=address.text, remedy=remedy) from error
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(connection)
        if context is not None:
            connection = context.wrap_socket(connection, server_hostname=address.name or address.host)
        connection.setblocking(False)
    except OSError as error:
        connection.close()
        what, remedy = why(error, address)
        raise LinkError(what, where=address.text, remedy=remedy) from error
    return connection


def _udp_sender(address: TakAddress) -> tuple[socket.socket, object]:
    family, target = resolve(address.host, address.port, socket.SOCK_DGRAM, address.text)
    if address.multicast and family != socket.AF_INET:
        raise LinkError(
            "only IPv4 groups can be used", where=address.text, remedy="ATAK's own mesh is 239.2.3.1:6969"
        )
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.setblocking(False)
    if address.multicast:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, address.ttl)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        if address.interface is not None:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address.interface))
    return sender, target


def _mesh_listener(address: TakAddress) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setblocking(False)
        # several programs on one machine may take part in a mesh
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address.host, address.port))
        interface = socket.inet_aton(address.interface or "0.0.0.0")  # noqa: S104  # the system chooses
        member = struct.pack("4s4s", socket.inet_aton(address.host), interface)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        listener.close()
        raise
    return listener
