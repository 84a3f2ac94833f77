"""The command: the whole product on one screen, data on standard output, errors told once."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from missions.errors import EvidenceError, InputError
from missions.plan import Finding, Plan, Severity
from missions.plan_file import read_plan, write_plan
from ops.cli import run_command, shell
from ops.cli.app import ORDER, app_for, app_with
from ops.operations import Operation
from sitl.autopilot import Home, SmallVehicle
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog

Droneteam = Callable[..., subprocess.CompletedProcess[str]]
SEARCH = ("--aircraft", "ardupilot-copter", "--camera", "demo-thermal")


@pytest.fixture
def vehicle(search_plan: Plan) -> Iterator[SmallVehicle]:
    home = Home(search_plan.take_off.lat_deg, search_plan.take_off.lon_deg, 20.0)
    with SmallVehicle("copter", home=home, speedup=20.0) as running:
        yield running


def test_the_whole_product_fits_one_screen(droneteam: Droneteam) -> None:
    result = droneteam("--help")
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 80
    assert all(f"│ {name} " in result.stdout for name in ORDER)


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "sqlalchemy", "shapely", "fastapi", "matplotlib", "cv2", "pycolmap", "pymavlink"}
    whole = "import sys; from ops.cli.app import app_with; app_with()"
    probe = f"{whole}; print(sorted({heavy} & sys.modules.keys()))"
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", probe], cwd=root, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ORDER)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(app_with(), [name, "--help"])
    assert result.exit_code == 0
    assert f" {name} [OPTIONS]" in result.output
    alone = CliRunner().invoke(app_for([name, "--help"]), [name, "--help"])
    assert (alone.exit_code, alone.output) == (0, result.output)


def test_only_the_command_that_is_named_is_made() -> None:
    assert len(app_for(["mosaic", "photos"]).registered_commands) == 1
    for arguments in ([], ["--help"], ["mosiac"], ["--config", "mosaic"]):
        whole = app_for(arguments)
        assert len(whole.registered_commands) + len(whole.registered_groups) == len(ORDER)


@pytest.mark.parametrize("wanted", [True, False])
def test_no_garbage_is_looked_for_while_modules_are_loaded(*, wanted: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if wanted else gc.disable)()
        with shell.starting():
            assert not gc.isenabled()
        assert gc.isenabled() == wanted
        assert gc.get_freeze_count() == 0
    finally:
        (gc.enable if before else gc.disable)()


def test_without_a_command_the_help_is_shown(droneteam: Droneteam) -> None:
    result = droneteam()
    assert "Usage: droneteam" in result.stdout + result.stderr
    assert "error" not in result.stderr


@pytest.mark.parametrize(
    "arguments", [["bla"], ["plan", "search"], ["export", "x", "--to", "dwg"], ["--bla"]]
)
def test_a_wrong_command_line_is_one_line_and_code_2(inside: Droneteam, arguments: list[str]) -> None:
    result = inside(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("droneteam: error: ")
    assert result.stderr.count("\n") == 1


def test_errors_leave_with_their_own_code_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: list[str]) -> int:
        raise EvidenceError("bad\x1b[31m\nthing", where="there")

    assert shell.told(fail, []) == 1
    assert capsys.readouterr().err == "droneteam: error: there: bad [31m thing.\n"


def test_a_fault_of_ours_shows_where_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: list[str]) -> int:
        raise ZeroDivisionError("oops")

    assert shell.told(fail, []) == shell.EXIT_FAULT
    assert "Traceback" not in capsys.readouterr().err
    assert shell.told(fail, ["--debug"]) == shell.EXIT_FAULT
    assert "Traceback" in capsys.readouterr().err


def test_debug_before_a_command_shows_where_a_fault_of_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(Operation, "create", fail)
    command = ["operation", "new", "X", "--kind", "patrol", "--folder", str(tmp_path / "new")]
    assert shell.told(run_command, command) == shell.EXIT_FAULT
    assert "run it again with --debug" in capsys.readouterr().err
    assert shell.told(run_command, ["--debug", *command]) == shell.EXIT_FAULT
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "run it again" not in told


@pytest.mark.parametrize(
    ("signalled", "code"),
    [(KeyboardInterrupt(), shell.EXIT_INTERRUPTED), (shell.Terminated(), shell.EXIT_TERMINATED)],
)
def test_a_signal_while_a_compiled_module_is_imported_is_no_fault(
    capsys: pytest.CaptureFixture[str], signalled: BaseException, code: int
) -> None:
    def run(_: list[str]) -> int:
        raise ImportError("initialization failed") from signalled

    before = signal.getsignal(signal.SIGINT)
    try:
        assert shell.told(run, []) == code
    finally:
        signal.signal(signal.SIGINT, before)
    assert "error" not in capsys.readouterr().err


def test_a_module_that_is_missing_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def run(_: list[str]) -> int:
        raise ImportError("no such module") from ValueError("why")

    assert shell.told(run, []) == shell.EXIT_FAULT
    assert "no such module" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, plan_file: Path) -> None:
    command = f"{sys.executable} -m ops import {plan_file} | head -n 1; exit ${{PIPESTATUS[0]}}"
    root = Path(__file__).parents[2]
    result = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode in (0, shell.EXIT_BROKEN_PIPE)
    assert "error" not in result.stderr


def test_a_broken_pipe_has_its_own_code() -> None:
    command = f"{sys.executable} -m ops catalogue | true; exit ${{PIPESTATUS[0]}}"
    root = Path(__file__).parents[2]
    result = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (shell.EXIT_BROKEN_PIPE, "")


def test_a_search_is_planned_drawn_and_told(inside: Droneteam, field: Path, tmp_path: Path) -> None:
    result = inside("plan", "search", field, *SEARCH, "-o", "plan.json", "--picture", "plan.png")
    assert result.returncode == 0, result.stderr
    plan = read_plan(tmp_path / "plan.json")
    assert f"{plan.totals.lanes}, {plan.totals.lane_spacing_m:.1f} m apart" in result.stdout
    with Image.open(tmp_path / "plan.png") as picture:
        assert picture.size == (1500, 1200)
        assert len(picture.convert("RGB").getcolors(1_000_000) or []) > 50


def test_a_search_told_to_programs_is_json_alone(inside: Droneteam, field: Path) -> None:
    result = inside(
        "plan", "search", field, *SEARCH, "-o", "p.json", "--json", "--height", "80", "--overlap", "40,75",
        "--angle", "30", "--take-off", "52.1201,5.2701", "--name", "North",
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert (told["name"], told["totals"]["angle_deg"]) == ("North", 30.0)
    assert told["totals"]["lane_spacing_m"] == pytest.approx(0.6 * 80 * 7.68 / 9.1, rel=0.05)


@pytest.mark.parametrize("kind", ["plan", "waypoints", "kml", "geojson"])
def test_what_is_exported_is_imported_again(inside: Droneteam, plan_file: Path, kind: str) -> None:
    assert inside("export", plan_file, "--to", kind, "-o", f"out.{kind}").returncode == 0
    result = inside("import", f"out.{kind}", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["items"]) > 5


def test_an_export_without_a_file_goes_to_standard_output(inside: Droneteam, plan_file: Path) -> None:
    result = inside("export", plan_file, "--to", "waypoints")
    assert result.stdout.startswith("QGC WPL 110")


def test_a_mission_that_was_changed_elsewhere_differs(
    inside: Droneteam, plan_file: Path, tmp_path: Path
) -> None:
    inside("export", plan_file, "--to", "waypoints", "-o", "out.waypoints")
    assert inside("import", "out.waypoints", "--against", plan_file).returncode == 0
    lines = (tmp_path / "out.waypoints").read_text().splitlines()
    cells = lines[5].split("\t")
    cells[10] = "99.5"
    (tmp_path / "out.waypoints").write_text("\n".join([*lines[:5], "\t".join(cells), *lines[6:]]) + "\n")
    result = inside("import", "out.waypoints", "--against", plan_file)
    assert result.returncode == 1
    assert "99.5" in result.stdout


def test_an_upload_is_read_back_and_compared(
    inside: Droneteam, plan_file: Path, vehicle: SmallVehicle
) -> None:
    result = inside("upload", plan_file, "--link", vehicle.address, "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["differences"] == []
    assert told["lists"]["mission"] > 5


def test_a_plan_with_blocking_findings_is_not_uploaded(
    inside: Droneteam, search_plan: Plan, tmp_path: Path, vehicle: SmallVehicle
) -> None:
    blocking = Finding("battery", Severity.BLOCKING, "The battery does not last.", "Fly less.")
    write_plan(dataclasses.replace(search_plan, findings=(blocking,)), tmp_path / "blocked.json")
    for command in ("upload", "fly"):
        result = inside(command, "blocked.json", "--link", vehicle.address)
        assert result.returncode == 2
        assert "The battery does not last" in result.stderr


def test_a_whole_search_enters_an_operation_and_leaves_as_evidence(
    droneteam: Droneteam, field: Path, tmp_path: Path, vehicle: SmallVehicle
) -> None:
    def done(*arguments: str | Path) -> str:
        result = droneteam(*arguments)
        assert result.returncode == 0, f"{arguments}: {result.stderr}"
        return result.stdout

    assert done("operation", "new", "Zoektocht", "--kind", "missing-person").strip() == "operations/Zoektocht"
    operation = tmp_path / "operations" / "Zoektocht"
    done("plan", "search", field, *SEARCH, "--operation", operation, "--name", "Heide")
    plan = operation / "plans" / "Heide.json"
    flown = json.loads(done("fly", plan, "--link", vehicle.address, "--operation", operation, "--json"))
    assert flown["completed"]
    assert flown["deviation"]["missed"] == []
    assert flown["deviation"]["max_m"] < 5
    recording = next((operation / "telemetry").glob("*.tlog"))
    assert sum(1 for _ in read_tlog(recording)) > 100
    done("keys", "new", "key.pem")
    done("bundle", operation, "-o", "bag", "--key", "key.pem")
    done("verify", "bag", "--key", "key.pub.pem")
    acts = [json.loads(line)["action"] for line in (operation / "audit.jsonl").read_text().splitlines()]
    assert acts == [
        "operation.created", "file.entered", "vehicle.heard", "plan.uploaded", "flight.ended", "file.entered",
        "evidence.sealing", "evidence.sealed",
    ]  # fmt: skip
    (tmp_path / "bag" / "data" / "plans" / "Heide.json").write_text("{}")
    result = droneteam("verify", "bag")
    assert result.returncode == 1
    assert "data/plans/Heide.json" in result.stdout


def test_a_name_that_is_no_text_is_told_too(droneteam: Droneteam, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / os.fsdecode(b"bag/\xff\x1b[31m.jpg")).touch()
    result = droneteam("verify", "bag", "--json")
    assert result.returncode == 1
    assert "\udcff\x1b[31m.jpg" in [problem["path"] for problem in json.loads(result.stdout)["problems"]]
    assert "\x1b" not in droneteam("verify", "bag").stdout


def test_files_are_added_and_shown(inside: Droneteam, plan_file: Path) -> None:
    inside("operation", "new", "x", "--kind", "patrol", "--folder", "op")
    assert inside("operation", "add", "op", plan_file, "--kind", "plan").returncode == 0
    told = json.loads(inside("operation", "show", "op", "--json").stdout)
    assert [file["path"] for file in told["files"]] == ["plans/plan.json"]
    assert inside("operation", "rebuild", "op").returncode == 0
    assert "plans/plan.json" in inside("operation", "show", "op").stdout


def test_listening_prints_json_and_records(inside: Droneteam, vehicle: SmallVehicle, tmp_path: Path) -> None:
    result = inside("listen", vehicle.address, "--for", "2", "--json", "--record", "heard")
    assert result.returncode == 0, result.stderr
    assert all(json.loads(line)["system"] == 1 for line in result.stdout.splitlines())
    assert result.stdout
    assert any(read_tlog(next((tmp_path / "heard").glob("*.tlog"))))


def test_with_keys_an_unsigned_vehicle_is_not_heard(
    inside: Droneteam, vehicle: SmallVehicle, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(f'[keys]\n1 = "{"5a" * 32}"\n')
    assert "chmod 600" in inside("listen", vehicle.address, DRONETEAM_MAVLINK_KEYS=str(keys)).stderr
    keys.chmod(0o600)
    result = inside("listen", vehicle.address, "--for", "2", "--json", DRONETEAM_MAVLINK_KEYS=str(keys))
    assert result.stdout == ""
    assert "nothing was heard of any vehicle" in result.stderr
    assert "frames refused" in result.stderr


def test_vehicles_that_are_asked_say_where_they_are(inside: Droneteam, vehicle: SmallVehicle) -> None:
    result = inside("listen", vehicle.address, "--for", "3", "--json", "--ask")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["lat_deg"] == pytest.approx(52.12, abs=0.01)


def test_a_recording_is_listened_to_until_its_end(inside: Droneteam, shared: Callable[[str], Path]) -> None:
    result = inside("listen", f"tlog:{shared('tlogs/sub-v2.tlog')}@0")
    assert result.returncode == 0, result.stderr
    assert "sub" in result.stdout


def test_a_recording_is_summed_up(inside: Droneteam, tmp_path: Path) -> None:
    encoder, time_us = Encoder(7, 1), 1_700_000_000_000_000
    stream = (
        (time_us + second * 1_000_000).to_bytes(8, "big") + encoder.encode("HEARTBEAT") for second in range(5)
    )
    (tmp_path / "five.tlog").write_bytes(b"".join(stream))
    told = json.loads(inside("log", "info", "five.tlog", "--json").stdout)
    assert (told["frames"], told["duration_s"], told["bad_bytes"]) == (5, 4.0, 0)
    assert told["senders"][0]["messages"] == {"HEARTBEAT": 5}
    assert "HEARTBEAT 5" in inside("log", "info", "five.tlog").stdout
    lines = inside("log", "extract", "five.tlog", "heartbeat").stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("received_us,sender_system,")
    assert lines[3].split(",")[:4] == ["1700000002000000", "7", "1", "2"]
    assert "HEARTBEAT" in inside("log", "extract", "five.tlog", "attitude").stderr
    (tmp_path / "no.tlog").write_bytes(b"nothing")
    refused = inside("log", "info", "no.tlog")
    assert refused.returncode == 2
    assert "no.tlog" in refused.stderr


def test_simulated_aircraft_are_listed(inside: Droneteam, tmp_path: Path) -> None:
    result = inside("sitl", "list", "--json", DRONETEAM_SITL=str(tmp_path))
    assert (result.returncode, result.stdout) == (0, "[]\n")


def test_a_setting_that_makes_no_sense_stops_every_command(inside: Droneteam, tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_text("prot = 1\n")
    result = inside("catalogue")
    assert result.returncode == 2
    assert "droneteam.toml" in result.stderr


def test_help_takes_the_processor_a_few_times_as_long_as_the_libraries_of_any_command(
    droneteam: Droneteam,
) -> None:
    """Four times on a quiet machine, some 0.4 s; NumPy alone would be one more."""

    def taken_s(run: Callable[[], object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    least = [sys.executable, "-c", "import typer, rich.console"]
    least_s = max(taken_s(lambda: subprocess.run(least, check=True)) for _ in range(3))
    assert taken_s(lambda: droneteam("--help")) < 8 * least_s


def test_a_place_is_read_or_refused() -> None:
    from ops.cli.options import place

    assert place("52.1,5.2", "--x") is not None
    for text in ("52.1", "a,b", "52.1,5.2,3", "nan,5", "95,5"):
        with pytest.raises(InputError):
            place(text, "--x")
