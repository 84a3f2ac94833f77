"""Alarms and other aircraft on the page of a replay: of the moment, with their source, and untouchable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.api.server import serving
from telemetry.replay import Replay, Timeline
from tests.ops.pages import wait_until
from tests.ops.replayed import BEGIN_S

pytestmark = pytest.mark.browser
SPOKEN = ("Canvas2D", "WebGL", "WebSocket connection", "Failed to load resource")


@contextmanager
def opened(browser: Browser, timeline: Timeline, *journals: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    complaints: list[str] = []
    with serving(replay=Replay(timeline), journals=journals) as address:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address)
        wait_until(page, "document.querySelectorAll('#marks li').length > 0")
        yield page
    context.close()
    assert [each for each in complaints if not any(some in each for some in SPOKEN)] == []


def go(page: Page, second: float) -> None:
    order = json.dumps({"seek_s": BEGIN_S + second})
    headers = {"Content-Type": "application/json"}
    answer = page.request.post(page.url + "api/replay", data=order, headers=headers)
    assert answer.ok


def test_the_page_shows_what_was_called_then_and_offers_nothing_to_do(
    browser: Browser, timeline: Timeline, called_folder: Path
) -> None:
    with opened(browser, timeline, called_folder / "alerts.jsonl") as page:
        expect(page.locator("#alarm-source")).to_have_text("As recorded then")
        expect(page.locator("#alarms > li")).to_have_count(0)
        go(page, 125)
        row = page.locator("#alarms > li")
        expect(row).to_have_class(re.compile("high.*calls"))
        expect(row.locator(".text")).to_have_text("fence breach: 4 m outside the fence")
        go(page, 140)
        expect(row.locator(".whose")).to_have_text("✓ Ann")
        expect(page.locator("#events li", has_text="acknowledged by Ann")).to_have_count(1)
        for name in ("#alarms .take", "#alarms .put", "#alarm-name", "#alarm-unrecorded"):
            expect(page.locator(name)).to_be_hidden()
        go(page, 260)
        expect(row).to_have_count(0)
        page.locator("#shelf-title").click()
        expect(page.locator("#shelf li .text")).to_have_text("gps hdop: HDOP 2.4 – Bob: trees")
        expect(page.locator("#shelf li .age")).to_have_text("4 min 10 s left")
        expect(page.locator("#shelf .put")).to_be_hidden()


def test_the_page_says_that_alarms_were_found_again(browser: Browser, timeline: Timeline) -> None:
    with opened(browser, timeline) as page:
        source = page.locator("#alarm-source")
        expect(source).to_contain_text("Not recorded then; found again by the shipped rules")
        go(page, 320)
        expect(page.locator("#alarms > li.high", has_text="link lost")).to_have_count(2)
        expect(source).to_have_text("Not recorded then; found again by the shipped rules")
        assert "Nobody acknowledges" in (source.get_attribute("title") or "")
        expect(page.locator("#alarms .take:visible")).to_have_count(0)


def test_the_page_shows_the_traffic_of_the_moment(browser: Browser, timeline: Timeline) -> None:
    with opened(browser, timeline) as page:
        names = page.locator("#traffic .name")
        expect(names).to_have_count(0)
        go(page, 150)
        expect(names).to_have_text(["LIFELN1 484ABC"])
        expect(page.locator("#traffic .level")).to_have_text(["150 m QNH"])
        go(page, 450)
        expect(names).to_have_text(["GLIDER 3D1234"])
        wait_until(page, "droneteam.traffic().length === 1")
        go(page, 50)
        expect(names).to_have_count(0)
