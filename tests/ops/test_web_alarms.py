"""Alarms on the page in a real browser: seen, taken by name, hidden for a time, and nothing of it markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.api.server import serving
from ops.config import Settings
from ops.index import open_index, rebuild
from telemetry.clock import SystemClock
from telemetry.hub import Hub
from tests.ops.alarmed import Copter, flying, place, wait_for, write_rules
from tests.ops.pages import until

pytestmark = pytest.mark.browser
SIZE = {"width": 1280, "height": 720}
WIDER = """() => [...document.querySelectorAll('#panel, #alarms-section, #alarms-section *')]
    .filter(each => !each.matches('.name, .text, .whose, .visually-hidden, #alarm-name'))
    .filter(each => each.scrollWidth > each.clientWidth + 1 && each.clientWidth)
    .map(each => each.outerHTML)"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    expected = ("status of 4", "WebGL", "WebSocket connection")
    unexpected = [each for each in complaints if not any(some in each for some in expected)]
    assert unexpected == []


@pytest.fixture
def hub() -> Hub:
    return Hub(SystemClock())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, alert_rules=write_rules(tmp_path))


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("#connection")).to_have_text("live")
    return page


def test_an_aircraft_that_leaves_its_fence_calls_until_somebody_takes_it_and_that_is_kept(
    page: Page, settings: Settings, hub: Hub, heath: Path, tmp_path: Path
) -> None:
    records = tmp_path / "recordings"
    copter = Copter(hub)
    copter.stand()
    options = {"hub": hub, "operation_folder": heath, "records": records}
    with serving(settings, **options) as address, flying(copter):
        opened(page, address)
        expect(page.locator("#vehicles li")).to_have_count(1)
        expect(page.locator("#no-alarms")).to_be_visible()
        copter.here = place(600, 100)
        row = page.locator("#alarms > li.high").filter(has_text="fence breach")
        expect(row).to_have_class(re.compile("calls"))
        expect(row.locator(".sign")).to_have_text("HIGH")
        expect(row.locator(".name")).to_have_text("Copter 1")
        expect(page.locator("#alarm-counts .high")).to_have_text("1")
        row.locator(".take").click()
        page.locator("#ask-name input").fill("Ann de Vries")
        page.keyboard.press("Enter")
        expect(row.locator(".whose")).to_have_text("✓ Ann de Vries")
        expect(row).not_to_have_class(re.compile("calls"))
        expect(row.locator(".take")).to_be_hidden()
        expect(page.locator("#events li", has_text="acknowledged by Ann de Vries")).to_have_count(1)
        expect(page.locator("#alarm-refused")).to_be_hidden()
        told = [json.loads(line) for line in (records / "alerts.jsonl").read_text().splitlines()]
    done = {(row["rule"], row["to"], row["who"]) for row in told}
    assert ("fence_breach", "acknowledged", "Ann de Vries") in done
    rebuild(records)
    found = open_index(records, SystemClock()).alerts()
    assert ("fence_breach", "acknowledged", "Ann de Vries") in {
        (each.rule, each.after, each.who) for each in found
    }


def test_a_name_is_asked_for_once_and_kept(page: Page, settings: Settings, hub: Hub) -> None:
    first, second = Copter(hub, 1, battery_pct=8), Copter(hub, 2, battery_pct=8)
    with serving(settings, hub=hub) as address, flying(first, second):
        opened(page, address)
        takes = page.locator("#alarms .take:visible")
        expect(takes).to_have_count(2)
        takes.first.click()
        page.locator("#ask-name .cancel").click()
        expect(takes).to_have_count(2)
        takes.first.click()
        page.locator("#ask-name input").fill("Ann")
        page.keyboard.press("Enter")
        expect(takes).to_have_count(1)
        page.reload()
        expect(page.locator("#alarm-name")).to_have_text("Ann")
        takes.first.click()
        expect(takes).to_have_count(0)
        expect(page.locator("#alarms .whose")).to_have_text(["✓ Ann", "✓ Ann"])


