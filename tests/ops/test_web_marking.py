"""The page on which people mark and measure, in a real browser."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from imaging.control.points import Mark
from imaging.marking.opened import open_marking
from ops.api.server import serving
from tests.ops.marked import API, ID, clicks, operation_with, point_of, put
from tests.ops.pages import until
from tests.ops.surveyed import CHECKS, Surveyed

pytestmark = pytest.mark.browser
SIZE = {"width": 1400, "height": 900}
WIDER = """() => [...document.querySelectorAll('header, #points-panel, #points-panel *, #tools, #strip')]
    .filter(each => !each.matches('#who') && each.clientWidth && each.scrollWidth > each.clientWidth + 1)
    .map(each => each.outerHTML)"""


@pytest.fixture
def folder(surveyed: Surveyed, tmp_path: Path) -> Path:
    return operation_with(surveyed, tmp_path / "operation")


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with serving(operation_folder=folder) as address:
        yield address.rstrip("/")


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """Pages that complain of nothing and ask nobody else; Ann has given her name before."""
    context = browser.new_context(viewport=SIZE)
    complaints: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "blob:")) else complaints.append(asked.url),
        )

    context.on("page", watch)
    named = "localStorage.setItem('droneteam.name', 'Ann de Vries')"
    context.add_init_script(f"if (location.protocol === 'http:') {named}")
    yield context
    context.close()
    assert [each for each in complaints if "status of 4" not in each] == []


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/{ID}")
    expect(page.locator("#control li")).not_to_have_count(0)
    return page


def choose(page: Page, name: str) -> None:
    page.locator("#control, #letters").get_by_role("button", name=re.compile(rf"^{name}\b")).click()
    expect(page.locator("#strip-title")).to_contain_text(f"{name}: marked in")
    expect(page.locator(".cell").first).to_be_visible()


def cell(page: Page, photo: str) -> Locator:
    return page.locator(f".cell[data-key='{photo}']")


def click_in_cell(page: Page, mark: Mark, held: list[Literal["Alt"]] | None = None) -> None:
    """Click where a person would: the pixel, as the cut-out shows it."""
    canvas = cell(page, mark.photo).locator("canvas")
    canvas.scroll_into_view_if_needed()
    x, y = page.evaluate(
        "([photo, px]) => droneteam.strip.screen(photo, px)", [mark.photo, [mark.x_px, mark.y_px]]
    )
    canvas.click(position={"x": x, "y": y}, modifiers=held)
    expect(cell(page, mark.photo)).to_have_attribute("data-state", "marked")


def test_a_point_marked_in_its_cut_outs_is_adjusted_and_two_swapped_marks_are_named(
    context: BrowserContext, address: str, surveyed: Surveyed
) -> None:
    found = clicks(surveyed)
    page = opened(context, address)
    expect(page.locator("#verdict")).to_contain_text("Marks changed since")
    choose(page, "C4")
    for mark in list(found["C4"].values())[:3]:
        click_in_cell(page, mark)
    expect(page.locator("#strip-title")).to_contain_text("C4: marked in 3 of")
    with httpx.Client(base_url=address, timeout=60) as client:
        kept = {each["photo"]: each for each in point_of(client.get(f"{API}/marking").json(), "C4")["marks"]}
        for mark in list(found["C4"].values())[:3]:
            assert abs(kept[mark.photo]["x_px"] - mark.x_px) < 0.6
            assert abs(kept[mark.photo]["y_px"] - mark.y_px) < 0.6
            assert kept[mark.photo]["marked_by"] == "Ann de Vries"
        # Somebody else marks the rest, two names swapped in one photo: this page sees that by itself.
        others = [name for name in found if name != "C4"]
        shared, first, second = next(
            (photo, a, b)
            for a in others
            for b in sorted(set(others) - CHECKS)
            if a not in CHECKS and a < b and min(len(found[a]), len(found[b])) > 3
            for photo in found[a].keys() & found[b].keys()
        )
        for name in others:
            for mark in found[name].values():
                swap = {first: second, second: first} if mark.photo == shared else {}
                assert put(client, swap.get(name, name), mark, who="Bob").status_code == 200
    expect(page.locator("#control-count")).to_contain_text(f"{len(found)} of {len(found)} marked")
    page.locator("#adjust").click()
    expect(page.locator("#adjust")).to_contain_text("Adjusting")
    expect(page.locator("#adjust")).to_have_text("Adjust", timeout=120_000)
    expect(page.locator("#verdict")).to_contain_text("Checked:")
    for name in (first, second):
        expect(page.locator("#blunders")).to_contain_text(f"{name} in {shared} is set aside")
    expect(page.locator("#blunders")).to_contain_text("swapped")
    row = page.locator("#control li").filter(has_text=re.compile(r"^C4"))
    off = r"off E\s[+−]?\d+ N\s[+−]?\d+ U\s[+−]?\d+ mm"
    expect(row).to_contain_text(re.compile(rf"marks agree within \d\.\d px\s*{off}"))
    assert page.evaluate(WIDER) == []


def test_a_click_on_a_target_goes_to_its_centre_and_undo_goes_back_to_the_click(
    context: BrowserContext, address: str, surveyed: Surveyed
) -> None:
    truth = json.loads((surveyed.folder / "truth.json").read_text())
    photo, true_px = next(
        (each["file"], each["control_points"]["C4"])
        for each in truth["photos"]
        if "C4" in each["control_points"]
    )
    page = opened(context, address)
    choose(page, "C4")
    beside = Mark(photo, true_px[0] + 0.7, true_px[1] - 0.6, 0.5)

    def kept() -> dict[str, Any]:
        with httpx.Client(base_url=address, timeout=60) as client:
            (mark,) = point_of(client.get(f"{API}/marking").json(), "C4")["marks"]
        return dict(mark)

    click_in_cell(page, beside)
    expect(cell(page, photo).locator(".about")).to_contain_text("centred by")
    centred = kept()
    assert math.dist((centred["x_px"], centred["y_px"]), true_px) < 0.3
    assert math.dist((centred["click"]["x_px"], centred["click"]["y_px"]), (beside.x_px, beside.y_px)) < 0.2
    assert centred["sigma_px"] < centred["click"]["sigma_px"]
    page.locator("#undo").click()
    expect(cell(page, photo).locator(".about")).not_to_contain_text("centred by")
    assert (kept()["x_px"], kept()["click"]) == (centred["click"]["x_px"], None)
    page.locator("#undo").click()
    expect(cell(page, photo)).to_have_attribute("data-state", "open")
    click_in_cell(page, beside, ["Alt"])
    assert kept()["click"] is None


def test_a_click_beside_every_target_stays_and_says_why(
    context: BrowserContext, address: str, surveyed: Surveyed
) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    page = opened(context, address)
    choose(page, "C4")
    click_in_cell(page, Mark(mark.photo, mark.x_px + 9, mark.y_px, 0.5))
    expect(cell(page, mark.photo).locator(".about")).to_contain_text("as clicked: no target is seen there")


def test_a_distance_clicked_in_a_photo_holds_the_true_one_in_its_interval(
    context: BrowserContext, address: str, folder: Path, surveyed: Surveyed
) -> None:
    marks = clicks(surveyed, "measure.json")
    photo = next(photo for photo in marks["A"] if photo in marks["B"])
    page = opened(context, address)
    page.locator("#picture").select_option(photo)
    page.get_by_role("button", name="Distance", exact=True).click()
    for number, name in enumerate(("A", "B"), 1):
        at = [marks[name][photo].x_px, marks[name][photo].y_px]
        page.evaluate("px => { droneteam.viewer.scale = 6; droneteam.viewer.goto(px); }", at)
        page.locator("#canvas").click()
        expect(page.locator("#letters li")).to_have_count(number)
    expect(page.locator("#figures li")).to_have_count(1)
    text = page.locator("#figures .value").inner_text()
    value, half = (float(each) for each in re.findall(r"[\d.]+", text))
    assert abs(value - surveyed.distance_m("A", "B")) <= half
    assert 0 < half < 0.5
    expect(page.locator("#verdict")).to_be_visible()
    scene = open_marking(folder / ID)
    assert (folder / ID / "measure.json").is_file()
    assert scene.now.verdict.lower() in page.locator("#verdict").inner_text().lower()
    page.get_by_role("button", name="Remove distance A-B").click()
    expect(page.locator("#figures li")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#figures li")).to_have_count(1)


def test_cut_outs_in_which_a_click_was_not_found_again_say_why(
    context: BrowserContext, address: str, surveyed: Surveyed
) -> None:
    mark = next(iter(clicks(surveyed, "measure.json")["H"].values()))
    page = opened(context, address)
    page.locator("#picture").select_option(mark.photo)
    page.get_by_role("button", name="Distance", exact=True).click()
    page.evaluate("px => { droneteam.viewer.scale = 6; droneteam.viewer.goto(px); }", [mark.x_px, mark.y_px])
    page.locator("#canvas").click()
    said = page.locator(".cell[data-state='open'] .about", has_text="not found again: ")
    expect(said).not_to_have_count(0)
    expect(said.first).to_contain_text("it lies too near the edge of a photo")
    assert page.evaluate(WIDER) == []


def test_the_keyboard_alone_marks_nudges_goes_on_and_undoes(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    choose(page, "C4")
    first = page.locator(".cell canvas").first
    photo = page.locator(".cell").first.get_attribute("data-key") or ""
    first.focus()
    page.keyboard.press("Space")
    expect(cell(page, photo)).to_have_attribute("data-state", "marked")
    mark = "([photo]) => droneteam.store.markOf('control', 'C4', photo)"
    begun = page.evaluate(mark, [photo])
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator(".cell canvas").nth(1)).to_be_focused()
    nudged = page.evaluate(mark, [photo])
    assert nudged["x_px"] - begun["x_px"] == pytest.approx(0.2)
    assert nudged["y_px"] - begun["y_px"] == pytest.approx(-1.0)
    page.keyboard.press("Control+z")
    until(page, lambda: page.evaluate(mark, [photo])["x_px"] == begun["x_px"])
    first.focus()
    page.keyboard.press("Delete")
    expect(cell(page, photo)).to_have_attribute("data-state", "open")


def test_who_marks_where_somebody_else_just_did_is_told_and_nothing_is_lost(
    context: BrowserContext, address: str, surveyed: Surveyed
) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    page = opened(context, address)
    choose(page, "C4")
    page.evaluate("droneteam.store.look = () => Promise.resolve()")  # this page does not look for a while
    with httpx.Client(base_url=address, timeout=60) as client:
        assert put(client, "C4", mark, who="Bob").status_code == 200
        canvas = cell(page, mark.photo).locator("canvas")
        canvas.scroll_into_view_if_needed()
        canvas.click()
        expect(page.locator("#trouble")).to_contain_text(f"Bob marked C4 in {mark.photo}")
        (kept,) = point_of(client.get(f"{API}/marking").json(), "C4")["marks"]
        assert (kept["x_px"], kept["marked_by"]) == (mark.x_px, "Bob")


def test_the_map_leads_to_the_page(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(address)
    page.get_by_role("link", name="Mark and measure").click()
    expect(page.locator("#operation")).to_have_text("crash")
