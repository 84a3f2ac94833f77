"""Many warm stones and a few that may well be people on the command room's page, and what somebody does."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from missions.geodesy import GeoPoint
from ops.live_heat import ACKNOWLEDGED
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.imaging.test_sightings import seen_often
from tests.ops.alarmed import Copter, flying
from tests.ops.calling_finds import room, seen
from tests.ops.pages import opened_in

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_in(browser, 1600, 1000) as opened:
        yield opened.page
    assert opened.complaints == []


def test_stones_are_one_line_and_what_may_well_be_a_person_stands_above_them_by_itself(
    page: Page, heath: Path, tmp_path: Path
) -> None:
    hub = Hub(SystemClock())
    copter = Copter(hub)
    copter.stand()
    with room(heath, hub) as (address, desk), flying(copter):
        heat = desk.heat
        assert heat is not None
        for number in range(1, 31):
            heat.finds.take(seen(number, 0.3 + 0.005 * number))
        heat.finds.take(seen(31, 0.72))
        page.goto(address)
        rows = page.locator("#alarms > li").filter(has_text=re.compile("find: |warm things: "))
        expect(rows).to_have_count(2, timeout=15_000)
        expect(rows.nth(0)).to_contain_text("find: live-1-031, person?")
        expect(rows.nth(1)).to_contain_text("warm things: 30 things that may be a person")
        together = rows.nth(1).locator(".together")
        together.locator("summary").click()
        names = together.locator("li .name")
        expect(names).to_have_count(30)
        expect(names.first).to_have_text("live-1-030")
        expect(together.locator("img").first).to_be_visible()
        page.screenshot(path=str(tmp_path / "together.png"))

        rows.nth(1).locator(".take").click()
        expect(page.locator("#ask-seen .about")).to_contain_text("30 of")
        heat.finds.take(seen(32, 0.31))  # comes while somebody writes
        why, who = page.locator("#ask-seen input").all()
        why.fill("stones along the wall, each looked at")
        who.fill("Ann de Vries")
        page.screenshot(path=str(tmp_path / "asking.png"))
        page.locator("#ask-seen button[value=ok]").click()
        expect(rows.nth(1)).to_contain_text(
            "warm things: 1 thing that may be a person; the newest is live-1-032"
        )
        expect(rows.nth(1).locator(".take")).to_have_text("All 1 seen…")
        expect(rows.nth(0)).to_contain_text("find: live-1-031")
        listed = page.locator("#finds li").filter(has_text="live-1-030")
        expect(listed.locator(".about")).to_contain_text("seen by Ann de Vries: stones along the wall")
        expect(listed).to_have_attribute("data-state", "proposed")

        heat.finds.take(seen(7, 0.64, sightings=9))  # the camera sees one of the stones better
        expect(rows).to_have_count(3)
        expect(page.locator("#alarms")).to_contain_text("find: live-1-007, person?")
        page.screenshot(path=str(tmp_path / "clearer.png"))
    (act,) = Operation.open(heath).store.acts(ACKNOWLEDGED)
    assert (act["details"]["by"], len(act["details"]["finds"])) == ("Ann de Vries", 30)


def test_a_list_of_thousands_of_finds_opens_fast_and_the_page_stays_quick(
    page: Page, heath: Path, tmp_path: Path
) -> None:
    operation = Operation.open(heath)
    path = heath / "finds" / "long.geojson"
    write_many(path, 4000)
    operation.add_file(path, "find")
    hub = Hub(SystemClock())
    with room(heath, hub) as (address, _):
        urllib.request.urlopen(f"{address}api/finds", timeout=60).read()
        page.goto(address)
        expect(page.locator("#find-count")).to_have_text("3998", timeout=20_000)
        expect(page.locator("#faint-count")).to_have_text("+ 2 faint")
        expect(page.locator("#finds li")).to_have_count(100)
        expect(page.locator("#finds li .name").first).to_contain_text("find-04000")
        page.locator("#more-finds").click()
        expect(page.locator("#finds li")).to_have_count(200)
        expect(page.locator("#more-finds")).to_have_text(re.compile("Show 100 more of 3800"))
        page.screenshot(path=str(tmp_path / "many.png"))
        page.locator("#finds li .decide").first.click()
        why, who = page.locator("#ask-find input").all()
        expect(page.locator("#ask-find summary")).to_have_text("Seen in 2 frames")
        page.locator("#ask-find summary").click()
        expect(page.locator("#ask-find .sightings li")).to_have_count(2)
        page.screenshot(path=str(tmp_path / "sightings.png"))
        why.fill("a stone")
        who.fill("Ann")
        with page.expect_response("**/api/finds/review"):
            page.locator("#ask-find button[value=dismissed]").click()
        expect(page.locator("#finds li .name").first).to_contain_text("find-03999")


def write_many(path: Path, count: int) -> None:
    """A document of so many finds, the last the highest score, each seen in two frames."""
    few = seen_often(1, 2)
    (one,) = few.finds
    finds = tuple(
        replace(
            one,
            id=f"find-{n:05d}",
            score=n / 10,
            place=GeoPoint(52.1 + 1e-5 * (n % 60), 5.8 + 1e-5 * (n // 60)),
        )
        for n in range(1, count + 1)
    )
    replace(few, finds=finds).write(path)
