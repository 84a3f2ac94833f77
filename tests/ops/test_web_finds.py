"""Finds on the command room's page: a person decides by name and for a reason, and the log keeps it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from imaging.finds import FrameSpots
from ops.api.server import serving
from ops.config import Settings
from ops.finds import REVIEWED, decisions_of
from ops.operations import Operation
from tests.imaging.test_finds import example
from tests.ops.pages import opened_in

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_in(browser) as opened:
        yield opened.page
    assert opened.complaints == []


@pytest.fixture
def searched(heath: Path) -> Path:
    """The operation on the heath with two finds in it."""
    path = heath / "finds" / "finds.geojson"
    example(2).write(path)
    Operation.open(heath).add_file(path, "find")
    return heath


def test_a_find_is_dismissed_on_the_page_and_the_operations_log_says_by_whom(
    page: Page, searched: Path, tmp_path: Path
) -> None:
    before = (searched / "finds" / "finds.geojson").read_bytes()
    with serving(Settings(port=0), operation_folder=searched) as address:
        page.goto(address)
        row = page.locator("#finds li").filter(has_text="find-002")
        expect(row.locator(".about")).to_contain_text("proposed")
        row.locator(".decide").click()
        expect(page.locator("#ask-find h2")).to_have_text("What is find-002?")
        page.screenshot(path=str(tmp_path / "asking.png"))
        page.locator("#ask-find .cancel").click()
        expect(row.locator(".about")).to_contain_text("proposed")
        row.locator(".decide").click()
        why, who = page.locator("#ask-find input").all()
        why.fill("a calf, seen by the officer on foot <b>near the fence</b>")
        who.fill("Ann de Vries")
        page.locator("#ask-find button[value=dismissed]").click()
        expect(row).to_have_attribute("data-state", "dismissed")
        expect(row.locator(".about")).to_contain_text("dismissed")
        expect(row.locator(".about")).to_have_attribute("title", re.compile("by Ann de Vries: a calf"))
        page.screenshot(path=str(tmp_path / "decided.png"))
        row.locator(".decide").click()
        expect(page.locator("#ask-find .about")).to_contain_text("dismissed by Ann de Vries")
        page.locator("#ask-find input").first.fill("it is he after all")
        page.locator("#ask-find button[value=confirmed]").click()
        expect(row).to_have_attribute("data-state", "confirmed")
    operation = Operation.open(searched)
    made = decisions_of(operation)["finds/finds.geojson"]["find-002"]
    assert [(each.state, each.by) for each in made] == [
        ("dismissed", "Ann de Vries"),
        ("confirmed", "Ann de Vries"),
    ]
    assert len(operation.store.acts(REVIEWED)) == 2
    assert not operation.log.verify().problems
    assert (searched / "finds" / "finds.geojson").read_bytes() == before


def test_doubts_stand_at_the_find_and_frames_that_are_missing_beside_the_list(
    page: Page, heath: Path
) -> None:
    doubt = "no gimbal reported: the camera is taken to look straight down"
    made = example(2)
    first = replace(made.finds[0], notes=(doubt, "seen in one frame"))
    placed = FrameSpots("a.tif", "0" * 64, 640, 512, ())
    lost = FrameSpots("b.tif", "1" * 64, 640, 512, (), "the frame tells no time")
    doubted = replace(
        made, finds=(first, made.finds[1]), frames=(placed, lost), notes=(f"{doubt} (1 frames)",)
    )
    with serving(Settings(port=0), operation_folder=heath) as address:
        page.goto(address)
        expect(page.locator("#finds-section")).to_be_hidden()
        empty = heath / "finds" / "empty.geojson"
        replace(made, finds=(), frames=(lost,)).write(empty)
        Operation.open(heath).add_file(empty, "find")
        searched = page.locator("#searched > li")
        expect(searched).to_contain_text("0 of 1 frames placed")
        expect(searched).to_contain_text("1 not placed: the frame tells no time")
        expect(page.locator("#no-finds")).to_be_visible()
        path = heath / "finds" / "finds.geojson"
        doubted.write(path)
        Operation.open(heath).add_file(path, "find")
        expect(page.locator("#no-finds")).to_be_hidden()
        newest = searched.filter(has_text="1 of 2 frames placed")
        expect(newest.locator(".trouble")).to_contain_text(doubt)
        row = page.locator("#finds li").filter(has_text="find-001")
        expect(row.locator(".note")).to_have_text(f"{doubt} · seen in one frame")
        row.locator(".decide").click()
        expect(page.locator("#ask-find .about")).to_contain_text(doubt)


def order(address: str, **fields: str) -> tuple[int, str]:
    """What the service answers to a decision."""
    request = urllib.request.Request(
        f"{address}api/finds/review",
        json.dumps(fields).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_what_makes_no_decision_is_refused_with_the_reason(searched: Path) -> None:
    sound = {"id": "finds/finds.geojson#1", "state": "confirmed", "by": "Ann", "why": "seen"}
    with serving(Settings(port=0), operation_folder=searched) as address:
        assert order(address, **{**sound, "why": " "})[0] == 422
        assert order(address, **{**sound, "state": "clear"})[0] == 422
        assert order(address, **{**sound, "by": "a\nb"})[0] == 422
        status, said = order(address, **{**sound, "id": "finds/finds.geojson#99"})
        assert status == 404
        assert "there is no find" in said
        status, said = order(address, **sound)
        assert status == 200
        assert json.loads(said)["state"] == "confirmed"
    assert len(Operation.open(searched).store.acts(REVIEWED)) == 1
