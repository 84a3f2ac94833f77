"""The real command, run as a user runs it."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from missions import catalogue
from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.camera import Camera
from missions.formats import area_from_geojson
from missions.geodesy import GeoPoint
from missions.plan import Fence, Plan, Request, Totals, Waypoint
from missions.plan_file import write_plan
from missions.search_plan import plan_search
from ops.cli import run_command
from ops.cli.shell import told
from ops.operations import Operation
from sitl.world import World, grid_poses, render_photos
from telemetry.replay import Timeline, open_recordings
from tests.ops.called import write_journal
from tests.ops.replayed import write_recording
from tests.ops.surveyed import MAKE, MEASURE, Surveyed, lay_out, surveyed_in
from tests.sharing import made_once
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
COMMAND = [sys.executable, "-m", "ops"]
FIELD = [[5.2700, 52.1200], [5.2715, 52.1200], [5.2715, 52.1209], [5.2700, 52.1209], [5.2700, 52.1200]]


def environment(**more: str) -> dict[str, str]:
    """Ours without the settings that this shell may have."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRONETEAM_")}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more}


@pytest.fixture
def droneteam(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `droneteam` with these arguments in the test's own folder."""

    def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same, but within this process: for the many cases that need no process of their own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DRONETEAM_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        given = list(map(str, arguments))
        capfd.readouterr()
        with monkeypatch.context() as patch:
            for name, value in more.items():
                patch.setenv(name, value)
            code = told(run_command, given)
        heard = capfd.readouterr()
        return subprocess.CompletedProcess(given, code, heard.out, heard.err)

    return run


@pytest.fixture(scope="session")
def called_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of `tests.ops.replayed` with other aircraft, and the journal of alarms beside it."""
    folder = tmp_path_factory.mktemp("called")
    write_recording(folder / "flight.tlog", traffic=True)
    write_journal(folder)
    return folder


@pytest.fixture(scope="session")
def timeline(called_folder: Path) -> Timeline:
    """The frames of that recording."""
    return open_recordings([called_folder / "flight.tlog"])


@dataclass
class Running:
    """A command that runs in a session of its own."""

    process: subprocess.Popen[bytes]
    folder: Path

    def said(self) -> str:
        """What it wrote to standard error so far."""
        return (self.folder / "stderr").read_text(errors="replace")

    def printed(self) -> str:
        """What it wrote to standard output so far."""
        return (self.folder / "stdout").read_text(errors="replace")

    def wait_until(self, reached: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Wait for something to happen while it runs."""
        deadline_s = time.monotonic() + timeout_s
        while not reached():
            assert self.process.poll() is None, f"it ended early, {self.process.returncode}: {self.said()}"
            assert time.monotonic() < deadline_s, f"nothing happened: {self.said()}"
            time.sleep(0.05)

    def interrupt(self, timeout_s: float = PATIENCE_S) -> int:
        """Press Ctrl-C: SIGINT to the whole group; gives the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout_s)

    def left_behind(self) -> list[str]:
        """Processes of its session that are still there."""
        return [
            name
            for stat in Path("/proc").glob("[0-9]*/stat")
            if (name := _in_session(stat, self.process.pid))
        ]


def _in_session(stat: Path, session: int) -> str:
    try:
        text = stat.read_text()
    except OSError:
        return ""
    name, _, rest = text.partition(") ")
    state, _, _, own = rest.split()[:4]
    return name if int(own) == session and state != "Z" else ""


@pytest.fixture
def start(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Starts `droneteam` with these arguments; whatever is left of it is ended with the test."""
    started: list[Running] = []

    def begin(*arguments: str | Path, **more: str) -> Running:
        said = tmp_path_factory.mktemp("said")
        with (said / "stdout").open("wb") as stdout, (said / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                cwd=tmp_path,
                env=environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        started.append(Running(process, said))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


@dataclass
class OnTerminal(Running):
    """A command on a terminal of its own; what it shows is in `stdout`."""

    master: int
    slave: int
    reader: threading.Thread
    before: list[object]

    def press_ctrl_c(self, timeout_s: float = PATIENCE_S) -> int:
        """Type it, as a user does; gives the exit code."""
        os.write(self.master, b"\x03")
        code = self.process.wait(timeout_s)
        self.let_go()
        return code

    def let_go(self) -> None:
        """Close our end of it, so that what it still shows is read to its end."""
        if self.slave >= 0:
            os.close(self.slave)
        self.slave = -1
        self.reader.join(PATIENCE_S)

    def terminal_is_as_before(self) -> bool:
        """Modes as they were, and the cursor shown."""
        shown = self.printed()
        hidden_last = shown.rfind("\x1b[?25l") > shown.rfind("\x1b[?25h")
        return list(termios.tcgetattr(self.master)) == self.before and not hidden_last


@pytest.fixture
def start_on_terminal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., OnTerminal]]:
    """Starts `droneteam` on a terminal; whatever is left of it is ended with the test."""
    started: list[OnTerminal] = []

    def begin(*arguments: str | Path, **more: str) -> OnTerminal:
        said = tmp_path_factory.mktemp("said")
        (said / "stderr").touch()
        (said / "stdout").touch()
        master, slave = pty.openpty()
        before = list(termios.tcgetattr(master))
        process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env=environment(TERM="xterm", **more),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        reader = threading.Thread(target=_drain, args=(master, said / "stdout"))
        reader.start()
        started.append(OnTerminal(process, said, master, slave, reader, before))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()
        each.let_go()
        os.close(each.master)


TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def _drain(master: int, into: Path) -> None:
    with into.open("wb", buffering=0) as file, suppress(OSError):
        while part := os.read(master, 65536):
            file.write(part)


@pytest.fixture(scope="session")
def search_plan() -> Plan:
    """A small search, some four minutes of flight."""
    area = area_from_geojson({"type": "Polygon", "coordinates": [FIELD]}, "field")
    return plan_search(
        area,
        catalogue.aircraft("ardupilot-copter"),
        catalogue.camera("demo-thermal"),
        created="2026-03-14T09:26:53Z",
        name="Field",
    )


@pytest.fixture(scope="session")
def few_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small photos of a crash scene with positions, and nothing else in their folder."""
    folder = tmp_path_factory.mktemp("photos")
    world = World(5)
    camera = Camera("small", 6.4, 4.8, 4.5, 640, 480)
    render_photos(world, folder, camera, grid_poses(world, camera)[:12])
    (folder / "truth.json").unlink()
    return folder


@pytest.fixture(scope="session")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Surveyed:
    """A scene with ground control, and what was measured on it; `scene` is a copy to write in."""
    return surveyed_in(made_once(tmp_path_factory, "surveyed", _survey))


def _survey(folder: Path) -> None:
    lay_out(folder)
    Operation.create(folder / "operation", "Aanrijding", "crash-scene")
    _done(folder, MAKE)
    _done(folder, MEASURE)


def _done(folder: Path, given: tuple[str, ...]) -> None:
    command = [*COMMAND, *given]
    made = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=240
    )
    assert made.returncode == 0, made.stderr


@pytest.fixture
def scene(surveyed: Surveyed, tmp_path: Path) -> Path:
    """That scene, in a test's own folder, without a measurement."""
    return Path(shutil.copytree(surveyed.scene, tmp_path / "scene"))


@pytest.fixture
def measurement(surveyed: Surveyed, scene: Path) -> Path:
    """What was measured on the scene, in the scene."""
    return Path(shutil.copy(surveyed.measurement, scene / "measurement.json"))


@pytest.fixture
def plan_file(search_plan: Plan, tmp_path: Path) -> Path:
    """That search in a file."""
    write_plan(search_plan, tmp_path / "plan.json")
    return tmp_path / "plan.json"


@pytest.fixture
def field(tmp_path: Path) -> Path:
    """The area of that search as GeoJSON."""
    (tmp_path / "field.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [FIELD]}))
    return tmp_path / "field.geojson"


@pytest.fixture
def heath(tmp_path: Path) -> Path:
    """The folder of an operation with one small plan, each figure of it made up."""

    def place(east: float, north: float) -> GeoPoint:
        return GeoPoint(52.1 + north * 1e-5, 5.8 + east * 1e-5)

    ring = (place(0, 0), place(400, 0), place(400, 300), place(0, 300))
    plan = Plan(
        name="The heath",
        created="2026-03-14T09:26:53Z",
        request=Request("parallel-track", 60.0, 25.0, 60.0),
        aircraft=Aircraft("quad", "copter", 10, 3, 2, 300, 310, 90),
        camera=Camera("wide", 6.3, 4.7, 4.5, 4000, 3000),
        area=Area("heath", (Part(ring),)),
        take_off=place(0, 0),
        route=(Waypoint(place(50, 150), 60.0, True), Waypoint(place(350, 150), 60.0)),
        fence=Fence((Part(ring),)),
        rally=(),
        totals=Totals(1, 900, 120, 40, 12.5, 99, 40, 12, 90, 0.02),
    )
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    write_plan(plan, operation.folder / "plans" / "heath.json")
    operation.add_folder(operation.folder / "plans", "plan")
    return operation.folder


@pytest.fixture(scope="session")
def polder() -> Plan:
    """A search of a field that is too large for one battery."""
    corners = ((0, 0), (0.012, 0), (0.012, 0.006), (0, 0.006))
    ring = tuple(GeoPoint(52.1 + north, 5.8 + east) for east, north in corners)
    craft = dataclasses.replace(catalogue.aircraft("ardupilot-copter"), battery_wh=90.0)
    area = Area("Polder", (Part(ring),))
    plan = plan_search(area, craft, catalogue.camera("demo-thermal"), created="2026-03-01T10:00:00Z")
    assert len(plan.sorties) >= 2
    return plan


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed; `apt-get install chromium` brings the page's tests to life")
    from playwright.sync_api import expect, sync_playwright  # only the page's tests need it

    expect.set_options(timeout=1000 * PATIENCE_S)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
