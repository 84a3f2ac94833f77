"""SBS text is read as its makers write it, refused where it is none, and found again when it was lost."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from missions.errors import FormatError, LinkError
from telemetry.backoff import Backoff
from telemetry.clock import ManualClock, SystemClock
from telemetry.traffic import SbsReader, SbsSource, Sighting, TrafficPicture, sighting_of_line
from tests.waiting import eventually

# The lines that woodair.net and the documentation of node-sbs1 print as examples of each type; that of type 2
# is printed with a field too many.
EXAMPLES = {
    1: "MSG,1,145,256,7404F2,11267,2008/11/28,23:48:18.611,2008/11/28,23:53:19.161,RJA1118,,,,,,,,,,,",
    2: "MSG,2,496,603,400CB6,13168,2008/10/13,12:24:32.414,2008/10/13,12:28:52.074,"
    ",0,76.4,258.3,54.05735,-4.38826,,,,,,0",
    3: "MSG,3,496,211,4CA2D6,10057,2008/11/28,14:53:50.594,2008/11/28,14:58:51.153,"
    ",37000,,,51.45735,-1.02826,,,0,0,0,0",
    4: "MSG,4,496,469,4CA767,27854,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,,288.6,103.2,,,-832,,,,,",
    5: "MSG,5,496,329,394A65,27868,2010/02/19,17:58:12.644,2010/02/19,17:58:13.368,,10000,,,,,,,0,,0,0",
    6: "MSG,6,496,237,4CA215,27864,2010/02/19,17:58:12.846,2010/02/19,17:58:13.368,,33325,,,,,,0271,0,0,0,0",
    7: "MSG,7,496,742,51106E,27929,2011/03/06,07:57:36.523,2011/03/06,07:57:37.054,,3775,,,,,,,,,,0",
    8: "MSG,8,496,194,405F4E,27884,2010/02/19,17:58:13.244,2010/02/19,17:58:13.368,,,,,,,,,,,,0",
}
OTHERS = [
    "SEL,,496,2286,4CA4E5,27215,2010/02/19,18:06:07.710,2010/02/19,18:06:07.710,RYR1427",
    "ID,,496,7162,405637,27928,2010/02/19,18:06:07.115,2010/02/19,18:06:07.115,EZY691A",
    "ID ,,64,522,4006B3,1509068,2009/06/19,07:12:42.992,2009/06/19,07:12:42.992,BAW4J",
    "AIR,,496,5906,400F01,27931,2010/02/19,18:06:07.128,2010/02/19,18:06:07.128",
    "STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM",
    "CLK,,496,-1,,-1,2010/02/19,18:18:19.036,2010/02/19,18:18:19.036",
]


def read(line: str) -> Sighting:
    sighting = sighting_of_line(line.encode(), 7.0)
    assert sighting is not None
    return sighting


def test_every_type_of_message_says_what_it_says() -> None:
    assert read(EXAMPLES[1]) == Sighting("icao:7404F2", "sbs", 7.0, {"icao": "7404F2", "callsign": "RJA1118"})
    surface = read(EXAMPLES[2]).changes
    assert (surface["lat_deg"], surface["lon_deg"], surface["on_ground"]) == (54.05735, -4.38826, False)
    assert (surface["speed_m_s"], surface["course_deg"]) == (pytest.approx(39.304, abs=1e-3), 258.3)
    airborne = read(EXAMPLES[3]).changes
    assert (airborne["height_m"], airborne["height_reference"]) == (
        pytest.approx(11_277.6),
        "pressure_standard",
    )
    assert airborne["emergency_declared"] is False
    velocity = read(EXAMPLES[4]).changes
    assert velocity["climb_m_s"] == pytest.approx(-4.22656)
    assert velocity["speed_m_s"] == pytest.approx(148.469, abs=1e-3)
    assert "lat_deg" not in velocity
    assert read(EXAMPLES[5]).changes["height_m"] == pytest.approx(3048)
    assert read(EXAMPLES[6]).changes["squawk"] == "0271"
    assert read(EXAMPLES[7]).changes["height_m"] == pytest.approx(1150.62)
    assert read(EXAMPLES[8]).changes == {"icao": "405F4E", "on_ground": False}


@pytest.mark.parametrize("line", OTHERS)
def test_what_speaks_of_the_receivers_own_list_is_passed_over(line: str) -> None:
    assert sighting_of_line(line.encode(), 7.0) is None


def test_an_address_that_is_no_icao_address_is_another_aircraft() -> None:
    sighting = read(EXAMPLES[3].replace("4CA2D6", "~4CA2D6"))
    assert sighting.key == "other:4CA2D6"
    assert "icao" not in sighting.changes


def test_flags_may_be_minus_one() -> None:
    sighting = read(EXAMPLES[6].replace("0271,0,0,0,0", "7700,-1,-1,0,-1"))
    assert sighting.changes["on_ground"] is True
    assert sighting.changes["emergency_declared"] is True


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("MSG,3", "MSG,9", "field 2"),
        ("MSG,3", "MSG,33", "field 2"),
        ("MSG,3", "XYZ,3", "field 1"),
        ("4CA2D6", "4CA2D", "field 5"),
        ("4CA2D6", "4CA2DG", "field 5"),
        ("37000", "370O0", "field 12"),
        ("37000", "1e4", "field 12"),
        ("37000", "nan", "field 12"),
        ("37000", "999999", "field 12"),
        ("51.45735", "91.0", "field 15"),
        ("-1.02826", "-180.1", "field 16"),
        ("-1.02826", "", "fields 15 and 16"),
        (",,0,0,0,0", ",8888,0,0,0,0", "field 18"),
        (",,0,0,0,0", ",,0,2,0,0", "field 20"),
        (",,0,0,0,0", ",,0,0,0,x", "field 22"),
        (",,0,0,0,0", ",,0,0,0", "the line"),
        (",,0,0,0,0", ",,0,0,0,0,0", "the line"),
        ("4CA2D6", "4CA\u00e9D6", "the line"),
        ("4CA2D6", "4" * 600, "the line"),
    ],
)
def test_what_is_no_sbs_text_is_refused_naming_the_field(old: str, new: str, field: str) -> None:
    assert old in EXAMPLES[3]
    with pytest.raises(FormatError) as caught:
        sighting_of_line(EXAMPLES[3].replace(old, new, 1).encode(), 7.0)
    assert caught.value.where == field


def test_a_stream_cut_anywhere_gives_the_same_sightings() -> None:
    text = "\r\n".join([*EXAMPLES.values(), *OTHERS, ""]).encode()
    whole = SbsReader().feed(text, 7.0)
    assert len(whole) == 8
    generator = random.Random(5)
    for _ in range(200):
        reader, found, at = SbsReader(), [], 0
        while at < len(text):
            step = generator.randrange(1, 200)
            found += reader.feed(text[at : at + step], 7.0)
            at += step
        assert found == whole
        assert (reader.lines, reader.bad_lines) == (14, 0)


def test_a_line_without_an_end_takes_no_memory_and_costs_only_itself() -> None:
    reader = SbsReader()
    for _ in range(100):
        assert reader.feed(b"A" * 10_000, 7.0) == []
        assert len(reader._reader._rest) <= 512
    (found,) = reader.feed(b"AAA\n" + EXAMPLES[3].encode() + b"\n", 7.0)
    assert found.key == "icao:4CA2D6"
    assert (reader.lines, reader.bad_lines) == (2, 1)


def test_thousands_of_broken_lines_are_each_read_or_refused() -> None:
    generator = random.Random(17)
    lines = [line.encode() for line in (*EXAMPLES.values(), *OTHERS)]
    reader = SbsReader()
    read_well = 0
    for _ in range(10_000):
        line = bytearray(generator.choice(lines))
        for _ in range(generator.randrange(1, 5)):
            at = generator.randrange(len(line))
            what = generator.randrange(3)
            if what == 0:
                line[at] = generator.randrange(256)
            elif what == 1:
                del line[at : at + generator.randrange(1, 10)]
            else:
                line[at:at] = generator.randbytes(generator.randrange(1, 10))
            line = line or bytearray(b",")
        for sighting in reader.feed(bytes(line) + b"\n", 7.0):
            read_well += 1
            assert sighting.key.partition(":")[0] in {"icao", "other"}
            assert abs(sighting.changes.get("lat_deg", 0)) <= 90
    assert read_well > 300
    assert reader.bad_lines > 500


@contextmanager
def receiver() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server, server.getsockname()[1]


def test_a_receiver_that_goes_away_and_comes_back_is_found_again() -> None:
    clock = SystemClock()
    picture = TrafficPicture(clock)
    with receiver() as (server, port):
        source = SbsSource(f"sbs:127.0.0.1:{port}", clock, picture.take, backoff_s=(0.01, 0.02))
        with source:
            connection, _ = server.accept()
            connection.sendall(b"rubbish\n" + EXAMPLES[3].encode()[:40])
            connection.sendall(EXAMPLES[3].encode()[40:] + b"\r\n")
            assert eventually(lambda: "icao:4CA2D6" in picture.traffic())
            assert source.health.state == "open"
            assert source.health.bad_bytes == len(b"rubbish")
            connection.close()
            again, _ = server.accept()
            again.sendall(EXAMPLES[1].encode() + b"\n")
            assert eventually(lambda: "icao:7404F2" in picture.traffic())
            again.close()
            server.close()
            assert eventually(lambda: "cannot be reached" in source.health.problem)
            assert source.health.state == "reconnecting"
            assert source.health.frames == 2
    assert source.health.state == "ended"
    assert source._thread not in threading.enumerate()


def test_waits_grow_to_a_bound_and_begin_anew() -> None:
    backoff = Backoff()
    assert [backoff.next_s() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.next_s() == 0.5


@pytest.mark.parametrize(
    "address",
    ["", "sbs:", "sbs::30003", "sbs:host:0", "sbs:host:99999", "tcp:host:30003", "sbs:ho st:1", "sbs:a:1:2"],
)
def test_what_is_no_address_of_a_receiver_is_refused(address: str) -> None:
    with pytest.raises(LinkError, match="no address"):
        SbsSource(address, ManualClock(), lambda _: None)


def test_an_address_without_a_port_means_the_usual_one() -> None:
    assert SbsSource("sbs:[::1]", ManualClock(), lambda _: None)._place.port == 30_003
