"""Real ArduPilot copters on one service, flying plans: each is on the page, each frame on the disk."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import shapely
from playwright.sync_api import Browser, expect

from missions.catalogue import aircraft, camera
from missions.geodesy import LocalFrame
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from ops.api.server import serving
from sitl.ardupilot import find, where_looked
from sitl.clock import HurriedClock
from sitl.home import DEFAULT_HOME, Home
from sitl.scenarios import SimulatedVehicle, open_vehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.columns import frames_of
from telemetry.flight import FlightResult, fly
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.log_summary import summary_of
from telemetry.recorder import Recorder
from telemetry.transfer.plans import upload_plan

pytestmark = [pytest.mark.sitl, pytest.mark.browser]
APART_M = 400.0
CREATED = "2026-03-01T10:00:00Z"
BOOT_TEXT_BYTES = 400
"""ArduPilot greets in plain text before it speaks MAVLink."""


def home_of(number: int) -> Home:
    """Five in a row, 400 m apart."""
    frame = LocalFrame(DEFAULT_HOME.place)
    place = frame.point_from_local(APART_M * (number % 5), APART_M * (number // 5))
    return Home(place.lat_deg, place.lon_deg, DEFAULT_HOME.height_amsl_m)


def plan_at(home: Home, side_m: float) -> Plan:
    area = area_from_local(shapely.box(0, 0, side_m, side_m), LocalFrame(home.place), "Square")
    return plan_search(
        area, aircraft("ardupilot-copter"), camera("demo-thermal"), created=CREATED, take_off=home.place
    )


def flown(copter: SimulatedVehicle, plan: Plan, speedup: float) -> FlightResult:
    """Fly a plan over the copter's second port, as an operator does."""
    clock = HurriedClock(speedup)
    with VehicleClient(open_link(copter.second_address, clock, timeout_s=120), clock) as client:
        client.connect()
        upload_plan(client, plan)
        return fly(client, timeout_s=4 * plan.totals.duration_s + 600)


def check_service(
    browser: Browser, folder: Path, copters: int, side_m: float, speedup: float, least_s: float
) -> None:
    if find("copter") is None:
        pytest.skip(where_looked("copter"))
    clock = SystemClock()
    hub = Hub(clock)
    began_s = time.monotonic()
    with ExitStack() as stack:
        fleet = [
            stack.enter_context(
                open_vehicle("copter", home_of(n), speedup, folder / f"copter{n}", "ardupilot", system=n + 1)
            )
            for n in range(copters)
        ]
        recorder = stack.enter_context(Recorder(folder / "heard", clock))
        hub.subscribe(recorder)
        links = [copter.address for copter in fleet]
        address = stack.enter_context(serving(hub=hub, links=links, ask=True, clock=clock))
        pool = stack.enter_context(ThreadPoolExecutor(copters))
        plans = [plan_at(copter.home, side_m) for copter in fleet]
        results = [pool.submit(flown, *each, speedup) for each in zip(fleet, plans, strict=True)]
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.goto(address)
        for number in range(1, copters + 1):
            expect(page.get_by_text(re.compile(rf"^Copter {number}$")).first).to_be_visible(timeout=120_000)
        armed = 0
        while not all(result.done() for result in results) or time.monotonic() - began_s < least_s:
            told = httpx.get(f"{address}api/vehicles", timeout=30).json()
            armed = max(armed, sum(bool(each["armed"]) for each in told))
            time.sleep(0.5)
        assert [each.result().completed for each in results] == [True] * copters
        page.screenshot(path=folder / "page.png")
        health = httpx.get(f"{address}api/health", timeout=30).json()
        page.close()
    assert armed == copters
    assert health["vehicles"] == copters
    for link in health["links"]:
        assert (link["state"], link["lost_pct"]) == ("open", 0.0), link
        assert link["bad_bytes"] <= BOOT_TEXT_BYTES, link
        assert 0 < link["round_trip_s"] < 30, link  # each ArduPilot answered TIMESYNC
    assert (recorder.dropped, recorder.watermark.frames) == (0, recorder.taken)
    assert sum(len(frames_of(path)[1].found) for path in recorder.segments) == recorder.taken
    lost = [sender for path in recorder.segments for sender in summary_of(path).senders if sender.loss.lost]
    assert not lost
    print(f"{copters} copters, {time.monotonic() - began_s:.0f} s, {recorder.taken} frames, none lost")  # noqa: T201


@pytest.mark.timeout(600)
def test_two_copters_fly_on_one_service(browser: Browser, tmp_path: Path) -> None:
    check_service(browser, tmp_path, copters=2, side_m=120, speedup=10, least_s=0)


@pytest.mark.campaign
def test_twenty_copters_for_ten_minutes_on_one_service(browser: Browser, tmp_path: Path) -> None:
    check_service(browser, tmp_path, copters=20, side_m=280, speedup=1, least_s=600)
