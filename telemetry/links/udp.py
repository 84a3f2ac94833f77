"""MAVLink over UDP: listening for whoever speaks, or speaking to one address."""

from __future__ import annotations

import socket
from collections import OrderedDict
from typing import Any

from missions.errors import LinkError
from telemetry.clock import Clock
from telemetry.frames import Frame, FrameReader
from telemetry.links.base import READ_BYTES, Link, LinkClosed, readable, resolve

RECEIVE_BUFFER_BYTES = 4_000_000
"""What holds 15,000 messages a second over the moments in which nobody reads."""
_MOST_PEERS = 512
_PEER_FORGOTTEN_S = 60.0
_DATAGRAMS_AT_ONCE = 256


class _Peer:
    """Someone who was heard: the reader of what they say, and when they last said something."""

    def __init__(self) -> None:
        self.reader = FrameReader()
        self.heard_s = 0.0


class _UdpLink(Link):
    """The part that both directions share: a socket, and one frame reader for each who speaks."""

    def __init__(self, address: str, clock: Clock, family: socket.AddressFamily) -> None:
        self.address = address
        self._clock = clock
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._peers: OrderedDict[Any, _Peer] = OrderedDict()
        self._forgotten_bad_bytes = 0

    @property
    def port(self) -> int:
        """The local port, also where the address asked for any (0)."""
        return int(self._socket.getsockname()[1])

    @property
    def bad_bytes(self) -> int:
        return self._forgotten_bad_bytes + sum(peer.reader.bad_bytes for peer in list(self._peers.values()))

    def receive(self, timeout_s: float) -> list[Frame]:
        if self._socket.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        frames: list[Frame] = []
        if not readable(timeout_s, self._socket):
            return frames
        time_us, now_s = round(self._clock.now_s() * 1e6), self._clock.monotonic_s()
        for _ in range(_DATAGRAMS_AT_ONCE):
            try:
                data, source = self._socket.recvfrom(READ_BYTES)
            except BlockingIOError:
                break
            except ConnectionError:
                continue  # the other side's port is not open yet: nothing was heard
            except OSError as error:
                raise LinkClosed(f"the socket failed ({error.strerror})", where=self.address) from error
            frames += self._peer(source, now_s).reader.feed(data, time_us)
        return frames

    def close(self) -> None:
        self._socket.close()

    def _peer(self, source: Any, now_s: float) -> _Peer:
        peer = self._peers.get(source)
        if peer is None:
            peer = self._peers[source] = _Peer()
            if len(self._peers) > _MOST_PEERS:
                _, oldest = self._peers.popitem(last=False)
                self._forgotten_bad_bytes += oldest.reader.bad_bytes
        peer.heard_s = now_s
        self._peers.move_to_end(source)
        return peer

    def _send_to(self, data: bytes, place: Any) -> None:
        try:
            self._socket.sendto(data, place)
        except (BlockingIOError, ConnectionError):
            return  # a datagram may be lost; whoever needs an answer asks again
        except OSError as error:
            raise LinkClosed(f"nothing can be sent ({error.strerror})", where=self.address) from error


class UdpInLink(_UdpLink):
    """Listens on a port and answers everyone heard in the last minute, at most 512 of them."""

    def __init__(self, address: str, host: str, port: int, clock: Clock) -> None:
        family, place = resolve(host, port, socket.SOCK_DGRAM, address)
        super().__init__(address, clock, family)
        try:
            self._socket.bind(place)  # type: ignore[arg-type]  # the family's own kind of address
        except OSError as error:
            self.close()
            raise LinkError(
                f"cannot listen there ({error.strerror})",
                where=address,
                remedy="Choose a port that no other program listens on, and an address of this machine",
            ) from error

    def send(self, data: bytes) -> None:
        if self._socket.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        oldest_s = self._clock.monotonic_s() - _PEER_FORGOTTEN_S
        for place, peer in list(self._peers.items()):
            if peer.heard_s >= oldest_s:
                self._send_to(data, place)


class UdpOutLink(_UdpLink):
    """Speaks to one address, and hears what comes back."""

    def __init__(self, address: str, host: str, port: int, clock: Clock) -> None:
        family, self._place = resolve(host, port, socket.SOCK_DGRAM, address)
        super().__init__(address, clock, family)
        try:
            self._socket.connect(self._place)  # type: ignore[arg-type]  # the family's own kind of address
        except OSError as error:
            self.close()
            raise LinkError(f"cannot be reached ({error.strerror})", where=address) from error

    def send(self, data: bytes) -> None:
        if self._socket.fileno() < 0:
            raise LinkClosed("the link is closed", where=self.address)
        try:
            self._socket.send(data)
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            raise LinkClosed(f"nothing can be sent ({error.strerror})", where=self.address) from error
