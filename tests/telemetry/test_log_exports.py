"""A recording for other programs says where each aircraft was, when and how high."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import gpxpy
import numpy as np
import pyarrow.parquet as pq
import pytest

from missions.errors import InputError, OutputError
from telemetry.columns import read_columns
from telemetry.exports import chosen, convert, kind_of, open_recorded
from telemetry.messages import Encoder
from telemetry.track import Track

KML, GX = "{http://www.opengis.net/kml/2.2}", "{http://www.google.com/kml/ext/2.2}"
BEGAN_S = datetime(2026, 2, 23, 12, tzinfo=UTC).timestamp()


def flight(path: Path, *, systems: Sequence[int] = (1,), gap_s: float = 0.0) -> Path:
    """Twenty seconds at five positions a second, climbing; halfway nothing is heard for a while."""
    stream, heading = bytearray(), {1: 9000, 2: 65_535}
    for step in range(100):
        time_s = BEGAN_S + step * 0.2 + (gap_s if step >= 50 else 0)
        boot_ms = round((time_s - BEGAN_S) * 1000)
        for system in systems:
            encoder = Encoder(system, 1)
            place = {"lat": 520_000_000 + 100 * step, "lon": 50_000_000 + 1_000_000 * system}
            high = {"alt": 30_000 + 100 * step, "relative_alt": 100 * step - 500}
            moving = {"vx": 300, "vy": 400, "hdg": heading.get(system, 0)}
            for raw in (
                encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=128, custom_mode=3),
                encoder.encode(
                    "GLOBAL_POSITION_INT",
                    time_boot_ms=boot_ms,
                    **place,
                    **high,
                    **moving,
                ),
            ):
                stream += round(time_s * 1e6).to_bytes(8, "big") + raw
    path.write_bytes(stream)
    return path


def written(path: Path, output: Path, **more: Any) -> Path:
    convert(open_recorded(path), output, kind_of(output, None), **more)
    return output


@pytest.mark.parametrize("name", ["tlogs/solo-quad-v1.tlog", "tlogs/sub-small-v2.tlog"])
def test_the_path_is_the_track_of_a_real_recording(name: str, shared: Callable[[str], Path]) -> None:
    track = Track.from_tlog(shared(name))
    (record,) = open_recorded(shared(name)).records()
    path = record.path
    assert len(path) > 700
    for own, known in zip(
        (path.time_s, path.lat_deg, path.lon_deg, path.height_amsl_m, path.height_relative_m),
        (track.time_s, track.lat_deg, track.lon_deg, track.height_amsl_m, track.height_relative_m),
        strict=True,
    ):
        assert np.array_equal(own, known)
    assert np.allclose(path.ground_speed_m_s, track.positions.columns[4])
    assert np.allclose(path.heading_deg, track.positions.columns[5] % 360)


@pytest.mark.parametrize("seed", range(5))
def test_the_path_is_the_track_of_any_messages(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    stream, time_us, boot_ms = bytearray(), int(BEGAN_S * 1e6), 0
    for _ in range(400):
        time_us += random_.choice((0, 1000, 200_000, 7_000_000))
        boot_ms += random_.choice((0, 200, 4000))
        raw = Encoder(4, 1).encode(
            "GLOBAL_POSITION_INT",
            time_boot_ms=boot_ms,
            lat=random_.choice((0, random_.randrange(-900_000_001, 900_000_002))),
            lon=random_.choice((0, random_.randrange(20_000, 1_800_000_002))),
            alt=random_.randrange(-5000, 9000),
            vx=random_.randrange(-999, 999),
            vy=random_.randrange(-999, 999),
            hdg=random_.choice((65_535, random_.randrange(36_000))),
        )
        stream += time_us.to_bytes(8, "big") + raw
    file = tmp_path / "any.tlog"
    file.write_bytes(stream)
    track, (record,) = Track.from_tlog(file), open_recorded(file).records()
    assert np.array_equal(record.path.time_s, track.time_s)
    assert np.array_equal(record.path.lat_deg, track.lat_deg)
    assert np.allclose(record.path.heading_deg, track.positions.columns[5] % 360)


def test_a_drift_round_null_island_is_no_place(tmp_path: Path) -> None:
    places = [(0, 0), (2557, -111), (-3000, 4000), (520_000_000, 50_000_000)]
    raws = [Encoder(1, 1).encode("GLOBAL_POSITION_INT", lat=lat, lon=lon) for lat, lon in places]
    file = tmp_path / "a.tlog"
    file.write_bytes(b"".join((10**15 + n).to_bytes(8, "big") + raw for n, raw in enumerate(raws)))
    (record,) = open_recorded(file).records()
    assert record.path.lat_deg.tolist() == [52.0]


def test_gpx_is_read_by_gpxpy_with_times_heights_and_gaps(tmp_path: Path) -> None:
    output = written(flight(tmp_path / "a & b.tlog", systems=(1, 2), gap_s=30), tmp_path / "out.gpx")
    document = gpxpy.parse(output.read_text())
    assert document.version == "1.1"
    assert document.name == "a & b.tlog"
    assert [track.name for track in document.tracks] == ["Copter 1", "Copter 2"]
    for number, track in enumerate(document.tracks, 1):
        assert [len(segment.points) for segment in track.segments] == [50, 50]
        point = track.segments[1].points[0]
        assert (point.latitude, point.longitude) == (52.0005, 5.0 + 0.1 * number)
        assert point.elevation == 35.0
        assert point.time == datetime(2026, 2, 23, 12, 0, 40, tzinfo=UTC)
        told = {child.tag.split("}")[-1]: child for child in point.extensions}
        assert float(told["height_relative_m"].text) == 4.5
        assert float(told["TrackPointExtension"][0].text) == 5.0
        assert float(told["heading_deg"].text) == pytest.approx(90.0 if number == 1 else 53.13)


def test_kml_tracks_are_above_sea_level_and_as_long_in_every_part(tmp_path: Path) -> None:
    output = written(flight(tmp_path / "a.tlog"), tmp_path / "out.kml")
    root: Element = defusedxml.ElementTree.parse(output).getroot()
    (track,) = root.iter(f"{GX}Track")
    assert track.findtext(f"{KML}altitudeMode") == "absolute"
    whens, coords = track.findall(f"{KML}when"), track.findall(f"{GX}coord")
    assert len(whens) == len(coords) == len(track.findall(f"{GX}angles")) == 100
    assert whens[0].text == "2026-02-23T12:00:00.000Z"
    assert coords[10].text == "5.1000000 52.0001000 31.000"
    tags = [child.tag for child in track]
    assert tags == sorted(
        tags,
        key=[f"{KML}altitudeMode", f"{KML}when", f"{GX}coord", f"{GX}angles", f"{KML}ExtendedData"].index,
    )
    for name in ("height_relative_m", "ground_speed_m_s"):
        (data,) = [each for each in track.iter(f"{GX}SimpleArrayData") if each.get("name") == name]
        assert len(data) == 100
        assert [field.get("name") for field in root.iter(f"{GX}SimpleArrayField")].count(name) == 1


def test_kml_does_not_join_what_lies_on_both_sides_of_a_gap(tmp_path: Path) -> None:
    output = written(flight(tmp_path / "a.tlog", gap_s=30), tmp_path / "out.kml")
    root: Element = defusedxml.ElementTree.parse(output).getroot()
    (many,) = root.iter(f"{GX}MultiTrack")
    assert many.findtext(f"{GX}interpolate") == "0"
    assert [len(track.findall(f"{GX}coord")) for track in many.findall(f"{GX}Track")] == [50, 50]


def test_moving_features_move_at_their_times_and_are_geojson(tmp_path: Path) -> None:
    output = written(flight(tmp_path / "a.tlog", systems=(1, 2)), tmp_path / "out.geojson")
    told = json.loads(output.read_text())
    assert told["type"] == "FeatureCollection"
    assert told["crs"]["properties"]["name"] == "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert [feature["id"] for feature in told["features"]] == ["system-1", "system-2"]
    for feature in told["features"]:
        moving = feature["temporalGeometry"]
        assert (moving["type"], moving["interpolation"]) == ("MovingPoint", "Linear")
        assert len(moving["datetimes"]) == len(moving["coordinates"]) == 100
        assert moving["datetimes"] == sorted(set(moving["datetimes"]))
        assert feature["geometry"] == {"type": "LineString", "coordinates": moving["coordinates"]}
        (properties,) = feature["temporalProperties"]
        assert properties["datetimes"] == moving["datetimes"]
        assert properties["height_relative_m"]["values"][10] == 0.5
        assert properties["ground_speed_m_s"]["form"] == "MTS"
    assert told["features"][1]["temporalGeometry"]["coordinates"][10] == [5.2, 52.0001, 31.0]


def test_moving_features_have_a_prism_for_each_stretch(tmp_path: Path) -> None:
    output = written(flight(tmp_path / "a.tlog", gap_s=30), tmp_path / "out.json")
    (feature,) = json.loads(output.read_text())["features"]
    assert feature["temporalGeometry"]["type"] == "MovingGeometryCollection"
    assert [len(prism["datetimes"]) for prism in feature["temporalGeometry"]["prisms"]] == [50, 50]
    assert feature["geometry"]["type"] == "MultiLineString"
    assert len(feature["temporalProperties"]) == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_holds_every_type_row_for_row(kind: str, tmp_path: Path) -> None:
    file = flight(tmp_path / "a.tlog", systems=(1, 2))
    done = convert(open_recorded(file), tmp_path / "out", kind)
    columns = read_columns(file)
    assert done.counts == {name: len(columns[name]) for name in sorted(columns)}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.{kind}" for name in columns}
    lats = columns["GLOBAL_POSITION_INT"]["lat"].tolist()
    path = tmp_path / "out" / f"GLOBAL_POSITION_INT.{kind}"
    if kind == "csv":
        assert [int(row["lat"]) for row in csv.DictReader(path.read_text().splitlines())] == lats
    else:
        assert pq.read_table(path)["lat"].to_pylist() == lats


def test_one_aircraft_and_one_type_are_chosen(tmp_path: Path) -> None:
    recorded = open_recorded(flight(tmp_path / "a.tlog", systems=(1, 2)))
    convert(recorded, tmp_path / "p.parquet", "parquet", system=2, message="global_position_int")
    assert set(pq.read_table(tmp_path / "p.parquet")["system"].to_pylist()) == {2}
    convert(recorded, tmp_path / "p.gpx", "gpx", system=2)
    assert [track.name for track in gpxpy.parse((tmp_path / "p.gpx").read_text()).tracks] == ["Copter 2"]
    with pytest.raises(InputError, match=r"aircraft 7.*Choose one of 1, 2"):
        convert(recorded, tmp_path / "x.gpx", "gpx", system=7)
    with pytest.raises(InputError, match=r"aircraft 7.*Choose one of 1, 2"):
        convert(recorded, tmp_path / "x", "csv", system=7)
    with pytest.raises(InputError, match=r"no ATTITUDE.*GLOBAL_POSITION_INT, HEARTBEAT"):
        convert(recorded, tmp_path / "x.csv", "csv", message="attitude")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "x"))] == []


def test_what_has_no_position_has_no_path_but_messages(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    recorded = open_recorded(shared("tlogs/sub-v2.tlog"))
    with pytest.raises(InputError, match="no position"):
        convert(recorded, tmp_path / "out.gpx", "gpx")
    assert len(convert(recorded, tmp_path / "out", "csv").counts) == 31
    assert not (tmp_path / "out.gpx").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    recorded = open_recorded(flight(tmp_path / "a.tlog"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    for output in (tmp_path / "out", tmp_path / "a.tlog"):
        with pytest.raises(OutputError, match="there already"):
            convert(recorded, output, "csv")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    (tmp_path / "out" / "mine.txt").unlink()
    convert(recorded, tmp_path / "out", "csv")
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_name_without_a_format_is_refused(tmp_path: Path) -> None:
    assert kind_of(Path("a.GPX"), None) == "gpx"
    assert kind_of(Path("a.gpx"), "kml") == "kml"
    with pytest.raises(InputError, match=r"a\.xyz.*csv, parquet, gpx, kml, geojson"):
        kind_of(Path("a.xyz"), None)


@pytest.mark.parametrize("kind", ["gpx", "kml", "geojson"])
def test_messages_are_not_for_formats_of_paths(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="csv or parquet"):
        convert(open_recorded(flight(tmp_path / "a.tlog")), tmp_path / "o", kind, message="ATTITUDE")


@pytest.mark.parametrize("name", ["<&>\"'$", "\x1b[31m\x00", "\udcff\udcfe", "é" * 60])
@pytest.mark.parametrize("kind", ["gpx", "kml", "geojson"])
def test_any_file_name_makes_a_document_that_can_be_read(name: str, kind: str, tmp_path: Path) -> None:
    file = flight(tmp_path / f"{name.replace(chr(0), '')}.tlog")
    convert(open_recorded(file), tmp_path / "out", kind)
    text = (tmp_path / "out").read_text(encoding="utf-8")
    if kind == "geojson":
        assert json.loads(text)["features"]
    else:
        defusedxml.ElementTree.fromstring(text)


def test_a_lone_position_is_a_point_on_every_map(tmp_path: Path) -> None:
    raw = Encoder(1, 1).encode("GLOBAL_POSITION_INT", lat=520_000_000, lon=50_000_000, alt=1000)
    (tmp_path / "a.tlog").write_bytes((10**15).to_bytes(8, "big") + raw)
    recorded = open_recorded(tmp_path / "a.tlog")
    for kind in ("gpx", "kml", "geojson"):
        convert(recorded, tmp_path / f"o.{kind}", kind)
    (feature,) = json.loads((tmp_path / "o.geojson").read_text())["features"]
    assert feature["geometry"] == {"type": "MultiPoint", "coordinates": [[5.0, 52.0, 1.0]]}
    assert len(gpxpy.parse((tmp_path / "o.gpx").read_text()).tracks[0].segments[0].points) == 1


def test_every_aircraft_is_there_and_one_can_be_chosen(tmp_path: Path) -> None:
    recorded = open_recorded(flight(tmp_path / "a.tlog", systems=(9, 4)))
    assert [record.system for record in chosen(recorded, None)] == [4, 9]
    assert [record.system for record in chosen(recorded, 9)] == [9]
    assert math.isclose(float(recorded.records()[0].path.ground_speed_m_s[0]), 5.0)
