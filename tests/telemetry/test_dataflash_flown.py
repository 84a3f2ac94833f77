"""The onboard log of a real autopilot: read as pymavlink reads it, replayed as the link told the flight."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymavlink.DFReader import DFReader_binary

from missions.geodesy import LocalFrame
from missions.items import Command, Frame, MissionItem, MissionType
from sitl.ardupilot import ArduPilot, find, where_looked
from sitl.home import DEFAULT_HOME
from telemetry import transfer
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.dataflash import DataFlash, bin_frames, bin_summary, read_bin, utc_of_boot_us
from telemetry.flight import fly
from telemetry.frames import Frame as Received
from telemetry.frames import Message, stamped
from telemetry.links import open_link
from telemetry.recorder import Recorder
from telemetry.state import VehicleState, fold
from telemetry.tlog import read_tlog
from telemetry.track import Track

pytestmark = [pytest.mark.sitl, pytest.mark.timeout(300)]

SPEEDUP = 10.0
A_RECORD_S = 0.2
"""A position in the log comes at least so often."""
LOGGING = {"LOG_BACKEND_TYPE": 1, "LOG_DISARMED": 1}
RATES_HZ = {
    "GLOBAL_POSITION_INT": 10,
    "ATTITUDE": 10,
    "GPS_RAW_INT": 5,
    "BATTERY_STATUS": 2,
    "MISSION_CURRENT": 2,
    "EKF_STATUS_REPORT": 2,
    "SYSTEM_TIME": 1,
    "HOME_POSITION": 1,
}


@dataclass(frozen=True)
class Flown:
    """One flight, as it was logged on board and as the link was recorded."""

    kind: str
    log: Path
    tlog: Path


@pytest.fixture(scope="module", params=["copter", "plane"])
def flown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flown:
    """A flight to two waypoints and back; skipped where there is no ArduPilot."""
    kind: str = request.param
    binary = find(kind)
    if binary is None:
        pytest.skip(where_looked(kind))
    folder = tmp_path_factory.mktemp("flown")
    clock = SystemClock()
    with (
        ArduPilot(binary, folder / "run", speedup=SPEEDUP, parameters=LOGGING) as vehicle,
        Recorder(folder / "recorded", clock) as recorder,
        VehicleClient(open_link(vehicle.address, clock), clock, listener=recorder) as client,
    ):
        client.connect(rates_hz=RATES_HZ)
        assert client.wait_for(lambda: client.state.home is not None and client.state.ekf_healthy is True, 90)
        assert transfer.upload_and_verify(client, MissionType.MISSION, mission()) == []
        result = fly(client, timeout_s=200)
        assert result.last_waypoint >= 3, result.reason
        client.wait_for(lambda: False, 0.5)
    (log,) = (folder / "run" / "logs").glob("*.BIN")
    (tlog,) = (folder / "recorded").glob("*.tlog")
    return Flown(kind, log, tlog)


def mission() -> tuple[MissionItem, ...]:
    home = DEFAULT_HOME
    places = [LocalFrame(home.place).point_from_local(east, 80.0) for east in (0.0, 50.0)]
    return (
        MissionItem(Command.WAYPOINT, Frame.GLOBAL_AMSL, x=home.lat_deg, y=home.lon_deg),
        MissionItem(Command.TAKEOFF, p1=15.0, x=home.lat_deg, y=home.lon_deg, z=30.0),
        *(MissionItem(Command.WAYPOINT, x=place.lat_deg, y=place.lon_deg, z=30.0) for place in places),
        MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION),
    )


def own_value(log: DataFlash, name: str, field: str) -> list[Any]:
    """A field's values as pymavlink gives them."""
    letter = log.formats[name].letter(field)
    if (name, field) == ("FILE", "Data"):
        return [value.ljust(64, b"\0") for value in log[name][field].tolist()]
    if letter in "nNZ":
        return log.texts(name, field)
    values = log.scaled(name, field)
    return list((values.astype(np.int8) if letter == "M" else values).tolist())


def same(a: Any, b: Any) -> bool:
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def test_every_field_of_every_message_is_what_pymavlink_reads(flown: Flown) -> None:
    log = read_bin(flown.log)
    reader = DFReader_binary(str(flown.log))
    told: defaultdict[str, list[Any]] = defaultdict(list)
    while (message := reader.recv_msg()) is not None:
        told[message.get_type()].append(message)
    reader.close()
    assert {name: len(table) for name, table in log.items()} == {
        name: len(all_) for name, all_ in told.items()
    }
    assert log.records > 50_000
    for name, messages in told.items():
        assert list(log.formats[name].fields) == messages[0].get_fieldnames()
        for field in log.formats[name].fields:
            theirs = [getattr(message, field) for message in messages]
            ours = own_value(log, name, field)
            wrong = [pair for pair in zip(ours, theirs, strict=True) if not same(*pair)]
            assert wrong == [], (name, field)


def test_no_byte_but_a_last_cut_record_is_bad(flown: Flown) -> None:
    summary = bin_summary(flown.log)
    assert summary.bad_bytes < 256
    assert summary.kind == flown.kind
    assert summary.firmware.startswith(f"Ardu{flown.kind.capitalize()} V")
    assert summary.began_s is not None
    assert summary.duration_s > 30


def of_vehicle(path: Path) -> list[Message]:
    return [frame for frame in read_tlog(path) if isinstance(frame, Message) and frame.system == 1]


def by_its_own_clock(messages: Sequence[Message], utc_of_boot: int) -> Iterator[Received]:
    """The recorded positions and attitudes at the times when they were true, and not when they came.

    The simulator runs ten times as fast as the recording.
    """
    for message in messages:
        if message.name in {"GLOBAL_POSITION_INT", "ATTITUDE"}:
            yield stamped(message, utc_of_boot + message.time_boot_ms * 1000)


