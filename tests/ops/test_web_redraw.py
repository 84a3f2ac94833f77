"""From the page to a sheet that is fit for evidence, inside one operation, in a real browser."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from ops.api.server import serving
from tests.imaging.sheet_scene import texts
from tests.ops.commanded import Droneteam, done, told
from tests.ops.marked import API, ID, clicks, log_of, operation_with, point_of, put
from tests.ops.pages import opened_in
from tests.ops.surveyed import CHECKS, Surveyed

pytestmark = [pytest.mark.browser, pytest.mark.campaign, pytest.mark.timeout(600)]
expect.set_options(timeout=60_000)
NEW = f"{ID}-2"
LONG_MS = 240_000


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def folder(surveyed: Surveyed, tmp_path: Path) -> Path:
    return operation_with(surveyed, tmp_path / "operation")


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with serving(operation_folder=folder) as address:
        yield address.rstrip("/")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The marking page of the scene; Ann has given her name before. Nothing in it goes wrong."""
    named = "localStorage.setItem('droneteam.name', 'Ann de Vries')"
    with opened_in(browser, 1400, 900, f"if (location.protocol === 'http:') {named}") as opened:
        opened.page.goto(f"{address}/{ID}")
        expect(opened.page.locator("#control li")).not_to_have_count(0)
        yield opened.page
    assert opened.complaints == []


def mark_everything(address: str, surveyed: Surveyed) -> None:
    """What several people clicked: every surveyed point, and what is to be measured."""
    with httpx.Client(base_url=address, timeout=60) as client:
        for kind, file in (("control", "marks.json"), ("measure", "measure.json")):
            for name, marks in clicks(surveyed, file).items():
                if kind == "measure" and name not in "AB":
                    continue
                first, *others = marks.values()
                if kind == "measure":
                    spot = {"photo": first.photo, "x_px": first.x_px, "y_px": first.y_px, "sigma_px": 0.5}
                    begun = {"kind": kind, "point": None, "who": "Bob", "matching": False, **spot}
                    assert client.post(f"{API}/points", json=begun).json()["named"] == name
                    others = others[:4]
                else:
                    others = [first, *others]
                for mark in others:
                    assert put(client, name, mark, who="Bob", kind=kind).status_code == 200


def choose(page: Page, name: str) -> None:
    page.locator("#control, #letters").get_by_role("button", name=re.compile(rf"^{name}\b")).click()
    expect(page.locator("#strip-title")).to_contain_text(f"{name}: marked in")


def test_what_was_marked_on_the_page_comes_to_a_sheet_fit_for_evidence(
    page: Page, address: str, folder: Path, surveyed: Surveyed, inside: Droneteam
) -> None:
    entered = {path: sha256(folder / ID / path) for path in ("orthomosaic.tif", "preview.jpg", "scene.json")}
    mark_everything(address, surveyed)
    control = next(name for name in clicks(surveyed) if name not in CHECKS)
    expect(page.locator("#redraw")).to_be_disabled()
    choose(page, control)
    page.locator("#role").click()
    expect(page.locator("#role")).to_have_text("Make it control")
    page.locator("#adjust").click()
    expect(page.locator("#redraw")).to_be_enabled(timeout=LONG_MS)
    expect(page.locator("#verdict")).to_contain_text(f"{len(CHECKS) + 1} independent checks")

    page.locator("#redraw").click()
    expect(page.locator("#drawing-text")).to_contain_text("Drawing crash-2 for Ann de Vries")
    expect(page.locator("#drawing-left")).to_contain_text("%")
    page.wait_for_url(f"{address}/{NEW}", timeout=LONG_MS)
    expect(page.locator("#operation")).to_have_text("crash-2, drawn anew from crash")
    expect(page.locator("#verdict")).to_contain_text(f"Checked: {len(CHECKS) + 1} independent checks")
    expect(page.locator("#redraw")).to_be_disabled()
    expect(page.locator("#letters li")).to_have_count(2)
    choose(page, "A")
    page.locator("#note").click()
    page.locator("#ask-note input").fill("left skid begins")
    page.locator("#ask-note").get_by_role("button", name="Keep").click()
    expect(page.locator("#letters li").first).to_contain_text("left skid begins")
    with httpx.Client(base_url=address, timeout=60) as client:
        asked = {"kind": "distance", "letters": ["A", "B"], "who": "Ann", "note": "left skid mark"}
        assert client.put(f"/api/scenes/{NEW}/figures", json=asked).status_code == 200
        assert point_of(client.get(f"/api/scenes/{NEW}/marking").json(), control)["role"] == "check"
    expect(page.locator("#figures .value")).to_contain_text("±")

    scene = f"{folder.name}/{NEW}"
    measured = told(inside("measure", scene, "--operation", folder.name, "--json"))
    (figure,) = measured["figures"]
    assert figure["note"] == "left skid mark"
    assert abs(figure["value"] - surveyed.distance_m("A", "B")) < 1.3 * figure["half_width_95"]
    sheet = told(inside("sheet", scene, "--operation", folder.name, "--json"))
    assert sheet["evidence"], sheet["verdict"]
    assert sheet["figures"] == 1
    printed = "".join(text.words for text in texts(Path(folder.parent / sheet["path"]))).replace(" ", "")
    assert f"{len(CHECKS) + 1}independentchecks" in printed
    assert "leftskidbegins" in printed
    assert f"crash/scene.json{entered['scene.json']}" in printed

    assert {path: sha256(folder / ID / path) for path in entered} == entered
    acts = {line["action"]: line["details"] for line in log_of(folder)}
    made = acts["scene.made"]
    assert (made["scene"], made["again"], made["who"]) == ("crash-2", "crash", "Ann de Vries")
    assert acts["role.set"] | {"sha256": ""} == {
        "scene": ID, "who": "Ann de Vries", "point": control, "role": "check", "sha256": "",
    }  # fmt: skip
    # Picture, marks and figures rest on the very adjustment that people saw.
    drawn = folder / NEW / "stages" / "adjustment.npz"
    assert acts["scene.adjusted"]["adjustment_sha256"] == sha256(drawn)
    report = json.loads((folder / NEW / "scene.json").read_text())
    assert report["again"] == {"scene": "crash", "report_sha256": entered["scene.json"]}
    done(inside("keys", "new", "key.pem"))
    done(inside("bundle", folder.name, "-o", "bag", "--key", "key.pem"))
    done(inside("verify", "bag", "--key", "key.pub.pem"))
