"""The time line in a real browser: what it shows is where the aircraft were at that time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from telemetry.replay import Replay, open_recordings
from tests.ops.pages import opened_in, until, wait_until
from tests.ops.replayed import BEGIN_S, SECONDS, place, write_recording

pytestmark = pytest.mark.browser
END_S = SECONDS - 0.1
COMPLAINTS = {"error", "warning"}
SPOKEN = ("Canvas2D: Multiple readback", "[.WebGL", "WebSocket connection", "Failed to load resource")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recorded") / "flight.tlog")


@pytest.fixture
def replay(recording: Path) -> Replay:
    return Replay(open_recordings([recording]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An operation with a find that was seen in minute five."""
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    find = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [5.803, 52.1015]},
        "properties": {"score": 8.2, "time": "2026-03-14T09:31:00Z"},
    }
    path = operation.folder / "finds" / "finds.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [find]}))
    operation.add_file(path, "find")
    return operation.folder


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, replay: Replay, folder: Path, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, timezone_id="Europe/Amsterdam")
    with serving(replay=replay, operation_folder=folder) as address:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda each: complaints.append(each.text) if _ours(each) else None)
        page.goto(address)
        wait_until(page, "window.droneteam?.map.loaded()")
        expect(page.locator("#replay")).to_be_visible()
        wait_until(page, "document.querySelectorAll('#marks li').length > 0")
        yield page
    context.close()


def _ours(message: Any) -> bool:
    return message.type in COMPLAINTS and not message.text.startswith(SPOKEN)


def drawn(page: Page, key: str = "1") -> list[float] | None:
    found: dict[str, Any] | None = page.evaluate("key => droneteam.aircraft().find(e => e.key === key)", key)
    return None if found is None else found["place"]


def at_rest(page: Page, second: float) -> None:
    """Wait until both aircraft are drawn where they were then, to a metre."""
    for system in (1, 2):
        lat, lon = place(system, second)
        wait_until(
            page,
            "([key, lon, lat]) => { const e = droneteam.aircraft().find(e => e.key === key);"
            " return e && Math.abs(e.place[0] - lon) < 1.5e-5 && Math.abs(e.place[1] - lat) < 1e-5; }",
            [str(system), lon, lat],
        )


def on_the_bar(page: Page, second: float) -> tuple[float, float]:
    box = page.locator("#bar").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * second / END_S, box["y"] + 26


def test_dragging_the_slider_shows_the_aircraft_where_they_were(
    page: Page, replay: Replay, complaints: list[str]
) -> None:
    page.mouse.move(*on_the_bar(page, 0))
    page.mouse.down()
    for second in (60, 140, 220, 290, 450):
        page.mouse.move(*on_the_bar(page, second), steps=4)
        page.wait_for_timeout(100)
    page.mouse.up()
    expect(page.locator("#utc")).to_have_text(re.compile(r"09:34:2[0-4] UTC"))
    # the page shows what is wished for before the service is there; a pixel is a second
    until(page, lambda: replay.now_s - BEGIN_S == pytest.approx(450, abs=2))
    at_rest(page, replay.now_s - BEGIN_S)
    expect(page.locator("#events")).to_contain_text("Compass variance")
    page.mouse.click(*on_the_bar(page, 100))
    expect(page.locator("#events")).not_to_contain_text("Compass variance")
    at_rest(page, replay.now_s - BEGIN_S)
    assert complaints == []


def test_it_is_a_replay_at_first_sight(page: Page) -> None:
    expect(page.locator("#replay-sign")).to_have_text("REPLAY of 14 Mar 2026, not live")
    expect(page.locator("#connection")).to_have_text("connected")
    expect(page.locator("#utc")).to_have_text("09:26:53 UTC")
    expect(page.locator("#local")).to_have_text("10:26:53 here · 14 Mar 2026")
    expect(page.locator("#played")).to_have_text("0:00 of 9:59")


def test_it_plays_at_the_speed_chosen_and_stands_still_again(page: Page, replay: Replay) -> None:
    page.locator("#speed").select_option("8")
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_attribute("data-playing", "true")
    wait_until(page, "document.querySelector('#played').textContent >= '0:10'")
    assert (replay.speed, replay.playing) == (8, True)
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_attribute("data-playing", "false")
    until(page, lambda: not replay.playing, "the service stands still too")
    at_rest(page, replay.now_s - BEGIN_S)
    expect(page.locator("#vehicles .vehicle").first).not_to_have_class("vehicle stale")


def test_nothing_is_grey_that_only_goes_fast(page: Page) -> None:
    page.locator("#speed").select_option("60")
    page.locator("#play").click()
    grey = 0
    while page.locator("#play").get_attribute("data-playing") == "true":
        if page.locator("#played").inner_text() < "4:30":
            grey += page.locator("#vehicles .stale").count()
        page.wait_for_timeout(30)
    assert grey == 0
    expect(page.locator("#played")).to_have_text("9:59 of 9:59")


def shown_as(time_s: float) -> str:
    """How the page shows how far it has played: minutes and seconds."""
    return "{}:{:02}".format(*divmod(int(time_s - BEGIN_S + 1e-3), 60))


