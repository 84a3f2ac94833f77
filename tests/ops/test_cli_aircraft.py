"""`droneteam aircraft`: figures shown, and measured from a recording into a team's catalogue."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.catalogue import aircraft
from missions.catalogue_sources import surest
from telemetry.messages import Encoder

Run = Callable[..., subprocess.CompletedProcess[str]]
START_US = 1_700_000_000_000_000
PARTS = [(0.0, 2.5, 20), (0.0, 0.0, 40), (10.0, 0.0, 60), (0.0, -1.5, 30)]
WATTS = {(0.0, 2.5): 400.0, (0.0, 0.0): 333.0, (10.0, 0.0): 350.0, (0.0, -1.5): 300.0}


@pytest.fixture
def flown(tmp_path: Path) -> Path:
    """A copter's climb, hover, cruise and descent, two moments a second."""
    encoder, data, step = Encoder(1, 1), bytearray(), 0
    height_m = 0.0

    def say(name: str, **fields: object) -> None:
        time_us = START_US + step * 500_000
        data.extend(time_us.to_bytes(8, "big") + encoder.encode(name, **fields))

    say("HEARTBEAT", type=2, autopilot=3, base_mode=128)
    for east, up, seconds in PARTS:
        for _ in range(seconds * 2):
            amps = round(100 * WATTS[(east, up)] / 20)
            say("SYS_STATUS", voltage_battery=20_000, current_battery=amps, battery_remaining=90)
            height_m += up / 2
            say(
                "GLOBAL_POSITION_INT",
                time_boot_ms=step * 500,
                lat=520_000_000,
                lon=50_000_000,
                relative_alt=round(1000 * height_m),
                vy=round(100 * east),
                vz=round(-100 * up),
            )
            step += 1
    path = tmp_path / "flight.tlog"
    path.write_bytes(bytes(data))
    return path


def test_a_flight_is_measured_into_a_catalogue_that_plans_can_use(
    inside: Run, flown: Path, tmp_path: Path
) -> None:
    team = tmp_path / "team.toml"
    team.write_text("# ours\n[camera.old]\nfocal_length_mm = 4\n")
    ended = inside(
        "aircraft", "calibrate", flown, "-o", team, "--as", "ours", "--aircraft", "ardupilot-copter"
    )
    assert ended.returncode == 0, ended.stderr
    assert "hover_power_w" in ended.stdout
    assert "Added [aircraft.ours]" in ended.stderr
    made = aircraft("ours", team)
    assert made.hover_power_w == pytest.approx(333, abs=1)
    assert made.cruise_power_w == pytest.approx(350, abs=1)
    assert made.battery_wh == aircraft("ardupilot-copter").battery_wh
    assert hashlib.sha256(flown.read_bytes()).hexdigest() in made.source
    assert "flight.tlog" in made.source
    assert "2023-11-14" in made.source
    assert team.read_text().startswith("# ours\n[camera.old]\nfocal_length_mm = 4\n")
    shown = inside("aircraft", "show", "ours", DRONETEAM_CATALOGUE=str(team))
    assert "333" in shown.stdout


def test_measuring_again_replaces_the_entry_and_what_its_source_says_of_the_measured_figures(
    inside: Run, flown: Path, tmp_path: Path
) -> None:
    team = tmp_path / "team.toml"
    inside("aircraft", "calibrate", flown, "-o", team)
    ended = inside("aircraft", "calibrate", flown, "-o", team, DRONETEAM_CATALOGUE=str(team))
    assert ended.returncode == 0, ended.stderr
    assert "Replaced [aircraft.ardupilot-copter]" in ended.stderr
    source = aircraft("ardupilot-copter", team).source
    assert source.count("flight.tlog") == 1
    assert surest(source, "hover_power_w") == "measured"
    assert surest(source, "battery_wh") == "assumed"


def test_each_figure_is_shown_with_how_sure_it_is_and_where_it_is_from(inside: Run) -> None:
    craft = inside("catalogue", "dji-matrice-30t").stdout
    assert craft == inside("aircraft", "show", "dji-matrice-30t").stdout
    for told in ("263.2", "quoted", "derived", "default", "enterprise.dji.com/matrice-30/specs"):
        assert told in craft
    lens = inside("catalogue", "dji-m30t-zoom").stdout
    assert "21 to 75 mm" in lens
    listed = json.loads(inside("catalogue", "--json").stdout)
    one = json.loads(inside("catalogue", "dji-m30t-thermal", "--json").stdout)
    assert one in listed["cameras"]
    assert {"maker", "measured"} <= {each["kind"] for each in one["sources"]}
    assert "focal_length_mm" in one["sources"][0]["figures"]
    missing = inside("catalogue", "m30t-zoom")
    assert missing.returncode == 2
    assert "Did you mean dji-m30t-zoom" in missing.stderr


def test_programs_read_json(inside: Run, flown: Path) -> None:
    told = json.loads(inside("aircraft", "calibrate", flown, "--json").stdout)
    assert told["kind"] == "copter"
    fields = {each["field"] for each in told["measured"]}
    assert {"hover_power_w", "cruise_power_w", "climb_power_w", "descent_power_w"} <= fields
    assert any("power curve" in text for text in told["missing"])
    assert json.loads(inside("aircraft", "show", "dji-mavic-3t", "--json").stdout)["battery_wh"] == 77


def test_a_recording_without_a_flight_is_one_clear_error(inside: Run, tmp_path: Path) -> None:
    path = tmp_path / "nothing.tlog"
    path.write_bytes(START_US.to_bytes(8, "big") + Encoder(1, 1).encode("HEARTBEAT", type=2, autopilot=3))
    ended = inside("aircraft", "calibrate", path, "-o", tmp_path / "team.toml")
    assert ended.returncode == 2
    assert "no flight is in the recording" in ended.stderr
    assert not (tmp_path / "team.toml").exists()


def test_the_wrong_aircraft_and_an_unknown_one_are_refused(inside: Run, flown: Path) -> None:
    assert (
        "Name the aircraft that flew"
        in inside("aircraft", "calibrate", flown, "--aircraft", "ardupilot-plane").stderr
    )
    assert "dji-mavic-3t" in inside("aircraft", "show", "mavic-3t").stderr


def test_a_flight_that_tells_nothing_leaves_with_1_and_writes_nothing(inside: Run, tmp_path: Path) -> None:
    short = tmp_path / "short.tlog"
    encoder, made = Encoder(1, 1), bytearray()
    for step in range(30):
        time_us = (START_US + step * 500_000).to_bytes(8, "big")
        made += time_us + encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=128)
        made += time_us + encoder.encode(
            "GLOBAL_POSITION_INT", time_boot_ms=step * 500, lat=1, lon=1, relative_alt=step * 1000, vz=-200
        )
    short.write_bytes(bytes(made))
    ended = inside("aircraft", "calibrate", short, "-o", tmp_path / "team.toml")
    assert ended.returncode == 1
    assert "Nothing could be measured" in ended.stderr
    assert "Not measured: power from moment to moment" in ended.stdout
    assert not (tmp_path / "team.toml").exists()