def test_utc_is_what_the_autopilot_itself_reckoned(flown: Flown) -> None:
    utc_of_boot = utc_of_boot_us(read_bin(flown.log))
    assert utc_of_boot is not None
    offsets = [
        message.time_unix_usec - message.time_boot_ms * 1000
        for message in of_vehicle(flown.tlog)
        if message.name == "SYSTEM_TIME" and message.time_unix_usec
    ]
    assert len(offsets) > 20
    assert np.median(offsets) == pytest.approx(utc_of_boot, abs=5_000)


def tracks(flown: Flown) -> tuple[Track, Track]:
    """The replayed one and the recorded one."""
    utc_of_boot = utc_of_boot_us(read_bin(flown.log))
    assert utc_of_boot is not None
    recorded = Track.from_frames(by_its_own_clock(of_vehicle(flown.tlog), utc_of_boot))
    return Track.from_frames(bin_frames(flown.log)), recorded


def test_the_replayed_places_are_the_recorded_ones(flown: Flown) -> None:
    """Within 10 cm and 0.1 m/s at every third that was recorded.

    Above home within 30 cm: that height steps when home is set anew. Where the filter begins its height anew
    between two records, which is seldom, the log may have the step a record earlier or later.
    """
    replayed, recorded = tracks(flown)
    compared, stepped, highest_m = 0, 0, 0.0
    for time_s in recorded.time_s[::3]:
        theirs, ours = recorded.pose_at(float(time_s)), replayed.pose_at(float(time_s), max_gap_s=0.5)
        if theirs is None or ours is None:
            continue
        compared += 1
        place = LocalFrame(theirs.place).local_from_geo([[ours.place.lon_deg, ours.place.lat_deg]])[0]
        assert math.hypot(*place) < 0.1
        if ours.height_amsl_m != pytest.approx(theirs.height_amsl_m, abs=0.1):
            stepped += 1
            around = [
                replayed.pose_at(float(time_s) + later_s, max_gap_s=0.5)
                for later_s in (-A_RECORD_S, A_RECORD_S)
            ]
            heights_m = [each.height_amsl_m for each in around if each is not None]
            assert min(heights_m) - 0.1 < theirs.height_amsl_m < max(heights_m) + 0.1
        assert ours.height_relative_m == pytest.approx(theirs.height_relative_m, abs=0.3)
        assert ours.speed_m_s == pytest.approx(theirs.speed_m_s, abs=0.1)
        highest_m = max(highest_m, ours.height_relative_m)
    assert compared > 0.25 * len(recorded.time_s)
    assert stepped <= 2
    assert highest_m > 25, "the flight is in it"


def test_the_replayed_attitudes_are_the_recorded_ones(flown: Flown) -> None:
    """Within a degree at 95 % of those that were recorded, and within five at all."""
    replayed, recorded = tracks(flown)
    off_deg = []
    for time_s in recorded.attitudes.time_s:
        theirs = recorded.attitudes.near(float(time_s), 0)
        between = replayed.attitudes.between(float(time_s), 0.5)
        if theirs is None or between is None:
            continue
        pairs = zip(between[0], theirs, strict=True)
        off_deg.append(max(abs((own - other + 180) % 360 - 180) for own, other in pairs))
    assert len(off_deg) > 0.75 * len(recorded.attitudes.time_s)
    assert np.percentile(off_deg, 95) < 1
    assert max(off_deg) < 5


def history(
    messages: Sequence[Received], fields: Sequence[str]
) -> tuple[VehicleState, list[tuple[str, Any]]]:
    """The last state, and each change of these fields of it."""
    state, changes = VehicleState(), []
    for message in messages:
        assert isinstance(message, Message)
        after = fold(state, message)
        changes += [
            (field, getattr(after, field))
            for field in fields
            if getattr(after, field) != getattr(state, field)
        ]
        state = after
    return state, changes


def test_the_replayed_vehicle_did_what_the_recorded_one_did(flown: Flown) -> None:
    replayed, recorded = list(bin_frames(flown.log)), of_vehicle(flown.tlog)
    ours, modes = history(replayed, ("mode",))
    theirs, other = history(recorded, ("mode",))
    assert modes == [change for change in other if change != ("mode", "INITIALIZING")], "the log begins later"
    armed = history(replayed, ("armed",))[1]
    assert armed == history(recorded, ("armed",))[1]
    assert ("armed", True) in armed
    for field in ("kind", "autopilot", "system", "fix", "satellites", "ekf_flags", "mission_count"):
        assert getattr(ours, field) == getattr(theirs, field), field
    for field in ("home_lat_deg", "home_lon_deg"):
        assert getattr(ours, field) == pytest.approx(getattr(theirs, field), abs=1e-6), field
    for field in ("home_amsl_m", "battery_v", "hdop", "sigma_horizontal_m", "sigma_vertical_m"):
        assert getattr(ours, field) == pytest.approx(getattr(theirs, field), abs=0.3), field
    assert ours.battery_pct == pytest.approx(theirs.battery_pct, abs=3)


def test_the_mission_is_told_item_by_item(flown: Flown) -> None:
    """ArduPilot writes a text for waypoints that it reached, and for no other items."""
    _, steps = history(list(bin_frames(flown.log)), ("mission_current",))
    assert [number for _, number in steps] == [1, 2, 3, 4]
    _, reached = history(list(bin_frames(flown.log)), ("mission_reached",))
    assert [number for _, number in reached] == [2, 3]
    state, landings = history(list(bin_frames(flown.log)), ("landed",))
    told = [("landed", "in air"), ("landed", "on ground")] if flown.kind == "copter" else []
    assert landings == told
    assert state.armed is (flown.kind == "plane"), "the plane was left in the air"
