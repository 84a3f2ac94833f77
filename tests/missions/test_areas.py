"""Areas from GeoJSON, KML and KMZ, and every way in which one is refused."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from missions.area import Area
from missions.errors import AreaError, DroneteamError, FormatError, InputError
from missions.formats import area_from_geojson, read_area
from missions.geodesy import GeoPoint

SQUARE = [[4.0, 52.0], [4.01, 52.0], [4.01, 52.01], [4.0, 52.01], [4.0, 52.0]]
HOLE = [[4.002, 52.002], [4.002, 52.004], [4.004, 52.004], [4.002, 52.002]]
FAR = [[4.02, 52.0], [4.03, 52.0], [4.03, 52.01], [4.02, 52.0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def kml(inside: str) -> str:
    return f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}</Document></kml>'


def kml_polygon(border: Any, *holes: Any) -> str:
    def linear(name: str, ring: Any) -> str:
        text = "\n ".join(",".join(map(str, position)) for position in ring)
        return f"<{name}><LinearRing><coordinates>{text}</coordinates></LinearRing></{name}>"

    rings = linear("outerBoundaryIs", border) + "".join(linear("innerBoundaryIs", hole) for hole in holes)
    return f"<Placemark><name>Dunes</name><Polygon>{rings}</Polygon></Placemark>"


def written(folder: Path, content: str | bytes, name: str = "area.any") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def shape(area: Area) -> list[tuple[set[GeoPoint], int]]:
    return [(set(part.border), len(part.holes)) for part in area.parts]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda p: p,
        lambda p: {"type": "Feature", "properties": None, "geometry": p},
        lambda p: {"type": "MultiPolygon", "coordinates": [p["coordinates"]]},
        lambda p: {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}, p]},
        lambda p: {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": None},
                {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": p}]},
            ],
        },
    ],
)
def test_polygons_are_found_however_they_are_wrapped(wrap: Any) -> None:
    area = area_from_geojson(wrap(polygon(SQUARE, HOLE)), "here")
    assert len(area.parts) == 1
    assert set(area.parts[0].border) == {GeoPoint(lat, lon) for lon, lat in SQUARE}
    assert len(area.parts[0].holes) == 1


def test_a_name_comes_from_the_file_or_else_from_its_name(
    tmp_path: Path, corner_geojson: dict[str, Any]
) -> None:
    assert read_area(written(tmp_path, json.dumps(corner_geojson))).name == "Corner"
    assert read_area(written(tmp_path, json.dumps(polygon(SQUARE)), "heath.json")).name == "heath"


def test_kml_and_kmz_hold_the_same_area_as_geojson(tmp_path: Path) -> None:
    expected = shape(area_from_geojson(polygon(SQUARE, HOLE), "here"))
    text = kml(f"<Folder>{kml_polygon(SQUARE, HOLE)}</Folder>")
    assert shape(read_area(written(tmp_path, text))) == expected
    assert shape(read_area(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))) == expected
    assert shape(read_area(written(tmp_path, text.replace("1.0", "1.0", 1).encode("utf-16")))) == expected
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", text)
    area = read_area(written(tmp_path, packed.getvalue()))
    assert shape(area) == expected
    assert area.name == "Dunes"


def test_kml_heights_and_an_unclosed_ring_do_no_harm(tmp_path: Path) -> None:
    with_heights = [[*position, 12.5] for position in SQUARE[:-1]]
    assert shape(read_area(written(tmp_path, kml(kml_polygon(with_heights))))) == shape(
        area_from_geojson(polygon(SQUARE), "here")
    )


def test_overlapping_polygons_become_one_and_apart_they_stay_two() -> None:
    shifted = [[lon + 0.005, lat] for lon, lat in SQUARE]
    together = {"type": "MultiPolygon", "coordinates": [[SQUARE], [shifted]]}
    assert len(area_from_geojson(together, "here").parts) == 1
    apart = {"type": "MultiPolygon", "coordinates": [[SQUARE], [FAR]]}
    assert len(area_from_geojson(apart, "here").parts) == 2


BOW = [[4.0, 52.0], [4.01, 52.01], [4.01, 52.0], [4.0, 52.01], [4.0, 52.0]]
REFUSED: dict[str, tuple[Any, type[DroneteamError], str]] = {
    "no polygon": ({"type": "FeatureCollection", "features": []}, AreaError, "the area is empty"),
    "only a line": ({"type": "LineString", "coordinates": SQUARE}, AreaError, "the area is empty"),
    "no rings": (polygon(), AreaError, "the area is empty"),
    "an empty ring": (polygon([]), AreaError, "the area is empty"),
    "no width": (polygon([[4, 52], [4.01, 52.01], [4.02, 52.02]]), AreaError, "smaller than a square metre"),
    "two points": (polygon([[4, 52], [4.01, 52], [4, 52]]), AreaError, "2 different points"),
    "crossing itself": (polygon(BOW), AreaError, r"crosses itself at latitude 52.005\d*, longitude 4.005"),
    "hole outside": (polygon(SQUARE, FAR), AreaError, "hole lies outside"),
    "out of range": (polygon([[4, 52], [4.01, 98], [4.01, 52]]), AreaError, "out of range"),
    "swapped": (polygon([[52, 104], [52, 105], [53, 104]]), AreaError, "longitude comes first"),
    "text": (polygon([["4", 52], [4.01, 52], [4.01, 52.01]]), AreaError, "point 1: .* is no longitude"),
    "null": (polygon([[None, None], [4.01, 52], [4.01, 52.01]]), AreaError, "is no longitude"),
    "truth": (polygon([[True, 52], [4.01, 52], [4.01, 52.01]]), AreaError, "is no longitude"),
    "one number": (polygon([[4], [4.01, 52], [4.01, 52.01]]), AreaError, "is no longitude"),
    "flat list": (polygon([4, 52, 4.01, 52]), AreaError, "no list"),
    "antimeridian": (polygon([[179.9, 0], [-179.9, 0], [-179.9, 0.1]]), AreaError, "antimeridian"),
    "a continent": (polygon([[-10, 40], [10, 40], [10, 60]]), AreaError, "spans"),
    "another type": ({"type": "Topology"}, FormatError, "no GeoJSON"),
    "a list": ([1, 2], FormatError, "no GeoJSON"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_geojson_that_is_no_area_is_refused_with_file_place_and_remedy(tmp_path: Path, case: str) -> None:
    content, kind, told = REFUSED[case]
    path = written(tmp_path, json.dumps(content))
    with pytest.raises(kind, match=told) as raised:
        read_area(path)
    assert raised.value.where.startswith(str(path))
    assert raised.value.remedy
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_a_coordinate_that_is_no_number_is_refused(tmp_path: Path, value: str) -> None:
    text = f'{{"type":"Polygon","coordinates":[[[4,52],[4.01,{value}],[4.01,52.01],[4,52]]]}}'
    with pytest.raises(AreaError, match=r"point 2: .* is not a place"):
        read_area(written(tmp_path, text))


def test_too_many_points_are_refused() -> None:
    ring = [[4 + index * 1e-8, 52 + index % 2 * 1e-3] for index in range(100_001)]
    with pytest.raises(AreaError, match="100001 points"):
        area_from_geojson(polygon(ring), "here")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        '{"type":"Poly',
        "[" * 100_000,
        '{"type":"GeometryCollection","geometries":[' * 30 + "]}" * 30,
        b"\x80\x81\x82",
        "9" * 5000,
    ],
    ids=["empty", "blank", "cut short", "nested brackets", "nested collections", "bytes", "long number"],
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(FormatError) as raised:
        read_area(written(tmp_path, text))
    assert str(tmp_path) in str(raised.value)


def test_an_external_entity_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("4.0,52.0 4.01,52.0 4.01,52.01")
    text = (
        f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        "<kml><Polygon><outerBoundaryIs><LinearRing><coordinates>&x;</coordinates>"
        "</LinearRing></outerBoundaryIs></Polygon></kml>"
    )
    with pytest.raises(FormatError, match="entities"):
        read_area(written(tmp_path, text))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE kml [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    ],
)
def test_entities_and_document_types_are_refused(tmp_path: Path, doctype: str) -> None:
    with pytest.raises(FormatError, match="entities"):
        read_area(written(tmp_path, f'<?xml version="1.0"?>{doctype}<kml/>'))


@pytest.mark.parametrize(
    ("inside", "kind", "told"),
    [
        ("", AreaError, "the area is empty"),
        ("<Polygon/>", AreaError, "no outerBoundaryIs"),
        ("<Polygon><outerBoundaryIs/></Polygon>", AreaError, "the area is empty"),
        (kml_polygon([[4, 52], [4.01, "x"], [4.01, 52]]), AreaError, "point 2: '4.01,x'"),
        (kml_polygon([[4, 52], [4.01, "nan"], [4.01, 52]]), AreaError, "is not a place"),
        (kml_polygon(BOW), AreaError, "crosses itself"),
        ("<Polygon>", FormatError, "no XML"),
    ],
)
def test_a_kml_that_is_no_area_is_refused(
    tmp_path: Path, inside: str, kind: type[DroneteamError], told: str
) -> None:
    with pytest.raises(kind, match=told) as raised:
        read_area(written(tmp_path, kml(inside)))
    assert str(tmp_path) in str(raised.value)


def test_a_kmz_is_unpacked_only_up_to_a_bound(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b" " * 60_000_000)
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(FormatError, match="unpacks to more than 50 MB"):
        read_area(written(tmp_path, packed.getvalue()))


def test_a_kmz_without_kml_or_cut_short_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with pytest.raises(FormatError, match="holds no KML"):
        read_area(written(tmp_path, packed.getvalue()))
    with pytest.raises(FormatError, match="no KMZ"):
        read_area(written(tmp_path, packed.getvalue()[:20]))


def test_a_kmz_with_damaged_data_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", kml(kml_polygon(SQUARE)) * 20)
    damaged = bytearray(packed.getvalue())
    damaged[60:100] = bytes(40)
    with pytest.raises(FormatError, match="no KMZ"):
        read_area(written(tmp_path, bytes(damaged)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.kml"):
        read_area(tmp_path / "absent.kml")
