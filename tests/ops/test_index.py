"""The index says what the recordings say, however they came, and forgets nothing of what people did."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint, distance_m
from ops.index import Index, open_index, rebuild, record_alerts
from ops.index.database import Database
from ops.index.filling import Filler
from ops.index.tables import legs as legs_table
from telemetry.clock import ManualClock
from telemetry.messages import Encoder, Message, decode
from telemetry.state import is_vehicle_heartbeat
from telemetry.tlog import read_tlog
from tests.ops.test_index_scan import NAME, NOW_S, damaged, flown, rows_of, stamped

Told = list[str]


def indexed(folder: Path) -> Index:
    """Opened where nothing may be amiss."""
    told: Told = []
    index = open_index(folder, ManualClock(NOW_S), told.append)
    assert told == []
    return index


def alert(number: int, **more: Any) -> dict[str, Any]:
    row = {
        "number": number,
        "time_s": NOW_S + number,
        "vehicle": 1,
        "rule": "battery low",
        "subject": "",
        "priority": "high",
        "from": "normal",
        "to": "unacknowledged",
        "text": "Batterij laag: 18 %",
        "value": 18.0,
        "limit": 20.0,
        "unit": "%",
        "who": "",
        "why": "",
        "until_s": None,
        "quiet": False,
    }
    return {**row, **more}


class Witness:
    """Legs and points of one segment, worked out once more, one message after the other."""

    def __init__(self, path: Path) -> None:
        self.points: list[tuple[int, ...]] = []
        self.legs: list[tuple[Any, ...]] = []
        self._states: dict[int, dict[str, Any]] = {}
        for message in filter(None, map(decode, read_tlog(path))):
            self._hear(message, message.system << 8 | message.component)
        for vehicle, state in self._states.items():
            self._close(vehicle, state, True)

    def _hear(self, message: Message, vehicle: int) -> None:
        state = self._states.setdefault(
            vehicle, {"armed": None, "battery": None, "leg": None, "second": None}
        )
        told = is_vehicle_heartbeat(message) or self._is_fresh(message, state)
        if told and message.time_us - state.get("heard", message.time_us) > 120_000_000:
            self._close(vehicle, state, True)
            state["armed"] = None
        if told:
            state["heard"] = message.time_us
        if is_vehicle_heartbeat(message):
            armed = bool(message.base_mode & 128)
            if armed and state["leg"] is None:
                self._open(state, message)
            if not armed and state["leg"] is not None:
                self._end(state, message)
                self._close(vehicle, state, False, drop=state["armed"] is None)
            state["armed"] = armed
        elif message.name == "SYS_STATUS" and message.battery_remaining >= 0:
            state["battery"] = message.battery_remaining
        elif message.name == "GLOBAL_POSITION_INT":
            self._position(message, vehicle, state)
        if state["leg"] is not None:
            state["leg"]["battery"].append(state["battery"])
            if is_vehicle_heartbeat(message):
                self._end(state, message)

    def _open(self, state: dict[str, Any], message: Message) -> None:
        state["leg"] = {
            "begin": message.time_us,
            "open": state["armed"] is None,
            "end": message.time_us,
            "heights": [],
            "places": [],
            "battery": [state["battery"]],
        }

    def _position(self, message: Message, vehicle: int, state: dict[str, Any]) -> None:
        fresh = self._is_fresh(message, state)
        state["second"] = message.time_us // 1_000_000
        if fresh:
            self.points.append((vehicle, message.time_us, message.lat, message.lon, message.relative_alt))
            if state["armed"] is None and state["leg"] is None:
                self._open(state, message)
        if state["leg"] is not None:
            state["leg"]["heights"].append(message.relative_alt)
            if fresh:
                state["leg"]["places"].append(GeoPoint(message.lat / 1e7, message.lon / 1e7))
                self._end(state, message)

    @staticmethod
    def _end(state: dict[str, Any], message: Message) -> None:
        state["leg"]["end"] = max(state["leg"]["end"], message.time_us)

    @staticmethod
    def _is_fresh(message: Message, state: dict[str, Any]) -> bool:
        second = message.time_us // 1_000_000
        return message.name == "GLOBAL_POSITION_INT" and second != state["second"]

    def _close(self, vehicle: int, state: dict[str, Any], still: bool, *, drop: bool = False) -> None:
        leg, state["leg"] = state["leg"], None
        if leg is None or drop or state["armed"] is None:
            return
        places = leg["places"]
        way_m = sum(distance_m(*pair) for pair in pairwise(places))
        battery = [each for each in leg["battery"] if each is not None]
        highest = max(leg["heights"], default=None)
        ends = (battery[0], battery[-1]) if battery else (None, None)
        self.legs.append(
            (vehicle, leg["begin"], leg["end"], leg["open"], still, highest, round(way_m, 3), *ends)
        )


@pytest.mark.parametrize("seed", range(8))
def test_legs_and_points_are_those_of_the_frames_one_after_the_other(tmp_path: Path, seed: int) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"".join(flown(120, seed)) if seed % 2 else damaged(flown(60, seed), seed))
    rebuild(tmp_path)
    rows = rows_of(tmp_path)
    witness = Witness(path)
    points = [
        (vehicle, time_us, lat, lon, rel) for _, vehicle, time_us, _, lat, lon, _, rel, *_ in rows["tracks"]
    ]
    assert sorted(points) == sorted(witness.points)
    at = [legs_table.c.keys().index(name) for name in (
        "vehicle", "began_us", "ended_us", "begins_open", "ends_open", "highest_relative_mm", "distance_m",
        "battery_begin_pct", "battery_end_pct",
    )]  # fmt: skip
    assert sorted(tuple(row[place] for place in at) for row in rows["legs"]) == sorted(witness.legs)
    assert witness.legs
    assert witness.points


@pytest.mark.parametrize("seed", range(6))
def test_an_index_that_grew_with_its_segments_is_that_of_the_whole(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    grown, whole = tmp_path / "grown", tmp_path / "whole"
    grown.mkdir()
    database = Database(grown / "index.sqlite", building=True)
    database.create()
    filler = Filler(grown, database, block_bytes=4_000)
    for part in range(2):
        data = damaged(flown(40, seed + part, begin_s=NOW_S + 40 * part), seed)
        with (grown / f"2026022{part}T101500Z.tlog").open("ab", buffering=0) as file:
            while data:
                size = chance.randrange(1, 3_000)
                file.write(data[:size])
                data = data[size:]
                filler.catch_up(last=False)
        record_alerts(grown, [alert(part)])
    filler.catch_up(last=True)
    database.close()
    shutil.copytree(grown, whole)
    rebuild(whole)
    assert rows_of(grown) == rows_of(whole)
    assert len(rows_of(whole)["legs"]) > 3


def test_a_flight_over_the_edge_of_a_segment_is_one_flight(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    pieces = flown(200, 5, vehicles=3)
    for folder, cuts in ((one, [len(pieces)]), (two, [700, 1_100, len(pieces)])):
        folder.mkdir()
        begin = 0
        for number, cut in enumerate(cuts):
            (folder / f"2026022{number}T101500Z.tlog").write_bytes(b"".join(pieces[begin:cut]))
            begin = cut
    expected, found = indexed(one).flights(), indexed(two).flights()
    assert len(expected) == len(found) > 10
    for whole, joined in zip(expected, found, strict=True):
        # what a segment begins with is only known at its first heartbeat, and it sends no old battery again
        assert (joined.system, joined.end_known, joined.mode) == (whole.system, whole.end_known, whole.mode)
        assert abs(joined.begin_s - whole.begin_s) < 1.5
        assert joined.end_s == whole.end_s
        assert joined.highest_relative_m == whole.highest_relative_m
        assert abs(joined.distance_m - whole.distance_m) < 30
    assert any(flight.first_segment != flight.last_segment for flight in found)
    assert indexed(one).vehicles() == indexed(two).vehicles()


def test_a_silence_too_long_ends_a_flight_without_an_end(tmp_path: Path) -> None:
    for number, gap_s in enumerate((100, 130)):
        encoder = Encoder(1, 1)
        beats = [encoder.encode("HEARTBEAT", type=2, autopilot=3, base_mode=128) for _ in range(3)]
        times_s = (NOW_S, NOW_S + 1, NOW_S + 1 + gap_s)
        pieces = map(stamped, times_s, beats)
        (tmp_path / f"2026022{number}T101500Z.tlog").write_bytes(b"".join(pieces))
        flights = indexed(tmp_path).flights()
        (tmp_path / f"2026022{number}T101500Z.tlog").unlink()
        known = [(flight.begin_known, flight.end_known, flight.end_state) for flight in flights]
        assert known == [(False, False, "armed")] * (1 + number)


def test_segments_that_change_vanish_or_come_are_followed(tmp_path: Path) -> None:
    names = ["20260223T101500Z.tlog", "20260223T111500Z.tlog", "20260223T121500Z.tlog"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(b"".join(flown(20, number)))
    indexed(tmp_path)
    (tmp_path / names[0]).unlink()
    (tmp_path / names[1]).write_bytes(b"".join(flown(10, 7)))
    (tmp_path / "20260223T131500Z.tlog").write_bytes(damaged(flown(10, 8), 8))
    with (tmp_path / names[2]).open("ab") as file:
        file.write(b"".join(flown(5, 9)))
    record_alerts(tmp_path, [alert(1)])
    indexed(tmp_path)
    followed = rows_of(tmp_path)
    rebuild(tmp_path)
    assert followed == rows_of(tmp_path)
    (tmp_path / "alerts.jsonl").unlink()
    indexed(tmp_path)
    followed = rows_of(tmp_path)
    rebuild(tmp_path)
    assert followed == rows_of(tmp_path)


def test_real_recordings_grow_as_they_are_built(shared: Callable[[str], Path], tmp_path: Path) -> None:
    source = shared("tlogs")
    grown, whole = tmp_path / "grown", tmp_path / "whole"
    shutil.copytree(source, whole)
    grown.mkdir()
    database = Database(grown / "index.sqlite", building=True)
    database.create()
    filler = Filler(grown, database)
    for path in sorted(source.glob("*.tlog")):
        data = path.read_bytes()
        with (grown / path.name).open("ab", buffering=0) as file:
            for at in range(0, len(data), 100_003):
                file.write(data[at : at + 100_003])
                filler.catch_up(last=False)
    filler.catch_up(last=True)
    database.close()
    rebuild(whole)
    assert rows_of(grown) == rows_of(whole)
    assert len(Index(whole).flights()) > 5


def test_what_people_did_survives_a_rebuild_and_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    said = alert(2, **{"from": "unacknowledged", "to": "acknowledged", "who": "Jansen", "why": "gezien"})
    record_alerts(tmp_path, [alert(1), said])
    with (tmp_path / "alerts.jsonl").open("ab") as file:
        file.write(json.dumps(alert(3)).encode()[:40])  # a power cut
    record_alerts(tmp_path, [alert(4, value=None, limit=None)])
    index = indexed(tmp_path)
    rows = rows_of(tmp_path)
    (tmp_path / "index.sqlite").unlink()
    rebuild(tmp_path)
    assert rows_of(tmp_path) == rows
    assert [(each.number, each.after, each.who) for each in index.alerts()] == [
        (1, "unacknowledged", ""),
        (2, "acknowledged", "Jansen"),
        (4, "unacknowledged", ""),
    ]
    assert [each.number for each in index.alerts(since_s=NOW_S + 2, at_most=1)] == [4]
    assert index.alerts(vehicle=9) == ()
    assert index.segments()[-1].bad_bytes == 41


@pytest.mark.parametrize(
    "changed", [{"time_s": float("nan")}, {"number": "1"}, {"who": None}, {"value": "much"}, {"quiet": 1}]
)
def test_what_is_no_transition_is_refused_and_nothing_is_written(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="no transition"):
        record_alerts(tmp_path, [alert(1), {**alert(2), **changed}])
    assert not (tmp_path / "alerts.jsonl").exists()


def test_a_transition_of_the_alerts_package_is_what_the_log_takes(tmp_path: Path) -> None:
    states = pytest.importorskip("telemetry.alerts.states")
    made = states.Transition(
        number=7,
        time_s=NOW_S + 0.5,
        key=states.Key(3, "fence", "north"),
        priority=states.Priority.HIGH,
        before=states.State.NORMAL,
        after=states.State.UNACKNOWLEDGED,
        text="Buiten de grens",
        value=12.5,
    )
    record_alerts(tmp_path, [made.as_dict()])
    (found,) = indexed(tmp_path).alerts(vehicle=3)
    assert (found.rule, found.subject, found.value, found.time_s) == ("fence", "north", 12.5, NOW_S + 0.5)


def test_what_cannot_be_read_is_said_and_the_rest_is_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NAME).write_bytes(b"".join(flown(20)))
    (tmp_path / "letter.tlog").write_text("Geachte heer " * 100)
    bad = tmp_path / "20260224T101500Z.tlog"
    bad.write_bytes(b"".join(flown(20)))
    open_path = Path.open

    def failing(path: Path, *arguments: Any, **more: Any) -> Any:
        if path == bad:
            raise OSError(5, "Input/output error")
        return open_path(path, *arguments, **more)

    told: Told = []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing)
        index = open_index(tmp_path, ManualClock(NOW_S), told.append)
    assert len(told) == 1
    assert "Input/output error" in told[0]
    assert [each.name for each in index.segments()] == [NAME, "letter.tlog"]
    assert index.segments()[1].problem == "this is no MAVLink recording (.tlog)"
    assert len(indexed(tmp_path).segments()) == 3


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        open_index(tmp_path / "none", ManualClock())


def test_an_empty_folder_has_an_empty_index(tmp_path: Path) -> None:
    index = indexed(tmp_path)
    assert (index.segments(), index.vehicles(), index.flights(), index.alerts()) == ((), (), (), ())


def test_an_index_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / NAME).write_bytes(b"".join(flown(5)))
    indexed(tmp_path)
    with sqlite3.connect(tmp_path / "index.sqlite") as connection:
        connection.execute("PRAGMA user_version=3")
    connection.close()
    before = (tmp_path / "index.sqlite").read_bytes()
    with pytest.raises(FormatError, match="version 3; this Droneteam knows 2") as caught:
        open_index(tmp_path, ManualClock())
    assert caught.value.remedy
    assert (tmp_path / "index.sqlite").read_bytes() == before
