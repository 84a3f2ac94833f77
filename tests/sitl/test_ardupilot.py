"""Finding, installing and running ArduPilot."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from missions.errors import FormatError, OutputError, SettingsError, SimulatorError
from sitl.ardupilot import ArduPilot, Binary, find, list_installed, where_looked
from sitl.ardupilot.defaults import read_parameters
from sitl.ardupilot.instances import take_instance, tcp_ports, udp_port
from sitl.ardupilot.runner import LOG_NAME
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.links import open_link
from tests.waiting import PATIENCE_S, eventually

ELF_HEAD = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00"
COPTER = ELF_HEAD + b"\0" * 3000 + b"ArduCopter V4.5.4\0" + b"\1" * 300_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place to install to."""
    folder = tmp_path / "programs"
    monkeypatch.setenv("DRONETEAM_SITL", str(folder))
    return folder


@pytest.fixture
def ardupilot() -> Binary:
    binary = find("copter")
    if binary is None:
        pytest.skip(where_looked("copter"))
    return binary


class TestFind:
    def test_nothing_is_found_where_nothing_is(self, folder: Path) -> None:
        assert find("copter") is None
        assert list_installed() == []

    def test_it_says_where_it_looked_and_how_to_get_one(self, folder: Path) -> None:
        assert str(folder / "arduplane") in where_looked("plane")
        assert "droneteam sitl install plane" in where_looked("plane")

    def test_without_a_setting_it_looks_in_the_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DRONETEAM_SITL", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert str(tmp_path / ".cache/droneteam/ardupilot/arducopter") in where_looked("copter")

    def test_a_file_that_cannot_be_run_does_not_count(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "arducopter").write_bytes(COPTER)
        assert find("copter") is None

    def test_parameters_beside_the_program_go_before_ours(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "arducopter").write_bytes(COPTER)
        (folder / "arducopter").chmod(0o755)
        found = find("copter")
        assert found is not None
        assert found.version == "4.5.4"
        assert found.defaults[0].parent.name == "data"
        assert found.defaults[0].is_file()
        (folder / "copter.parm").write_text("FRAME_CLASS 2\n")
        again = find("copter")
        assert again is not None
        assert again.defaults == (folder / "copter.parm",)

    def test_a_kind_that_is_none_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="submarine"):
            find("submarine")


class TestDefaults:
    def test_ours_are_read_and_comments_and_separators_are_no_matter(self, tmp_path: Path) -> None:
        (tmp_path / "x.parm").write_text("# head\nA_B 1\nC,2.5 # why\nA_B\t-3e2\n\n")
        assert read_parameters(tmp_path / "x.parm") == {"A_B": -300.0, "C": 2.5}

    @pytest.mark.parametrize("line", ["FRAME_CLASS", "FRAME_CLASS one", "frame 1", "A nan", "<html>"])
    def test_a_line_that_is_none_is_named(self, tmp_path: Path, line: str) -> None:
        (tmp_path / "x.parm").write_text(f"A 1\n{line}\n")
        with pytest.raises(FormatError, match="line 2"):
            read_parameters(tmp_path / "x.parm")

    @pytest.mark.parametrize("wrong", [{"A B": 1.0}, {"A": float("nan")}, {"A\nB": 1.0}])
    def test_a_parameter_that_is_none_is_refused(self, tmp_path: Path, wrong: dict[str, float]) -> None:
        with pytest.raises(SettingsError):
            ArduPilot(program(tmp_path / "x", "exit"), tmp_path / "run", parameters=wrong).start()


class TestInstances:
    def test_one_number_is_given_once(self) -> None:
        first = take_instance(among=range(50, 60))
        second = take_instance(among=range(50, 60))
        assert first.instance != second.instance
        with pytest.raises(SimulatorError, match="in use"):
            take_instance(first.instance)
        wanted = first.instance
        first.release()
        take_instance(wanted).release()
        second.release()

    @pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
    def test_a_port_that_another_program_holds_is_passed_over(self, kind: socket.SocketKind) -> None:
        port = tcp_ports(61)[1] if kind is socket.SOCK_STREAM else udp_port(61)
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(("127.0.0.1", port))
            if kind is socket.SOCK_STREAM:
                other.listen()
            with pytest.raises(SimulatorError, match=str(udp_port(61))):
                take_instance(61)
            lock = take_instance(among=[61, 62])
            assert lock.instance == 62
            lock.release()


