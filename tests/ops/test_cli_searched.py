"""`droneteam search covered, why, next, calibrate`: one search from its map to the next flight."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from imaging.searched.look_file import looks_path
from missions.geodesy import GeoPoint, LocalFrame
from missions.plan_file import read_plan
from missions.search.detection import detections
from missions.search.grid import SearchGrid
from missions.search.hypotheses import Hypothesis, Mixture
from missions.search.map_file import read_map, write_map
from missions.search.probability import ProbabilityMap
from missions.search.search_map import SearchMap
from ops.operations import Operation
from tests.imaging.searched_flights import BEGIN_S, lanes, recording
from tests.imaging.test_gimbal_conventions import dji_photo
from tests.ops.commanded import Droneteam, done, refused, told

FRAME = LocalFrame(GeoPoint(52.1, 5.2))
GRID = SearchGrid(FRAME, -400.0, 400.0, 20.0, 40, 40)
CAMERA = ("--camera", "dji-m30t-thermal")
COVERED = (*CAMERA, "--straight-down")
FLOWN_BY = ("--aircraft", "dji-matrice-30t", *CAMERA, "--take-off", "52.0975,5.2", "--kind", "thermal-night")


def refused_at_work(result: subprocess.CompletedProcess[str], word: str) -> None:
    """Exit code 2, nothing on standard output, and one line of error behind those that told of the work."""
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    *before, last = result.stderr.splitlines()
    assert last.startswith("droneteam: error: ")
    assert word in last
    assert not any("error" in line for line in before)


@pytest.fixture
def search_map(tmp_path: Path) -> Path:
    """Chance thickest in the middle, a tenth of it elsewhere."""
    away = np.hypot(*np.moveaxis(GRID.centres_m, -1, 0))
    weights = np.exp(-0.5 * (away / 150) ** 2)
    chances = ProbabilityMap.normalised(GRID, weights, weights.sum() / 9)
    mixture = Mixture.of(Hypothesis("near", 1.0, chances))
    write_map(SearchMap("W", "2026-09-21T12:00:00Z", mixture), tmp_path / "map.json")
    recording(tmp_path / "a.tlog", FRAME, lanes(300, 50))
    return tmp_path / "map.json"


def test_a_flight_is_entered_and_says_what_is_left(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    body = told(inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "map2.json", "--json"))
    assert 0.05 < body["pos"] < 0.9
    assert body["left"] == pytest.approx(1 - body["pos"])
    assert body["on_map"] + body["outside"] == pytest.approx(1)
    assert body["outside"] > 0.1
    assert body["hypotheses"] == {"near": 1.0}
    after = read_map(tmp_path / "map2.json")
    assert after.chances.outside == pytest.approx(body["outside"])
    assert after.since[-1]["from"] == ["a.tlog"]
    assert after.since[-1]["figures"][0]["name"] == "thermal-day"
    assert looks_path(tmp_path / "map2.json").is_file()
    assert read_map(search_map).since == ()


def test_a_map_written_over_itself_has_its_contours_and_picture_anew_and_names_them(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    for name in ("map.png", "map.geojson"):
        (tmp_path / name).write_text("of the map before")
    said = inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "map.json").stderr
    assert all(f"map.{suffix}" in said for suffix in ("json", "tif", "looks.parquet", "geojson", "png"))
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    (act,) = read_map(search_map).since
    drawn = json.loads((tmp_path / "map.geojson").read_text())["search_map"]
    assert drawn["searched"] == {
        "passes": 1, "pos": act["pos"], "cumulative_pos": act["cumulative_pos"], "left": act["left"]
    }  # fmt: skip


def test_a_second_flight_goes_on_from_the_first_and_the_same_one_adds_nothing(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    recording(tmp_path / "b.tlog", FRAME, [(-200, 0), (200, 0)], begin_s=BEGIN_S + 5000)
    first = told(inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "m2.json", "--json"))
    both = told(
        inside("search", "covered", "m2.json", "a.tlog", "b.tlog", *COVERED, "-o", "m3.json", "--json")
    )
    assert both["known_before"] > 100
    assert both["cumulative_pos"] > first["cumulative_pos"]
    once = told(
        inside("search", "covered", "map.json", "b.tlog", "a.tlog", *COVERED, "-o", "m4.json", "--json")
    )
    assert once["cumulative_pos"] == pytest.approx(both["cumulative_pos"], abs=1e-5)


def test_a_recording_without_a_gimbal_books_less_and_asks_how_the_camera_was_held(
    inside: Droneteam, search_map: Path
) -> None:
    asked = ("search", "covered", "map.json", "a.tlog", *CAMERA)
    down = told(inside(*asked, "--straight-down", "-o", "m2.json", "--json"))
    unknown = told(inside(*asked, "-o", "m3.json", "--json"))
    assert down["notes"] == []
    (note,) = unknown["notes"]
    assert note.startswith("no gimbal reported")
    assert note.endswith(f"({unknown['frames']} frames)")
    assert unknown["pos"] < 0.8 * down["pos"]
    said = inside(*asked, "-o", "m4.json").stderr
    assert "no gimbal reported" in said
    assert "--straight-down" in said


def test_a_card_with_visible_pictures_books_the_thermal_ones_and_names_the_others(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    down = {"GimbalYawDegree": 0.0, "GimbalPitchDegree": -90.0, "GimbalRollDegree": 0.0}
    for name, size in (("DJI_0001_T.JPG", (640, 512)), ("DJI_0001_W.JPG", (4000, 3000))):
        dji_photo(card / name, FRAME.origin, down, Image.linear_gradient("L").resize(size))
    asked = ("search", "covered", "map.json", "card", *CAMERA, "--kind", "thermal-night", "-o", "m2.json")
    body = told(inside(*asked, "--json"))
    assert body["frames"] == 1
    assert [each["frame"] for each in body["left_out"]] == ["DJI_0001_W.JPG"]
    assert "visible light" in body["left_out"][0]["reason"]


def test_the_screen_never_says_clear(inside: Droneteam, search_map: Path) -> None:
    result = inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "map2.json", "--canopy", "0.3")
    text = done(result)
    again = told(inside("search", "why", "map2.json", "52.1", "5.2", "--json"))
    plain = told(inside("search", "why", "map2.json", "52.1", "5.2", "--json", "--canopy", "0"))
    assert again["pod"] < plain["pod"] - 0.02, "what was told of leaves holds until something else is told"
    assert "Chance left" in text
    assert "nowhere on it" in text
    assert "Nobody says that nobody is there" in result.stderr
    assert "clear" not in (text + result.stderr).lower()


def test_a_cell_tells_its_frames(inside: Droneteam, search_map: Path) -> None:
    inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "map2.json")
    body = told(inside("search", "why", "map2.json", "52.1", "5.2", "--json"))
    assert body["pod"] > 0.2
    assert {frame["source"] for frame in body["frames"]} == {"a.tlog"}
    assert all(frame["pixels"] > 1 for frame in body["frames"])
    times = [frame["time_s"] for frame in body["frames"]]
    assert times == sorted(times)
    text = done(inside("search", "why", "map2.json", "52.1", "5.2"))
    assert "frames saw it" in text
    unseen = told(inside("search", "why", "map2.json", "52.1034", "5.2", "--json"))
    assert (unseen["pod"], unseen["frames"]) == (0, [])
    refused(inside("search", "why", "map2.json", "5.2", "52.1"), "beside the map")


def test_next_proposes_areas_with_plans_where_chance_is(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    body = told(
        inside("search", "next", "map.json", *FLOWN_BY, "--minutes", "7", "-o", "next.geojson", "--json")
    )
    areas = body["areas"]
    assert [each["name"] for each in areas] == ["1", "2", "3"]
    assert all(each["minutes"] <= 7 * 1.02 + 0.1 for each in areas)
    assert areas[0]["pos_a_minute"] > 0.9 * max(each["pos_a_minute"] for each in areas)
    together = 1 - np.prod([1 - each["pos"] for each in areas])
    assert together <= body["most_in_that_time"]
    document = json.loads((tmp_path / "next.geojson").read_text())
    first = shapely.from_geojson(json.dumps(document["features"][0]["geometry"]))
    assert first.buffer(1e-4).contains(shapely.Point(5.2, 52.1))
    for feature in document["features"]:
        plan = read_plan(tmp_path / feature["properties"]["plan"])
        assert plan.blocking == ()
        assert not plan.sorties
        assert plan.totals.battery_pct <= 100
        assert "average" in feature["properties"]["reason"]


def test_next_looks_elsewhere_once_a_place_was_searched(inside: Droneteam, search_map: Path) -> None:
    told(
        inside(
            "search",
            "covered",
            "map.json",
            "a.tlog",
            *COVERED,
            "--kind",
            "thermal-night",
            "-o",
            "m2.json",
            "--json",
        )
    )
    asked = (*FLOWN_BY, "--minutes", "7", "--areas", "1", "--json")
    before = told(inside("search", "next", "map.json", *asked, "-o", "a.geojson"))["areas"][0]
    after = told(inside("search", "next", "m2.json", *asked, "-o", "b.geojson"))["areas"][0]
    assert after["pos"] < before["pos"]
    assert after["density_ratio"] < before["density_ratio"]


def test_next_says_what_forbids_a_plan_and_names_each(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    """Whoever takes off within a no-fly zone has plans that nobody may upload."""
    ring = [[5.199, 52.0970], [5.201, 52.0970], [5.201, 52.0980], [5.199, 52.0980], [5.199, 52.0970]]
    zone = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (tmp_path / "zone.geojson").write_text(json.dumps(zone))
    asked = ("search", "next", "map.json", *FLOWN_BY, "--minutes", "7", "--areas", "2")
    result = inside(*asked, "--no-fly", "zone.geojson", "-o", "next.geojson", COLUMNS="200")
    assert "no-fly zone" in done(result)
    assert "The plan of area 1 has blocking findings" in result.stderr
    (first, *_) = json.loads((tmp_path / "next.geojson").read_text())["features"]
    assert "blocking" in {each["severity"] for each in first["properties"]["findings"]}
    assert [read_plan(tmp_path / f"next-{n}.json").name for n in (1, 2)] == ["next-1", "next-2"]


def test_next_speaks_to_the_operator(inside: Droneteam, search_map: Path) -> None:
    result = inside(
        "search", "next", "map.json", *FLOWN_BY, "--minutes", "8", "--areas", "2", "-o", "n.geojson"
    )
    assert "Where to look next" in done(result)
    assert "you decide" in result.stderr
    refused_at_work(
        inside("search", "next", "map.json", *FLOWN_BY, "--minutes", "1", "-o", "n.geojson"), "minutes"
    )
    refused(inside("search", "next", "map.json", *FLOWN_BY, "-o", "map.json"), ".geojson")


def test_what_was_searched_enters_the_operation(inside: Droneteam, search_map: Path, tmp_path: Path) -> None:
    operation = Operation.create(tmp_path / "op", "Vermist", "missing-person")
    done(inside("search", "covered", "map.json", "a.tlog", *COVERED, "-o", "m2.json", "--operation", "op"))
    names = {Path(file.path).name for file in operation.files("search")}
    assert names == {"m2.json", "m2.tif", "m2.looks.parquet", "m2.geojson", "m2.png"}


def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    inside: Droneteam, search_map: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.tlog").write_bytes(b"no recording at all" * 9)
    tail = (*COVERED, "-o", "m2.json")
    refused_at_work(inside("search", "covered", "map.json", "bad.tlog", *tail), "bad.tlog")
    refused(inside("search", "covered", "a.tlog", "a.tlog", *tail), "search map")
    asked = ("search", "covered", "map.json", "a.tlog", *tail)
    refused(inside(*asked, "--canopy", "2"), "share")
    refused_at_work(inside(*asked, "--kind", "radar"), "radar")
    assert not (tmp_path / "m2.json").exists()
    done(inside(*asked))
    (tmp_path / "m2.looks.parquet").write_bytes(b"PAR1")
    refused(inside("search", "why", "m2.json", "52.1", "5.2"), "looks")


def test_figures_are_fitted_to_outcomes(inside: Droneteam, search_map: Path, tmp_path: Path) -> None:
    """One of five who lay below the lanes was found: the fitted figures promise less than ours."""
    cases = [
        {
            "recording": "a.tlog",
            "camera": "dji-m30t-thermal",
            "lat_deg": 52.1 + 1e-5 * n,
            "lon_deg": 5.2,
            "found": n % 5 == 0,
            "straight_down": True,
        }
        for n in range(40)
    ]
    outcomes = {"format": "droneteam-search-outcomes", "cases": cases}
    (tmp_path / "cases.json").write_text(json.dumps(outcomes))
    asked = ("search", "calibrate", "cases.json", "--kind", "thermal-night", "-o", "ours.toml")
    body = told(inside(*asked, "--json"))
    assert body["looked_at"] == 40
    assert body["mean_log_likelihood"]["after"] > body["mean_log_likelihood"]["before"]
    fitted = detections(tmp_path / "ours.toml")["thermal-night"]
    assert fitted.in_one_look(6) < detections()["thermal-night"].in_one_look(6)
    (tmp_path / "cases.json").write_text(json.dumps({**outcomes, "cases": cases[:5]}))
    refused_at_work(inside(*asked), "too few")