LATE = """(() => {
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    addEventListener(kind, act, ...more) {
      const late = (event) => setTimeout(act, 1000, event);
      super.addEventListener(kind, kind === 'message' ? late : act, ...more);
    }
  };
})()"""
"""Every message a second late."""


def test_what_was_on_its_way_before_a_jump_does_not_undo_it(
    browser: Browser, replay: Replay, folder: Path
) -> None:
    """Meanwhile the page shows where it jumped to, and the next jump counts from there."""
    with serving(replay=replay, operation_folder=folder) as address, opened_in(browser, first=LATE) as opened:
        page = opened.page
        page.goto(address)
        wait_until(page, "window.droneteam?.map.loaded()")
        expect(page.locator("#replay")).to_be_visible()
        wait_until(page, "document.querySelectorAll('#marks li').length > 0")
        for key, second in (("Shift+ArrowRight", 60), (".", 60.5), (".", 246.5), (",", 60.5)):
            page.keyboard.press(key)
            until(page, lambda to=second: abs(replay.now_s - BEGIN_S - to) <= 1, f"{key} {second}")
            page.wait_for_timeout(400)
            assert page.locator("#played").inner_text().startswith(shown_as(BEGIN_S + second))


def test_the_keyboard_plays_and_jumps(page: Page, replay: Replay) -> None:
    page.mouse.click(400, 300)
    for key, second in (
        ("ArrowRight", 10),
        ("Shift+ArrowRight", 70),
        ("ArrowLeft", 60),
        (".", 60.5),
        (".", 246.5),
        (",", 60.5),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        until(page, lambda to=second: abs(replay.now_s - BEGIN_S - to) <= 1, key)
        until(page, lambda: page.locator("#played").inner_text().startswith(shown_as(replay.now_s)), key)
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("data-playing", "true")
    page.keyboard.press("+")
    expect(page.locator("#speed")).to_have_value("2")
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_attribute("data-playing", "false")


def test_moments_and_gaps_lie_where_they_were_and_lead_there(page: Page, replay: Replay) -> None:
    gap = page.locator("#gaps li").bounding_box()
    assert gap is not None
    assert gap["x"] == pytest.approx(on_the_bar(page, 300)[0], abs=2)
    assert gap["x"] + gap["width"] == pytest.approx(on_the_bar(page, 340)[0], abs=2)
    landed = page.locator(".mark.flight").last
    expect(landed).to_have_attribute("title", "09:36:13 UTC  Copter 1: landed")
    landed.click()
    expect(page.locator("#utc")).to_have_text("09:36:12 UTC")
    page.mouse.move(*on_the_bar(page, 320))
    expect(page.locator("#hover")).to_contain_text("nothing received for 40 s")


def test_a_find_appears_when_it_was_seen(page: Page) -> None:
    expect(page.locator("#finds li")).to_have_count(0)
    page.mouse.click(*on_the_bar(page, 400))
    expect(page.locator("#finds li")).to_have_count(1)
    page.mouse.click(*on_the_bar(page, 200))
    expect(page.locator("#finds li")).to_have_count(0)


def test_in_a_silence_the_aircraft_are_grey_and_say_for_how_long(page: Page) -> None:
    page.mouse.click(*on_the_bar(page, 330))
    expect(page.locator("#vehicles .stale")).to_have_count(2)
    expect(page.locator("#vehicles .age").first).to_contain_text("no data for 3")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (1024, 700)])
def test_nothing_of_the_time_line_is_cut_off(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    layers = page.locator("#layers-fold")
    for fold in (None, layers.locator("summary")):
        if fold is not None and fold.is_visible():
            fold.click()
            expect(page.locator("#layers")).to_be_visible()
        _whole(page, width, height)


def _whole(page: Page, width: int, height: int) -> None:
    for name in ("#before", "#play", "#speed", "#bar", "#times", "#utc", "#local", "#layers-fold"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] + box["height"] <= height + 1
        assert box["x"] + box["width"] <= width + 1
    bar = page.locator("#bar").bounding_box()
    assert bar is not None
    assert bar["width"] > 250
    layers, line = page.locator("#layers-fold").bounding_box(), page.locator("#replay").bounding_box()
    assert layers is not None
    assert line is not None
    assert layers["y"] + layers["height"] <= line["y"]


def test_a_connection_that_was_lost_says_when_it_tries_again_and_that_it_is_back(
    browser: Browser, recording: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    with serving(replay=Replay(open_recordings([recording]))) as address:
        page.goto(address)
        expect(page.locator("#connection")).to_have_text("connected")
    expect(page.locator("#banner")).to_contain_text("What you see is old. Trying again")
    again = Replay(open_recordings([recording]))
    again.seek(BEGIN_S + 200)
    with serving(Settings(port=int(address.rstrip("/").rsplit(":", 1)[1])), replay=again):
        expect(page.locator("#connection")).to_contain_text("connected again, after")
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator("#utc")).to_have_text("09:30:13 UTC")
        expect(page.locator("#connection")).to_have_text("connected")
    context.close()
