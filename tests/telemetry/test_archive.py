"""An archive gives back what its recordings held, once, to the bit."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastcrc.crc16 import mcrf4xx

from missions.errors import FormatError, InputError, OutputError
from telemetry.archive import Archive, ArchiveWriter, archive, columns_from_table, verify
from telemetry.archive.parquet_files import MOST_DAYS, source_of
from telemetry.archive.tables import in_order, rows_from_table
from telemetry.columns import read_columns
from telemetry.columns.tables import DTYPES, KINDS
from telemetry.messages import Encoder
from telemetry.tlog import read_tlog
from tests.telemetry.payloads import values_in

TLOGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]
NOON_US = int(datetime(2026, 2, 23, 12, tzinfo=UTC).timestamp()) * 1_000_000
DAY_US = 86_400_000_000


def recording(path: Path, frames: Sequence[tuple[int, bytes]]) -> Path:
    path.write_bytes(b"".join(time_us.to_bytes(8, "big") + raw for time_us, raw in frames))
    return path


def position(system: int, time_us: int, lat: int, lon: int, **more: Any) -> tuple[int, bytes]:
    fields = {"alt": 30_000, "relative_alt": 10_000, "vx": 300, "vy": 400, "hdg": 9000} | more
    return time_us, Encoder(system, 1).encode("GLOBAL_POSITION_INT", lat=lat, lon=lon, **fields)


def flight(path: Path, *, systems: Sequence[int] = (1, 2, 3), began_us: int = NOON_US) -> Path:
    """Ten seconds of some aircraft, each a kilometre east of the one before it."""
    frames = [
        position(
            system,
            began_us + step * 100_000 + system,
            520_000_000 + step * 100,
            50_000_000 + system * 146_000,
        )
        for step in range(100)
        for system in systems
    ]
    return recording(path, frames)


def unknown_frame(number: int) -> bytes:
    body = bytes((9, 0, 0, number, 7, 1)) + b"\xf0\xff\x7f" + bytes([number] * 9)
    return b"\xfd" + body + mcrf4xx(b"M", mcrf4xx(body)).to_bytes(2, "little")


def assert_equal(folder: Path, segment: Path) -> None:
    """The archive, which holds this recording alone, gives every row of it in every bit."""
    opened, columns = Archive(folder), read_columns(segment)
    assert set(opened.datasets) - {"positions", "unknown"} == set(columns)
    for name, rows in columns.items():
        back = rows_from_table(opened.messages(name), DTYPES[name])
        assert back.tobytes() == in_order(rows).tobytes(), name
    raw = opened.messages("unknown")["frame"].to_pylist() if columns.unknown else []
    assert sorted(raw) == sorted(columns.unknown)


@pytest.mark.parametrize("name", TLOGS)
def test_a_real_recording_comes_back_to_the_bit(
    name: str, shared: Callable[[str], Path], tmp_path: Path
) -> None:
    segment = shared(name)
    archive([segment], tmp_path / "archive")
    assert_equal(tmp_path / "archive", segment)
    assert verify(tmp_path / "archive", [segment]).is_good


@pytest.mark.parametrize("seed", range(2))
def test_any_message_of_any_sender_comes_back_to_the_bit(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    encoders = [Encoder(random_.randrange(1, 256), random_.randrange(256)) for _ in range(4)]
    frames: list[tuple[int, bytes]] = []
    for _ in range(1_500):
        layout = random_.choice(KINDS)
        values = values_in(layout, random_.randbytes(layout.packer.size))
        fields = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in zip(layout.names, values, strict=True)
            if not isinstance(value, str)
        }
        text = {
            name: "é\x01x"[: random_.randrange(4)]
            for name, v in zip(layout.names, values, strict=True)
            if isinstance(v, str)
        }
        time_us = NOON_US + random_.randrange(DAY_US // 4)
        frames.append((time_us, random_.choice(encoders).encode(layout.name, **fields, **text)))
        if random_.random() < 0.1:
            frames.append((time_us, unknown_frame(random_.randrange(256))))
    segment = recording(tmp_path / "any.tlog", frames)
    assert len(read_columns(segment)) > 200
    archive([segment], tmp_path / "archive")
    assert_equal(tmp_path / "archive", segment)
    assert verify(tmp_path / "archive", [segment]).is_good


def test_a_text_is_what_people_read_and_its_bytes_are_kept(tmp_path: Path) -> None:
    clean = bytearray(Encoder(1, 1).encode("STATUSTEXT", severity=3, text="Ready to go"))
    body = bytes(clean[1:10]) + bytes(clean[10:-2]).replace(b" to ", b"\0\xff\xfe ")
    crc = mcrf4xx(next(kind.seed for kind in KINDS if kind.name == "STATUSTEXT"), mcrf4xx(body))
    dirty = b"\xfd" + body + crc.to_bytes(2, "little")
    segment = recording(tmp_path / "texts.tlog", [(NOON_US, bytes(clean)), (NOON_US + 1, dirty)])
    archive([segment], tmp_path / "archive")
    table = Archive(tmp_path / "archive").messages("STATUSTEXT")
    assert table["text"].to_pylist() == ["Ready to go", "Ready"]
    assert table["text_raw"].to_pylist() == [None, b"Ready\0\xff\xfe go"]
    assert_equal(tmp_path / "archive", segment)


def test_positions_are_decoded_and_places_that_are_none_left_out(tmp_path: Path) -> None:
    frames = [
        position(1, NOON_US, 0, 0),
        position(1, NOON_US + 1, 2557, -111),
        position(1, NOON_US + 2, 521_234_567, -51_234_567, alt=41_500, relative_alt=-500, vz=-25, hdg=65_535),
        position(1, NOON_US + 3, 910_000_000, 5),
        position(1, NOON_US + 4, 521_234_567, -51_234_567),
    ]
    archive([recording(tmp_path / "a.tlog", frames)], tmp_path / "archive")
    opened = Archive(tmp_path / "archive")
    first, second = opened.positions().to_pylist()
    assert first == {
        "time": datetime(2026, 2, 23, 12, 0, 0, 2, tzinfo=UTC),
        "system": 1,
        "component": 1,
        "lat_deg": 52.1234567,
        "lon_deg": -5.1234567,
        "height_amsl_m": 41.5,
        "height_relative_m": -0.5,
        "velocity_north_m_s": 3.0,
        "velocity_east_m_s": 4.0,
        "velocity_down_m_s": -0.25,
        "ground_speed_m_s": 5.0,
        "heading_deg": None,
    }
    assert second["heading_deg"] == 90.0
    assert opened.datasets["GLOBAL_POSITION_INT"] == 5


@pytest.mark.parametrize("seed", range(6))
def test_a_question_finds_just_the_positions_that_fit_it(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    frames = [
        position(
            random_.randrange(1, 6),
            NOON_US + random_.randrange(3 * DAY_US),
            random_.randrange(-800_000_000, 800_000_000),
            random_.randrange(-1_799_000_000, 1_799_000_000),
        )
        for _ in range(900)
    ]
    parts = [frames[start::3] for start in range(3)]
    archive([recording(tmp_path / f"{n}.tlog", part) for n, part in enumerate(parts)], tmp_path / "archive")
    opened = Archive(tmp_path / "archive")
    everything = opened.positions().to_pylist()
    keys = [(row["system"], row["component"], row["time"]) for row in everything]
    assert len(keys) == 900
    assert keys == sorted(keys)
    for _ in range(20):
        systems = random_.choice([None, {1}, {2, 5}, {9}, {258, 3, -1}])
        since, until = (
            datetime.fromtimestamp((NOON_US + random_.randrange(3 * DAY_US)) / 1e6, UTC) for _ in "ab"
        )
        west, east = random_.uniform(-180, 180), random_.uniform(-180, 180)
        south, north = sorted((random_.uniform(-80, 80), random_.uniform(-80, 80)))
        found = opened.positions(systems, since, until, (west, south, east, north)).to_pylist()
        assert found == [
            row
            for row in everything
            if (systems is None or row["system"] in systems)
            and since <= row["time"] < until
            and south <= row["lat_deg"] <= north
            and (west <= row["lon_deg"] <= east if west <= east else not east < row["lon_deg"] < west)
        ]


def test_seconds_and_datetimes_mean_the_same_moment(tmp_path: Path) -> None:
    archive([flight(tmp_path / "a.tlog")], tmp_path / "archive")
    opened = Archive(tmp_path / "archive")
    since = datetime(2026, 2, 23, 12, 0, 5, tzinfo=UTC)
    assert opened.positions(since=since).equals(opened.positions(since=since.timestamp()))
    assert len(opened.positions(since=since)) == 150
    with pytest.raises(InputError, match="zone"):
        opened.positions(since=since.replace(tzinfo=None))


def test_an_archive_is_numpy_and_pandas_at_hand(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    archive([flight(tmp_path / "a.tlog")], tmp_path / "archive")
    table = Archive(tmp_path / "archive").positions(systems=[2], columns=["time", "lat_deg"])
    frame = table.to_pandas()
    assert list(frame.columns) == ["time", "lat_deg"]
    assert frame["time"].iloc[0] == pandas.Timestamp("2026-02-23 12:00:00.000002", tz="UTC")
    arrays = columns_from_table(table)
    assert arrays["lat_deg"].dtype == np.float64
    assert arrays["time"].dtype == np.dtype("datetime64[us]")
    assert arrays["lat_deg"].tolist() == frame["lat_deg"].tolist()


def test_a_recording_is_taken_in_once_under_whatever_name(tmp_path: Path) -> None:
    segment = flight(tmp_path / "a.tlog")
    copy = tmp_path / "copy.tlog"
    copy.write_bytes(segment.read_bytes())
    folder = tmp_path / "archive"
    assert [added.is_new for added in archive([segment, segment, copy], folder)] == [True, False, False]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    assert not archive([segment], folder)[0].is_new
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before
    assert len(Archive(folder).positions()) == 300


def test_a_changed_recording_of_the_same_name_is_refused(tmp_path: Path) -> None:
    segment = flight(tmp_path / "a.tlog")
    archive([segment], tmp_path / "archive")
    flight(segment, systems=(1, 2))
    with pytest.raises(InputError, match=r"a\.tlog.*another recording of the name a\.tlog"):
        archive([segment], tmp_path / "archive")
    assert len(Archive(tmp_path / "archive").positions()) == 300
    assert not verify(tmp_path / "archive", [segment]).is_good


def test_a_recording_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    segment = flight(tmp_path / "a.tlog")

    def grow(path: Path, done: int, total: int) -> None:
        if not done:
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(InputError, match="changed while it was read"):
        archive([segment], tmp_path / "archive", grow)
    assert Archive(tmp_path / "archive").entries == ()
    assert verify(tmp_path / "archive").is_good


def test_a_file_says_which_recording_it_came_from(tmp_path: Path) -> None:
    segment = flight(tmp_path / "a b*[1].tlog")
    (added,) = archive([segment], tmp_path / "archive")
    assert {part.dataset for part in added.entry.parts} == {"positions", "GLOBAL_POSITION_INT"}
    for part in added.entry.parts:
        (source,) = source_of(tmp_path / "archive" / part.path)
        assert source == {
            "name": "a b*[1].tlog",
            "sha256": added.entry.sha256,
            "frames": 300,
            "rows": part.rows,
        }
        assert set(Path(part.path).name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")


def test_progress_counts_the_frames_to_the_last(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    archive(
        [flight(tmp_path / "a.tlog")],
        tmp_path / "archive",
        lambda *each: told.append((each[0].name, *each[1:])),
    )
    assert told[0] == ("a.tlog", 0, 300)
    assert told[-1] == ("a.tlog", 300, 300)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_day_is_a_folder_and_a_row_without_a_time_has_none(tmp_path: Path) -> None:
    frames = [position(1, NOON_US + day * DAY_US, 520_000_000, 50_000_000) for day in range(3)]
    frames.append(position(1, 0, 520_000_000, 50_000_000))
    archive([recording(tmp_path / "a.tlog", frames)], tmp_path / "archive")
    days = sorted(path.name for path in (tmp_path / "archive" / "positions").iterdir())
    known = ["2026-02-23", "2026-02-24", "2026-02-25"]
    assert days == [*(f"date={day}" for day in known), "date=__HIVE_DEFAULT_PARTITION__"]
    told = Archive(tmp_path / "archive").sql("select date, count(*) n from positions group by 1 order by 1")
    assert [str(row["date"]) for row in told.to_pylist()] == [*known, "None"]
    assert told["n"].to_pylist() == [1, 1, 1, 1]


def test_times_that_make_no_sense_make_no_thousand_folders(tmp_path: Path) -> None:
    frames = [position(1, NOON_US, 520_000_000, 50_000_000)] * 5
    frames += [position(1, NOON_US + day * DAY_US, 520_000_000, 50_000_000) for day in range(400)]
    segment = recording(tmp_path / "a.tlog", frames)
    archive([segment], tmp_path / "archive")
    days = [path.name for path in (tmp_path / "archive" / "positions").iterdir()]
    assert len(days) == MOST_DAYS + 1
    assert "date=__HIVE_DEFAULT_PARTITION__" in days
    opened = Archive(tmp_path / "archive")
    assert len(opened.positions()) == 405
    assert opened.sql("select count(*) n from positions where date is null")["n"].to_pylist() == [
        400 - MOST_DAYS
    ]
    assert_equal(tmp_path / "archive", segment)


def test_frames_of_unknown_types_are_kept_raw(tmp_path: Path) -> None:
    frames = [(NOON_US + number, unknown_frame(number)) for number in range(20)]
    segment = recording(tmp_path / "a.tlog", [position(1, NOON_US, 520_000_000, 1), *frames])
    archive([segment], tmp_path / "archive")
    expected = [frame for frame in read_tlog(segment) if frame.layout is None]
    assert len(expected) >= 19
    table = Archive(tmp_path / "archive").messages("unknown")
    assert table["frame"].to_pylist() == [frame.raw for frame in expected]
    assert table["message_id"].to_pylist() == [frame.message_id for frame in expected]
    assert [int(t.timestamp() * 1e6 + 0.5) for t in table["time"].to_pylist()] == [
        f.time_us for f in expected
    ]
    assert [(r["system"], r["component"], r["frame_sequence"]) for r in table.to_pylist()] == [
        (frame.system, frame.component, frame.sequence) for frame in expected
    ]


def test_a_file_is_sorted_compressed_and_knows_its_bounds(tmp_path: Path) -> None:
    (added,) = archive([flight(tmp_path / "a.tlog")], tmp_path / "archive")
    part = next(part for part in added.entry.parts if part.dataset == "positions")
    group = pq.read_metadata(tmp_path / "archive" / part.path).row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert (columns["system"].statistics.min, columns["system"].statistics.max) == (1, 3)
    assert columns["lat_deg"].statistics.min == 52.0
    assert [each.column_index for each in group.sorting_columns] == [1, 2, 0]


def test_two_recordings_with_one_aircraft_are_one_sorted_table(tmp_path: Path) -> None:
    segments = [
        flight(tmp_path / f"{n}.tlog", began_us=NOON_US + shift) for n, shift in enumerate((7_000_000, 0))
    ]
    archive(segments, tmp_path / "archive")
    table = Archive(tmp_path / "archive").positions()
    keys = [(row["system"], row["time"]) for row in table.to_pylist()]
    assert keys == sorted(keys)
    assert len(keys) == 600


def test_a_type_or_a_column_that_is_not_there_is_named_with_the_choices(tmp_path: Path) -> None:
    archive([flight(tmp_path / "a.tlog")], tmp_path / "archive")
    opened = Archive(tmp_path / "archive")
    with pytest.raises(InputError, match=r"no ATTITUDE.*GLOBAL_POSITION_INT"):
        opened.messages("attitude")
    with pytest.raises(InputError, match=r"no column height.*height_amsl_m"):
        opened.positions(columns=["height"])


def test_an_archive_without_a_recording_answers_all_the_same(tmp_path: Path) -> None:
    archive([], tmp_path / "archive")
    opened = Archive(tmp_path / "archive")
    assert len(opened.positions()) == 0
    assert opened.sql("select count(*) n from positions")["n"].to_pylist() == [0]
    assert verify(tmp_path / "archive").is_good


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match="no telemetry archive"):
        archive([], tmp_path)
    with pytest.raises(InputError, match="no telemetry archive"):
        Archive(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "archive.json").write_text('{"format": "droneteam-telemetry-archive", "version": 9}')
    with pytest.raises(FormatError, match="version 1"):
        Archive(tmp_path / "old")


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with (
        ArchiveWriter(tmp_path / "archive"),
        pytest.raises(OutputError, match="another process"),
    ):
        archive([], tmp_path / "archive")
    archive([], tmp_path / "archive")


def test_a_single_precision_value_is_not_rounded_on_the_way(tmp_path: Path) -> None:
    values = [math.pi, math.nan, -0.0, math.inf, 1e-40]
    frames = [
        (NOON_US + n, Encoder(1, 1).encode("ATTITUDE", roll=value, yaw=-value))
        for n, value in enumerate(values)
    ]
    segment = recording(tmp_path / "a.tlog", frames)
    archive([segment], tmp_path / "archive")
    table = Archive(tmp_path / "archive").messages("ATTITUDE")
    assert table.schema.field("roll").type == pa.float32()
    assert_equal(tmp_path / "archive", segment)
