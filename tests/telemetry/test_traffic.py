"""Traffic is what its messages say, newest word first, from any source, and never more than has room."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from telemetry.clock import ManualClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder, Message, decode
from telemetry.traffic import (
    Aircraft,
    Sighting,
    Traffic,
    TrafficPicture,
    fold_sighting,
    fold_traffic,
    forget,
    sighting_of,
)
from telemetry.unpacking import message_of
from tests.telemetry.payloads import framed

NOW_S = 1_700_000_000.0
ALL = 0b1_1011_1111
ADSB: dict[str, Any] = {
    "ICAO_address": 0x484ABC,
    "lat": 520_123_456,
    "lon": 51_234_567,
    "altitude_type": 0,
    "altitude": 914_400,
    "heading": 27_150,
    "hor_velocity": 7_200,
    "ver_velocity": -350,
    "callsign": "LIFELN1",
    "emitter_type": 7,
    "tslc": 2,
    "flags": ALL,
    "squawk": 7_000,
}


def frame(name: str, /, time_s: float = NOW_S, **fields: Any) -> Frame:
    (one,) = FrameReader().feed(Encoder(1, 1).encode(name, **fields), round(time_s * 1e6))
    return one


def said(name: str, /, time_s: float = NOW_S, **fields: Any) -> Message:
    message = decode(frame(name, time_s, **fields))
    assert message is not None
    return message


def aircraft_after(*messages: Message) -> Aircraft:
    traffic = Traffic()
    for message in messages:
        traffic = fold_traffic(traffic, message)
    (one,) = traffic.aircraft.values()
    return one


def test_an_adsb_vehicle_is_read_whole_and_its_height_keeps_its_reference() -> None:
    one = aircraft_after(said("ADSB_VEHICLE", **ADSB))
    assert (one.key, one.icao, one.callsign, one.kind) == (
        "icao:484ABC",
        "484ABC",
        "LIFELN1",
        "rotocraft",  # as the dialect spells it
    )
    assert one.place == (52.0123456, 5.1234567)
    assert (one.height_m, one.height_reference) == (914.4, "pressure_qnh")
    assert (one.course_deg, one.speed_m_s, one.climb_m_s) == (271.5, 72.0, -3.5)
    assert (one.squawk, one.emergency, one.simulated) == ("7000", False, False)
    assert one.last_s == one.position_s == NOW_S - 2
    geometric = aircraft_after(said("ADSB_VEHICLE", **{**ADSB, "altitude_type": 1}))
    assert geometric.height_reference == "geometric"


@pytest.mark.parametrize(
    ("flag", "fields"),
    [
        (1, ("lat_deg", "lon_deg", "position_s")),
        (2, ("height_m", "height_reference")),
        (4, ("course_deg",)),
        (8, ("speed_m_s",)),
        (16, ("callsign",)),
        (32, ("squawk",)),
        (128, ("climb_m_s",)),
    ],
)
def test_what_adsb_does_not_flag_as_valid_is_not_believed(flag: int, fields: tuple[str, ...]) -> None:
    without = aircraft_after(said("ADSB_VEHICLE", **{**ADSB, "flags": ALL & ~flag}))
    whole = aircraft_after(said("ADSB_VEHICLE", **ADSB))
    for name, value in vars(whole).items():
        assert getattr(without, name) == (None if name in fields else value)


@pytest.mark.parametrize(
    "fields",
    [{"ICAO_address": 0}, {"ICAO_address": 0x1000000}],
)
def test_an_address_that_is_none_is_no_aircraft(fields: dict[str, int]) -> None:
    assert sighting_of(said("ADSB_VEHICLE", **{**ADSB, **fields})) is None


@pytest.mark.parametrize("place", [{"lat": 0, "lon": 0}, {"lat": 910_000_000}, {"lon": 2**31 - 1}])
def test_a_place_that_is_none_is_not_believed(place: dict[str, int]) -> None:
    assert aircraft_after(said("ADSB_VEHICLE", **{**ADSB, **place})).place is None


@pytest.mark.parametrize(("squawk", "emergency"), [(7_500, True), (7_600, True), (7_700, True), (77, False)])
def test_an_emergency_squawk_is_an_emergency(squawk: int, emergency: bool) -> None:
    one = aircraft_after(said("ADSB_VEHICLE", **{**ADSB, "squawk": squawk}))
    assert (one.squawk, one.emergency) == (f"{squawk:04d}", emergency)


def test_utm_positions_are_above_the_ellipsoid_and_turn_speeds_into_a_course() -> None:
    fields = {
        "uas_id": [7] * 18,
        "lat": 520_000_000,
        "lon": 50_000_000,
        "alt": 95_500,
        "vx": 0,
        "vy": -500,
        "vz": 120,
        "flags": 2 | 4 | 8 | 32 | 64,
    }
    one = aircraft_after(said("UTM_GLOBAL_POSITION", **fields))
    assert one.key == "utm:" + "07" * 18
    assert (one.height_m, one.height_reference) == (95.5, "ellipsoid")
    assert (one.speed_m_s, one.course_deg, one.climb_m_s) == (5.0, 270.0, -1.2)
    assert sighting_of(said("UTM_GLOBAL_POSITION", **{**fields, "uas_id": []})) is None


def test_remote_id_of_others_is_folded_from_its_parts_and_our_own_is_no_traffic() -> None:
    mac = [0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0x01]
    unknown = {
        "direction": 36_100,
        "speed_horizontal": 25_500,
        "speed_vertical": 6_300,
        "altitude_barometric": -1000.0,
        "altitude_geodetic": -1000.0,
        "height": -1000.0,
    }
    place = {"latitude": 520_000_000, "longitude": 50_000_000, "id_or_mac": mac}
    serial = list(b"1581F5BKD23600AB") + [0] * 4
    one = aircraft_after(
        said("OPEN_DRONE_ID_BASIC_ID", id_or_mac=mac, id_type=1, ua_type=2, uas_id=serial),
        said("OPEN_DRONE_ID_LOCATION", **{**unknown, **place, "status": 2}),
        said(
            "OPEN_DRONE_ID_SYSTEM",
            id_or_mac=mac,
            operator_latitude=520_010_000,
            operator_longitude=50_010_000,
        ),
    )
    assert one.key == "rid:aabbccddee01"
    assert (one.serial, one.kind, one.on_ground) == ("1581F5BKD23600AB", "helicopter or multirotor", False)
    assert (one.course_deg, one.speed_m_s, one.climb_m_s, one.height_m) == (None, None, None, None)
    assert (one.operator_lat_deg, one.operator_lon_deg) == (52.001, 5.001)
    heights = [
        ({"altitude_geodetic": 80.0, "height": 30.0}, (80.0, "ellipsoid")),
        ({"height": 30.0, "altitude_barometric": 70.0}, (30.0, "relative")),
        ({"height": 30.0, "height_reference": 1}, (30.0, "agl")),
        ({"altitude_barometric": 70.0}, (70.0, "pressure_standard")),
        ({"altitude_barometric": math.nan}, (None, None)),
    ]
    for fields, expected in heights:
        one = aircraft_after(said("OPEN_DRONE_ID_LOCATION", **{**unknown, **place, **fields}))
        assert (one.height_m, one.height_reference) == expected
    assert sighting_of(said("OPEN_DRONE_ID_LOCATION", **{**unknown, **place, "id_or_mac": []})) is None


def test_messages_of_our_own_say_nothing_of_traffic() -> None:
    traffic = Traffic()
    assert fold_traffic(traffic, said("HEARTBEAT", type=2, autopilot=3)) is traffic


def test_folding_changes_nothing_that_was() -> None:
    before = fold_traffic(Traffic(), said("ADSB_VEHICLE", **ADSB))
    copy = dict(before.aircraft)
    after = fold_traffic(before, said("ADSB_VEHICLE", **{**ADSB, "tslc": 0, "altitude": 1}))
    assert dict(before.aircraft) == copy
    assert after.aircraft["icao:484ABC"].height_m == 0.001


def sighting(time_s: float, source: str = "adsb", key: str = "icao:484ABC", **changes: Any) -> Sighting:
    return Sighting(key, source, time_s, changes)


def test_two_sources_make_one_aircraft_and_the_newest_word_counts() -> None:
    traffic = fold_sighting(Traffic(), sighting(100.0, "sbs", lat_deg=52.0, lon_deg=5.0, speed_m_s=60.0))
    traffic = fold_sighting(traffic, sighting(98.0, "adsb", lat_deg=51.0, lon_deg=4.0, callsign="PH-PXA"))
    one = traffic.aircraft["icao:484ABC"]
    assert one.place == (52.0, 5.0)
    assert (one.callsign, one.sources, one.last_s, one.position_s) == (
        "PH-PXA",
        ("sbs", "adsb"),
        100.0,
        100.0,
    )


def test_an_old_place_is_taken_where_the_known_one_is_older_still() -> None:
    traffic = fold_sighting(Traffic(), sighting(90.0, lat_deg=50.0, lon_deg=3.0))
    traffic = fold_sighting(traffic, sighting(100.0, "sbs", callsign="KLM1"))
    traffic = fold_sighting(traffic, sighting(95.0, lat_deg=51.0, lon_deg=4.0, callsign="OLD"))
    one = traffic.aircraft["icao:484ABC"]
    assert (one.place, one.position_s, one.last_s, one.callsign) == ((51.0, 4.0), 95.0, 100.0, "KLM1")


def test_an_old_height_never_meets_the_reference_of_another() -> None:
    generator = random.Random(3)
    references = ["pressure_standard", "geometric"]
    for _ in range(300):
        heights = {(float(n), references[n % 2], float(generator.randrange(100))) for n in range(6)}
        traffic = Traffic()
        for height_m, reference, time_s in generator.sample(sorted(heights), len(heights)):
            change = {"height_m": height_m, "height_reference": reference}
            traffic = fold_sighting(traffic, sighting(time_s, **change))
        one = traffic.aircraft["icao:484ABC"]
        newest_s = max(time_s for _, _, time_s in heights)
        assert (one.height_m, one.height_reference) in {
            (height_m, reference) for height_m, reference, time_s in heights if time_s == newest_s
        }


def test_who_is_not_heard_for_a_minute_is_forgotten() -> None:
    traffic = fold_sighting(Traffic(), sighting(100.0))
    traffic = fold_sighting(traffic, sighting(150.0, key="icao:000001"))
    assert forget(traffic, 160.0) is traffic
    assert set(forget(traffic, 160.1).aircraft) == {"icao:000001"}


def test_there_is_room_for_so_many_and_the_one_heard_longest_ago_goes() -> None:
    traffic = Traffic()
    for number in range(20):
        traffic = fold_sighting(traffic, sighting(float(number), key=f"icao:{number:06X}"), most=8)
    assert set(traffic.aircraft) == {f"icao:{number:06X}" for number in range(12, 20)}
    assert traffic.crowded_out == 12


def test_the_picture_listens_to_a_hub_and_leaves_out_our_own() -> None:
    clock = ManualClock(NOW_S)
    hub, picture = Hub(clock), TrafficPicture(clock, own=["icao:00000A"])
    hub.subscribe(picture)
    hub.publish([frame("ADSB_VEHICLE", **ADSB), frame("ADSB_VEHICLE", **{**ADSB, "ICAO_address": 10})])
    assert set(picture.traffic()) == {"icao:484ABC"}
    json.dumps([one.as_dict() for one in picture.traffic().values()], allow_nan=False)
    clock.sleep(59)
    assert picture.traffic() == {}  # last heard two seconds before the message came


def test_any_bytes_in_traffic_messages_fold_to_something_fit_for_json() -> None:
    generator = random.Random(11)
    names = [
        "ADSB_VEHICLE",
        "UTM_GLOBAL_POSITION",
        "OPEN_DRONE_ID_LOCATION",
        "OPEN_DRONE_ID_BASIC_ID",
        "OPEN_DRONE_ID_SYSTEM",
    ]
    from telemetry.dialect import BY_NAME

    traffic = Traffic()
    for number in range(3_000):
        layout = BY_NAME[names[number % len(names)]]
        raw = framed(layout, generator.randbytes(layout.packer.size))
        message = message_of(raw, round(NOW_S * 1e6))
        assert message is not None
        traffic = fold_traffic(traffic, message)
    assert len(traffic.aircraft) == 512
    for one in traffic.aircraft.values():
        json.dumps(one.as_dict(), allow_nan=False)
        assert one.lat_deg is None or abs(one.lat_deg) <= 90
        assert (one.height_m is None) == (one.height_reference is None)
