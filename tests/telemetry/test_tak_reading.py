"""Events of others are read or refused, whole or in pieces, and their positions become tracks."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
import takproto

from missions.errors import FormatError
from telemetry.clock import ManualClock
from telemetry.tak import (
    CotStream,
    event_of,
    event_of_datagram,
    mesh_of,
    report_of_event,
    reports_into,
    track_event,
    xml_of,
)
from telemetry.traffic import ForeignReport, TrafficPicture
from tests.telemetry.tak_events import NOW_S, STATION, event, everything

XML = xml_of(event())
BOMB = b'<?xml version="1.0"?><!DOCTYPE event [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xbf\x01\xbf\xff\xff",
        b"<event/>",
        BOMB + XML.partition(b"?>")[2],
        XML.replace(b"<point", b"<place"),
        XML.replace(b'lat="52.0907123"', b'lat="north"'),
        XML.replace(b'lat="52.0907123"', b'lat="1_0"'),
        XML.replace(b'lat="52.0907123"', b'lat="nan"'),
        XML.replace(b'lat="52.0907123"', b""),
        XML.replace(b'lat="52.0907123"', b'lat="152.0"'),
        XML.replace(b'how="m-g"', b""),
        XML.replace(b"2026-02-25T06:13:20.125Z", b"yesterday"),
        XML.replace(b"2026-02-25T06:13:20.125Z", b"2026-02-25T06:13:20.125"),
        XML.replace(b"</detail>", b"<a/>" * 600 + b"</detail>"),
        XML.replace(b"</detail>", b"<a>" * 80 + b"</a>" * 80 + b"</detail>"),
        XML + b" " * 66_000,
        XML[:-3],
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        event_of_datagram(data)
    with pytest.raises(FormatError):
        event_of(data)


@pytest.mark.parametrize("value", ["9999999", "9999999.0", "999999", "-1"])
def test_what_others_write_for_unknown_is_unknown(value: str) -> None:
    data = re.sub(rb' (hae|ce|le)="[^"]*"', lambda found: b" " + found[1] + f'="{value}"'.encode(), XML)
    made = event_of(data)
    assert (made.ce_m, made.le_m) == (None, None)
    assert made.hae_m == (-1.0 if value == "-1" else None)


def test_a_datagram_of_control_alone_is_no_event() -> None:
    message = takproto.proto.TakMessage()
    message.takControl.minProtoVersion = 1
    assert event_of_datagram(b"\xbf\x01\xbf" + message.SerializeToString()) is None


def test_a_stream_cut_anywhere_gives_the_same_events() -> None:
    events = everything()
    text = b"\n".join(map(xml_of, events))
    generator = random.Random(8)
    for _ in range(50):
        stream, found, at = CotStream(), [], 0
        while at < len(text):
            step = generator.randrange(1, 900)
            found += stream.feed(text[at : at + step])
            at += step
        assert found == events
        assert stream.bad_bytes == 0


def test_an_event_that_was_cut_short_does_not_cost_the_next() -> None:
    stream = CotStream()
    assert stream.feed(XML[:200] + XML) == [event()]
    assert stream.bad_bytes == 200


def test_an_event_without_an_end_takes_no_memory() -> None:
    stream = CotStream()
    for _ in range(100):
        assert stream.feed(b"<event uid=" + b"x" * 10_000) == []
        assert len(stream._rest) <= 66_000 + 10_020
    assert stream.feed(b"</event>" + XML) == [event()]


def test_thousands_of_broken_events_are_each_read_or_refused() -> None:
    generator = random.Random(29)
    sources = [form(made) for made in everything() for form in (xml_of, mesh_of)]
    good = bad = 0
    for _ in range(6_000):
        data = bytearray(generator.choice(sources))
        for _ in range(generator.randrange(1, 4)):
            at = generator.randrange(len(data))
            if generator.random() < 0.5:
                data[at] = generator.randrange(256)
            else:
                data[at : at + generator.randrange(20)] = generator.randbytes(generator.randrange(20))
        try:
            read = event_of_datagram(bytes(data))
        except FormatError:
            bad += 1
            continue
        good += 1
        if read is not None:
            assert event_of(xml_of(read)).uid == read.uid
            report_of_event(read, NOW_S)
    assert good > 200
    assert bad > 500


OFFICER = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<event version="2.0" uid="ANDROID-0123456789abcdef" type="a-f-G-U-C" time="2026-02-25T06:13:20.125Z"
 start="2026-02-25T06:13:20.125Z" stale="2026-02-25T06:19:35.125Z" how="m-g">
<point lat="52.09" lon="5.12" hae="48.5" ce="4.2" le="9999999.0"/><detail>
<takv os="34" version="5.1" device="SAMSUNG" platform="ATAK-CIV"/>
<contact endpoint="*:-1:stcp" callsign="Delta 12"/>
<__group role="Team Member" name="Blue"/><status battery="81"/>
<track speed="1.4" course="88.5"/></detail></event>"""


