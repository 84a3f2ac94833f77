"""The feed offers what was heard anew, at most once a second, and a height only where the geoid is known."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemetry.clock import ManualClock
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder, Message, decode
from telemetry.tak import (
    CotEvent,
    GpsUndulations,
    Lens,
    TakFeed,
    TakStation,
    geoid_undulation_m,
    undulation_of,
)

ROOT = Path(__file__).parents[2]
PLACE = {"lat": 520_000_000, "lon": 50_000_000, "alt": 84_000, "relative_alt": 80_000, "hdg": 9_000}
GPS = {"fix_type": 3, "alt": 84_000, "alt_ellipsoid": 127_500, "h_acc": 900, "v_acc": 1_500}


class Kept:
    """A destination that keeps what it is offered."""

    def __init__(self) -> None:
        self.offered: list[CotEvent] = []

    def offer(self, event: CotEvent) -> None:
        self.offered.append(event)

    def uids(self) -> list[str]:
        return [event.uid.removeprefix("droneteam.van-3.") for event in self.offered]


class Desk:
    """A hub with vehicles on a clock that the test moves, and a feed from it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.hub = Hub(self.clock)
        self.link = Kept()
        self.hub.subscribe(TakFeed(self.hub, TakStation("van-3"), [self.link], **settings))
        self._encoders = {system: Encoder(system, 1) for system in (1, 2)}

    def say(self, name: str, system: int = 1, /, **fields: Any) -> None:
        data = self._encoders[system].encode(name, **fields)
        self.hub.publish(FrameReader().feed(data, round(self.clock.now_s() * 1e6)))

    def fly(self, system: int = 1, /, **changes: Any) -> None:
        self.say("HEARTBEAT", system, type=2, autopilot=3)
        self.say("GLOBAL_POSITION_INT", system, **{**PLACE, **changes})


def messages(data: bytes) -> list[Message]:
    return [message for frame in FrameReader().feed(data, 0) if (message := decode(frame)) is not None]


def test_each_vehicle_is_sent_at_most_once_a_second_however_often_it_is_heard() -> None:
    desk = Desk()
    for step in range(101):
        desk.fly(1, lat=520_000_000 + step)
        desk.fly(2)
        desk.clock.sleep(0.1)
    assert (
        desk.link.uids().count("vehicle.1") == desk.link.uids().count("vehicle.2") == pytest.approx(10, abs=1)
    )
    times = [event.time_s for event in desk.link.offered if event.uid.endswith("vehicle.1")]
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.99


def test_a_rate_of_ones_own_is_kept() -> None:
    desk = Desk(rate_hz=0.2)
    for _ in range(200):
        desk.fly()
        desk.clock.sleep(0.1)
    assert desk.link.uids().count("vehicle.1") == 4


def test_a_vehicle_that_falls_silent_is_not_repeated_so_that_it_grows_stale() -> None:
    desk = Desk()
    desk.fly()
    desk.clock.sleep(1)
    desk.fly()
    sent = len(desk.link.offered)
    assert sent >= 2
    for _ in range(30):
        desk.clock.sleep(1)
        desk.hub.publish(())
        desk.say("HEARTBEAT", type=2, autopilot=3)  # alive, but it no longer says where
    assert len(desk.link.offered) == sent
    assert desk.link.offered[-1].stale_s < desk.clock.now_s()


def test_a_vehicle_without_a_place_is_not_sent() -> None:
    desk = Desk()
    desk.say("HEARTBEAT", type=2, autopilot=3)
    assert desk.link.offered == []
    desk.clock.sleep(1)
    desk.say("GLOBAL_POSITION_INT", **PLACE)
    assert desk.link.uids() == ["vehicle.1"]


def test_a_heartbeat_makes_an_old_place_no_newer() -> None:
    desk = Desk()
    desk.fly()
    desk.clock.sleep(0.5)
    placed_s = desk.clock.now_s()
    desk.fly()
    desk.clock.sleep(0.7)
    desk.say("HEARTBEAT", type=2, autopilot=3)
    assert len(desk.link.offered) == 2
    assert desk.link.offered[-1].time_s == pytest.approx(placed_s, abs=1e-5)


def test_the_course_is_where_it_went_and_the_heading_only_while_it_stands() -> None:
    desk = Desk()
    desk.fly(vx=500)  # nothing to compare with yet: the heading, east
    desk.clock.sleep(1.1)
    desk.fly(lat=520_000_450, vx=500)  # five metres north, nose east
    desk.clock.sleep(1.1)
    desk.fly(lat=520_000_450, vx=500)  # fast, it says, and yet where it was: no course can be told from that
    desk.clock.sleep(1.1)
    desk.fly(lat=520_000_900, vx=10)
    courses = [track.get("course") for event in desk.link.offered if (track := event.find("track"))]
    assert courses == ["90", "0", "90", "90"]


