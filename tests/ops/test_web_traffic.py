"""The page with who is not ours: seen at once, and never taken for an aircraft of ours."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from missions.geodesy import GeoPoint
from ops.api.server import serving
from ops.config import Settings
from ops.surroundings import Surroundings, surroundings
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.recorder import Recorder
from telemetry.traffic import ForeignReport, Sighting
from tests.ops.pages import OVERFLOWING, Flying, Opened, open_page, opened_in, place, wait_until
from tests.ops.receiver import Receiver, lines

pytestmark = pytest.mark.browser
SETTINGS = Settings(port=0, station_name="van-3")
CALLSIGNS = ("PHEMS", "LIFELN1", "PHABC", "KLM1023", "TRA44K", "EZY82JP", "RYR7KL", "DLH4AB", "", "BAW117")


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    with opened_in(browser) as opened:
        yield opened


class Scene:
    """A service with two copters of ours, a receiver of ADS-B and a recorder."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.hub = Hub(SystemClock())
        self.receiver = Receiver()
        stack.callback(self.receiver.close)
        self.around: Surroundings = stack.enter_context(
            surroundings(SETTINGS, self.hub, traffic=[self.receiver.address])
        )
        self.recorder = stack.enter_context(Recorder(folder, self.hub.clock))
        self.hub.subscribe(self.recorder)
        self.ours = [Flying(self.hub), Flying(self.hub, 2)]
        self.address = stack.enter_context(
            serving(SETTINGS, hub=self.hub, surroundings=self.around, recorder=self.recorder)
        )

    def fly(self) -> None:
        self.ours[0].at(place(0, 0))
        self.ours[1].at(place(300, 200), 270)

    def ten_aircraft(self) -> None:
        for number, callsign in enumerate(CALLSIGNS):
            angle = number * 0.7
            there = place(180 + 330 * math.cos(angle), 110 + 200 * math.sin(angle))
            squawk = "7700" if callsign == "PHABC" else "1000"
            self.receiver.say(
                lines(
                    f"4841{number:02X}",
                    callsign,
                    (there.lat_deg, there.lon_deg),
                    6000 + 700 * number,
                    squawk=squawk,
                )
            )

    def see(self, icao: str, there: GeoPoint, **changes: Any) -> None:
        seen = {"icao": icao, "lat_deg": there.lat_deg, "lon_deg": there.lon_deg, **changes}
        self.around._picture.take([Sighting(f"icao:{icao}", "test", time.time(), seen)])

    def tell(self, there: GeoPoint, **changes: Any) -> None:
        given = {
            "source": "dji",
            "id": "1581F5BKD",
            "name": "M30T Noord",
            "kind": "copter",
            "time_s": time.time(),
            "lat_deg": there.lat_deg,
            "lon_deg": there.lon_deg,
            "height_m": 84.2,
            "height_reference": "amsl",
            "course_deg": 80.0,
            **changes,
        }
        self.around.report(ForeignReport(**given))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, tmp_path / "heard")


def names(page: Page, selector: str) -> list[str]:
    return page.locator(f"{selector} .name").all_inner_texts()


def test_without_others_there_is_nothing_of_them_on_the_page(opened: Opened, scene: Scene) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    expect(page.locator("#vehicles li")).to_have_count(2)
    expect(page.locator("#traffic-section")).to_be_hidden()
    expect(page.locator("#others-section")).to_be_hidden()
    expect(page.locator("#recording")).to_have_text("recorded")
    assert opened.complaints == []


def test_traffic_is_drawn_and_listed_apart_with_the_reference_of_its_height(
    opened: Opened, scene: Scene
) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    expect(page.locator("#vehicles li")).to_have_count(2)
    scene.ten_aircraft()
    expect(page.locator("#traffic li")).to_have_count(10)
    expect(page.locator("#vehicles li")).to_have_count(2)
    wait_until(page, "window.droneteam.traffic().length === 10")
    assert len(page.evaluate("window.droneteam.aircraft()")) == 2
    first = page.locator("#traffic li").first
    expect(first.locator("button")).to_have_class("other emergency")
    expect(first).to_contain_text("PHABC 484102")
    expect(first).to_contain_text("7700 emergency")
    expect(first.locator(".level")).to_have_text("2256 m std")
    assert "not mean sea level" in (first.locator(".level").get_attribute("title") or "")
    expect(first.locator(".where")).to_contain_text("of Copter")
    assert not any("above Copter" in each for each in page.locator("#traffic .where").all_inner_texts())
    assert page.evaluate(OVERFLOWING) == []
    assert opened.complaints == []
    assert opened.strays == []


def test_a_height_above_the_sea_is_compared_with_the_nearest_of_ours(opened: Opened, scene: Scene) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    scene.see("4840AA", place(280, 260), callsign="PHEMS", height_m=240.0, height_reference="amsl")
    row = page.locator("#traffic li")
    expect(row.locator(".where")).to_contain_text("150 m above Copter 2")
    expect(row.locator(".level")).to_have_text("240 m amsl")
    row.locator("button").click()
    wait_until(page, "Math.abs(window.droneteam.map.getCenter().lng - 5.8028) < 1e-4")


def test_traffic_can_be_taken_off_the_map(opened: Opened, scene: Scene) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    scene.ten_aircraft()
    wait_until(page, "window.droneteam.traffic().length === 10")
    page.get_by_label("Traffic").uncheck()
    wait_until(page, "window.droneteam.traffic().length === 0")
    expect(page.locator("#traffic li")).to_have_count(10)


def test_a_foreign_aircraft_stands_beside_ours_with_its_source_and_people_apart(
    opened: Opened, scene: Scene
) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    scene.tell(place(100, 100))
    scene.tell(place(50, 50), source="tak", id="ANDROID-1", name="<b>Eenheid 12</b>", kind="person")
    expect(page.locator("#vehicles li")).to_have_count(3)
    assert names(page, "#vehicles") == ["Copter 1", "Copter 2", "M30T Noord"]
    foreign = page.locator("#vehicles li").last
    expect(foreign.locator(".chip.foreign")).to_have_text("dji")
    expect(foreign.locator(".height")).to_have_text("84 m amsl")
    expect(page.locator("#others li")).to_have_count(1)
    assert names(page, "#others") == ["<b>Eenheid 12</b>"]
    expect(page.locator("#others .where")).to_have_text("from tak")
    wait_until(page, "window.droneteam.aircraft().length === 4")
    headings = page.evaluate("window.droneteam.aircraft().map(each => [each.key, each.heading])")
    assert dict(headings)["dji:1581F5BKD"] == 80
    assert opened.complaints == []


def test_a_recording_that_has_trouble_is_said_aloud(opened: Opened, scene: Scene) -> None:
    scene.fly()
    page = open_page(opened, scene.address)
    expect(page.locator("#recording")).to_have_attribute("data-state", "safe")
    scene.recorder.problem = "/rec: recordings cannot be written (No space left on device)"
    expect(page.locator("#recording")).to_have_text("not recorded")
    expect(page.locator("#banner")).to_contain_text("No space left on device")
