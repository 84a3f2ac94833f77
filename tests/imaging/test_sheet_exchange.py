"""The marks and figures of a sheet in a drawing program and on a map."""

import json
from pathlib import Path

import ezdxf
import numpy as np
import pytest
from pyproj import Geod, Transformer
from shapely.geometry import shape

from imaging.measure.figures import Figure
from imaging.sheet.content import SheetContent
from imaging.sheet.dxf import write_dxf
from imaging.sheet.geojson import write_geojson
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from tests.imaging.sheet_scene import VERDICT, content, distance, mark, painted_picture, utm_of

MARKS = (mark("A", 0, 0), mark("B", 12, 5, 0.4, note="100 %% wear"), mark("C", 3, 9), mark("D", -4, 2))
FIGURES = (
    distance(MARKS[0], MARKS[1]),
    Figure("area", ("A", "C", "B"), 46.5, 0.6, "m²"),
    Figure("path", ("A", "B", "C"), 23.0, 0.1, "m"),
    Figure("angle", ("A", "B", "C"), 47.0, 0.3, "°"),
    Figure("height difference", ("A", "B"), 0.4, 0.05, "m"),
    Figure("horizontal distance", ("C", "D"), 9.9, 0.04, "m"),
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> SheetContent:
    frame = LocalFrame(GeoPoint(52.17, 4.44))
    picture = painted_picture(tmp_path_factory.mktemp("exchange") / "o.tif", frame, 20, 0.1, {})
    return content(picture, frame, MARKS, FIGURES)


def test_a_drawing_program_finds_every_mark_and_figure_where_it_is(
    scene: SheetContent, tmp_path: Path
) -> None:
    path = tmp_path / "scene.dxf"
    write_dxf(path, scene)
    document = ezdxf.readfile(path)
    audit = document.audit()
    assert not audit.errors
    assert not audit.fixes
    assert document.units == ezdxf.units.M
    space = document.modelspace()
    points = np.array([list(point.dxf.location) for point in space.query("POINT[layer=='MARKS']")])
    expected = utm_of(scene.frame, [item.local_m[:2] for item in MARKS])
    assert points[:, :2] == pytest.approx(expected, abs=1e-3)
    assert points[:, 2] == pytest.approx([item.local_m[2] for item in MARKS])
    written = {text.dxf.layer: text.dxf.text for text in space.query("TEXT")}
    for layer, words in (
        ("DISTANCES", "13.006 ± 0.035 m"),
        ("AREAS", "46.5 ± 0.6 m²"),
        ("ANGLES", "47.00 ± 0.30°"),
    ):
        assert written[layer] == words
    assert {item.dxf.layer for item in space.query("POLYLINE")} == {
        "DISTANCES", "AREAS", "PATHS", "ANGLES", "HEIGHT_DIFFERENCES", "HORIZONTAL_DISTANCES",
    }  # fmt: skip
    notes = [text.dxf.text for text in space.query("TEXT[layer=='NOTES']")]
    assert notes[0] == VERDICT
    assert any("A metre on the ground is 0.99972 m here" in note for note in notes)
    heights = {text.dxf.height for text in space.query("TEXT")}
    assert max(heights) == 0.4


def test_the_same_content_gives_the_same_drawing(scene: SheetContent, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_dxf(tmp_path / f"{name}.dxf", scene)
    assert (tmp_path / "a.dxf").read_bytes() == (tmp_path / "b.dxf").read_bytes()
    assert not ezdxf.options.write_fixed_meta_data_for_testing
    with pytest.raises(SettingsError, match="cannot be read"):
        write_dxf(tmp_path / "c.dxf", scene, text_height_m=0)


def test_a_map_finds_every_mark_and_figure_with_its_uncertainty(scene: SheetContent, tmp_path: Path) -> None:
    path = tmp_path / "scene.geojson"
    write_geojson(path, scene)
    body = json.loads(path.read_text())
    assert (body["type"], body["evidence"], body["verdict"]) == ("FeatureCollection", False, VERDICT)
    features = {feature["id"]: feature for feature in body["features"]}
    assert len(features) == len(MARKS) + len(FIGURES)
    first, second = (features[f"mark-{letter}"]["geometry"]["coordinates"] for letter in "AB")
    assert first == pytest.approx([4.44, 52.17], abs=1e-8)
    # Longitude comes first, and the geodesic between the two is what lies between them on the ground.
    assert Geod(ellps="WGS84").inv(*first, *second)[2] == pytest.approx(13.0, abs=1e-3)
    properties = features["mark-B"]["properties"]
    assert (properties["up_m"], properties["sigma_up_m"], properties["note"]) == (0.4, 0.022, "100 %% wear")
    assert properties["radius_95_m"] == pytest.approx(1.96 * 0.015, abs=1e-4)
    area = shape(features["figure-2"]["geometry"])
    assert area.exterior.is_ccw
    figure = features["figure-1"]["properties"]
    assert (figure["unit"], figure["half_width_95"], figure["words"]) == ("m", 0.034, "13.006 ± 0.035 m")


def test_unknown_marks_are_refused_in_both(scene: SheetContent, tmp_path: Path) -> None:
    wrong = content(scene.orthomosaic, scene.frame, MARKS[:1], FIGURES[:1])
    for write in (write_dxf, write_geojson):
        with pytest.raises(InputError, match="no mark 'B'"):
            write(tmp_path / "out", wrong)
    assert not (tmp_path / "out").exists()


def test_a_scene_without_marks_is_still_a_drawing(scene: SheetContent, tmp_path: Path) -> None:
    bare = content(scene.orthomosaic, scene.frame, ())
    write_dxf(tmp_path / "bare.dxf", bare)
    assert not ezdxf.readfile(tmp_path / "bare.dxf").audit().errors
    write_geojson(tmp_path / "bare.geojson", bare)
    assert json.loads((tmp_path / "bare.geojson").read_text())["features"] == []


def test_the_note_of_scale_is_what_lengths_on_the_grid_show(scene: SheetContent) -> None:
    way = Transformer.from_crs("EPSG:4326", "EPSG:32631", always_xy=True)
    west, east = (np.array(way.transform(lon, 52.17)) for lon in (4.4399, 4.4401))
    ground_m = Geod(ellps="WGS84").inv(4.4399, 52.17, 4.4401, 52.17)[2]
    assert np.hypot(*(east - west)) / ground_m == pytest.approx(0.99972, abs=5e-6)
