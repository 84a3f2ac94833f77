"""The page draws where a flight must stay, discreetly, and plays others beside the recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from missions.formats.volumes_geojson import write_volumes
from missions.plan_file import read_plan
from missions.volumes import FlightVolumes, Margins, volumes_of
from ops.api.server import serving
from ops.operations import Operation
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from telemetry.replay import Replay, open_recordings
from tests.ops.alarmed import Copter, flying, place
from tests.ops.pages import Opened, open_page, opened_in, wait_until
from tests.ops.replayed import BEGIN_S, write_recording
from tests.ops.test_received_kept import others
from tests.telemetry.received_items import write_segment

pytestmark = pytest.mark.browser
ROLES = "[...new Set(droneteam.map.queryRenderedFeatures({layers: ['geography', 'contingency']})"
ROLES += ".map((each) => each.properties.role))].sort().join()"


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    with opened_in(browser) as opened:
        yield opened


def test_volumes_are_drawn_and_can_be_switched_off(opened: Opened, heath: Path) -> None:
    plan = read_plan(heath / "plans" / "heath.json")
    margins = Margins(flight_m=20, flight_height_m=10, contingency_m=40, contingency_height_m=15)
    path = heath / "volumes" / "heath.geojson"
    hub = Hub(SystemClock())
    copter = Copter(hub, here=place(200, 150))
    with serving(operation_folder=heath, hub=hub) as address, flying(copter):
        open_page(opened, address)
        assert opened.page.evaluate(ROLES) == ""
        path.write_bytes(write_volumes(FlightVolumes("Heath", volumes_of(plan, margins), plan.created)))
        Operation.open(heath).add_file(path, "volume")
        wait_until(opened.page, f"{ROLES} === 'contingency_volume,flight_geography'")
        opened.page.get_by_label("Volumes").uncheck()
        wait_until(opened.page, f"{ROLES} === ''")
    assert opened.complaints == []


def test_a_replay_shows_others_where_they_were(opened: Opened, tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "20260314T092653Z.tlog")
    segment = write_segment(tmp_path / "20260314T092653Z.received", others())
    replay = Replay(open_recordings([recording, segment]))
    replay.seek(BEGIN_S + 150)
    with serving(replay=replay) as address:
        opened.page.goto(address)
        expect(opened.page.get_by_text("LIFELN1").first).to_be_visible()
        replay.seek(BEGIN_S + 300)
        expect(opened.page.get_by_text("M30T Noord").first).to_be_visible()
        expect(opened.page.get_by_text("LIFELN1")).to_have_count(0)
    assert opened.complaints == []
