"""An area shared from the command line: the table, the plan, each aircraft's part, the picture."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from missions.plan import Plan
from missions.plan_file import read_plan
from ops.api.drawing import drawing
from ops.reports.plan_colors import FLIGHTS

Droneteam = Callable[..., subprocess.CompletedProcess[str]]
CORNERS = [[5.2700, 52.1200], [5.2780, 52.1200], [5.2780, 52.1230], [5.2700, 52.1230], [5.2700, 52.1200]]
COPTER = "ardupilot-copter,demo-thermal"
HERE = ("--take-off", "52.1201,5.2702")


@pytest.fixture
def polder(tmp_path: Path) -> Path:
    """Half a kilometre by a third."""
    (tmp_path / "polder.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [CORNERS]}))
    return tmp_path / "polder.geojson"


def test_a_team_is_told_who_flies_what_from_when_to_when_and_each_gets_its_part(
    inside: Droneteam, polder: Path, tmp_path: Path
) -> None:
    other = "dji-matrice-30t,dji-m30t-thermal,52.1228,5.2777,80"
    result = inside(
        "plan",
        "share",
        polder,
        "--with",
        COPTER,
        "--with",
        other,
        *HERE,
        "-o",
        "team.json",
        "--picture",
        "t.png",
    )
    assert result.returncode == 0, result.stderr
    plan = read_plan(tmp_path / "team.json")
    assert {sortie.vehicle for sortie in plan.sorties} == {1, 2}
    assert "1: ardupilot-copter" in result.stdout
    assert "80 m" in result.stdout
    assert "Last lands" in result.stdout
    last = max(plan.sorties, key=lambda one: one.ends_s)
    assert f"aircraft {last.vehicle}, after" in result.stdout
    part = inside("export", "team.json", "--to", "waypoints", "--vehicle", "2")
    assert part.returncode == 0, part.stderr
    home = part.stdout.splitlines()[1].split("\t")
    assert (float(home[8]), float(home[9])) == pytest.approx((52.1228, 5.2777), abs=1e-6)
    heights = {
        float(row.split("\t")[10]) for row in part.stdout.splitlines()[2:] if row.split("\t")[3] == "16"
    }
    assert heights == {80.0}
    for bad, said in (
        (("--vehicle", "3"), "no aircraft 3"),
        (("--vehicle", "1", "--flight", "2"), "no flight 2"),
    ):
        refused = inside("export", "team.json", "--to", "waypoints", *bad)
        assert refused.returncode == 2
        assert said in refused.stderr
    assert "--vehicle 1 to 2" in inside("export", "team.json", "--to", "waypoints").stderr
    _is_drawn(plan, tmp_path / "t.png")


def _is_drawn(plan: Plan, picture: Path) -> None:
    """Each aircraft in its colour; on the map each take-off, and no way from one aircraft to another."""
    with Image.open(picture) as opened:
        colours = {colour for _, colour in opened.convert("RGB").getcolors(1 << 24) or ()}
    for colour in FLIGHTS[:2]:
        assert tuple(bytes.fromhex(colour[1:])) in colours
    features = drawing(plan)["features"]
    roles = [feature["properties"]["role"] for feature in features]
    assert roles.count("take_off") == 2
    for number, sortie in enumerate(plan.sorties, start=1):
        legs = {"lane": 0, "transit": 0}
        for feature in features:
            told = feature["properties"]
            if told.get("flight") == number and told["role"] in legs:
                legs[told["role"]] += len(feature["geometry"]["coordinates"])
        assert legs["lane"] == sum(row.recording for row in sortie.route)
        assert sum(legs.values()) >= len(sortie.route) - 1


def test_a_team_on_one_field_stands_10_m_apart_and_json_says_all(
    inside: Droneteam, polder: Path, tmp_path: Path
) -> None:
    given = ("--with", COPTER, "--with", COPTER, *HERE, "--apart", "time", "--wind", "5,240", "--json")
    result = inside("plan", "share", polder, *given, "-o", "team.json", "--name", "Polder zuid")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert [one["vehicle"] for one in told["sorties"]] == [1, 2]
    assert told["name"] == "Polder zuid"
    assert {one["highest_relative_m"] for one in told["sorties"]} == {60.0}
    assert told["totals"]["duration_s"] == pytest.approx(
        max(one["ends_s"] for one in told["sorties"]), abs=0.2
    )
    homes = [one["take_off"] for one in told["sorties"]]
    assert homes[0]["lat_deg"] == pytest.approx(homes[1]["lat_deg"], abs=1e-6)
    assert (homes[1]["lon_deg"] - homes[0]["lon_deg"]) * 68_400 == pytest.approx(10, abs=0.2)
    assert not [one for one in told["findings"] if one["severity"] == "blocking"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "--with"),
        (("--with", "no-such,demo-thermal", *HERE), "no-such"),
        (("--with", "ardupilot-copter,no-such", *HERE), "no-such"),
        (("--with", "ardupilot-copter", *HERE), "'ardupilot-copter' is no aircraft of a team"),
        (("--with", f"{COPTER},52.12", *HERE), "is no aircraft of a team"),
        (("--with", COPTER), "takes off nowhere"),
        (("--with", f"{COPTER},x,5.27"), "is no place"),
        (("--with", f"{COPTER},52.12,5.27,high"), "'high' is no height"),
        (("--with", f"{COPTER},52.12,5.27,2"), "a height of 2.0 m makes no search"),
        (("--with", f"{COPTER},5.27,52.12"), "km from the area"),
        (("--with", COPTER, *HERE, "--apart", "luck"), "luck"),
        (("--with", COPTER, *HERE, "--step", "1"), "1.0 m between heights"),
        (("--with", COPTER, *HERE, "--distance", "0"), "keeps nobody apart"),
        (("--with", COPTER, *HERE, "--overlap", "x"), "'x' is no overlap"),
        (("--with", COPTER, *HERE, "--wind", "x"), "'x' is no wind"),
        (("--with", COPTER, *HERE, "--no-fly", "missing.kml"), "missing.kml"),
        ((*(("--with", COPTER) * 9), *HERE), "a team of 9"),
    ],
)
def test_a_team_that_makes_no_sense_is_one_error_and_leaves_nothing(
    inside: Droneteam, polder: Path, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    result = inside("plan", "share", polder, *given, "-o", "team.json")
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("droneteam: error: ")
    assert not (tmp_path / "team.json").exists()
