"""The flights of a plan on the page: each told from the others, and one looked at by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from missions.plan import Plan
from missions.plan_file import write_plan
from ops.api.server import serving
from ops.operations import Operation
from tests.ops.pages import until, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, heath: Path, polder: Plan, complaints: list[str]) -> Iterator[Page]:
    """The page of an operation with a plan of one flight and one of several."""
    write_plan(polder, heath / "plans" / "polder.json")
    Operation.open(heath).add_file(heath / "plans" / "polder.json", "plan")
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    with serving(operation_folder=heath) as address:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        wait_until(page, "window.droneteam?.map.loaded()")
        yield page
    context.close()


def row(page: Page, number: int) -> Locator:
    return page.locator(".flight").nth(number - 1)


def place_of(page: Page, role: str, number: int) -> list[float]:
    """Where a flight's point lies, or the middle of its first lane."""
    plans = page.evaluate("fetch('/api/plans').then(answer => answer.json())")
    (found,) = (
        each["geometry"]["coordinates"]
        for plan in plans
        for each in plan["drawing"]["features"]
        if each["properties"] == {"role": role, "flight": number}
    )
    return found if role == "no_return" else [(a + b) / 2 for a, b in zip(*found[0][:2], strict=True)]


def test_every_flight_stands_in_the_list_with_its_colour_and_what_it_lands_with(
    page: Page, polder: Plan, complaints: list[str]
) -> None:
    expect(page.locator(".flight")).to_have_count(len(polder.sorties))
    expect(page.locator("#plans")).to_contain_text(f"{len(polder.sorties)} flights")
    expect(row(page, 1)).to_contain_text("takes off first")
    for number, sortie in enumerate(polder.sorties, start=1):
        left_pct = math.floor(round(100 - sortie.totals.battery_pct, 1))
        expect(row(page, number).locator(".name")).to_have_text(f"Flight {number}")
        expect(row(page, number).locator(".lands")).to_have_text(f"lands with {left_pct} %")
    stripes = "all => all.map(each => each.style.backgroundColor)"
    colours = page.locator(".flight .stripe").evaluate_all(stripes)
    assert len(set(colours)) == len(polder.sorties)
    assert complaints == []


def test_a_flight_is_looked_at_alone_from_the_list_and_let_go_again(page: Page) -> None:
    opacity = "droneteam.map.getPaintProperty('lane', 'line-opacity')"
    expect(row(page, 2).locator(".details")).to_be_hidden()
    row(page, 2).click()
    expect(row(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(row(page, 2).locator(".details")).to_contain_text("turn back by")
    wait_until(page, f"{opacity} !== 1")
    page.keyboard.press("Escape")
    expect(row(page, 2)).to_have_attribute("aria-pressed", "false")
    wait_until(page, f"{opacity} === 1")


def test_a_flight_is_picked_on_the_map_and_its_point_of_no_return_is_marked(page: Page) -> None:
    page.locator("#plans .plan", has_text="Polder").click()
    at = page.evaluate("at => droneteam.map.project(at)", place_of(page, "lane", 1))
    page.locator("#map").click(position={"x": at["x"], "y": at["y"]})
    expect(row(page, 1)).to_have_attribute("aria-pressed", "true")
    expect(row(page, 2)).to_have_attribute("aria-pressed", "false")
    mark = page.evaluate("at => droneteam.map.project(at)", place_of(page, "no_return", 1))
    context = "document.querySelector('#overlay').getContext('2d')"
    pixels = f"([x, y]) => [...{context}.getImageData(x - 2, y - 2, 5, 5).data]"
    until(page, lambda: any(page.evaluate(pixels, [round(mark["x"]), round(mark["y"] - 6)])))
