"""Who is not ours stands in the index as in the segments of what was received, grown or built at once."""

from __future__ import annotations

import math
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from missions.errors import InputError
from ops.index import FOREIGN_POINT, Index, IndexWriter, open_index, rebuild
from ops.index import received as indexing
from ops.index.database import Database
from ops.index.filling import Filler
from telemetry.clock import ManualClock
from telemetry.received.items import HEAD, Item, line_of
from telemetry.received.positions import positions_of
from telemetry.received.recorder import ReceivedRecorder
from telemetry.recorder import Recorder
from tests.ops.test_index_scan import NAME, flown, rows_of
from tests.telemetry.received_items import BEGIN_US, several, track, write_segment

NOW_S = BEGIN_US / 1e6
SEGMENT = "20260314T092653Z.received"


def opened(folder: Path) -> Index:
    return open_index(folder, ManualClock(NOW_S), lambda told: pytest.fail(told))


def test_written_live_over_many_segments_it_is_what_a_rebuild_makes(tmp_path: Path) -> None:
    clock = ManualClock(NOW_S)
    live, again = tmp_path / "live", tmp_path / "again"
    writer = IndexWriter(live, clock, every_s=math.inf)
    received = ReceivedRecorder(live, clock, segment_bytes=9_000, sync_s=math.inf)
    recorder = Recorder(live, clock, sync_s=math.inf)
    for each in (received, recorder):
        each.subscribe(writer)
    chance = random.Random(1)
    for each in several(1, 300):
        received([each])
        if chance.random() < 0.2:
            received.flush()
            writer.flush()
    for ending in (received, recorder, writer):
        ending.close()
    assert writer.problem == ""
    again.mkdir()
    for path in live.glob("*.received"):
        (again / path.name).write_bytes(path.read_bytes())
    rebuild(again)
    assert len(received.segments) > 3
    assert rows_of(live) == rows_of(again)
    assert opened(live).foreigners() == Index(again).foreigners()


@pytest.mark.parametrize("seed", [2, 3])
def test_grown_in_any_pieces_it_is_that_of_the_whole(tmp_path: Path, seed: int) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    data = write_segment(whole / SEGMENT, several(seed)).read_bytes() + b'{"torn'
    (whole / SEGMENT).write_bytes(data)
    rebuild(whole)
    grown = tmp_path / "grown"
    grown.mkdir()
    chance = random.Random(seed)
    database = Database(grown / "index.sqlite", building=True)
    database.create()
    filler = Filler(grown, database)
    size = 0
    while size < len(data):
        size = min(len(data), size + chance.randrange(1, 6_000))
        (grown / SEGMENT).write_bytes(data[:size])
        filler.catch_up(last=size == len(data))
    database.close()
    assert rows_of(grown) == rows_of(whole)


