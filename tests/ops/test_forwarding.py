"""Other stations hear what we hear; only those that may command reach the vehicles."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from missions.errors import SettingsError
from ops.forwarding import forwarding
from sitl.autopilot import SmallVehicle
from telemetry.clock import SystemClock
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.links import Link, open_link
from telemetry.messages import Encoder, decode
from telemetry.reader import LinkReader
from telemetry.tlog import read_tlog
from tests.ports import free_tcp_port

STATION = Encoder(250, 190)
ROOT = Path(__file__).parents[2]


def heard(link: Link, wanted: Callable[[Frame], bool], timeout_s: float = 30) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if any(wanted(frame) for frame in link.receive(0.1)):
            return True
    return False


@contextmanager
def listening(vehicle: SmallVehicle, folder: Path, *options: str) -> Iterator[None]:
    """`droneteam listen` in the background."""
    command = [
        sys.executable,
        "-m",
        "ops",
        "listen",
        vehicle.address,
        "--record",
        str(folder),
        "--json",
        *options,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=60)


def ask_version(link: Link) -> Callable[[Frame], bool]:
    """Ask the vehicle for its AUTOPILOT_VERSION; what tells the answer."""
    link.send(STATION.encode("COMMAND_LONG", target_system=1, target_component=1, command=512, param1=148))
    return lambda frame: (message := decode(frame)) is not None and message.name == "AUTOPILOT_VERSION"


def test_a_station_hears_the_vehicle_and_may_command_only_where_it_was_told_so(
    vehicle: SmallVehicle, tmp_path: Path
) -> None:
    deaf, free = free_tcp_port(), free_tcp_port()
    options = ("--forward", f"tcpin:127.0.0.1:{deaf}", "--station", f"tcpin:127.0.0.1:{free}")
    with (
        listening(vehicle, tmp_path / "heard", *options),
        open_link(f"tcp:127.0.0.1:{free}", timeout_s=60) as commander,
        open_link(f"tcp:127.0.0.1:{deaf}", timeout_s=60) as listener,
    ):
        assert heard(listener, lambda frame: frame.system == 1)
        assert heard(commander, lambda frame: frame.system == 1)
        listener.send(STATION.encode("COMMAND_LONG", target_system=1, command=400, param1=77))
        assert heard(commander, ask_version(commander))
    recorded = [frame for path in (tmp_path / "heard").glob("*.tlog") for frame in read_tlog(path)]
    ordered = [message for frame in recorded if (message := decode(frame)) and message.name == "COMMAND_LONG"]
    assert {message.command for message in ordered} == {512}  # what commands is part of the record


@pytest.mark.parametrize(
    ("stations", "said"),
    [
        (["udpout:127.0.0.1:14555"], "comes back to us"),
        (["udpout:localhost:14555"], "comes back to us"),
        (["tcp:10.0.0.1:1", "tcp:10.0.0.1:1"], "there already"),
        (["udp:127.0.0.1:14555"], "there already"),
    ],
)
def test_a_station_where_we_hear_ourselves_or_given_twice_is_refused(stations: list[str], said: str) -> None:
    clock = SystemClock()
    hub = Hub(clock)
    with (
        open_link("udp:127.0.0.1:14555", clock) as link,
        pytest.raises(SettingsError, match=said) as caught,
        forwarding(hub, [LinkReader(link, hub)], listening=stations),
    ):
        pass
    assert caught.value.remedy


def test_without_stations_there_is_no_router() -> None:
    with forwarding(Hub(SystemClock()), []) as router:
        assert router is None


def test_the_health_of_a_station_is_told(vehicle: SmallVehicle) -> None:
    clock = SystemClock()
    hub = Hub(clock)
    with (
        LinkReader(open_link(vehicle.address, clock), hub) as reader,
        forwarding(hub, [reader], listening=[f"tcpin:127.0.0.1:{free_tcp_port()}"]) as router,
    ):
        assert router is not None
        (station,) = (address for address in hub.links() if address.startswith("tcpin"))
        assert hub.links()[station].state == "open"
        assert [each.address for each in router.forwarded()] == [station]
