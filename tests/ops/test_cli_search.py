"""`droneteam search map`: a map of where he may be, its files, and what the screen says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from missions.search.map_file import read_map
from ops.operations import Operation
from tests.ops.commanded import Droneteam, refused, told

NEAR = ("--place", "52.07,5.72", "--category", "example-close-to-home", "--cell", "50")
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[5.72, 52.07], [5.75, 52.07], [5.75, 52.09], [5.72, 52.09], [5.72, 52.07]]],
}


def test_a_place_and_a_category_are_enough_for_a_map(inside: Droneteam, tmp_path: Path) -> None:
    body = told(inside("search", "map", *NEAR, "--outside", "20", "-o", "map.json", "--json"))
    assert [(each["name"], each["weight"]) for each in body["hypotheses"]] == [
        ("example-close-to-home", 0.8),
        ("elsewhere", 0.2),
    ]
    assert body["examples"] == ["example-close-to-home"]
    assert [round(ring["poa"], 2) for ring in body["rings"]] == pytest.approx(
        [0.25, 0.5, 0.75, 0.95], abs=0.015
    )
    again = read_map(tmp_path / "map.json")
    assert again.chances.outside == body["outside"]
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.size == (1650, 1200)
    contours = json.loads((tmp_path / "map.geojson").read_text())["features"]
    assert [each["properties"]["share"] for each in contours[:-1]] == [0.75, 0.5]


def test_the_table_warns_of_made_up_figures_and_never_says_clear(inside: Droneteam, tmp_path: Path) -> None:
    segments = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "North-east"}, "geometry": SQUARE}]}  # fmt: skip
    (tmp_path / "segments.geojson").write_text(json.dumps(segments))
    result = inside("search", "map", *NEAR, "-o", "map.json", "--segments", "segments.geojson")
    assert result.returncode == 0, result.stderr
    assert "North-east" in result.stdout
    assert "95 %" in result.stdout
    assert "MADE-UP FIGURES" in result.stderr
    assert "Little chance is not none" in result.stderr


def test_the_map_enters_the_operation_with_its_case(inside: Droneteam, tmp_path: Path) -> None:
    operation = Operation.create(tmp_path / "op", "Vermist", "missing-person")
    (tmp_path / "case.toml").write_text(
        'name = "W"\n[last_seen]\nplace = [52.07, 5.72]\n[grid]\ncell_m = 100\n'
        '[[hypothesis]]\nname = "close"\nweight = 1\ncategory = "example-close-to-home"\n'
    )
    body = told(inside("search", "map", "case.toml", "--operation", "op", "--json"))
    names = {Path(file.path).name for file in operation.files("search")}
    assert names == {"case.toml", "search_map.json", "search_map.tif", "search_map.geojson", "search_map.png"}
    assert operation.store.acts("search.mapped")
    assert read_map(tmp_path / body["map"]).name == "W"
    again = told(inside("search", "map", "case.toml", "--operation", "op", "--json"))
    assert again["map"] != body["map"]


def test_only_an_earlier_map_is_written_over(inside: Droneteam, tmp_path: Path) -> None:
    told(inside("search", "map", *NEAR, "-o", "map.json", "--json"))
    told(inside("search", "map", *NEAR, "-o", "map.json", "--json"))
    (tmp_path / "other.tif").write_bytes(b"ours")
    refused(inside("search", "map", *NEAR, "-o", "other.json"), "something else is there")
    (tmp_path / "plan.json").write_text("{}")
    refused(inside("search", "map", *NEAR, "-o", "plan.json"), "something else is there")
    assert (tmp_path / "other.tif").read_bytes() == b"ours"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("-o", "m.json"), "nothing to make a map from"),
        (("--place", "52,5", "--category", "", "--side", "2", "-o", "m.json"), "nothing to make a map from"),
        (("--place", "52.07", "--category", "x", "-o", "m.json"), "is no place"),
        ((*NEAR,), "nowhere to write the map"),
        ((*NEAR, "-o", "m.tif"), "does not end in .json"),
        (
            ("--place", "52.07,5.72", "--category", "walker", "-o", "m.json"),
            "give your own with --categories",
        ),
        ((*NEAR, "--hours", "2", "-o", "m.json"), "hours without a speed"),
        (("case.toml", "--place", "52.07,5.72", "-o", "m.json"), "place is told twice"),
        (("case.toml", "-o", "m.json"), "cannot be read"),
    ],
)
def test_what_makes_no_map_is_one_clear_line(
    inside: Droneteam, tmp_path: Path, arguments: tuple[str, ...], what: str
) -> None:
    refused(inside("search", "map", *arguments), what)
    assert not list(tmp_path.iterdir())
