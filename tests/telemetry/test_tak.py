"""Events say what Cursor on Target means by them, in both forms, and never a height above the wrong thing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
import takproto
from takproto.functions import xml2message

from missions.errors import InputError, SettingsError
from telemetry.state import VehicleState
from telemetry.tak import (
    AlertMarker,
    CotEvent,
    FindMarker,
    Item,
    TakStation,
    alert_event,
    event_of,
    event_of_datagram,
    find_event,
    item,
    mesh_of,
    removal_event,
    vehicle_event,
    xml_of,
)
from tests.telemetry.tak_events import NOW_S, STATE, STATION, event, everything

# What MITRE's Event-PUBLIC.xsd (version 2.0) demands, attribute by attribute.
DECIMAL = r"[+-]?(\d+(\.\d*)?|\.\d+)"
DATE_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
EVENT_ATTRIBUTES = {
    "version": r"2(\.\d+)?",
    "uid": r".+",
    "type": r"\w+(-\w+)*(;[^;]*)?",
    "time": DATE_TIME,
    "start": DATE_TIME,
    "stale": DATE_TIME,
    "how": r"\w(-\w+)*",
}


@pytest.mark.parametrize("made", everything(), ids=lambda made: made.uid)
def test_every_event_is_what_the_public_schema_demands(made: CotEvent) -> None:
    data = xml_of(made)
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<event ')
    assert data.endswith(b"</event>")
    root = ElementTree.fromstring(data)  # noqa: S314  # our own bytes, and another parser than ours
    assert [child.tag for child in root] == ["point", "detail"]
    assert set(root.attrib) - {"opex"} == set(EVENT_ATTRIBUTES)
    for name, pattern in EVENT_ATTRIBUTES.items():
        assert re.fullmatch(pattern, root.attrib[name], re.ASCII), name
    point = root.find("point")
    assert point is not None
    assert set(point.attrib) == {"lat", "lon", "hae", "ce", "le"}
    assert all(re.fullmatch(DECIMAL, value) for value in point.attrib.values())
    assert abs(float(point.attrib["lat"])) <= 90
    assert abs(float(point.attrib["lon"])) <= 180
    start, stale = (datetime.fromisoformat(root.attrib[name]) for name in ("start", "stale"))
    assert start < stale


def test_a_copter_is_a_rotary_drone_of_our_own_with_all_that_is_known() -> None:
    root = ElementTree.fromstring(xml_of(event()))  # noqa: S314
    assert root.attrib == {
        "version": "2.0",
        "uid": "droneteam.van-3.vehicle.4",
        "type": "a-f-A-M-H-Q",
        "how": "m-g",
        "time": "2026-02-25T06:13:20.125Z",
        "start": "2026-02-25T06:13:20.125Z",
        "stale": "2026-02-25T06:13:35.125Z",
    }
    (point, detail) = root
    assert point.attrib == {
        "lat": "52.0907123",
        "lon": "5.1214567",
        "hae": "127.70",
        "ce": "1.25",
        "le": "2.50",
    }
    told = {child.tag: child.attrib for child in detail}
    assert told == {
        "contact": {"callsign": "Valk & <1>"},
        "precisionlocation": {"geopointsrc": "GPS", "altsrc": "GPS"},
        "remarks": {},
        "track": {"course": "271.5", "speed": "7.42"},
        "status": {"battery": "63"},
        "sensor": {
            "azimuth": "10",
            "elevation": "-35",
            "roll": "0",
            "fov": "60",
            "vfov": "34",
            "range": "500",
            "model": "H30T",
        },
        "link": {"uid": "droneteam.van-3.operator.ann", "relation": "p-p", "type": "a-f-G-U-C"},
    }
    assert detail.findtext("remarks") == "AUTO, armed, 80 m above take-off, 84 m above mean sea level"


@pytest.mark.parametrize(
    ("kind", "cot"),
    [
        ("copter", "a-f-A-M-H-Q"),
        ("plane", "a-f-A-M-F-Q"),
        ("rover", "a-f-G-E-V"),
        ("sub", "a-f-U"),
        (None, "a-f-A"),
    ],
)
def test_each_kind_of_vehicle_has_its_type(kind: str | None, cot: str) -> None:
    assert event(kind=kind).type == cot


def test_without_the_undulation_no_height_is_sent_and_the_words_name_its_reference() -> None:
    made = vehicle_event(STATION, STATE)
    assert made is not None
    point = ElementTree.fromstring(xml_of(made)).find("point")  # noqa: S314
    assert point is not None
    assert (point.get("hae"), point.get("le"), point.get("ce")) == ("9999999.00", "9999999.00", "1.25")
    place = made.find("precisionlocation")
    assert place is not None
    assert place.get("altsrc") == "???"
    remarks = made.find("remarks")
    assert remarks is not None
    assert "84 m above mean sea level" in remarks.text


def test_what_is_not_known_is_left_out_and_not_made_up() -> None:
    made = vehicle_event(STATION, VehicleState(system=1, lat_deg=52.0, lon_deg=5.0, last_s=NOW_S))
    assert made is not None
    assert (made.hae_m, made.ce_m, made.le_m) == (None, None, None)
    assert {each.name for each in made.detail} == {"contact", "precisionlocation", "remarks"}
    for missing in ("system", "lat_deg", "lon_deg", "last_s"):
        assert vehicle_event(STATION, replace(STATE, **{missing: None})) is None


def test_a_uid_is_the_same_as_long_as_it_is_the_same_thing_and_another_at_another_station() -> None:
    assert event().uid == event(mode="RTL", lat_deg=53.0, last_s=NOW_S + 900).uid
    assert event().uid != event(system=5).uid
    other = vehicle_event(TakStation("van-4"), STATE)
    assert other is not None
    assert other.uid != event().uid


def test_a_station_may_say_that_all_is_an_exercise_and_name_its_team() -> None:
    station = TakStation("van-3", group=("Cyan", "Team Member"), opex="e")
    made = vehicle_event(station, STATE)
    assert made is not None
    root = ElementTree.fromstring(xml_of(made))  # noqa: S314
    assert root.get("opex") == "e"
    group = root.find("detail/__group")
    assert group is not None
    assert group.attrib == {"name": "Cyan", "role": "Team Member"}


@pytest.mark.parametrize(
    "bad", [{"name": ""}, {"name": "a b"}, {"name": "x", "opex": "z"}, {"name": "x", "stale_s": 0}]
)
def test_a_station_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        TakStation(**bad)


def test_a_find_says_whether_a_person_confirmed_it() -> None:
    find = FindMarker(id="7", label="Person", lat_deg=52.1, lon_deg=5.2, sigma_m=6.5)
    for confirmed, word, colour in [(False, "unconfirmed", "-256"), (True, "confirmed", "-16711936")]:
        made = find_event(STATION, replace(find, confirmed=confirmed), NOW_S)
        assert made.callsign == f"Person ({word})"
        assert (made.type, made.how, made.ce_m) == ("b-m-p-s-m", "m-i", 6.5)
        icon, argb = made.find("usericon"), made.find("color")
        assert icon is not None
        assert argb is not None
        assert icon.get("iconsetpath") == f"COT_MAPPING_SPOTMAP/b-m-p-s-m/{colour}"
        assert argb.get("argb") == colour


def test_an_alert_of_ours_never_sets_off_an_emergency() -> None:
    for severity in ("info", "caution", "warning", "unheard-of"):
        alert = AlertMarker(id="a", text="x", severity=severity, lat_deg=0.0, lon_deg=0.0)
        made = alert_event(STATION, alert, NOW_S)
        assert made.type == "b-m-p-s-m"
        assert made.find("emergency") is None


def test_a_removal_links_to_what_is_removed() -> None:
    made = removal_event(STATION, "droneteam.van-3.find.7", NOW_S)
    link = made.find("link")
    assert made.type == "t-x-d-d"
    assert link is not None
    assert link.get("uid") == "droneteam.van-3.find.7"
    assert made.uid != link.get("uid")
    assert made.find("__forcedelete") is not None


@pytest.mark.parametrize("made", everything(), ids=lambda made: made.uid)
def test_xml_and_protobuf_read_back_as_what_was_written(made: CotEvent) -> None:
    assert event_of(xml_of(made)) == made
    back = event_of_datagram(mesh_of(made))
    assert back is not None
    assert replace(back, detail=()) == replace(made, detail=())
    assert {numbers(each) for each in back.detail} == {numbers(each) for each in made.detail}


def numbers(each: Item) -> tuple[Any, ...]:
    """An item with its numbers as numbers, as the protobuf form holds 7.42 and not its text."""

    def value(text: str) -> str | float:
        try:
            return float(text)
        except ValueError:
            return text

    return each.name, frozenset((name, value(text)) for name, text in each.attributes), each.text


@pytest.mark.parametrize("made", everything(), ids=lambda made: made.uid)
def test_another_program_reads_our_protobuf_as_it_makes_its_own_of_our_xml(made: CotEvent) -> None:
    ours = takproto.parse_proto(bytearray(mesh_of(made)))
    theirs = xml2message(bytearray(xml_of(made)))
    assert (ours.takControl.minProtoVersion, ours.takControl.maxProtoVersion) == (1, 1)
    for name in ("type", "uid", "how", "opex", "startTime", "staleTime", "sendTime"):
        assert getattr(ours.cotEvent, name) == getattr(theirs.cotEvent, name), name
    for name in ("lat", "lon", "hae", "ce", "le"):
        assert getattr(ours.cotEvent, name) == pytest.approx(getattr(theirs.cotEvent, name), abs=5e-3), name
    ours.cotEvent.detail.xmlDetail = theirs.cotEvent.detail.xmlDetail = ""
    assert ours.cotEvent.detail == theirs.cotEvent.detail


def test_an_element_that_holds_more_than_the_fields_of_protobuf_stays_whole() -> None:
    made = replace(
        event(),
        detail=(
            item("status", "", battery="63", readiness="true"),
            item("track", "", course=1.0, speed=2.0),
            item("track", "", course=3.0, speed=4.0),
            item("contact", "", callsign="A"),
            item("__group", "text", name="Cyan"),
            item("takv", "", os="34"),
        ),
    )
    told = takproto.parse_proto(bytearray(mesh_of(made))).cotEvent.detail
    assert (told.contact.callsign, told.takv.os, told.track.course) == ("A", "34", 1.0)
    assert not told.HasField("status")
    assert not told.HasField("group")
    assert told.xmlDetail.startswith('<status battery="63" readiness="true"')
    assert '<track course="3" speed="4"' in told.xmlDetail


def test_protobuf_is_smaller_than_xml() -> None:
    assert len(mesh_of(event())) < len(xml_of(event()))


def test_characters_that_xml_cannot_hold_are_left_out_and_others_stay() -> None:
    made = replace(event(), detail=(item("remarks", 'a\x00b\x1b\ud800 <&>" é 水 \U0001f681'),))
    remarks = event_of(xml_of(made)).find("remarks")
    assert remarks is not None
    assert remarks.text == 'ab <&>" é 水 \U0001f681'


@pytest.mark.parametrize(
    "bad",
    [
        {"uid": ""},
        {"uid": "a\x00"},
        {"uid": "x" * 257},
        {"type": "a f"},
        {"how": ""},
        {"lat_deg": 90.1},
        {"lon_deg": float("nan")},
        {"hae_m": float("inf")},
        {"stale_s": float("nan")},
        {"time_s": -1.0},
        {"stale_s": 1e15},
    ],
)
def test_an_event_that_the_schema_does_not_allow_cannot_be_made(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        replace(event(), **bad)