def test_an_officer_with_atak_becomes_a_track_with_a_height_above_the_ellipsoid() -> None:
    report = report_of_event(event_of(OFFICER.encode()), NOW_S)
    assert report == ForeignReport(
        source="tak",
        id="ANDROID-0123456789abcdef",
        name="Delta 12",
        kind="person",
        time_s=NOW_S,
        lat_deg=52.09,
        lon_deg=5.12,
        height_m=48.5,
        height_reference="ellipsoid",
        course_deg=88.5,
        speed_m_s=1.4,
        battery_pct=81.0,
    )
    assert track_event(STATION, report) is None  # it would go round in circles


@pytest.mark.parametrize(
    ("cot", "kind"),
    [
        ("a-f-A-M-H-Q", "copter"),
        ("a-n-A-C-F", "plane"),
        ("a-f-A", "other"),
        ("a-f-G-E-V-C", "vehicle"),
        ("a-f-G", "other"),
        ("a-f-S", "boat"),
        ("a-f-U", "sub"),
        ("b-t-f", None),
        ("b-m-p-s-m", None),
        ("t-x-takp-v", None),
        ("a-f", None),
    ],
)
def test_only_positions_become_tracks(cot: str, kind: str | None) -> None:
    report = report_of_event(replace(event(), type=cot), NOW_S)
    assert (report.kind if report else None) == kind


def test_what_is_stale_is_no_track_and_a_strange_uid_becomes_its_hash() -> None:
    assert report_of_event(event(), event().stale_s) is None
    report = report_of_event(replace(event(), uid="Wagen é 7"), NOW_S)
    assert report is not None
    assert re.fullmatch(r"sha256\.[0-9a-f]{40}", report.id)


def test_events_of_others_become_vehicles_of_the_picture() -> None:
    clock = ManualClock(NOW_S)
    picture = TrafficPicture(clock)
    take = reports_into(picture, clock)
    take(event_of(OFFICER.encode()))
    take(replace(event(), type="b-t-f"))
    (state,) = picture.vehicles().values()
    assert (state.place, state.height_amsl_m, state.kind) == ((52.09, 5.12), None, "person")


def test_the_heights_of_foreign_tracks_keep_their_reference() -> None:
    report = ForeignReport(
        source="dji",
        id="M30",
        kind="copter",
        time_s=NOW_S,
        lat_deg=52.1,
        lon_deg=5.2,
        height_m=80.0,
        height_reference="amsl",
    )
    for reference, undulation_m, hae_m, words in [
        ("amsl", None, None, "80 m above mean sea level"),
        ("amsl", 43.0, 123.0, "80 m above mean sea level"),
        ("ellipsoid", None, 80.0, "80 m above the ellipsoid"),
        ("relative", 43.0, None, "80 m above take-off"),
        ("agl", 43.0, None, "80 m above the ground"),
    ]:
        made = track_event(STATION, replace(report, height_reference=reference), undulation_m)
        assert made is not None
        remarks = made.find("remarks")
        assert remarks is not None
        assert (made.hae_m, remarks.text) == (hae_m, f"from dji, {words}")