def program(path: Path, script: str) -> Binary:
    """A program that is no ArduPilot, to see what the runner makes of it."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Binary("copter", path, ())


class TestRunner:
    def test_a_program_that_ends_at_once_is_quoted(self, tmp_path: Path) -> None:
        binary = program(tmp_path / "broken", "echo the frame fell off; exit 3")
        vehicle = ArduPilot(binary, tmp_path / "run")
        with pytest.raises(SimulatorError, match="the frame fell off"):
            vehicle.start()
        assert not vehicle.running
        assert (tmp_path / "run" / LOG_NAME).read_text() == "the frame fell off\n"

    def test_a_program_that_never_listens_is_stopped_with_its_children(self, tmp_path: Path) -> None:
        binary = program(tmp_path / "deaf", "sleep 1000 & echo $! > child; trap '' TERM; wait; sleep 1000")
        vehicle = ArduPilot(binary, tmp_path / "run")
        with pytest.raises(SimulatorError, match=r"did not listen within 0\.5 s"):
            vehicle.start(timeout_s=0.5)
        assert not alive(int((tmp_path / "run" / "child").read_text()))

    def test_a_program_that_cannot_be_run_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "garbage").write_bytes(b"\x00\x01")
        (tmp_path / "garbage").chmod(0o755)
        with pytest.raises(SimulatorError, match="garbage"):
            ArduPilot(Binary("copter", tmp_path / "garbage", ()), tmp_path / "run").start()

    @pytest.mark.parametrize("settings", [{"system": 0}, {"system": 256}, {"speedup": 0}, {"speedup": 1000}])
    def test_settings_that_make_no_sense_are_refused(self, tmp_path: Path, settings: dict[str, int]) -> None:
        with pytest.raises(SettingsError):
            ArduPilot(Binary("copter", tmp_path / "x", ()), tmp_path, **settings)

    @pytest.mark.sitl
    def test_two_run_side_by_side_with_their_own_numbers(self, ardupilot: Binary, tmp_path: Path) -> None:
        clock = SystemClock()
        wanted = {"RTL_ALT": 2300, "MOT_THST_HOVER": 0.42, "LOG_BACKEND_TYPE": 0}
        with (
            ArduPilot(ardupilot, tmp_path / "a", system=7) as first,
            ArduPilot(ardupilot, tmp_path / "b, too", system=8, parameters=wanted) as second,
        ):
            assert first.address != second.address
            for vehicle in (first, second):
                with VehicleClient(open_link(vehicle.address, clock), clock) as client:
                    assert client.connect().system == vehicle.system
                    expected = (
                        wanted if vehicle is second else wanted | {"RTL_ALT": 1500, "MOT_THST_HOVER": 0.39}
                    )
                    held = {name: pytest.approx(client.parameter(name)) for name in wanted}
                    assert held == expected
            pids = [first.pid, second.pid]
        assert not any(alive(pid) for pid in pids if pid)

    @pytest.mark.sitl
    def test_an_instance_in_use_is_refused(self, ardupilot: Binary, tmp_path: Path) -> None:
        with (
            ArduPilot(ardupilot, tmp_path / "a") as first,
            pytest.raises(SimulatorError, match="in use"),
        ):
            ArduPilot(ardupilot, tmp_path / "b", instance=first.instance).start()

    @pytest.mark.sitl
    def test_a_folder_in_use_is_refused_and_free_again_afterwards(
        self, ardupilot: Binary, tmp_path: Path
    ) -> None:
        with ArduPilot(ardupilot, tmp_path), pytest.raises(SimulatorError, match="folder"):
            ArduPilot(ardupilot, tmp_path).start()
        with ArduPilot(ardupilot, tmp_path):
            pass

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="file"):
            ArduPilot(program(tmp_path / "x", "exit"), tmp_path / "file" / "run").start()

    @pytest.mark.sitl
    def test_our_own_parameters_are_enough_to_arm(self, ardupilot: Binary, tmp_path: Path) -> None:
        own = Path(__file__).parents[2] / "sitl" / "data"
        clock = SystemClock()
        for kind in ("copter", "plane"):
            found = find(kind)
            if found is None:
                pytest.skip(where_looked(kind))
            binary = Binary(found.kind, found.path, (own / f"{kind}.parm",))
            with (
                ArduPilot(binary, tmp_path / kind, speedup=10) as vehicle,
                VehicleClient(open_link(vehicle.address, clock), clock) as client,
            ):
                client.connect()
                client.arm(90)
                assert client.state.armed is True

    @pytest.mark.sitl
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
    def test_nothing_is_left_when_its_owner_ends(
        self, ardupilot: Binary, tmp_path: Path, number: signal.Signals
    ) -> None:
        script = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from sitl.scenarios import open_vehicle\n"
            "with open_vehicle('copter', folder=Path(sys.argv[1]), prefer='ardupilot') as vehicle:\n"
            "    print(vehicle.vehicle.pid, flush=True)\n"
            "    time.sleep(60)\n"
        )
        root = Path(__file__).parents[2]
        with subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as owner:
            assert owner.stdout is not None
            pid = int(owner.stdout.readline())
            assert alive(pid)
            owner.send_signal(number)
            owner.wait(PATIENCE_S)
        assert eventually(lambda: not alive(pid))

    @pytest.mark.sitl
    def test_it_outlives_the_thread_that_started_it(self, ardupilot: Binary, tmp_path: Path) -> None:
        vehicle = ArduPilot(ardupilot, tmp_path)
        thread = threading.Thread(target=vehicle.start)
        thread.start()
        thread.join()
        time.sleep(0.2)
        assert vehicle.running
        vehicle.stop()
        assert not vehicle.running


def alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}
