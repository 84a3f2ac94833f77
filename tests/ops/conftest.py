"""The real command, run as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from missions import catalogue
from missions.formats import area_from_geojson
from missions.plan import Plan
from missions.plan_file import write_plan
from missions.search_plan import plan_search

ROOT = Path(__file__).parents[2]
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

    def wait_until(self, reached: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait for something to happen while it runs."""
        deadline_s = time.monotonic() + timeout_s
        while not reached():
            assert self.process.poll() is None, f"it ended early, {self.process.returncode}: {self.said()}"
            assert time.monotonic() < deadline_s, f"nothing happened: {self.said()}"
            time.sleep(0.05)

    def interrupt(self, timeout_s: float = 20.0) -> int:
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
