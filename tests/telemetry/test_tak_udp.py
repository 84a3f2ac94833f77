"""Datagrams reach clients and meshes; addresses are understood or refused; the outbox stays small."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest

from missions.errors import LinkError
from telemetry.clock import SystemClock
from telemetry.tak import (
    FORMS,
    CotEvent,
    TakLink,
    event_of_datagram,
    mesh_of,
    tak_address,
    xml_of,
)
from telemetry.tak.outbox import Outbox
from tests.telemetry.tak_server import event
from tests.waiting import eventually


@pytest.mark.parametrize("protocol", [0, 1])
def test_datagrams_hold_one_event_each_in_either_form(protocol: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        address = f"tak+udp://127.0.0.1:{receiver.getsockname()[1]}?protocol={protocol}"
        with TakLink(address, SystemClock()) as link:
            made = event()
            link.offer(made)
            data = receiver.recv(65_536)
        assert data == (mesh_of(made) if protocol else xml_of(made))
        assert event_of_datagram(data) is not None


def test_datagrams_to_where_nobody_listens_are_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with TakLink(f"tak+udp://127.0.0.1:{port}", SystemClock()) as link:
        for number in range(1, 4):
            link.offer(event(number))
            assert eventually(lambda number=number: link.sending.sent == number)  # type: ignore[misc]
        assert (link.health.state, link.health.problem) == ("open", "")


def free_mesh() -> str:
    """A mesh of our own on the loopback; skips where the machine lets nobody join one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("239.2.3.1", 0))
        port = probe.getsockname()[1]
        member = struct.pack("4s4s", socket.inet_aton("239.2.3.1"), socket.inet_aton("127.0.0.1"))
        loopback = socket.inet_aton("127.0.0.1")
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
            probe.settimeout(2)
            probe.sendto(b"?", ("239.2.3.1", port))
            probe.recv(1)
        except OSError as error:
            pytest.skip(f"this machine has no multicast on its loopback ({error})")
    return f"tak+udp://239.2.3.1:{port}?interface=127.0.0.1"


def test_a_mesh_carries_both_forms_to_all_and_nobody_hears_himself() -> None:
    address = free_mesh()
    heard: dict[str, list[CotEvent]] = {"xml": [], "protobuf": []}
    xml = TakLink(address, SystemClock(), heard["xml"].append)
    protobuf = TakLink(f"{address}&protocol=1", SystemClock(), heard["protobuf"].append)
    with xml, protobuf:
        assert eventually(lambda: xml.health.state == protobuf.health.state == "open")
        xml.offer(event(1))
        protobuf.offer(event(2))
        assert eventually(lambda: bool(heard["xml"]) and bool(heard["protobuf"]))
    assert [one.uid for one in heard["xml"]] == [event(2).uid]
    assert [one.uid for one in heard["protobuf"]] == [event(1).uid]


def test_what_is_no_event_on_a_mesh_is_counted() -> None:
    address = free_mesh()
    to = tak_address(address)
    with TakLink(address, SystemClock()) as link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        assert eventually(lambda: link.health.state == "open")
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.sendto(b"\xbf\x01\xbfrubbish", (to.host, to.port))
        assert eventually(lambda: link.health.bad_bytes == 10)
        assert link.health.state == "open"


def test_addresses_say_what_people_mean() -> None:
    mesh = tak_address("tak+udp://239.2.3.1:6969")
    assert (mesh.kind, mesh.host, mesh.port, mesh.multicast, mesh.protocol, mesh.ttl) == (
        "udp",
        "239.2.3.1",
        6969,
        True,
        0,
        1,
    )
    assert not tak_address("tak+udp://10.0.0.7:4242").multicast
    assert tak_address("tak+udp://239.2.3.1:6969?protocol=1&ttl=32&interface=10.0.0.2").ttl == 32
    assert tak_address("tak+tcp://[::1]:8087").host == "::1"
    tls = tak_address("tak+tls://tak.example:8089?ca=/etc/ca.pem&cert=/a.pem&key=/a.key")
    assert (tls.ca, tls.cert, tls.verify) == (Path("/etc/ca.pem"), Path("/a.pem"), "yes")
    assert tls.text == "tak+tls://tak.example:8089"  # no file names in health and logs


@pytest.mark.parametrize(
    "address",
    [
        "",
        "udp://239.2.3.1:6969",
        "tak+udp://239.2.3.1",
        "tak+udp://:6969",
        "tak+udp://h:0",
        "tak+udp://h:70000",
        "tak+udp://h:x",
        "tak+tcp://user@h:1",
        "tak+tcp://h:1/path",
        "tak+tcp://h:1#x",
        "tak+tcp://h h:1",
        "tak+tcp://h:1?protocol=1",
        "tak+udp://h:1?protocol=2",
        "tak+udp://h:1?ttl=0",
        "tak+udp://h:1?ttl=1&ttl=2",
        "tak+udp://h:1?interface=eth0",
        "tak+udp://h:1?ca=x",
        "tak+tls://h:1?cert=x",
        "tak+tls://h:1?verify=maybe",
        "tak+tls://h:1?verify",
        "tak+tcp://[::1:1",
    ],
)
def test_what_is_no_address_is_refused_with_the_forms(address: str) -> None:
    with pytest.raises(LinkError, match="no TAK address") as caught:
        TakLink(address, SystemClock())
    assert FORMS in caught.value.remedy


def test_the_outbox_keeps_the_newest_of_each_thing_and_lets_the_oldest_go() -> None:
    outbox = Outbox(most=3)
    first = [event(number, now_s=100.0) for number in range(1, 5)]
    for one in first:
        outbox.put(one)
    newer = event(2, now_s=101.0)
    outbox.put(newer)
    taken = outbox.take(102.0)
    assert taken == first[2]
    outbox.put_back(taken)
    assert [outbox.take(102.0) for _ in range(4)] == [first[2], first[3], newer, None]
    outbox.put_back(first[1])
    assert outbox.take(700.0) is None  # stale
    counts = outbox.counts(0)
    assert (counts.dropped, counts.overtaken, counts.expired, counts.waiting) == (1, 1, 1, 0)
    outbox.close()


def test_what_could_not_be_sent_gives_way_to_what_is_newer() -> None:
    outbox = Outbox(most=1)
    old, new = event(1, now_s=100.0), event(1, now_s=101.0)
    outbox.put(new)
    outbox.put_back(old)
    assert outbox.take(101.5) == new
    outbox.put(event(2, now_s=100.0))
    outbox.put_back(old)
    assert outbox.take(101.5) == event(2, now_s=100.0)
    assert outbox.take(101.5) is None
    assert (outbox.counts(0).overtaken, outbox.counts(0).dropped) == (1, 1)
    outbox.close()
