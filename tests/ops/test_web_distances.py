"""A measured distance made a check and back on the marking page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from imaging.control.gathering import keep_control, kept_control
from imaging.control.points import Role, ScaleBar
from imaging.control.roles import read_roles
from imaging.scene import Scene
from missions.geodesy import GeoPoint, LocalFrame
from ops.api.server import serving
from tests.ops.marked import API, ID, operation_with
from tests.ops.surveyed import Surveyed

pytestmark = pytest.mark.browser
ENDS = ("C1", "C2")
WHO = {"who": "Ann de Vries"}


@pytest.fixture
def folder(surveyed: Surveyed, tmp_path: Path) -> Path:
    """An operation whose scene has a distance between two of its points besides."""
    folder = operation_with(surveyed, tmp_path / "operation", marked=True)
    scene = Scene(folder / ID)
    control = kept_control(scene)
    ends = [next(each for each in control.points if each.name == name) for name in ENDS]
    frame = LocalFrame(GeoPoint(ends[0].lat_deg, ends[0].lon_deg))
    level_m = np.linalg.norm(frame.local_from_geo([[ends[1].lon_deg, ends[1].lat_deg]])[0])
    length_m = float(np.hypot(level_m, (ends[0].height_m or 0) - (ends[1].height_m or 0)))
    keep_control(replace(control, bars=(ScaleBar(*ENDS, length_m, 0.005),)), scene)
    return folder


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The service on it."""
    with serving(operation_folder=folder) as address:
        yield address.rstrip("/")


def test_a_distance_is_made_a_check_and_control_again_on_the_page(
    browser: Browser, address: str, folder: Path
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.add_init_script("localStorage.setItem('droneteam.name', 'Ann de Vries')")
    page.goto(f"{address}/{ID}")
    row = page.locator("#bars li")
    button = row.get_by_role("button")
    expect(row).to_contain_text("C1–C2")
    expect(row).to_contain_text("control;")
    expect(button).to_have_text("Make it a check")
    button.click()
    expect(row).to_contain_text("check;")
    expect(button).to_have_text("Make it control")
    roles = folder / ID / "roles.json"
    assert read_roles(roles).distances == {ENDS: Role.CHECK}
    page.locator("#undo").click()
    expect(row).to_contain_text("control;")
    assert read_roles(roles).distances == {ENDS: Role.CONTROL}
    wide = "each => each.scrollWidth > each.clientWidth + 1"
    found = f"[...document.querySelectorAll('#points-panel, #points-panel *')].filter({wide}).length"
    assert page.evaluate(found) == 0
    page.close()


def test_the_next_adjustment_follows_and_a_distance_that_nobody_measured_is_refused(
    address: str, folder: Path
) -> None:
    with httpx.Client(base_url=address, timeout=120) as client:
        body = {**WHO, "point": "C2", "other": "C1", "role": "check"}
        answer = client.put(f"{API}/roles", json=body)
        assert answer.status_code == 200
        (bar,) = answer.json()["bars"]
        assert bar["role"] == "check"
        refused = client.put(f"{API}/roles", json={**body, "other": "C99"})
        assert refused.status_code == 404
        assert "no such measured distance" in refused.json()["detail"]
        report = client.post(f"{API}/adjust", json=WHO).json()
    assert "C1-C2" in {check["name"] for check in report["adjustment"]["checks"]}
