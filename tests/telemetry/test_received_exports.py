"""What was received of others, for other programs: the archive, tables, GPX, KML and Moving Features."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from missions.errors import FormatError
from missions.formats.safe_xml import parse_xml
from telemetry.archive import Archive, archive, verify
from telemetry.exports import convert, open_recorded
from telemetry.received.positions import ForeignPosition, positions_of
from telemetry.received.summary import received_summary
from tests.telemetry.received_items import BEGIN_US, RECEIVER, TAK, TRACKS, several, write_segment

NAMES = ("first.received", "second.received")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("received")
    for seed, name in enumerate(NAMES):
        write_segment(folder / name, several(seed, 150))
    return folder


@pytest.fixture(scope="module")
def told() -> list[ForeignPosition]:
    return [each for seed in range(len(NAMES)) for each in positions_of(several(seed, 150))]


def test_an_archive_has_every_position_and_everything_as_it_came(
    folder: Path, told: list[ForeignPosition], tmp_path: Path
) -> None:
    paths = [folder / name for name in NAMES]
    added = archive(paths, tmp_path / "archive")
    assert [each.is_new for each in added] == [True, True]
    assert [each.is_new for each in archive(paths, tmp_path / "archive")] == [False, False]
    verdict = verify(tmp_path / "archive", paths)
    assert (verdict.problems, verdict.compared) == ((), 2)
    asked = Archive(tmp_path / "archive")
    table = asked.foreign_positions()
    rows = [tuple(row.values()) for row in table.to_pylist()]
    expected = sorted(told, key=lambda each: (each.key, each.time_us))
    assert [(row[2], row[0].timestamp(), row[7:11]) for row in rows] == [
        (
            each.key,
            pytest.approx(each.time_us / 1e6, abs=1e-6),
            (each.lat_deg, each.lon_deg, each.height_m, each.height_reference),
        )
        for each in expected
    ]
    raw = asked.messages("received").to_pylist()
    items = [item for seed in range(2) for item in several(seed, 150)]
    assert sorted((row["link"], row["form"], row["data"], row["cut"]) for row in raw) == sorted(
        (item.link, item.form, item.data, item.cut) for item in items
    )


def test_an_archive_answers_for_a_key_a_time_and_a_box_and_in_sql(folder: Path, tmp_path: Path) -> None:
    archive([folder / NAMES[0]], tmp_path / "archive")
    asked = Archive(tmp_path / "archive")
    own = [each for each in positions_of(several(0, 150)) if each.key == "dji:1581F5BKD"]
    assert asked.foreign_positions(["dji:1581F5BKD"])["lat_deg"].to_pylist() == [each.lat_deg for each in own]
    since = datetime.fromtimestamp(own[3].time_us / 1e6, UTC)
    assert len(asked.foreign_positions(["dji:1581F5BKD"], since=since, columns=["time"])) == len(own) - 3
    box = (5.0, own[2].lat_deg, 6.0, own[4].lat_deg)
    inside = asked.foreign_positions(["dji:1581F5BKD"], box=box)["lat_deg"].to_pylist()
    assert inside == [each.lat_deg for each in own[2:5]]
    counted = asked.sql("select key, count(*) as n from foreign_positions group by key order by key")
    keys = [each.key for each in positions_of(several(0, 150))]
    assert counted.to_pylist() == [{"key": key, "n": keys.count(key)} for key in sorted(set(keys))]
    assert len(asked.sql("select * from positions")) == 0


def test_a_recording_changed_since_is_not_in_the_archive(tmp_path: Path) -> None:
    path = write_segment(tmp_path / NAMES[0], several(0, 150))
    archive([path], tmp_path / "archive")
    write_segment(path, several(0, 149))
    assert "not in the archive, or was changed" in verify(tmp_path / "archive", [path]).problems[0]


def test_a_table_has_every_position_with_its_height_and_reference(folder: Path, tmp_path: Path) -> None:
    recorded = open_recorded(folder / NAMES[0])
    convert(recorded, tmp_path / "others.csv", "csv", message="positions")
    with (tmp_path / "others.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    own = list(positions_of(several(0, 150)))
    assert [(row["key"], int(row["received_us"]), float(row["lat_deg"])) for row in rows] == [
        (each.key, each.time_us, each.lat_deg) for each in own
    ]
    assert {row["height_reference"] for row in rows} == {"pressure_standard", "amsl", ""}
    convert(recorded, tmp_path / "others.parquet", "parquet", message="positions")
    table = pq.read_table(tmp_path / "others.parquet")
    assert table["key"].to_pylist() == [each.key for each in own]
    assert table.schema.field("time").type == pa.timestamp("us", "UTC")


def test_paths_have_a_height_where_it_is_above_the_sea_and_else_none(folder: Path, tmp_path: Path) -> None:
    recorded = open_recorded(folder / NAMES[0])
    for kind in ("gpx", "kml", "geojson"):
        convert(recorded, tmp_path / f"others.{kind}", kind)
        assert "nan" not in (tmp_path / f"others.{kind}").read_text().lower()
    space = {"g": "http://www.topografix.com/GPX/1/1"}
    tracks = {
        each.findtext("g:name", namespaces=space): each
        for each in parse_xml((tmp_path / "others.gpx").read_bytes(), "GPX").iterfind("g:trk", space)
    }
    dji, plane = tracks["dji:1581F5BKD M30T Noord"], tracks["icao:4CA2D6 RYR1"]
    own = [each for each in positions_of(several(0, 150)) if each.key == "dji:1581F5BKD"]
    assert [each.text for each in dji.iterfind(".//g:ele", space)] == ["84.200"] * len(own)
    assert len(list(dji.iterfind(".//g:trkpt", space))) == len(own)
    assert not list(plane.iterfind(".//g:ele", space)), "a pressure height is no height above the sea"
    features = json.loads((tmp_path / "others.geojson").read_text())["features"]
    by_key = {each["id"]: each for each in features}
    assert by_key["dji:1581F5BKD"]["properties"]["name"] == "dji:1581F5BKD M30T Noord"
    assert {len(each) for each in by_key["icao:4CA2D6"]["geometry"]["coordinates"]} <= {2}


def test_the_summary_counts_what_came_over_each_link_and_names_who_was_there(
    folder: Path, tmp_path: Path
) -> None:
    summary = received_summary(folder / NAMES[0])
    items = several(0, 150)
    assert summary.items == len(items)
    assert sum(sum(counts.values()) for counts in summary.links.values()) == len(items) - 1, "one is a state"
    assert summary.links[RECEIVER]["sbs"] == sum(item.form == "sbs" for item in items)
    assert set(summary.links) == {RECEIVER, TRACKS, TAK}
    assert summary.refused > 0
    assert {each.key for each in summary.others} >= {"icao:4CA2D6", "dji:1581F5BKD", "tak:ANDROID-1"}
    assert summary.began_s == BEGIN_US / 1e6
    (tmp_path / "torn.received").write_bytes((folder / NAMES[0]).read_bytes()[:-5])
    assert received_summary(tmp_path / "torn.received").bad_lines == 1


def test_what_is_none_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "a.received").write_text("no\n" * 100)
    for read in (open_recorded, received_summary):
        with pytest.raises(FormatError, match="no recording of what was received"):
            read(tmp_path / "a.received")
