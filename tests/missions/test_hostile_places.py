"""What is no file, and areas and lines that are nowhere: refused, saying what is wrong and what to do."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from missions.errors import DroneteamError, InputError
from missions.formats import import_plan, read_area
from missions.formats.read_line import read_line
from missions.plan_file import read_plan

READERS: dict[str, Callable[[Path], Any]] = {
    "area": read_area,
    "mission": import_plan,
    "plan": read_plan,
    "line": read_line,
}
SQUARE = "4,52,50 4.01,52,50 4.01,52.01,50 4,52.01,50 4,52,50"
GOOD_KML = (
    '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Polygon><outerBoundaryIs>'
    f"<LinearRing><coordinates>{SQUARE}</coordinates></LinearRing></outerBoundaryIs></Polygon></Document></kml>"
).encode()


def ring(count: int) -> list[list[float]]:
    steps = [2 * math.pi * index / count for index in range(count)]
    return [[4 + 0.01 * math.cos(step), 52 + 0.01 * math.sin(step)] for step in steps]


def polygon(*rings: Any) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": rings}).encode()


# What is no file.


def special(folder: Path) -> dict[str, Path]:
    os.mkfifo(folder / "pipe")
    (folder / "to pipe").symlink_to(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dangling").symlink_to(folder / "nowhere")
    return {
        "a folder": folder,
        "a pipe": folder / "pipe",
        "a link to a pipe": folder / "to pipe",
        "a link to itself": folder / "loop",
        "a link to nothing": folder / "dangling",
        "a device without end": Path("/dev/zero"),
        "a terminal": Path("/dev/tty"),
        "a name with a zero": Path("area\0.kml"),
        "a name too long": folder / ("x" * 5000),
        "a file as a folder": Path(__file__) / "area.kml",
    }


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path, reader: str) -> None:
    for name, path in special(tmp_path).items():
        with pytest.raises(InputError) as raised:
            READERS[reader](path)
        assert raised.value.where == str(path), name
        assert raised.value.remedy, name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.kml"
    path.write_bytes(GOOD_KML)
    path.chmod(0)
    with pytest.raises(InputError, match="denied"):
        read_area(path)


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.kml").write_bytes(GOOD_KML)
    (tmp_path / "link").symlink_to(tmp_path / "real.kml")
    assert read_area(tmp_path / "link").parts


# Places that are none.

PLACES: dict[str, tuple[Any, str]] = {
    "across 180, east to west": ([[179.99, 0], [-179.99, 0], [-179.99, 0.01]], "antimeridian"),
    "across 180, cut in two": (
        [[[[179.99, 0], [180, 0], [180, 0.01]]], [[[-180, 0], [-179.99, 0], [-180, 0.01]]]],
        "antimeridian",
    ),
    "across 180, counted on": ([[179.99, 0], [180.01, 0], [180.01, 0.01]], "out of range"),
    "around the north pole": ([[0, 89.9], [120, 89.9], [-120, 89.9]], "antimeridian"),
    "beside the north pole": ([[0, 89.99], [1, 89.99], [1, 90]], "pole"),
    "beside the south pole": ([[0, -89.99], [1, -89.99], [1, -90]], "pole"),
    "huge": ([[4, 52], [1e300, 52], [4, 53]], "out of range"),
    "larger than any number": ([[4, 52], [1e309, 52], [4, 53]], "not a place"),
    "swapped": ([[52, 120], [52.01, 120], [52, 120.01]], "out of range"),
    "a bow-tie": ([[4, 52], [4.01, 52.01], [4.01, 52], [4, 52.01]], "crosses itself"),
    "a point twice and back": (
        [[4, 52], [4.01, 52], [4, 52], [4.01, 52]],
        "different points|crosses|touches",
    ),
    "no width": ([[4, 52], [4.01, 52], [4.02, 52]], "square metre|touches|crosses"),
    "one point many times": ([[4, 52]] * 50, "1 different points"),
}


@pytest.mark.parametrize("name", PLACES)
def test_an_area_that_is_nowhere_says_what_is_wrong_and_what_to_do(tmp_path: Path, name: str) -> None:
    rings, told = PLACES[name]
    several = isinstance(rings[0][0], list)
    content = {"type": "MultiPolygon", "coordinates": rings if several else [[rings]]}
    path = tmp_path / "area.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as raised:
        read_area(path)
    assert any(part in raised.value.what for part in told.split("|")), raised.value
    assert raised.value.where.startswith(str(path))
    assert raised.value.remedy


def test_swapped_coordinates_are_named(tmp_path: Path) -> None:
    path = tmp_path / "area.json"
    path.write_bytes(polygon([[52, 120], [52.01, 120], [52, 120.01]]))
    with pytest.raises(InputError, match="look swapped"):
        read_area(path)


@pytest.mark.parametrize("count", [3, 4, 7])
def test_points_repeated_one_after_another_are_one_point(tmp_path: Path, count: int) -> None:
    path = tmp_path / "area.json"
    path.write_bytes(polygon([point for point in ring(count) for _ in range(3)]))
    assert len(read_area(path).parts[0].border) == count


@pytest.mark.parametrize("lon", [-179.9999, 179.9999])
def test_an_area_close_to_the_antimeridian_is_an_area(tmp_path: Path, lon: float) -> None:
    path = tmp_path / "area.json"
    step = math.copysign(0.01, -lon)
    path.write_bytes(polygon([[lon, 0], [lon + step, 0], [lon + step, 0.01], [lon, 0.01]]))
    assert len(read_area(path).parts) == 1


def test_a_wide_area_far_north_is_measured_in_its_own_degrees(tmp_path: Path) -> None:
    path = tmp_path / "area.json"
    path.write_bytes(polygon([[20, 80], [25, 80], [25, 80.1], [20, 80.1]]))
    assert read_area(path).parts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_areas_in_the_encodings_that_editors_save_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "area.any"
    named = '{"type":"Feature","properties":{"name":"Köln"},"geometry":' + polygon(ring(5)).decode() + "}"
    path.write_bytes(named.encode(encoding))
    assert read_area(path).name == "Köln"
    path.write_bytes(GOOD_KML.decode().replace("<Document>", "<Document><name>Köln</name>").encode(encoding))
    assert read_area(path).name == "Köln"


def test_a_name_is_one_line_that_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "area.json"
    path.write_bytes(polygon(ring(5))[:-1] + rb',"name":"a\ud800\n\u001b[31mb\u0000c ' + b"x" * 5000 + b'"}')
    name = read_area(path).name
    assert name.isprintable()
    assert len(name.encode()) <= 200
    assert name.startswith("a [31mb c xxx")


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([], "fewer than two"),
        ([[4, 52]], "fewer than two"),
        ([[4, 52]] * 9, "fewer than two"),
        ([[4, 52], [4, 95]], "out of range"),
        ([[179.9, 0], [-179.9, 0]], "antimeridian"),
        ([[4, 52], [9, 52]], "longer than"),
        ([[4, 89.5], [4, 89.6]], "pole"),
        ([[4, 52], ["4", 52]], "no number"),
        ([[4, 52], None], "no longitude"),
        ([[4, 52], [4, math.nan]], "no number"),
    ],
)
def test_a_line_that_nobody_can_follow_is_refused(tmp_path: Path, points: Any, told: str) -> None:
    path = tmp_path / "line.json"
    path.write_text(json.dumps({"type": "LineString", "coordinates": points}))
    with pytest.raises(DroneteamError, match=told) as raised:
        read_line(path)
    assert str(path) in raised.value.where
    assert raised.value.remedy
