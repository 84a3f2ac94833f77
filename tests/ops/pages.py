"""Our pages in a real browser: opened, watched for complaints and waited for; and what flies on them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect

from missions.geodesy import GeoPoint
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from tests.waiting import PATIENCE_S

LOOK_EACH_MS = 50
OVERFLOWING = """() =>
    [...document.querySelectorAll('header,main,#view,#panel,#panel section,#panel li,#layers')]
    .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML)"""


@dataclass
class Opened:
    """A page with everything that it complained about, and every request that went elsewhere."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    def hear(self, message: Any) -> None:
        # the browser's own words, the last where the service ended before the page
        theirs = ("Canvas2D: Multiple readback", "[.WebGL", "WebSocket connection to")
        ours = not message.text.startswith(theirs)
        if message.type in {"error", "warning"} and ours:
            self.complaints.append(message.text)

    def see(self, request: Any) -> None:
        if not re.match(r"(https?://127\.0\.0\.1:|blob:|data:)", request.url):
            self.strays.append(request.url)


@contextmanager
def opened_in(
    browser: Browser, width_px: int = 1280, height_px: int = 720, first: str = ""
) -> Iterator[Opened]:
    """An empty page that is watched; `first` is a script that runs before any of its own."""
    context = browser.new_context(viewport={"width": width_px, "height": height_px})
    if first:
        context.add_init_script(first)
    opened = Opened(context.new_page())
    opened.page.on("console", opened.hear)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("request", opened.see)
    yield opened
    context.close()


def open_page(opened: Opened, address: str) -> Page:
    """The live page with its map drawn."""
    opened.page.goto(address)
    expect(opened.page.locator("#connection")).to_have_text("live")
    wait_until(opened.page, "window.droneteam?.map.loaded()")
    return opened.page


def wait_until(page: Page, expression: str, argument: Any = None) -> None:
    """Ask until it is true; Playwright's own way evaluates text in the page, which its policy forbids."""
    until(page, lambda: page.evaluate(expression, argument), expression)


def until(page: Page, reached: Callable[[], Any], what: str = "it") -> None:
    """Ask until it is true, and let the page go on meanwhile."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline_s, f"never became true: {what}"
        page.wait_for_timeout(LOOK_EACH_MS)


def place(east: float, north: float) -> GeoPoint:
    return GeoPoint(52.1 + north * 1e-5, 5.8 + east * 1e-5)


class Flying:
    """A copter in the hub."""

    def __init__(self, hub: Hub, system: int = 1) -> None:
        self.hub = hub
        self.encoder = Encoder(system, 1)
        self.reader = FrameReader()

    def say(self, name: str, **fields: Any) -> None:
        frames = self.reader.feed(self.encoder.encode(name, **fields), int(time.time() * 1e6))
        self.hub.publish(frames, "udp:127.0.0.1:14550")

    def at(self, place: GeoPoint, heading_deg: float = 90) -> None:
        self.say("HEARTBEAT", type=2, autopilot=3, base_mode=217, custom_mode=3, system_status=4)
        self.say("SYS_STATUS", voltage_battery=23_100, current_battery=900, battery_remaining=76)
        self.say(
            "GLOBAL_POSITION_INT",
            lat=round(place.lat_deg * 1e7),
            lon=round(place.lon_deg * 1e7),
            alt=90_000,
            relative_alt=62_000,
            vx=830,
            hdg=round(heading_deg * 100),
        )
