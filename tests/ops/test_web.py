"""The page in a real browser: it shows what the hub hears, asks no other host, and survives what it hears."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from playwright.sync_api import Browser, Page, expect
from rasterio import Affine

from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.pages import OVERFLOWING, Flying, Opened, open_page, opened_in, place, until, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    with opened_in(browser) as opened:
        yield opened


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def flying(hub: Hub) -> Flying:
    return Flying(hub)


def write_mosaic(path: Path) -> None:
    """Forty metres by thirty at 3 E on UTM 31's central meridian, far from the plan."""
    path.parent.mkdir(parents=True)
    form = {"width": 80, "height": 60, "count": 3, "dtype": "uint8", "crs": "EPSG:32631"}
    with rasterio.open(
        path, "w", driver="GTiff", transform=Affine(0.5, 0, 5e5, 0, -0.5, 5.77e6), **form
    ) as raster:
        raster.write(np.full((3, 60, 80), 140, np.uint8))


def drawn(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("window.droneteam.aircraft()[0]")
    return found


def painted(page: Page, x: float, y: float) -> bool:
    """Whether the overlay has something at a point of the map."""
    context = "document.querySelector('#overlay').getContext('2d')"
    pixels = f"([x, y]) => [...{context}.getImageData(x - 2, y - 2, 5, 5).data]"
    return any(page.evaluate(pixels, [round(x), round(y)]))


def test_the_page_loads_without_complaint_and_asks_nobody_else(opened: Opened, hub: Hub) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        expect(page.locator("#no-vehicles")).to_be_visible()
        page.wait_for_timeout(1000)
        assert opened.complaints == []
        assert opened.strays == []


def test_an_aircraft_appears_and_moves_smoothly(opened: Opened, hub: Hub, flying: Flying) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flying.at(place(0, 0))
        row = page.locator("#vehicles li")
        expect(row).to_contain_text("Copter 1")
        for text in ("ARMED", "AUTO", "62 m rel", "8.3 m/s", "090°", "76 %"):
            expect(row).to_contain_text(text)
        wait_until(page, "window.droneteam.aircraft().length === 1")
        start = drawn(page)
        wait_until(page, "([x, y]) => droneteam.aircraft()[0].x === x", [start["x"], start["y"]])
        until(page, lambda: painted(page, start["x"], start["y"]))
        assert drawn_on_its_way(page, flying, flights=10), "it only ever jumps"
        wait_until(page, "x => droneteam.aircraft()[0].x > x + 10", start["x"])
        until(page, lambda: not painted(page, start["x"] - 25, start["y"]), "it left the place where it was")
        wait_until(page, "window.droneteam.map.querySourceFeatures('tracks').length > 0")
        assert opened.complaints == []


def drawn_on_its_way(page: Page, flying: Flying, flights: int) -> bool:
    """Whether it is drawn between two places, in one of so many flights: a slow machine draws seldom."""
    for number in range(flights):
        begin, end = (5.8 + 4e-4 * step for step in (number, number + 1))
        page.wait_for_timeout(1500)
        flying.at(place(40 * (number + 1), 0))
        longitudes = [begin]
        while longitudes[-1] < end - 1e-9:
            longitudes.append(drawn(page)["place"][0])
            page.wait_for_timeout(20)
        assert longitudes == sorted(longitudes), "it never jumps back"
        if any(begin + 1e-9 < each < end - 1e-9 for each in longitudes):
            return True
    return False


def test_the_plan_is_drawn_and_the_map_shows_all_of_it(opened: Opened, heath: Path) -> None:
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        expect(page.locator("#operation")).to_have_text("Missing on the heath")
        expect(page.locator("#plans li")).to_contain_text("The heath")
        layers = ["area", "fence", "lane", "transit", "plan-point"]
        shown = "ids => new Set(droneteam.map.queryRenderedFeatures({layers: ids}).map(f => f.layer.id)).size"
        wait_until(page, f"ids => ({shown})(ids) === ids.length", layers)
        page.evaluate("droneteam.map.jumpTo({center: [4, 51], zoom: 9})")
        wait_until(page, f"ids => ({shown})(ids) === 0", layers)
        page.keyboard.press("f")
        wait_until(page, f"ids => ({shown})(ids) === ids.length", layers)
        page.get_by_label("Plan", exact=True).uncheck()
        wait_until(page, f"ids => ({shown})(ids) === 0", ["area", "lane"])
        assert opened.complaints == []


def test_a_mosaic_elsewhere_is_a_click_away_and_does_not_spoil_the_fit(opened: Opened, heath: Path) -> None:
    write_mosaic(heath / "scenes" / "crash" / "orthomosaic.tif")
    Operation.open(heath).add_folder(heath / "scenes", "scene")
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        wait_until(
            page, "droneteam.map.getZoom() > 13 && Math.abs(droneteam.map.getCenter().lng - 5.8) < 0.01"
        )
        page.locator("#scenes button").click()
        wait_until(
            page, "droneteam.map.getZoom() > 16 && Math.abs(droneteam.map.getCenter().lng - 3) < 0.001"
        )
        layers = "droneteam.map.getStyle().layers.filter(each => each.id.startsWith('scene scenes/crash '))"
        wait_until(page, f"{layers}.length === 1")
        wait_until(page, "droneteam.map.areTilesLoaded()")
        assert opened.complaints == []
        assert opened.strays == []


def test_a_plan_that_enters_while_the_page_is_open_appears(opened: Opened, heath: Path) -> None:
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        expect(page.locator("#plans li")).to_have_count(1)
        again = Operation.open(heath)
        again.add_file(heath / "plans" / "heath.json", "plan")
        (heath / "plans" / "second.json").write_bytes((heath / "plans" / "heath.json").read_bytes())
        again.add_file(heath / "plans" / "second.json", "plan")
        expect(page.locator("#plans li")).to_have_count(2)


def test_of_many_finds_the_foremost_are_named_and_the_rest_are_faint(opened: Opened, heath: Path) -> None:
    points = [{"type": "Point", "coordinates": [5.8 + 2e-4 * n, 52.101]} for n in range(15)]
    finds = [{"type": "Feature", "geometry": at, "properties": {"score": n}} for n, at in enumerate(points)]
    path = heath / "finds" / "finds.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": finds}))
    Operation.open(heath).add_file(path, "find")
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        expect(page.locator("#finds li")).to_have_count(15)
        expect(page.locator("#finds li .about").first).to_contain_text("score 14.0")
        features = "window.droneteam.map.querySourceFeatures('finds')"
        wait_until(page, f"{features}.length >= 15")
        drawn_as = page.evaluate(
            f"{features}.map(each => [each.properties.role, ...each.geometry.coordinates])"
        )
    of_role = {role: {round(lon, 4) for each, lon, _ in drawn_as if each == role} for role, _, _ in drawn_as}
    assert {role: len(lons) for role, lons in of_role.items()} == {"find": 12, "faint find": 3}


