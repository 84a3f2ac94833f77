"""An alarm of ours is an emergency such as ATAK knows it, and its end takes it away again."""

from __future__ import annotations

from dataclasses import replace

import pytest
import takproto

from missions.formats.safe_xml import parse_xml
from telemetry.tak import CotEvent, alarm_event, alarm_over_event, mesh_of, report_of_event, xml_of
from tests.telemetry.tak_events import ALARM, NOW_S, STATION

# com.atakmap.android.emergency.tool.EmergencyType, as ATAK-CIV has it: the type and what it is called.
ATAK_TYPES = {
    "b-a-o-tbl": "911 Alert",
    "b-a-o-can": "Cancel Alert",
    "b-a-g": "Geo-fence Breached",
    "b-a-o-pan": "Ring The Bell",
    "b-a-o-opn": "In Contact",
    "b-a-o-c": "Custom",
}


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("contingency_volume", "b-a-g"),
        ("flight_geography", "b-a-g"),
        ("fence_breach", "b-a-g"),
        ("battery_home", "b-a-o-c"),
        ("traffic", "b-a-o-c"),
    ],
)
def test_it_is_an_emergency_that_atak_has_a_name_for(rule: str, kind: str) -> None:
    root = parse_xml(xml_of(alarm_event(STATION, replace(ALARM, rule=rule), NOW_S)), "CoT")
    assert root.get("type") == kind
    emergency, link, contact = (root.find(f"detail/{name}") for name in ("emergency", "link", "contact"))
    assert emergency is not None
    assert link is not None
    assert contact is not None
    assert emergency.get("type") == ATAK_TYPES[kind]
    assert emergency.text == "van-3 4"
    assert (link.get("uid"), link.get("relation")) == ("droneteam.van-3.vehicle.4", "p-p")
    assert contact.get("callsign") == "van-3 4-Alert"
    assert root.findtext("detail/remarks") == f"HIGH {rule.replace('_', ' ')}: 12 m outside <the> volume"


def test_no_alarm_of_a_drone_says_that_an_officer_needs_help() -> None:
    kinds = {alarm_event(STATION, replace(ALARM, rule=rule), NOW_S).type for rule in ("ekf", "fence_breach")}
    assert "b-a-o-tbl" not in kinds


def test_its_end_has_the_same_uid_and_cancels_it() -> None:
    begun, over = alarm_event(STATION, ALARM, NOW_S), alarm_over_event(STATION, ALARM, NOW_S + 60)
    assert begun.uid == over.uid == "droneteam.van-3.alarm.4.contingency_volume-9-1-1"
    root = parse_xml(xml_of(over), "CoT")
    emergency = root.find("detail/emergency")
    assert root.get("type") == "b-a-o-can"
    assert emergency is not None
    assert (emergency.get("cancel"), emergency.text) == ("true", "van-3 4")


def test_two_alarms_of_one_vehicle_are_two_things_whatever_they_are_about() -> None:
    subjects = ["", "484ABC", "GPS Glitch: #!", "GPS Glitch: #?", "x" * 500]
    uids = {alarm_event(STATION, replace(ALARM, subject=each), NOW_S).uid for each in subjects}
    assert len(uids) == len(subjects)
    assert all(len(uid) <= 256 for uid in uids)


@pytest.mark.parametrize(
    "made", [alarm_event(STATION, ALARM, NOW_S), alarm_over_event(STATION, ALARM, NOW_S)]
)
def test_another_program_reads_it_from_our_protobuf(made: CotEvent) -> None:
    read = takproto.parse_proto(bytearray(mesh_of(made))).cotEvent
    assert (read.type, read.uid, read.lat, read.hae) == (made.type, made.uid, 52.1, 130.5)
    assert "<emergency " in read.detail.xmlDetail


def test_it_is_no_position_of_anybody() -> None:
    assert report_of_event(alarm_event(STATION, ALARM, NOW_S), NOW_S) is None
