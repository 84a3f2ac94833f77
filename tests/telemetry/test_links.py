"""Every link carries frames both ways over real sockets, ports and files, and says when it cannot."""

from __future__ import annotations

import os
import pty
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import FormatError, LinkError
from telemetry.clock import ManualClock, SystemClock
from telemetry.frames import Frame
from telemetry.links import FORMS, Link, LinkClosed, open_link
from telemetry.messages import Encoder
from tests.ports import free_tcp_port
from tests.waiting import PATIENCE_S, eventually

ENCODER = Encoder(7, 1)


def receive_some(link: Link, count: int = 1, timeout_s: float = PATIENCE_S) -> list[Frame]:
    frames: list[Frame] = []
    deadline_s = time.monotonic() + timeout_s
    while len(frames) < count and time.monotonic() < deadline_s:
        frames += link.receive(0.1)
    return frames


def attitude() -> bytes:
    return ENCODER.encode("ATTITUDE", roll=1.5)


def test_udp_listens_and_answers_who_spoke() -> None:
    with open_link("udp:0") as ground, open_link(f"udpout:127.0.0.1:{ground.port}") as vehicle:  # type: ignore[attr-defined]
        ground.send(attitude())  # nobody was heard: nobody gets it
        vehicle.send(attitude())
        (frame,) = receive_some(ground)
        assert frame.system == 7
        assert abs(frame.time_us / 1e6 - time.time()) < 10
        ground.send(attitude())
        assert len(receive_some(vehicle)) == 1


def test_udp_keeps_the_streams_of_two_vehicles_apart() -> None:
    first, second = attitude(), attitude()
    with (
        open_link("udp:0") as ground,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        place = ("127.0.0.1", ground.port)  # type: ignore[attr-defined]
        one.sendto(first[:15], place)
        other.sendto(second[:15], place)
        one.sendto(first[15:], place)
        other.sendto(second[15:], place)
        assert {frame.raw for frame in receive_some(ground, 2)} == {first, second}
        assert ground.bad_bytes == 0


def test_udp_listens_on_this_machine_only_unless_told_otherwise() -> None:
    with open_link("udp:0") as link:
        assert link._socket.getsockname()[0] == "127.0.0.1"  # type: ignore[attr-defined]
    with open_link("udp:[::1]:0") as link:
        assert link._socket.getsockname()[0] == "::1"  # type: ignore[attr-defined]


def test_udp_holds_a_burst_while_nobody_reads() -> None:
    with open_link("udp:0") as ground, open_link(f"udpout:127.0.0.1:{ground.port}") as vehicle:  # type: ignore[attr-defined]
        asked = ground._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)  # type: ignore[attr-defined]
        limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
        assert asked >= min(4_000_000, limit)
        for _ in range(200):
            vehicle.send(attitude())
        assert len(receive_some(ground, 200)) == 200


def test_udp_speaking_to_a_closed_port_is_no_error() -> None:
    with open_link(f"udpout:127.0.0.1:{free_tcp_port()}") as link:
        for _ in range(3):
            link.send(attitude())
            assert link.receive(0.05) == []


def test_a_port_in_use_is_refused() -> None:
    with open_link("udp:0") as link, pytest.raises(LinkError, match="cannot listen"):
        open_link(f"udp:{link.port}")  # type: ignore[attr-defined]


def test_tcp_carries_frames_both_ways_and_tells_the_end() -> None:
    with open_link("tcpin:0") as vehicle:
        ground = open_link(f"tcp:127.0.0.1:{vehicle.port}")  # type: ignore[attr-defined]
        with ground:
            ground.send(attitude())
            assert len(receive_some(vehicle)) == 1
            vehicle.send(attitude() + attitude())
            assert len(receive_some(ground, 2)) == 2
            vehicle.close()
            with pytest.raises(LinkClosed, match="closed the connection"):
                receive_some(ground, 1)
    with pytest.raises(LinkClosed):
        ground.receive(0)


def test_tcp_waits_for_a_server_that_starts_late() -> None:
    port = free_tcp_port()

    class LateClock(SystemClock):
        server: socket.socket | None = None

        def sleep(self, seconds: float) -> None:
            self.server = self.server or socket.create_server(("127.0.0.1", port))

    clock = LateClock()
    with open_link(f"tcp:127.0.0.1:{port}", clock, timeout_s=5) as link:
        assert link.receive(0) == []
    assert clock.server
    clock.server.close()


