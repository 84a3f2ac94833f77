"""The page with a search map: the newest is drawn and listed, and made-up figures are called so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from missions.geodesy import GeoPoint
from missions.search.case import HypothesisCase, SearchCase
from missions.search.contours import contours, geojson
from missions.search.making import make_map
from missions.search.search_map import LastSeen
from ops.api.folder import OperationFolder
from ops.api.server import serving
from ops.operations import Operation
from telemetry.clock import SystemClock
from tests.ops.pages import OVERFLOWING, Opened, open_page, opened_in, wait_until

FIRST_PASS = {"pos": 0.25, "cumulative_pos": 0.25, "left": 0.75}
SECOND_PASS = {"pos": 0.125, "cumulative_pos": 0.344, "left": 0.656}
CREATED = "2026-11-27T15:00:00Z"


def enter_map(operation: Operation, name: str, *passes: dict[str, float]) -> None:
    category = HypothesisCase("walker", 80, category="example-close-to-home", direction_deg=None)
    elsewhere = HypothesisCase("left by car", 20, outside=True)
    seen = LastSeen(GeoPoint(52.1, 5.8), 50.0)
    made = make_map(SearchCase(name, (category, elsewhere), seen, cell_m=50.0), CREATED)
    made = replace(made, since=tuple({"act": "searched", **each} for each in passes))
    path = operation.free_path("search", "search_map.geojson")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(geojson(made, contours(made.chances)))
    operation.add_file(path, "search")


def test_every_map_is_handed_out_the_newest_last_and_a_broken_one_is_a_problem(heath: Path) -> None:
    operation = Operation.open(heath)
    enter_map(operation, "First")
    enter_map(operation, "Second")
    for file, more in (("next.geojson", {}), ("broken.geojson", {"search_map": {}})):
        path = operation.free_path("search", file)
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [], **more}))
        operation.add_file(path, "search")
    folder = OperationFolder(heath, SystemClock())
    first, second = folder.searches()
    assert (first.name, second.name, second.created) == ("First", "Second", CREATED)
    assert second.examples == ("example-close-to-home",)
    assert second.searched is None
    assert 0.2 < second.outside < 0.3
    roles = [each["properties"]["role"] for each in second.drawing["features"]]
    assert roles == ["search-contour", "search-contour", "last-seen"]
    assert ["broken.geojson" in each for each in folder.report().unreadable] == [True]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    with opened_in(browser) as opened:
        yield opened


@pytest.mark.browser
def test_the_newest_map_is_drawn_listed_and_can_be_hidden(opened: Opened, heath: Path) -> None:
    operation = Operation.open(heath)
    enter_map(operation, "First")
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        enter_map(operation, "Second")
        row = page.locator("#searches button")
        expect(row).to_contain_text("Second")
        expect(row).to_contain_text("MADE-UP FIGURES")
        expect(row).to_contain_text("lines hold 50, 75 %")
        row.click()
        layers = "['search-fill', 'search-line', 'last-seen']"
        shown = f"droneteam.map.queryRenderedFeatures({{layers: {layers}}}).length"
        wait_until(page, f"{shown} >= 3")
        assert page.evaluate(f"({OVERFLOWING})()") == []
        page.get_by_label("Search map", exact=True).uncheck()
        wait_until(page, f"{shown} === 0")
        assert opened.complaints == []


@pytest.mark.browser
def test_pos_of_all_passes_and_made_up_figures_stand_over_the_map_that_is_shown(
    opened: Opened, heath: Path
) -> None:
    enter_map(Operation.open(heath), "Heath", FIRST_PASS, SECOND_PASS)
    with serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        title = page.locator("#map-title")
        expect(title).to_contain_text("MADE-UP FIGURES")
        expect(title).to_contain_text("Heath · POS of all searches 34.4 % · 65.6 % of the chance is left")
        box = title.bounding_box()
        assert box is not None
        assert 0 < box["y"] < 100  # nobody scrolls for it
        row = page.locator("#searches button")
        expect(row).to_contain_text("POS of all searches 34.4 %, of the last of 2 passes 12.5 %")
        page.get_by_label("Search map", exact=True).uncheck()
        expect(title).to_be_hidden()
        assert opened.complaints == []


@pytest.mark.browser
def test_on_a_tablet_the_list_of_layers_is_folded_and_opens(browser: Browser, heath: Path) -> None:
    with opened_in(browser, 820, 1180) as opened, serving(operation_folder=heath) as address:
        page = open_page(opened, address)
        fold, box = page.locator("#layers-fold"), page.get_by_label("Search map", exact=True)
        expect(box).to_be_hidden()
        shown = fold.bounding_box()
        assert shown is not None
        assert shown["height"] < 50
        fold.locator("summary").click()
        box.uncheck()
        whole = page.locator("#layers label").evaluate_all("all => all.map(each => each.offsetHeight)")
        assert len(whole) == 9
        assert max(whole) < 40  # none is broken over lines
        assert page.evaluate(f"({OVERFLOWING})()") == []
        page.set_viewport_size({"width": 1440, "height": 900})
        expect(box).to_be_visible()
        expect(fold.locator("summary")).to_be_hidden()
        assert opened.complaints == []