def test_its_answers_are_those_of_the_items_one_after_the_other(tmp_path: Path) -> None:
    made = several(4, 400)
    write_segment(tmp_path / SEGMENT, made[:200])
    write_segment(tmp_path / "20260314T093653Z.received", made[200:])
    (tmp_path / NAME).write_bytes(b"".join(flown(3)))
    index = opened(tmp_path)
    told = [*positions_of(made[:200]), *positions_of(made[200:])]
    keys = {each.key for each in told}
    found = {each.key: each for each in index.foreigners()}
    several_keys = {"icao:4CA2D6", "icao:484ABC", "dji:1581F5BKD", "tak:ANDROID-1", "tak:ANDROID-2"}
    assert found.keys() == keys == several_keys
    for key, each in found.items():
        own = [position for position in told if position.key == key]
        assert (each.first_s, each.last_s) == (own[0].time_us / 1e6, own[-1].time_us / 1e6)
        assert (each.positions, each.link, each.source) == (len(own), own[-1].link, own[-1].source)
        seconds: dict[tuple[bool, int], float] = {}
        for position in own:  # each segment stands by itself
            seconds.setdefault(
                (position.time_us >= made[200].time_us, position.time_us // 1_000_000), position.lat_deg
            )
        way = index.foreign_track(key)
        assert way.dtype == FOREIGN_POINT
        assert way["lat_deg"] == pytest.approx(list(seconds.values()), abs=1e-7)
        assert (np.diff(way["time_s"]) > 0).all()
    assert found["icao:4CA2D6"].name == "RYR1"
    assert found["dji:1581F5BKD"].name == "M30T Noord"
    dji, plane = index.foreign_track("dji:1581F5BKD"), index.foreign_track("icao:4CA2D6")
    assert (set(dji["height_reference"]), set(plane["height_reference"])) == ({"amsl"}, {"pressure_standard"})
    assert np.isnan(index.foreign_track("tak:ANDROID-1")["height_m"]).all()
    assert len(index.foreign_track("dji:1581F5BKD", at_most_points=5)) == 5
    middle_s = (dji["time_s"][0] + dji["time_s"][-1]) / 2
    assert 0 < len(index.foreign_track("dji:1581F5BKD", since_s=middle_s)) < len(dji)
    assert index.foreigners(since_s=NOW_S + 9_999) == ()


def test_who_was_in_a_box_can_be_asked(tmp_path: Path) -> None:
    made = [track(BEGIN_US + second * 1_000_000, 52.1 + second * 1e-3, 5.8) for second in range(60)]
    write_segment(tmp_path / SEGMENT, made)
    index = opened(tmp_path)
    (passage,) = index.foreign_passages((52.1095, 5.79, 52.1205, 5.81))
    assert (passage.key, passage.first_s, passage.last_s) == ("dji:1581F5BKD", NOW_S + 10, NOW_S + 20)
    assert (passage.points, passage.segment) == (11, SEGMENT)
    assert index.foreign_passages((52.1095, 5.81, 52.1205, 5.82)) == ()
    assert index.foreign_passages((52.1095, 5.79, 52.1205, 5.81), since_s=NOW_S + 21) == ()
    with pytest.raises(InputError, match="is no box"):
        index.foreign_passages((53, 5, 52, 6))


def test_segments_that_change_or_vanish_are_followed(tmp_path: Path) -> None:
    made = several(5, 120)
    path = write_segment(tmp_path / SEGMENT, made)
    many = opened(tmp_path).foreigners()
    write_segment(path, made[:60])
    fewer = opened(tmp_path).foreigners()
    assert sum(each.positions for each in fewer) < sum(each.positions for each in many)
    path.unlink()
    assert opened(tmp_path).foreigners() == ()
    assert opened(tmp_path).segments() == ()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE foreign_points SET lat_e7 = lat_e7 + 1 WHERE at % 7 = 0",
        "UPDATE foreign_points SET height_mm = NULL WHERE height_mm IS NOT NULL",
        "DELETE FROM foreign_points WHERE at % 9 = 0",
        "UPDATE foreigners SET name = 'niemand'",
        "UPDATE foreigners SET segment = segment + 1",
        "DELETE FROM segments",
        "INSERT INTO legs SELECT segment, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1.0, 1, 1, '' FROM segments",
    ],
)
def test_damaged_rows_of_others_are_seen_and_made_again(tmp_path: Path, harm: str) -> None:
    write_segment(tmp_path / SEGMENT, several(6, 60))
    before = opened(tmp_path).foreigners()
    sound = rows_of(tmp_path)
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as connection, connection:
        connection.execute(harm)
    told: list[str] = []
    assert open_index(tmp_path, ManualClock(NOW_S), told.append).foreigners() == before
    assert "damaged" in told[0]
    assert rows_of(tmp_path) == sound


def test_who_makes_up_many_others_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST_FOREIGNERS", 5)
    made: list[Item] = [track(BEGIN_US + n * 10_000_000, 52.1, 5.8, id=f"N{n}") for n in range(9)]
    (tmp_path / SEGMENT).write_bytes(HEAD + b"".join(map(line_of, made)))
    index = opened(tmp_path)
    assert [each.key for each in index.foreigners()] == [f"dji:N{n}" for n in range(5)]
    assert "of more than 5 others in it the first are indexed alone" in index.segments()[0].problem
