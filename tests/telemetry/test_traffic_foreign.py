"""A foreign track is taken whole or refused with the name of the field, and time only goes forwards."""

from __future__ import annotations

import json
import random
import socket
import time
from typing import Any

import pytest

from missions.errors import InputError, LinkError
from telemetry.clock import ManualClock, SystemClock
from telemetry.traffic import (
    ForeignReport,
    ForeignTracks,
    TrackLimits,
    TracksSource,
    TrafficPicture,
    fold_report,
    forget_tracks,
    track_report_of,
    vehicle_state_of,
)
from tests.waiting import eventually

NOW_S = 1_772_000_000.0
WHOLE: dict[str, Any] = {
    "source": "dji",
    "id": "1581F5BKD23600AB",
    "name": "M30T Noord",
    "kind": "copter",
    "time_s": NOW_S,
    "lat_deg": 52.0907,
    "lon_deg": 5.1214,
    "height_m": 84.2,
    "height_reference": "amsl",
    "course_deg": 271.5,
    "heading_deg": 268,
    "speed_m_s": 7.4,
    "climb_m_s": -0.2,
    "battery_pct": 63,
}


def document(**changes: Any) -> bytes:
    return json.dumps({**WHOLE, **changes}).encode()


def test_a_report_is_read_whole_and_written_again() -> None:
    report = track_report_of(document())
    assert report == ForeignReport(**WHOLE)
    assert report.key == "dji:1581F5BKD23600AB"
    assert track_report_of(json.dumps(report.as_dict()).encode()) == report


def test_what_may_be_left_out_may_be_null_too() -> None:
    least = {name: WHOLE[name] for name in ("source", "id", "kind", "time_s", "lat_deg", "lon_deg")}
    nulls = dict.fromkeys(set(WHOLE) - set(least))
    assert track_report_of(json.dumps(least).encode()) == track_report_of(document(**nulls))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": None}, "source"),
        ({"source": "DJI Cloud"}, "source"),
        ({"id": ""}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"name": "two\nlines"}, "name"),
        ({"name": ""}, "name"),
        ({"kind": "helicopter"}, "kind"),
        ({"kind": ["copter"]}, "kind"),
        ({"time_s": "2026-11-27T07:00:00Z"}, "time_s"),
        ({"time_s": None}, "time_s"),
        ({"lat_deg": 90.001}, "lat_deg"),
        ({"lat_deg": True}, "lat_deg"),
        ({"lat_deg": None}, "lat_deg"),
        ({"lon_deg": -180.1}, "lon_deg"),
        ({"height_m": 84.2, "height_reference": None}, "height_reference"),
        ({"height_m": None}, "height_reference"),
        ({"height_reference": "msl"}, "height_reference"),
        ({"course_deg": 361}, "course_deg"),
        ({"speed_m_s": -1}, "speed_m_s"),
        ({"climb_m_s": {}}, "climb_m_s"),
        ({"battery_pct": 101}, "battery_pct"),
        ({"heigth_m": 4}, "'heigth_m'"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        track_report_of(document(**changes))
    assert caught.value.where == field
    assert "docs/telemetry_tak.md" in caught.value.remedy


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"7", b'"text"', b"null", b"\xff\xfe", b'{"lat_deg": NaN}', b"[" * 4000, b" " * 5000],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        track_report_of(data)
    assert caught.value.where == "the report"


def test_thousands_of_broken_reports_are_each_read_or_refused() -> None:
    generator = random.Random(23)
    values = [None, True, -1, 0, 1e308, 10**18, "", "copter", "x" * 100, [], {}, [1], {"a": 1}, 52.5]
    good = 0
    for number in range(8_000):
        if number % 2:
            changed = {name: generator.choice(values) for name in generator.sample(sorted(WHOLE), 2)}
            data = document(**changed)
        else:
            raw = bytearray(document())
            for _ in range(generator.randrange(1, 4)):
                raw[generator.randrange(len(raw))] = generator.randrange(256)
            data = bytes(raw)
        try:
            report = track_report_of(data)
        except InputError:
            continue
        good += 1
        json.dumps(vehicle_state_of(report).as_dict(), allow_nan=False)
        assert track_report_of(json.dumps(report.as_dict()).encode()) == report
    assert 100 < good < 7_000


def test_a_report_becomes_a_vehicle_and_no_height_changes_its_reference() -> None:
    state = vehicle_state_of(track_report_of(document()))
    assert (state.kind, state.place, state.last_s, state.system) == ("copter", (52.0907, 5.1214), NOW_S, None)
    assert (state.height_amsl_m, state.height_relative_m) == (84.2, None)
    assert (state.heading_deg, state.ground_speed_m_s, state.climb_m_s, state.battery_pct) == (
        268,
        7.4,
        -0.2,
        63,
    )
    relative = vehicle_state_of(track_report_of(document(height_reference="relative")))
    assert (relative.height_amsl_m, relative.height_relative_m) == (None, 84.2)
    for reference in ("ellipsoid", "agl"):
        other = vehicle_state_of(track_report_of(document(height_reference=reference)))
        assert (other.height_amsl_m, other.height_relative_m) == (None, None)
    assert vehicle_state_of(track_report_of(document(heading_deg=None))).heading_deg is None


