"""The search map on the command room's page while a flight goes on: its lines and its figures change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.tlog import read_tlog
from telemetry.track import Track
from tests.imaging.searched_flights import lanes, recording
from tests.imaging.test_searched import FRAME
from tests.ops.calling_finds import room
from tests.ops.pages import opened_in
from tests.ops.test_live_search import told_live, with_map

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_in(browser) as opened:
        yield opened.page
    assert opened.complaints == []


def test_what_is_searched_live_is_told_with_its_figures_and_moves_the_lines(
    page: Page, tmp_path: Path
) -> None:
    path = recording(tmp_path / "a.tlog", FRAME, lanes(400, 50))
    frames = told_live(Track.from_frames(list(read_tlog(path)), None))
    operation = with_map(tmp_path / "op")
    with room(operation.folder, Hub(SystemClock())) as (address, desk):
        assert desk.heat is not None
        search = desk.heat.search
        assert search is not None
        page.goto(address)
        expect(page.locator("#connection")).to_have_text("live")
        search.start()
        for view in frames[:80]:
            search.looked_at(1, "live stream 1", view)
        row = page.locator("#searches button")
        expect(row).to_contain_text("Heath, searched live")
        expect(row).to_contain_text("80 frames at")
        expect(row).to_contain_text("of the chance is left")
        before = row.text_content()
        row.click()
        for view in frames[80:200]:
            search.looked_at(1, "live stream 1", view)
        expect(row).to_contain_text("200 frames at")
        assert row.text_content() != before
        page.wait_for_timeout(1000)
        page.screenshot(path=str(tmp_path / "live_search.png"))
        search.stop()
    assert [each.name for each in search.kept][:1] == ["map-live.json"]