def test_an_alarm_is_shelved_with_a_reason_and_taken_off_again(
    page: Page, settings: Settings, hub: Hub
) -> None:
    with serving(settings, hub=hub) as address, flying(Copter(hub, battery_pct=8)):
        opened(page, address)
        page.locator("#alarms .put").click()
        why, who = page.locator("#ask-shelf input").all()
        expect(page.locator("#ask-shelf button[value]:visible")).to_have_text(["5 min"])
        why.fill("its gauge is broken")
        who.fill("Bob")
        page.locator("#ask-shelf .first").click()
        expect(page.locator("#alarms > li")).to_have_count(0)
        title = page.locator("#shelf-title")
        expect(title).to_have_text(re.compile(r"^1 shelved, (4 min \d+|5 min 0) s$"))
        title.click()
        expect(page.locator("#shelf li .text")).to_have_text(
            "battery low: 8 % left – Bob: its gauge is broken"
        )
        page.locator("#shelf .put").click()
        expect(page.locator("#alarms > li.calls")).to_have_count(1)
        expect(title).to_be_hidden()


def test_who_came_too_late_is_told_who_has_it(page: Page, settings: Settings, hub: Hub) -> None:
    with serving(settings, hub=hub) as address, flying(Copter(hub, battery_pct=8)):
        opened(page, address)
        page.evaluate("localStorage.setItem('droneteam.name', 'Bob')")
        page.reload()
        expect(page.locator("#alarms .take")).to_be_visible()
        order = {"vehicle": 1, "rule": "battery_low", "who": "Ann"}
        page.route(
            "**/api/alarms/acknowledge",
            lambda route: (
                page.request.post(f"{address}api/alarms/acknowledge", data=order),
                route.continue_(),
            ),
        )
        page.locator("#alarms .take").click()
        expect(page.locator("#alarm-refused")).to_contain_text("Ann acknowledged it already")


def test_an_alarm_leads_to_its_aircraft_which_wears_a_ring(page: Page, settings: Settings, hub: Hub) -> None:
    calm, low = Copter(hub, 1), Copter(hub, 2, battery_pct=8, here=place(200, 100))
    with serving(settings, hub=hub) as address, flying(calm, low):
        opened(page, address)
        wait_for(lambda: page.evaluate("window.droneteam?.aircraft().length === 2"), "both are drawn")
        expect(page.locator("#alarms > li")).to_have_count(1)
        assert [ringed(page, key) for key in ("1", "2")] == [False, True]
        page.locator("#alarms .alarm").focus()
        page.keyboard.press("Enter")
        pressed = page.locator("#vehicles button[aria-pressed='true'] .name")
        expect(pressed).to_have_text("Copter 2")


def ringed(page: Page, key: str) -> bool:
    """Whether there is orange all round an aircraft, where nothing of its symbol is."""
    found: int = page.evaluate(
        """key => {
            const {x, y} = droneteam.aircraft().find(each => each.key === key);
            const context = document.querySelector('#overlay').getContext('2d');
            let count = 0;
            for (let angle = 0; angle < 360; angle += 3) {
                const [east, south] = [Math.cos(angle / 57.3), Math.sin(angle / 57.3)];
                const [r, g, b] = context.getImageData(x + 24 * east, y + 24 * south, 1, 1).data;
                count += r > 200 && g > 130 && g < 220 && b < 130;
            }
            return count;
        }""",
        key,
    )
    return found > 40


def test_what_an_aircraft_says_in_an_alarm_is_no_markup(page: Page, settings: Settings, hub: Hub) -> None:
    copter = Copter(hub)
    with serving(settings, hub=hub) as address, flying(copter):
        opened(page, address)
        expect(page.locator("#vehicles li")).to_have_count(1)
        copter.say("STATUSTEXT", severity=2, text="<img src=x onerror=alert(1)>")
        expect(page.locator("#alarms .text")).to_contain_text("<img src=x onerror=alert(1)>")
        assert page.locator("#panel img").count() == 0