def at(time_s: float, **changes: Any) -> ForeignReport:
    return ForeignReport(**{**WHOLE, "time_s": time_s, **changes})


def test_reports_out_of_order_and_out_of_time_are_refused() -> None:
    tracks = fold_report(ForeignTracks(), at(NOW_S), NOW_S)
    for report, why in [
        (at(NOW_S), "not after"),
        (at(NOW_S - 1), "not after"),
        (at(NOW_S - 60.1, id="b"), "ago"),
        (at(NOW_S + 5.1, id="b"), "ahead of this machine's clock"),
    ]:
        with pytest.raises(InputError, match=why) as caught:
            fold_report(tracks, report, NOW_S)
        assert caught.value.where == report.key
    after = fold_report(tracks, at(NOW_S + 4.9, name=None), NOW_S)
    assert after.reports["dji:1581F5BKD23600AB"].name is None
    assert tracks.reports["dji:1581F5BKD23600AB"].name == "M30T Noord"


def test_the_same_id_from_two_sources_is_two_things() -> None:
    tracks = fold_report(ForeignTracks(), at(NOW_S), NOW_S)
    assert set(fold_report(tracks, at(NOW_S, source="tak"), NOW_S).reports) == {
        "dji:1581F5BKD23600AB",
        "tak:1581F5BKD23600AB",
    }


def test_more_things_than_are_followed_are_refused_and_those_followed_stay() -> None:
    tracks, limits = ForeignTracks(), TrackLimits(most=3)
    for number in range(3):
        tracks = fold_report(tracks, at(NOW_S, id=str(number)), NOW_S, limits)
    with pytest.raises(InputError, match="3 things"):
        fold_report(tracks, at(NOW_S, id="3"), NOW_S, limits)
    assert len(fold_report(tracks, at(NOW_S + 1, id="0"), NOW_S, limits).reports) == 3


def test_what_was_not_reported_for_a_minute_is_forgotten() -> None:
    tracks = fold_report(ForeignTracks(), at(NOW_S), NOW_S)
    assert forget_tracks(tracks, NOW_S + 60) is tracks
    assert forget_tracks(tracks, NOW_S + 60.1).reports == {}
    clock = ManualClock(NOW_S)
    picture = TrafficPicture(clock)
    picture.report(at(NOW_S))
    assert set(picture.vehicles()) == {"dji:1581F5BKD23600AB"}
    clock.sleep(61)
    assert picture.vehicles() == {}


def test_reports_come_over_udp_and_what_is_none_is_counted() -> None:
    clock = SystemClock()
    picture = TrafficPicture(clock)
    with TracksSource("tracks+udp:0", clock, picture.report) as source:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", source.port))
            first = document(time_s=time.time(), id="a") + b"\n" + document(time_s=time.time(), id="b")
            sender.send(first)
            assert eventually(lambda: set(picture.vehicles()) == {"dji:a", "dji:b"})
            sender.send(document(time_s=time.time() - 300, id="c"))
            assert eventually(lambda: "ago" in source.health.problem)
            sender.send(b"nonsense")
            assert eventually(lambda: source.health.problem.startswith("the report: is no JSON"))
        assert source.health.frames == 2
        assert source.health.bad_bytes > len(b"nonsense")
    assert source.health.state == "ended"


def test_reports_come_over_tcp_in_pieces_from_several_and_the_last_needs_no_end() -> None:
    clock = SystemClock()
    picture = TrafficPicture(clock)
    with TracksSource("tracks+tcp:0", clock, picture.report) as source:
        place = ("127.0.0.1", source.port)
        with socket.create_connection(place) as one, socket.create_connection(place) as other:
            data = document(time_s=time.time(), id="one")
            one.sendall(b"x" * 100_000 + b"\n" + data[:50])
            other.sendall(document(time_s=time.time(), id="other"))
            other.close()
            assert eventually(lambda: "dji:other" in picture.vehicles())
            one.sendall(data[50:] + b"\n")
            assert eventually(lambda: "dji:one" in picture.vehicles())


def test_more_than_sixteen_connections_are_turned_away_and_the_others_stay() -> None:
    clock = SystemClock()
    picture = TrafficPicture(clock)
    with TracksSource("tracks+tcp:0", clock, picture.report) as source:
        connections = [socket.create_connection(("127.0.0.1", source.port)) for _ in range(17)]
        connections[16].settimeout(20)
        assert connections[16].recv(1) == b""
        connections[0].sendall(document(time_s=time.time()) + b"\n")
        assert eventually(lambda: bool(picture.vehicles()))
        for connection in connections:
            connection.close()


@pytest.mark.parametrize(
    "address", ["", "tracks+udp:", "tracks+udp:host", "tracks+tcp:1:2:3", "udp:14550", "tracks+udp:99999"]
)
def test_what_is_no_address_for_tracks_is_refused(address: str) -> None:
    with pytest.raises(LinkError, match="no address"):
        TracksSource(address, ManualClock(), lambda _: None)


def test_a_port_in_use_is_refused() -> None:
    with (
        TracksSource("tracks+udp:0", SystemClock(), lambda _: None) as source,
        pytest.raises(LinkError, match="listen"),
    ):
        TracksSource(f"tracks+udp:{source.port}", SystemClock(), lambda _: None)
