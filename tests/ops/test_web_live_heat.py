"""A live thermal stream on the command room's page: its finds, their pictures, a decision, and its loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.api.server import serving
from ops.config import Settings
from ops.finds import decisions_of
from ops.live_heat_specs import heat_specs
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.heated import Camera, Copter, meadow
from tests.ops.pages import opened_in
from tests.ports import free_udp_port

pytestmark = [pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(300)]
expect.set_options(timeout=60_000)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_in(browser, 1600, 1000) as opened:
        yield opened.page
    assert opened.complaints == []


def test_the_page_shows_live_finds_with_pictures_and_says_when_nobody_searches(
    page: Page, tmp_path: Path
) -> None:
    scene = meadow(reach_m=20.0, speed_m_s=4.0)
    assert scene.film
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    hub, port = Hub(SystemClock()), free_udp_port()
    camera = Camera(scene, f"udp://127.0.0.1:{port}?pkt_size=1316", klv=True)
    specs = heat_specs([f"1=udp://127.0.0.1:{port}"])
    with serving(Settings(port=0), operation_folder=operation.folder, hub=hub, heat=specs) as address:
        page.goto(address)
        stream = page.locator("#heat li")
        expect(stream).to_contain_text("opening")
        with camera.filming(), Copter(hub, scene).flying(camera.begun_s):
            expect(stream).to_contain_text("searched live")
            expect(stream.locator(".name")).to_have_text("Copter 1 thermal")
            row = page.locator("#finds li").first
            expect(row.locator(".about")).to_contain_text("Copter 1")
            expect(page.locator("#finds li.in-view").first).to_be_visible()
            assert row.locator("img.seen").evaluate("image => image.naturalWidth") > 100
            alarm = page.locator("#alarms .alarm").filter(has_text="find: live-1-").first
            expect(alarm).to_contain_text("person?, 95 % within")
            name = row.locator(".name").text_content() or ""
            mine = page.locator("#finds li").filter(has_text=name)
            mine.locator(".decide").click()
            expect(page.locator("#ask-find img.seen")).to_be_visible()
            why, who = page.locator("#ask-find input").all()
            why.fill("a man on his back, seen by the crew")
            who.fill("Ann de Vries")
            page.locator("#ask-find button[value=confirmed]").click()
            expect(mine).to_have_attribute("data-state", "confirmed")
            standing = page.locator("#alarms .take:not([hidden])").filter(has_text=name)
            expect(standing).to_have_count(0)
            page.wait_for_timeout(3000)
            page.keyboard.press("f")
            page.wait_for_timeout(1500)
            page.screenshot(path=str(tmp_path / "live.png"))
        expect(page.locator("#banner")).to_contain_text("The thermal stream of Copter 1 is not searched")
        expect(stream).to_have_attribute("data-state", "lost")
    ((made,),) = [each.values() for each in decisions_of(operation).values()]
    assert [(each.state, each.by) for each in made] == [("confirmed", "Ann de Vries")]