def test_an_aircraft_that_falls_silent_greys_out_and_says_for_how_long(
    opened: Opened, hub: Hub, flying: Flying
) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flying.at(place(0, 0))
        expect(page.locator("#vehicles .vehicle")).not_to_have_class(re.compile("stale"))
        expect(page.locator("#vehicles .vehicle")).to_have_class(re.compile("stale"))
        expect(page.locator("#vehicles .age")).to_have_text(re.compile(r"no data for \d+ s"))
        expect(page.locator("#vehicle-count")).to_have_text("1, 1 silent")
        expect(page.locator("#events")).to_contain_text("no data for 5 s")
        flying.at(place(0, 0))
        expect(page.locator("#vehicles .vehicle")).not_to_have_class(re.compile("stale"))


def test_the_banner_tells_when_the_server_stops_and_goes_when_it_is_back(
    opened: Opened, hub: Hub, flying: Flying
) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flying.at(place(0, 0))
        expect(page.locator("#vehicles li")).to_have_count(1)
        expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#connection")).to_have_text("no connection")
    expect(page.locator("#banner")).to_have_text(re.compile(r"No connection to the server for \d+ s"))
    expect(page.locator("#vehicles .vehicle")).to_have_class(re.compile("stale"))
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    with serving(Settings(port=port), hub=hub):
        expect(page.locator("#connection")).to_have_text("live")
        expect(page.locator("#banner")).to_be_hidden()