def test_everything_is_reached_and_done_by_keyboard(page: Page, settings: Settings, hub: Hub) -> None:
    with serving(settings, hub=hub) as address, flying(Copter(hub, battery_pct=8)):
        opened(page, address)
        expect(page.locator("#alarms .take")).to_be_visible()
        page.locator("#alarm-sound").focus()
        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.className || document.activeElement.id"))
        assert reached == ["alarm", "take", "put", "alarm-name"]
        page.locator("#alarms .take").focus()
        page.keyboard.press("Enter")
        page.keyboard.type("Ann f")
        page.keyboard.press("Enter")
        expect(page.locator("#alarms .whose")).to_have_text("✓ Ann f")


def test_the_sound_is_off_until_it_is_switched_on(page: Page, settings: Settings, hub: Hub) -> None:
    with serving(settings, hub=hub) as address:
        page.add_init_script("""
            window.beeps = 0;
            const start = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (...when) {
                window.beeps += 1;
                start.apply(this, when);
            };
        """)
        opened(page, address)
        sound = page.locator("#alarm-sound")
        expect(sound).to_have_text("Sound off")
        copters = [Copter(hub, 1), Copter(hub, 2)]
        with flying(*copters):
            expect(page.locator("#vehicles li")).to_have_count(2)
            copters[0].say("SYS_STATUS", battery_remaining=76)
        silent = page.locator("#alarms > li.high.calls").filter(has_text="link lost")
        expect(silent).to_have_count(2)
        assert page.evaluate("beeps") == 0
        sound.click()
        expect(sound).to_have_attribute("aria-pressed", "true")
        assert page.evaluate("beeps") == 1, "it says that it is on"
        with flying(*copters):
            expect(silent.first).to_have_class(re.compile("over"))
        wait_for(lambda: page.evaluate("beeps") >= 4, "three beeps for what came after that")


@pytest.mark.parametrize("aircraft", [1, 8, 40])
def test_however_many_alarms_there_are_nothing_is_cut_off_and_the_aircraft_stay_in_sight(
    page: Page, settings: Settings, hub: Hub, aircraft: int
) -> None:
    fleet = [
        Copter(hub, number + 1, battery_pct=8, here=place(number * 40, 100)) for number in range(aircraft)
    ]
    with serving(settings, hub=hub) as address, flying(*fleet):
        opened(page, address)
        expect(page.locator("#alarms > li")).to_have_count(aircraft)
        until(page, lambda: page.evaluate(WIDER) == [], "nothing is wider than its place")
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        for name, least in (("#alarms-section", 90), ("#operation-lists", 100), ("#events-section", 140)):
            box = page.locator(name).bounding_box()
            assert box is not None
            assert box["height"] >= least, name
            assert box["y"] + box["height"] <= SIZE["height"] + 1, name


def test_what_nobody_can_believe_or_keep_is_said_on_the_page(
    page: Page, settings: Settings, hub: Hub, tmp_path: Path
) -> None:
    blocked = tmp_path / "recordings"
    blocked.write_text("a file where a folder should be")
    near, far = Copter(hub, link="udp:127.0.0.1:1"), Copter(hub, link="udp:127.0.0.1:2", here=place(9_000, 0))
    near.battery_pct = far.battery_pct = 8
    with serving(settings, hub=hub, records=blocked) as address, flying(near, far):
        opened(page, address)
        expect(page.locator("#alarm-doubles li")).to_contain_text("Two aircraft call themselves 1")
        expect(page.locator("#alarm-problem")).to_contain_text("not recorded")
        expect(page.locator("#events li.warning", has_text="not recorded")).to_have_count(1)


def test_who_asked_for_no_motion_gets_none(browser: Browser, settings: Settings, hub: Hub) -> None:
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    with serving(settings, hub=hub) as address, flying(Copter(hub, battery_pct=8)):
        page = opened(context.new_page(), address)
        expect(page.locator("#alarms > li.calls")).to_have_css("animation-name", "none")
    context.close()
