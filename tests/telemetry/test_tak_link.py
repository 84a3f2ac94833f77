"""A TAK server gets every event while it listens, and nobody notices when it stalls or goes away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from missions.errors import InputError
from telemetry.clock import SystemClock
from telemetry.links.base import LinkClosed, readable
from telemetry.tak import (
    CotEvent,
    CotStream,
    TakLink,
    item,
    tak_address,
    xml_of,
)
from telemetry.tak.transports import open_transport
from tests.telemetry.tak_server import SOON, Server, event
from tests.waiting import eventually


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def test_events_reach_a_server_each_with_its_declaration_and_nothing_between(server: Server) -> None:
    sent = [event(number) for number in range(1, 6)]
    with TakLink(f"tak+tcp://127.0.0.1:{server.port}", SystemClock(), backoff_s=SOON) as link:
        for one in sent:
            link.offer(one)
        assert eventually(lambda: server.heard == sent)
        assert server.raw == b"".join(map(xml_of, sent))
        assert eventually(lambda: link.sending.sent == 5)
        assert (link.health.state, link.health.problem) == ("open", "")
    assert link.health.state == "ended"
    assert link._thread not in threading.enumerate()


def test_what_others_say_is_handed_on_and_a_refusal_costs_nothing(server: Server) -> None:
    heard: list[str] = []

    def take(one: CotEvent) -> None:
        heard.append(one.uid)
        if len(heard) == 1:
            raise InputError("not this one")

    with TakLink(f"tak+tcp://127.0.0.1:{server.port}", SystemClock(), take, backoff_s=SOON) as link:
        assert eventually(lambda: bool(server.connections))
        own = event(3)
        link.offer(own)
        assert eventually(lambda: server.heard == [own])
        server.say(event(1), own, event(2))
        assert eventually(lambda: len(heard) == 2)
        assert heard == [event(1).uid, event(2).uid]
        assert link.health.frames == 2
        server.connections[0].sendall(b"<event rubbish></event>")
        assert eventually(lambda: link.health.bad_bytes > 0)
        assert link.health.state == "open"


def test_a_server_that_goes_away_and_comes_back_gets_the_newest_of_each_thing() -> None:
    first = Server()
    clock = SystemClock()
    with TakLink(f"tak+tcp://127.0.0.1:{first.port}", clock, backoff_s=SOON) as link:
        link.offer(event(1))
        assert eventually(lambda: len(first.heard) == 1)
        first.close()
        assert eventually(lambda: link.health.state == "reconnecting")
        assert eventually(lambda: "cannot be reached" in link.health.problem)
        newest = event(1, lat_deg=53.0)
        for one in (event(1, lat_deg=52.5), event(2), event(3, stale_s=event(3).start_s - 1), newest):
            link.offer(one)
        second = Server(port=first.port)
        assert eventually(lambda: len(second.heard) >= 2)
        assert [one.uid for one in second.heard] == [event(2).uid, newest.uid]
        assert second.heard[1].lat_deg == 53.0
        assert eventually(lambda: link.sending.sent == 3)
        sending = link.sending
        assert (sending.overtaken, sending.expired, sending.dropped, sending.waiting) == (1, 1, 0, 0)
        assert link.health.state == "open"
        second.close()


def test_a_server_that_takes_nothing_is_given_up_and_nobody_waits_for_it() -> None:
    big = (item("remarks", "x" * 4_000),)
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stalled.settimeout(30)
        port = stalled.getsockname()[1]
        link = TakLink(
            f"tak+tcp://127.0.0.1:{port}", SystemClock(), backoff_s=SOON, most_waiting=50, send_s=0.3
        )
        with link:
            stuck, _ = stalled.accept()
            offered = 0

            def given_up() -> bool:
                nonlocal offered
                for _ in range(200):  # more than the buffers of two sockets hold, sooner or later
                    offered += 1
                    link.offer(event(offered, detail=big))
                assert link.sending.waiting <= 50
                return readable(0, stalled)

            assert eventually(given_up)  # and tried again
            sending = link.sending
            assert sending.dropped > 0
            assert sending.sent + sending.dropped + sending.waiting in {offered, offered - 1}
            assert "found no room" in link.health.problem
            stuck.close()


def test_a_server_that_only_talks_while_it_takes_nothing_is_still_heard() -> None:
    """Both sides full: whoever only wrote would wait for ever."""
    heard: list[CotEvent] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(30)
        with TakLink(f"tak+tcp://127.0.0.1:{port}", SystemClock(), heard.append, send_s=60) as link:
            server, _ = listener.accept()
            server.settimeout(30)
            much = (item("remarks", "x" * 4_000),) * 12
            theirs = [
                event(number, uid=f"other-{number}", detail=(item("remarks", "y" * 4_000),))
                for number in range(3_000)
            ]
            for number in range(1, 257):
                link.offer(event(number, detail=much))
            server.sendall(b"".join(map(xml_of, theirs)))  # 12 MB, more than the buffers hold
            stream, back = CotStream(), 0
            while back < 256 and (data := server.recv(65_536)):
                back += len(stream.feed(data))
            assert back == 256
            assert eventually(lambda: len(heard) == 3_000)
            server.close()


def test_what_was_said_by_a_server_that_is_then_given_up_is_not_lost() -> None:
    heard: list[CotEvent] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        listener.settimeout(30)
        address = f"tak+tcp://127.0.0.1:{listener.getsockname()[1]}"
        with TakLink(address, SystemClock(), heard.append, backoff_s=SOON, send_s=0.5) as link:
            server, _ = listener.accept()
            much = (item("remarks", "x" * 4_000),) * 12
            for number in range(1, 257):
                link.offer(event(number, detail=much))
            assert eventually(lambda: 0 < link.sending.sent < 256)
            server.sendall(xml_of(event(1, uid="other")))
            assert eventually(lambda: bool(heard))
            server.close()
    assert heard == [event(1, uid="other", now_s=heard[0].start_s)]


def test_an_event_that_could_not_be_sent_is_sent_first_over_the_next_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[CotEvent] = []

    class Breaking:
        """Gives up at the second event, once."""

        broken = False

        def __init__(self) -> None:
            self.socket, self.other = socket.socketpair()
            self.bad_bytes, self.problem = 0, ""

        def send(self, one: CotEvent) -> None:
            if sent and not Breaking.broken:
                Breaking.broken = True
                raise LinkClosed("it broke")
            sent.append(one)

        def receive(self) -> list[CotEvent]:
            return []

        def left(self) -> list[CotEvent]:
            return []

        def close(self) -> None:
            self.socket.close()
            self.other.close()

    monkeypatch.setattr("telemetry.tak.link.open_transport", lambda *_, **__: Breaking())
    offered = [event(number) for number in range(1, 6)]
    link = TakLink("tak+tcp://127.0.0.1:1", SystemClock(), backoff_s=SOON)
    for one in offered:
        link.offer(one)
    with link:
        assert eventually(lambda: link.sending.sent == 5)
    assert sent == offered
    assert Breaking.broken


def test_a_link_ends_promptly_while_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    link = TakLink(f"tak+tcp://127.0.0.1:{port}", SystemClock(), backoff_s=(60.0, 60.0))
    with link:
        assert eventually(lambda: "cannot be reached" in link.health.problem)
    assert link._thread not in threading.enumerate()
    link.stop()
    link.offer(event())


def test_a_server_that_vanishes_without_a_word_is_given_up_by_the_system(server: Server) -> None:
    """Nobody can pull a cable here: the system is asked whether it was told to watch."""
    address = tak_address(f"tak+tcp://127.0.0.1:{server.port}")
    with closing(open_transport(address, SystemClock(), threading.Event(), None)) as transport:
        assert transport.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000
        assert transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
