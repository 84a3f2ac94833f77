"""`droneteam export` and `droneteam import`: what a file holds is compared, what it cannot hold is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from missions.formats import import_plan
from missions.plan import Plan
from missions.plan_file import write_plan
from ops.cli.app import app_with


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> CompletedProcess[str]:
        done = CliRunner().invoke(app_with(), [str(word) for word in words])
        said = f"{done.stderr}{done.exception or ''}"
        return CompletedProcess(words, done.exit_code, done.stdout, said)

    return command


@pytest.fixture
def saved(every_plan: dict[str, Plan], tmp_path: Path) -> Callable[[str], Path]:
    """The named plan as a file."""

    def write(name: str) -> Path:
        write_plan(every_plan[name], tmp_path / "p.json")
        return tmp_path / "p.json"

    return write


def test_fence_and_rally_points_are_compared_where_a_file_holds_them(
    run: Callable[..., CompletedProcess[str]], saved: Callable[[str], Path], tmp_path: Path
) -> None:
    plan = saved("copter, search, 1")
    for kind in ("plan", "kml", "waypoints", "fence-waypoints", "rally-waypoints", "fen", "ral"):
        assert run("export", plan, "--to", kind, "-o", f"o.{kind}").returncode == 0
        told = run("import", f"o.{kind}", "--against", plan)
        assert (told.returncode, told.stderr.count("0 differences")) == (0, 1), f"{kind}: {told}"
    document = (tmp_path / "o.plan").read_text()
    (tmp_path / "o.plan").write_text(document.replace('"polygons"', '"polygone"'))
    told = run("import", "o.plan", "--against", plan)
    assert told.returncode == 1
    assert "fence item 0: count" in told.stdout


def test_one_flight_of_several_is_compared_with_its_own_export(
    run: Callable[..., CompletedProcess[str]], every_plan: dict[str, Plan], tmp_path: Path
) -> None:
    area = tmp_path / "area.json"
    area.write_text(
        '{"type":"Polygon","coordinates":[[[4.35,52],[4.3557,52],[4.3557,52.0038],[4.35,52.0038],[4.35,52]]]}'
    )
    craft = ("--aircraft", "ardupilot-copter", "--camera", "demo-wide", "--battery-health", "22")
    assert run("plan", "search", area, *craft, "-o", "p.json").returncode == 0
    assert run("export", "p.json", "--to", "waypoints", "--flight", "2", "-o", "o.waypoints").returncode == 0
    assert run("import", "o.waypoints", "--against", "p.json", "--flight", "2").returncode == 0
    assert run("import", "o.waypoints", "--against", "p.json", "--flight", "1").returncode == 1
    assert "--flight" in run("import", "o.waypoints", "--against", "p.json").stderr
    assert "--against" in run("import", "o.waypoints", "--flight", "2").stderr


def test_what_a_format_has_no_room_for_is_told(
    run: Callable[..., CompletedProcess[str]], saved: Callable[[str], Path]
) -> None:
    plan = saved("dji, native orbit, 1")
    told = {
        kind: run("export", plan, "--to", kind, "-o", "o.any").stderr for kind in ("wpml", "plan", "litchi")
    }
    assert "no room for the fence and rally points: set them in DJI Pilot 2" in told["wpml"]
    assert "knows no circles" in told["wpml"]
    assert "no room" not in told["plan"]
    assert "take-off point" in told["litchi"]


def test_a_route_too_long_for_litchi_becomes_several_files(
    run: Callable[..., CompletedProcess[str]], every_plan: dict[str, Plan], tmp_path: Path
) -> None:
    name, plan = max(
        ((name, plan) for name, plan in every_plan.items() if name.startswith("copter")),
        key=lambda pair: len(pair[1].route),
    )
    longer = plan.route * (150 // len(plan.route) + 1)
    write_plan(dataclasses.replace(plan, route=longer), tmp_path / "p.json")
    told = run("export", "p.json", "--to", "litchi", "-o", "o.csv")
    assert told.returncode == 0, name
    assert "Wrote o-1.csv" in told.stderr
    assert (tmp_path / "o-2.csv").exists()
    assert not (tmp_path / "o.csv").exists()


def test_what_qgroundcontrol_planned_as_a_whole_is_told(
    run: Callable[..., CompletedProcess[str]], saved: Callable[[str], Path], tmp_path: Path
) -> None:
    plan = saved("copter, search, 1")
    assert run("export", plan, "--to", "plan-survey", "-o", "o.plan").returncode == 0
    (survey,) = import_plan(tmp_path / "o.plan").surveys
    assert f"Items {survey.first} to {survey.last} are a survey" in run("import", "o.plan").stderr
