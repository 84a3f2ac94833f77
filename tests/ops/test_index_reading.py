"""What is asked of an index is answered as the points and legs themselves would."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from missions.errors import InputError
from ops.index import rebuild
from ops.index.database import Database
from ops.index.tables import EVERY
from ops.index.views import flights_query, vehicles_query
from tests.ops.test_index import indexed
from tests.ops.test_index_scan import NAME, NOW_S, flown, rows_of


def test_a_track_is_a_table_and_can_be_thinned(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"".join(flown(300, 3)))
    index = indexed(tmp_path)
    track = index.track(2)
    frame = pd.DataFrame(track)
    assert list(frame.columns[:3]) == ["time_s", "lat_deg", "lon_deg"]
    assert len(frame) > 280
    assert (np.diff(track["time_s"]) > 0).all()
    for most in (2, 3, 10, 100, 299):
        thin = index.track(2, at_most_points=most)
        assert 2 <= len(thin) <= most
        assert thin[0] == track[0]
        assert thin[-1] == track[-1]
        assert np.isin(thin["time_s"], track["time_s"]).all()
    part = index.track(2, since_s=NOW_S + 100, until_s=NOW_S + 110)
    assert part.tolist() == [row for row in track.tolist() if NOW_S + 100 <= row[0] <= NOW_S + 110]
    assert len(index.track(77)) == 0
    with pytest.raises(InputError, match="1 points"):
        index.track(2, at_most_points=1)


@pytest.mark.parametrize("seed", range(5))
def test_who_was_in_a_box_is_found_by_its_cells_as_by_every_point(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    (tmp_path / NAME).write_bytes(b"".join(flown(200, seed, vehicles=3)))
    index = indexed(tmp_path)
    tracks = {system: index.track(system) for system in (1, 2, 3)}
    for _ in range(20):
        south, west = 52 + chance.uniform(-0.01, 0.02), 5 - chance.uniform(-0.01, 0.02)
        north, east = south + chance.choice((0.0005, 0.02, 2.0)), west + chance.choice((0.0005, 0.02, 2.0))
        expected = {}
        for system, track in tracks.items():
            inside = track[
                (track["lat_deg"] >= south)
                & (track["lat_deg"] <= north)
                & (track["lon_deg"] >= west)
                & (track["lon_deg"] <= east)
            ]
            if len(inside):
                expected[system] = (inside["time_s"][0], inside["time_s"][-1], len(inside))
        found = index.passages((south, west, north, east))
        assert {one.system: (one.first_s, one.last_s, one.points) for one in found} == expected
    with pytest.raises(InputError, match="no box"):
        index.passages((52.0, 5.0, 51.0, 6.0))


def test_the_views_are_what_the_reader_asks(tmp_path: Path) -> None:
    for number in range(3):
        begin_s = NOW_S + 50 * number
        (tmp_path / f"2026022{number}T101500Z.tlog").write_bytes(b"".join(flown(50, 2, begin_s=begin_s)))
    rebuild(tmp_path)
    database = Database(tmp_path / "index.sqlite")
    with database.transaction() as connection:
        asked = [
            sorted(map(tuple, connection.execute(query())), key=repr)
            for query in (vehicles_query, flights_query)
        ]
    database.close()
    rows = rows_of(tmp_path)
    assert asked == [rows["vehicles"], rows["flights"]]


def test_tables_and_questions_can_be_said_to_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in EVERY:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
    for query in (vehicles_query, flights_query):
        assert "OVER (PARTITION BY" in str(query().compile(dialect=dialect))


def test_a_ground_station_is_no_vehicle(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"".join(flown(20)))
    vehicles = indexed(tmp_path).vehicles()
    assert [(each.system, each.component, each.kind, each.autopilot) for each in vehicles] == [
        (1, 1, "copter", "ardupilotmega"),
        (2, 1, "copter", "ardupilotmega"),
    ]
