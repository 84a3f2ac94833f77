"""After a restart the finds that nobody saw go on calling together, and those that somebody saw do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from imaging.finds import Finds
from ops.api.finds import find_reports, with_earlier
from ops.live_heat import HeatStreams
from ops.live_heat_keeping import thumbnails_of
from ops.operations import Operation
from telemetry.alerts import Key, SeenFind, State
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.alarmed import Copter, flying, wait_for
from tests.ops.calling_finds import SOURCE, room, seen
from tests.ops.pages import opened_in
from tests.ops.test_find_alarms import answer

KEY = Key(1, "warm_things")


def left_by_a_service(folder: Path, count: int) -> None:
    """The document of a stream with so many finds, as a killed service leaves it."""
    features = []
    for number in range(1, count + 1):
        find = seen(number, 0.3)
        features.append(
            {
                "type": "Feature",
                "id": find.name,
                "geometry": {"type": "Point", "coordinates": [find.lon_deg, find.lat_deg]},
                "properties": find.properties,
            }
        )
    told = {**Finds((), (), (), (), "").about(None), "stream": {"vehicle": 1}}
    document = {**told, "type": "FeatureCollection", "features": features}
    path = folder / SOURCE
    thumbnails_of(path).mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def again(operation: Operation) -> HeatStreams:
    """The streams of a service that starts over what was left, whose alarm of many finds stood."""
    document = json.loads((operation.folder / SOURCE).read_text())
    entered = find_reports(document, SOURCE)
    heat = HeatStreams((), operation, Hub(SystemClock()), SystemClock(), lambda: entered)
    heat.go_on_calling([SeenFind(1, "live-1-005", "", 3)], together={1})
    return heat


@pytest.fixture
def operation(heath: Path) -> Operation:
    left_by_a_service(heath, 5)
    return Operation.open(heath)


def test_who_saw_which_finds_among_others_is_known_after_a_restart(operation: Operation) -> None:
    first = HeatStreams((), operation, Hub(SystemClock()), SystemClock())
    for number in range(1, 6):
        first.finds.take(seen(number, 0.3))
    first.acknowledge(1, [f"{SOURCE}#live-1-00{n}" for n in (1, 2)], "Ann", "stones")
    second = again(operation)
    calling = [(each.name, each.alone) for each in second.seen()]
    assert calling == [("live-1-003", False), ("live-1-004", False), ("live-1-005", True)]
    assert second.together(1) == 2
    assert second.together(2) == 0


def test_what_still_calls_is_acknowledged_as_before_and_stays_so(operation: Operation) -> None:
    first = again(operation)
    listed = with_earlier(tuple(first.earlier.entered()), first.earlier)  # type: ignore[arg-type]
    some = [each.id for each in listed if each.calls == "together"]
    assert [each.name for each in listed if each.id in some] == [f"live-1-00{n}" for n in (1, 2, 3, 4)]
    assert {each.vehicle for each in listed if each.id in some} == {1}
    assert first.acknowledge(1, some[:3], "Ann", "stones") == tuple(f"live-1-00{n}" for n in (1, 2, 3))
    assert first.acknowledge(1, some[:3], "Ann", "stones") == ()
    second = again(operation)
    assert [each.name for each in second.seen()] == ["live-1-004", "live-1-005"]
    told = with_earlier(tuple(second.earlier.entered()), second.earlier)  # type: ignore[arg-type]
    assert [each.acknowledged for each in told] == ["Ann: stones"] * 3 + ["", ""]
    assert not operation.log.verify().problems


def test_no_alarm_of_theirs_no_call(operation: Operation) -> None:
    heat = again(operation)
    heat.go_on_calling([], together={2})
    assert heat.seen() == ()


def test_the_alarm_of_many_finds_stands_on_in_the_next_service_until_all_are_seen(heath: Path) -> None:
    hub, records = Hub(SystemClock()), heath.parent / "records"
    records.mkdir()
    Copter(hub).stand()
    with room(heath, hub, records) as (address, desk):
        for number in range(1, 6):
            desk.heat.finds.take(seen(number, 0.3))  # type: ignore[union-attr]
        watch = desk.alarms.watch  # type: ignore[union-attr]
        wait_for(lambda: watch.shelve_max_s(KEY) and watch.alarm(KEY).state is not State.NORMAL, "the alarm")
        order = {
            "vehicle": 1,
            "ids": [f"{SOURCE}#live-1-00{n}" for n in (1, 2)],
            "by": "Ann",
            "why": "stones",
        }
        assert answer(f"{address}api/finds/acknowledge", **order)[1]["left"] == 3
    left_by_a_service(heath, 5)
    with room(heath, hub, records) as (address, desk):
        watch = desk.alarms.watch  # type: ignore[union-attr]
        listed = desk.finds()
        assert [each.name for each in listed if each.calls == "together"] == [
            f"live-1-00{n}" for n in (3, 4, 5)
        ]
        assert [each.acknowledged for each in listed][:2] == ["Ann: stones"] * 2
        wait_for(lambda: watch.alarm(KEY).text.startswith("3 things"), "those that nobody saw")
        assert watch.alarm(KEY).state is State.UNACKNOWLEDGED
        order["ids"] = [each.id for each in listed if each.calls]
        assert answer(f"{address}api/finds/acknowledge", **order)[1]["left"] == 0
        wait_for(lambda: watch.alarm(KEY).state is State.NORMAL, "its end")
        assert not [each for each in desk.finds() if each.calls]


@pytest.mark.browser
def test_the_page_lists_what_still_calls_of_an_earlier_service_and_who_saw_the_rest(
    browser: Browser, heath: Path, tmp_path: Path
) -> None:
    hub, records = Hub(SystemClock()), heath.parent / "records"
    records.mkdir()
    copter = Copter(hub)
    copter.stand()
    with room(heath, hub, records) as (address, desk):
        for number in range(1, 6):
            desk.heat.finds.take(seen(number, 0.3))  # type: ignore[union-attr]
        watch = desk.alarms.watch  # type: ignore[union-attr]
        wait_for(lambda: watch.shelve_max_s(KEY) and watch.alarm(KEY).state is not State.NORMAL, "the alarm")
        order = {"vehicle": 1, "ids": [f"{SOURCE}#live-1-001"], "by": "Ann", "why": "a stone"}
        assert answer(f"{address}api/finds/acknowledge", **order)[1]["left"] == 4
    left_by_a_service(heath, 5)
    with (
        room(heath, hub, records) as (address, _),
        flying(copter),
        opened_in(browser, 1600, 1000) as opened,
    ):
        page = opened.page
        page.goto(address)
        row = page.locator("#alarms > li").filter(has_text="warm things: 4 things")
        expect(row).to_have_count(1, timeout=15_000)
        expect(row.locator(".take")).to_have_text("All 4 seen…")
        row.locator(".together summary").click()
        expect(row.locator(".together li .name")).to_have_count(4)
        seen_one = page.locator("#finds li").filter(has_text="live-1-001")
        expect(seen_one.locator(".about")).to_contain_text("seen by Ann: a stone")
        page.screenshot(path=str(tmp_path / "earlier.png"))
        row.locator(".take").click()
        why, who = page.locator("#ask-seen input").all()
        why.fill("stones")
        who.fill("Ann")
        page.locator("#ask-seen button[value=ok]").click()
        expect(row).to_have_count(0)
        expect(page.locator("#finds li").filter(has_text="seen by Ann: stones")).to_have_count(4)
    assert opened.complaints == []