def test_heights_come_from_the_receivers_own_geoid_and_only_then() -> None:
    desk = Desk()
    desk.fly()
    assert desk.link.offered[-1].hae_m is None or geoid_undulation_m(52.0, 5.0) is not None
    desk.clock.sleep(1.1)
    desk.say("GPS_RAW_INT", **GPS)
    desk.fly()
    desk.clock.sleep(1.1)
    desk.fly()
    last = desk.link.offered[-1]
    assert (last.hae_m, last.ce_m, last.le_m) == (127.5, 0.9, 1.5)


def test_the_home_point_is_sent_when_it_changes_and_every_ten_minutes() -> None:
    desk = Desk(callsigns={1: "Valk 1"})
    home = {"latitude": 520_001_000, "longitude": 50_001_000, "altitude": 4_000}
    desk.say("HEARTBEAT", type=2, autopilot=3)
    desk.say("HOME_POSITION", **home)
    for _ in range(700):
        desk.clock.sleep(1)
        desk.fly()
    assert desk.link.uids().count("home.1") == 2
    desk.say("HOME_POSITION", **{**home, "latitude": 520_002_000})
    desk.clock.sleep(1)
    desk.fly()
    homes = [event for event in desk.link.offered if event.uid.endswith("home.1")]
    assert [event.lat_deg for event in homes] == [52.0001, 52.0001, 52.0002]
    assert {event.callsign for event in homes} == {"Valk 1 home"}


def test_cameras_and_operators_are_told() -> None:
    desk = Desk(lenses={1: Lens(60.0, 40.0, 100.0)}, operator_uid="droneteam.van-3.operator.ann")
    desk.fly(1)
    assert desk.link.offered[-1].find("sensor") is None  # its gimbal has said nothing yet
    desk.clock.sleep(1.1)
    desk.say("ATTITUDE", 1, yaw=math.radians(110))
    desk.say("MOUNT_ORIENTATION", 1, pitch=-45.0, yaw=10.0)
    desk.fly(1)
    sensor = desk.link.offered[-1].find("sensor")
    assert sensor is not None
    assert [sensor.get(name) for name in ("azimuth", "elevation", "fov", "vfov", "range")] == [
        "120",
        "-45",
        "60",
        "40",
        "100",
    ]
    desk.fly(2)
    other = desk.link.offered[-1]
    assert other.find("sensor") is None
    link = other.find("link")
    assert link is not None
    assert link.get("uid") == "droneteam.van-3.operator.ann"


@pytest.mark.parametrize(
    ("changes", "undulation_m"),
    [
        ({}, 43.5),
        ({"alt_ellipsoid": 54_000}, -30.0),
        ({"fix_type": 2}, None),
        ({"alt_ellipsoid": 0}, None),
        ({"alt_ellipsoid": 84_000}, None),
        ({"alt_ellipsoid": 384_000}, None),
    ],
)
def test_an_undulation_is_believed_only_where_it_can_be_one(
    changes: dict[str, int], undulation_m: float | None
) -> None:
    (message,) = messages(Encoder(1, 1).encode("GPS_RAW_INT", **{**GPS, **changes}))
    assert undulation_of(message) == undulation_m


def test_undulations_of_several_vehicles_are_kept_apart_and_stay_known() -> None:
    undulations = GpsUndulations()
    frames: list[Frame] = []
    for system, height in ((1, 127_500), (2, 128_000), (1, 0)):
        frames += FrameReader().feed(
            Encoder(system, 1).encode("GPS_RAW_INT", **{**GPS, "alt_ellipsoid": height}), 0
        )
    undulations(frames)
    assert (undulations.of(1), undulations.of(2), undulations.of(3)) == (43.5, 44.0, None)


def test_a_geoid_grid_is_used_where_it_is_and_missed_where_it_is_not(tmp_path: Path) -> None:
    """PROJ in a process of its own, once without the EGM96 grid and once with one that is 40 m everywhere."""
    import rasterio
    from affine import Affine

    script = "from telemetry.tak import geoid_undulation_m; print(geoid_undulation_m(52.0, 5.0))"

    def told() -> str:
        place = {**os.environ, "PROJ_USER_WRITABLE_DIRECTORY": str(tmp_path), "PROJ_NETWORK": "OFF"}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            cwd=ROOT,
            env=place,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    if told() != "None":
        pytest.skip("PROJ has its own EGM96 grid here")
    grid = tmp_path / "us_nga_egm96_15.tif"
    shape = {
        "driver": "GTiff",
        "width": 361,
        "height": 181,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4979",
    }
    with rasterio.open(grid, "w", transform=Affine(1, 0, -180.5, 0, -1, 90.5), **shape) as file:
        file.write(np.full((1, 181, 361), 40.0, "float32"))
        file.update_tags(AREA_OR_POINT="Point", TYPE="VERTICAL_OFFSET_GEOGRAPHIC_TO_VERTICAL")
        file.set_band_description(1, "geoid_undulation")
    assert told() == "40.0"