def test_what_an_aircraft_says_is_text_and_never_part_of_the_page(
    opened: Opened, hub: Hub, flying: Flying
) -> None:
    attack = "<img src=x onerror=window.hit=1>"
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flying.at(place(0, 0))
        flying.say("STATUSTEXT", severity=2, text=attack)
        flying.say("STATUSTEXT", severity=6, text="<script>window.hit=1</script>")
        said = page.locator("#events .what")
        expect(said.get_by_text(attack, exact=True)).to_have_count(1)
        expect(said.get_by_text("<script>window.hit=1</script>", exact=True)).to_have_count(1)
        # so severe a text is an alarm too, which repeats it in the events and in its own list
        expect(said.filter(has_text=attack)).to_have_count(2)
        expect(page.locator("#alarms").get_by_text(attack).first).to_be_visible()
        assert page.locator("#events img, #events script, #alarms img, #alarms script").count() == 0
        assert page.evaluate("window.hit") is None
        assert opened.complaints == []


def test_the_policy_stops_a_script_that_gets_in_all_the_same(opened: Opened, hub: Hub) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        page.evaluate("""() => {
            const inline = document.createElement('script');
            inline.textContent = 'window.hit = 1';
            document.body.append(inline);
            document.body.insertAdjacentHTML('beforeend', '<img src=/nothing.png onerror="window.hit=1">');
        }""")
        page.wait_for_timeout(500)
        assert page.evaluate("window.hit") is None
        assert any("Content Security Policy" in each for each in opened.complaints)


def test_the_page_works_by_keyboard(opened: Opened, hub: Hub, flying: Flying) -> None:
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flying.at(place(0, 0))
        expect(page.locator("#vehicles li")).to_have_count(1)
        reached = []
        for _ in range(20):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert any("vehicle" in each for each in reached)
        assert {"fit", "events"} <= set(reached)
        page.locator("#vehicles button").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#vehicles button")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#vehicles button")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_nothing_is_cut_off_on_a_screen(
    opened: Opened, hub: Hub, heath: Path, width: int, height: int
) -> None:
    opened.page.set_viewport_size({"width": width, "height": height})
    with serving(hub=hub, operation_folder=heath) as address:
        page = open_page(opened, address)
        for system in range(1, 6):
            Flying(hub, system).at(place(system * 60, 100))
        expect(page.locator("#vehicles li")).to_have_count(5)
        overflowing = page.evaluate(OVERFLOWING)
        assert overflowing == []
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        for name in ("#fit", "#layers", "#events", ".maplibregl-ctrl-scale"):
            box = page.locator(name).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] + box["height"] <= height + 1
            assert box["x"] + box["width"] <= width + 1


def test_the_place_under_the_pointer_is_shown(opened: Opened, heath: Path) -> None:
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        wait_until(page, "droneteam.map.getZoom() > 12")
        page.evaluate("droneteam.map.jumpTo({center: [5.8, 52.1], zoom: 16})")
        box = page.locator("#map").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#cursor")).to_have_text(re.compile(r"52\.1000\d\d° N\s+5\.8000\d\d° E"))


def test_many_aircraft_keep_the_page_moving(opened: Opened, hub: Hub) -> None:
    fleet = [Flying(hub, system) for system in range(1, 31)]
    stop = threading.Event()

    def fly() -> None:
        step = 0
        while not stop.wait(0.2):
            step += 1
            for index, each in enumerate(fleet):
                each.at(place(step * 2, index * 20))

    flight = threading.Thread(target=fly)
    with serving(hub=hub) as address:
        page = open_page(opened, address)
        flight.start()
        try:
            wait_until(page, "window.droneteam.aircraft().length === 30")
            took_s = page.evaluate("""() => new Promise(done => {
                let frames = 0;
                const count = (now) => {
                    frames += 1;
                    return frames === 5 ? done((now - begin) / 1000) : requestAnimationFrame(count);
                };
                const begin = performance.now();
                requestAnimationFrame(count);
            })""")
            before = drawn(page)["place"][0]
            until(page, lambda: drawn(page)["place"][0] > before, "it goes on")
        finally:
            stop.set()
            flight.join()
    assert took_s < 20, f"{took_s} s for five pictures, drawn without a graphics card"
    assert opened.complaints == []
