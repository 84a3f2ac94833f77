"""A case becomes a map, a map becomes files, and files become the same map again."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer

from missions.errors import FormatError, InputError, SettingsError
from missions.search.case import SearchCase, read_case
from missions.search.categories import SHIPPED, categories, category, value_at
from missions.search.contours import contours, geojson, regions
from missions.search.making import make_map
from missions.search.map_file import read_map, write_map
from missions.search.search_map import SearchMap

CREATED = "2026-11-27T15:00:00Z"
CASE = """
name = "Walker"
weights = "weights.toml"
[last_seen]
place = [52.07, 5.72]
within_m = 100
time = 2026-11-27T14:00:00Z
[grid]
cell_m = 100
side_km = 12
[[hypothesis]]
name = "lost walker"
weight = 60
category = "example-walker"
direction_deg = 40
hours = 2
speed_km_h = 5
[[hypothesis]]
name = "home by the road"
weight = 30
route = "way.geojson"
offset_m = 40
[[hypothesis]]
name = "left by car"
weight = 10
outside = true
[[layer]]
file = "ground.geojson"
"""
WEIGHTS = "[class.water]\nweight = 0\n[class.road]\nweight = 3\nbuffer_m = 10\noffset_m = 60\n"


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


@pytest.fixture
def case(tmp_path: Path) -> Path:
    road = [[5.68, 52.08], [5.72, 52.07], [5.78, 52.06]]
    lake = [[[5.735, 52.078], [5.76, 52.08], [5.755, 52.09], [5.735, 52.078]]]
    ground = [
        feature("LineString", road, **{"class": "road"}),
        feature("Polygon", lake, **{"class": "water"}),
        feature("LineString", road, **{"class": "odd"}),
    ]
    (tmp_path / "ground.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": ground}))
    (tmp_path / "way.geojson").write_text(json.dumps(feature("LineString", road[1:])))
    (tmp_path / "weights.toml").write_text(WEIGHTS)
    path = tmp_path / "case.toml"
    path.write_text(CASE)
    return path


@pytest.fixture
def made(case: Path) -> SearchMap:
    return make_map(read_case(case), CREATED)


def test_a_case_becomes_a_map_that_names_all_it_was_made_of(made: SearchMap) -> None:
    assert [(each.name, round(each.weight, 9)) for each in made.mixture.hypotheses] == [
        ("lost walker", 0.6),
        ("home by the road", 0.3),
        ("left by car", 0.1),
    ]
    assert made.chances.mass.sum() + made.chances.outside == pytest.approx(1)
    assert [(each.name, each.role) for each in made.inputs] == [
        (SHIPPED.name, "categories"),
        ("weights.toml", "weights"),
        ("ground.geojson", "layer"),
        ("way.geojson", "route"),
    ]
    assert all(len(each.sha256) == 64 for each in made.inputs)
    told = made.mixture.hypotheses[0].told
    assert (told["category"], told["example"], told["reach_m"]) == ("example-walker", True, 10_000.0)
    assert any("1 of odd" in note for note in made.notes)
    assert "lost walker: laid no further than 10.0 km" in made.notes
    assert made.last_seen is not None
    assert made.last_seen.time == "2026-11-27T14:00:00+00:00"


def test_made_up_figures_are_called_so(made: SearchMap) -> None:
    assert made.examples == ("example-walker",)
    assert "MADE UP" in made.notes[0]


def test_the_rings_of_the_category_hold_their_shares_after_all_weights(made: SearchMap) -> None:
    assert [ring.share for ring in made.rings] == [0.25, 0.5, 0.75, 0.95]
    assert [ring.poa for ring in made.rings] == pytest.approx([ring.share for ring in made.rings], abs=0.02)


def test_the_lake_holds_nobody(made: SearchMap) -> None:
    grid = made.mixture.grid
    lake = grid.frame.local_from_geo([[5.752, 52.083]])
    row, column = grid.cell_of(lake)[0]
    assert made.mixture.hypotheses[0].chances.mass[row, column] == 0


def test_both_files_give_the_very_same_map_back(made: SearchMap, tmp_path: Path) -> None:
    document, raster = write_map(made, tmp_path / "map.json")
    again = read_map(document)
    assert again.mixture.grid == made.mixture.grid
    for one, other in zip(again.mixture.hypotheses, made.mixture.hypotheses, strict=True):
        assert (one.chances.mass == other.chances.mass).all()
        assert (one.name, one.weight, one.chances.outside) == (
            other.name,
            other.weight,
            other.chances.outside,
        )
        assert one.told == json.loads(json.dumps(other.told))
    for name in ("name", "created", "last_seen", "inputs", "notes", "rings", "since"):
        assert getattr(again, name) == getattr(made, name)
    first, size = document.read_bytes(), raster.stat().st_size
    write_map(again, document)
    assert (document.read_bytes(), raster.stat().st_size) == (first, size)


def test_any_program_finds_the_raster_where_the_grid_lies(made: SearchMap, tmp_path: Path) -> None:
    _, raster = write_map(made, tmp_path / "map.json")
    with rasterio.open(raster) as dataset:
        assert dataset.descriptions == ("all hypotheses", "lost walker", "home by the road", "left by car")
        assert dataset.read(1).sum() == pytest.approx(made.chances.on_grid)
        east, north = (
            dataset.transform @ (3.5, 7.5) if hasattr(dataset.transform, "__matmul__") else (0.0, 0.0)
        )
        lonlat = Transformer.from_crs(dataset.crs.to_wkt(), "EPSG:4326", always_xy=True).transform(
            east, north
        )
    grid = made.mixture.grid
    known = grid.frame.geo_from_local(grid.centres_m[7, 3])[0]
    assert lonlat == pytest.approx(tuple(known), abs=1e-8)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda body: body.update(format="other"), "is no search map"),
        (lambda body: body.update(version=9), "version 9"),
        (lambda body: body.pop("notes"), "missing or unknown keys: notes"),
        (lambda body: body.update(sha256="0" * 64), "is not the raster"),
        (lambda body: body["grid"].update(west_m=5.0), "lies elsewhere"),
        (lambda body: body["grid"].update(rows=7), "does not fit"),
        (lambda body: body["grid"].update(rows=10**8), "more than 4000000"),
        (lambda body: body["hypotheses"].pop(), "does not fit"),
        (lambda body: body["hypotheses"][0].update(outside=0.5), "together, not 1"),
        (lambda body: body["hypotheses"][0].update(weight="x"), "weight is 'x'"),
        (lambda body: body.update(raster="../../etc/passwd"), "cannot be read"),
    ],
)
def test_a_map_that_was_changed_is_refused(made: SearchMap, tmp_path: Path, change: Any, what: str) -> None:
    document, _ = write_map(made, tmp_path / "map.json")
    body = json.loads(document.read_text())
    change(body)
    document.write_text(json.dumps(body))
    with pytest.raises(InputError, match=what):
        read_map(document)


def test_another_kind_of_raster_is_not_opened_whatever_its_hash(made: SearchMap, tmp_path: Path) -> None:
    document, raster = write_map(made, tmp_path / "map.json")
    other = b'<VRTDataset rasterXSize="9" rasterYSize="9"></VRTDataset>'
    raster.write_bytes(other)
    body = json.loads(document.read_text())
    document.write_text(json.dumps(body | {"sha256": hashlib.sha256(other).hexdigest()}))
    with pytest.raises(FormatError, match="no GeoTIFF"):
        read_map(document)


def test_contours_hold_what_they_say_and_the_narrow_lie_in_the_wide(made: SearchMap) -> None:
    drawn = contours(made.chances)
    assert [each.share for each in drawn] == [0.5, 0.75]
    assert [each.poa for each in drawn] == pytest.approx([0.5, 0.75], abs=0.03)
    assert drawn[0].shape_m.difference(drawn[1].shape_m.buffer(60)).area == 0


def test_contours_are_geojson_with_longitude_first(made: SearchMap) -> None:
    body = json.loads(geojson(made, contours(made.chances)))
    roles = [each["properties"]["role"] for each in body["features"]]
    assert roles == ["search-contour", "search-contour", "last-seen"]
    wide, narrow, seen = (shapely.geometry.shape(each["geometry"]) for each in body["features"])
    assert wide.is_valid
    assert wide.area > narrow.area
    assert wide.buffer(0.001).contains(seen)
    assert body["search_map"]["outside"] == made.chances.outside


def test_regions_are_the_likeliest_ground_in_connected_pieces(made: SearchMap) -> None:
    found = regions(made.chances)
    assert sum(each.poa for each in found) == pytest.approx(0.5, abs=0.02)
    assert [each.poa for each in found] == sorted((each.poa for each in found), reverse=True)


def test_without_a_grid_the_map_reaches_as_far_as_the_widest_category(case: Path) -> None:
    text = CASE.replace("cell_m = 100\nside_km = 12", "")
    case.write_text(text.replace("hours = 2\nspeed_km_h = 5\n", ""))
    grid = make_map(read_case(case), CREATED).mixture.grid
    west, _, east, _ = grid.bounds_m
    assert 2 * 6_000 < east - west < 2 * 7_000
    assert grid.cell_m == 50


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("place = [52.07, 5.72]", "place = [5.72]", "place is no latitude"),
        ("place = [52.07, 5.72]", "place = [152.07, 5.72]", "out of range"),
        ("within_m = 100", "within_m = -1", "known to -1"),
        ("weight = 60", 'weight = "much"', "weight is 'much'"),
        ("weight = 60", "wieght = 60", "Did you mean weight"),
        ("outside = true", "", "not one of category"),
        ('category = "example-walker"', 'category = "walker"', "no category is called 'walker'"),
        ("speed_km_h = 5", "", "hours without a speed"),
        ('route = "way.geojson"', 'route = "nothing.geojson"', "cannot be read"),
        ("offset_m = 40", "", "offset of 0.0 m"),
        ("side_km = 12", "side_km = 900", "900.0 km wide"),
        ("cell_m = 100", "cell_m = 1", "more than 4000000"),
        ('file = "ground.geojson"', 'file = "ground.geojson"\nclass = "bog"', "no class 'bog'"),
        ("[grid]", "[[slope]]\nfrom_deg = 30\nweight = 0.1\n[grid]", "slopes need heights"),
        ("[grid]", "[grid", "is no TOML"),
        ("time = 2026-11-27T14:00:00Z", 'time = "yesterday"', "time is none"),
    ],
)
def test_a_case_that_cannot_be_is_refused_in_one_clear_error(
    case: Path, old: str, new: str, what: str
) -> None:
    assert old in CASE
    case.write_text(CASE.replace(old, new))
    with pytest.raises(InputError, match=what.replace("(", r"\(")):
        make_map(read_case(case), CREATED)


@pytest.mark.parametrize("file", ["way.geojson", "ground.geojson"])
def test_what_lies_nowhere_on_the_map_is_said(case: Path, file: str) -> None:
    """As where latitude and longitude were swapped as it was drawn."""
    path = case.parent / file
    text = json.loads(path.read_text())
    for each in text.get("features", [text]):
        if each["geometry"]["type"] == "LineString":
            each["geometry"]["coordinates"] = [[b, a] for a, b in each["geometry"]["coordinates"]]
    text["features"] = [each for each in text.get("features", []) if each["geometry"]["type"] != "Polygon"]
    path.write_text(json.dumps(text))
    (note,) = [each for each in make_map(read_case(case), CREATED).notes if "on this map" in each]
    assert note.startswith("home by the road" if file == "way.geojson" else file)


def test_a_case_without_hypotheses_or_place_is_refused() -> None:
    with pytest.raises(SettingsError, match="no hypothesis"):
        make_map(SearchCase("x", ()), CREATED)


def test_the_shipped_categories_are_all_examples() -> None:
    assert all(each.example and "made up" in each.source for each in categories().values())
    assert value_at(category("example-walker").dispersion_deg, 0.5) == 35.0
    assert value_at((), 0.5) is None


OURS = """[category.ours]
source = "our cases"
licence = "ours"
[category.ours.distance_m]
25 = 100
50 = 300
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('source = "our cases"\n', "", "source is missing"),
        ('licence = "ours"', 'licence = " "', "licence is missing"),
        ("50 = 300", "50 = 50", "lies before"),
        ("50 = 300", "100 = 300", "0 and 100 %"),
        ("50 = 300", 'a = "x"', "no number"),
        ("50 = 300", "", "no curve"),
        ("50 = 300", "50 = -4", "out of range"),
        ("25 = 100", "25 = 0", "lies outside"),
        ('licence = "ours"', 'licence = "ours"\nexample = 1', "example or cases"),
        ('licence = "ours"', 'licence = "ours"\nsize = 1', "unknown key 'size'"),
        ("[category.ours]", "[person.ours]", "categories alone"),
    ],
)
def test_categories_that_nobody_could_answer_for_are_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(OURS)
    assert not category("ours", path).example
    assert old in OURS
    path.write_text(OURS.replace(old, new))
    with pytest.raises(FormatError, match=what):
        categories(path)


def test_a_map_of_one_exact_place_is_round(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    lines = CASE.split("[[hypothesis]]")
    path.write_text((lines[0] + "[[hypothesis]]" + lines[1]).replace('weights = "weights.toml"', ""))
    text = path.read_text().replace("direction_deg = 40\n", "").replace("within_m = 100\n", "")
    path.write_text(text)
    made = make_map(read_case(path), CREATED)
    mass = made.chances.mass
    assert np.abs(mass - mass.T).max() < 1e-12
    assert np.abs(mass - mass[::-1]).max() < 1e-12
    assert math.isclose(made.chances.poa(shapely.Point(0, 0).buffer(10_200)), made.chances.on_grid)