def test_tcp_where_nobody_listens_is_an_error_with_a_remedy() -> None:
    with pytest.raises(LinkError, match="nobody accepts a connection") as caught:
        open_link(f"tcp:127.0.0.1:{free_tcp_port()}", timeout_s=0.3)
    assert "Start the vehicle" in caught.value.remedy


def test_tcpin_answers_all_and_forgets_who_left() -> None:
    with open_link("tcpin:127.0.0.1:0") as server:
        address = f"tcp:127.0.0.1:{server.port}"  # type: ignore[attr-defined]
        with open_link(address) as first, open_link(address) as second:
            first.send(attitude())
            second.send(attitude())
            assert len(receive_some(server, 2)) == 2
            server.send(attitude())
            assert len(receive_some(first)) == len(receive_some(second)) == 1
        assert eventually(lambda: not server.receive(0.05) and server._ends == ())  # type: ignore[attr-defined]
        server.send(attitude())


def test_serial_carries_frames_both_ways_and_tells_when_the_device_goes() -> None:
    controller, device = pty.openpty()
    with open_link(f"serial:{os.ttyname(device)}:115200") as link:
        os.close(device)
        os.write(controller, b"noise" + attitude())
        (frame,) = receive_some(link)
        assert frame.raw[0] == 0xFD
        assert link.bad_bytes == 5
        raw = attitude()
        link.send(raw)
        assert os.read(controller, 1000) == raw
        assert link.receive(0.01) == []
        os.close(controller)
        with pytest.raises(LinkClosed, match="serial port"):
            receive_some(link)


def test_a_serial_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LinkError, match="cannot be opened"):
        open_link("serial:/dev/ttyNONE:57600")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "udp",
        "udp:",
        "tcp:5760",
        "tcp:host",
        "tcp:host:0",
        "tcp:host:99999",
        "udpout:14550",
        "serial:",
        "serial:/dev/ttyUSB0:fast",
        "tlog:",
        "tlog:@2",
        "tlog:file@-1",
        "http://host:80",
        "udp:host:14550:extra",
    ],
)
def test_what_is_no_address_is_refused_with_the_forms(address: str) -> None:
    with pytest.raises(LinkError, match="no link address") as caught:
        open_link(address)
    assert FORMS in caught.value.remedy


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(LinkError, match=r"'no\.such\.host\.invalid' is not known"):
        open_link("tcp:no.such.host.invalid:5760")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "a@b.tlog"
    path.write_bytes(
        b"".join((1_700_000_000_000_000 + n * 100_000).to_bytes(8, "big") + attitude() for n in range(50))
    )
    return path


@pytest.mark.parametrize(("speed", "seconds"), [("", 4.9), ("@1", 4.9), ("@10", 0.49), ("@0.5", 9.8)])
def test_a_recording_is_played_in_its_time(speed: str, seconds: float, recording: Path) -> None:
    clock = ManualClock()
    frames: list[Frame] = []
    with open_link(f"tlog:{recording}{speed}", clock) as link:
        while len(frames) < 50:
            frames += link.receive(0.05)
        with pytest.raises(LinkClosed, match="over"):
            link.receive(0.05)
        assert clock.monotonic_s() == pytest.approx(seconds, abs=0.06)
    assert [frame.time_us for frame in frames] == [1_700_000_000_000_000 + n * 100_000 for n in range(50)]


@pytest.mark.parametrize("speed", ["0", "inf"])
def test_a_recording_is_played_as_fast_as_it_can_be_read(speed: str, recording: Path) -> None:
    clock = ManualClock()
    with open_link(f"tlog:{recording}@{speed}", clock) as link:
        assert len(link.receive(1)) == 50
        assert clock.monotonic_s() == 0
        link.send(attitude())
        with pytest.raises(LinkClosed):
            link.receive(1)


def test_a_file_that_is_no_recording_is_no_link(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing")
    with pytest.raises(FormatError):
        open_link(f"tlog:{path}")


@pytest.mark.parametrize("make", [lambda: open_link("udp:0"), lambda: open_link("tcpin:0")])
def test_a_closed_link_says_so(make: Callable[[], Link]) -> None:
    link = make()
    link.close()
    link.close()
    with pytest.raises(LinkClosed):
        link.receive(0)
    with pytest.raises(LinkClosed):
        link.send(attitude())
