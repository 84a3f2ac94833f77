"""Real flights: what the alarms say of them, as they were flown and played again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shapely

from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local
from missions.search_plan import plan_search
from telemetry.alerts import AlertDesk, Situation, State, Transition
from telemetry.alerts.listening import StatusTexts
from telemetry.clock import ManualClock
from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.tlog import read_tlog

LOOK_S = 0.1


def batches(frames: Iterator[Frame]) -> Iterator[tuple[float, list[Frame]]]:
    """Frames a tenth of a second at a time, with the time at which each batch ends."""
    batch: list[Frame] = []
    ends_s = 0.0
    for frame in frames:
        if frame.time_s >= ends_s:
            if batch:
                yield ends_s, batch
            batch, ends_s = [], frame.time_s + LOOK_S
        batch.append(frame)
    yield ends_s, batch


def watched(path: Path, situation: Situation | None = None) -> tuple[list[Transition], AlertDesk]:
    """All transitions of a recording, as a desk beside a hub sees it."""
    hub, texts, desk = Hub(ManualClock()), StatusTexts(), AlertDesk()
    hub.subscribe(texts)
    log: list[Transition] = []
    for now_s, frames in batches(read_tlog(path)):
        hub.publish(frames)
        losses = {key[0]: loss for key, loss in hub.losses().items() if key[1] == 1}
        seen = Situation(plans=situation.plans if situation else {}, losses=losses, messages=texts.take())
        log += desk.look(now_s, hub.vehicles(), seen)
    return log, desk


@pytest.fixture(scope="module")
def quad(shared: Callable[[str], Path]) -> tuple[list[Transition], AlertDesk]:
    """What is said of five short flights by hand in ten minutes."""
    return watched(shared("tlogs/solo-quad-v1.tlog"))


def test_a_real_quad_raises_a_handful_of_alarms(quad: tuple[list[Transition], AlertDesk]) -> None:
    """A poor GPS, a battery that runs down, two messages."""
    log, desk = quad
    assert {one.key.vehicle for one in log} == {1}
    assert Counter(one.key.rule for one in log if one.raised) == {
        "gps_hdop": 6,
        "autopilot_message": 4,
        "battery_home_soon": 3,
        "battery_home": 1,
    }
    texts = {one.text for one in log if one.key.rule == "autopilot_message"}
    assert texts == {"error: Low Battery!", "alert: Initialising APM..."}
    assert desk.active()[0].key.rule == "battery_home"


def test_a_real_quad_played_again_gives_the_same(
    shared: Callable[[str], Path], quad: tuple[list[Transition], AlertDesk]
) -> None:
    assert watched(shared("tlogs/solo-quad-v1.tlog"))[0] == quad[0]


@pytest.mark.parametrize("name", ["tlogs/sub-small-v2.tlog", "tlogs/sub-v2.tlog"])
def test_a_real_submarine_is_not_blamed_for_having_no_gps(shared: Callable[[str], Path], name: str) -> None:
    log, _ = watched(shared(name))
    assert not {one.key.rule for one in log} & {"gps_fix", "gps_satellites", "gps_hdop", "clearance_low"}


def test_a_real_flight_through_a_fence_drawn_across_it_is_told(shared: Callable[[str], Path]) -> None:
    path = shared("tlogs/solo-quad-v1.tlog")
    places = [
        (state.lon_deg, state.lat_deg)
        for state in states(path)
        if state.lon_deg is not None and (state.height_relative_m or 0) > 3
    ]
    lon, lat = places[0]
    frame = LocalFrame(GeoPoint(lat or 0.0, lon or 0.0))
    track = frame.local_from_geo(places)
    middle = float((track[:, 0].min() + track[:, 0].max()) / 2)
    assert track[:, 0].max() - track[:, 0].min() > 40, "the flight must be wide enough to cross the fence"
    area = area_from_local(shapely.box(middle - 130, -40, middle - 40, 40), frame, "west half")
    plan = plan_search(
        area,
        aircraft("ardupilot-copter"),
        camera("demo-thermal"),
        created="2026-01-01",
        take_off=frame.point_from_local(middle - 60, 0),
    )
    log, _ = watched(path, Situation(plans={1: plan}))
    breaches = [one for one in log if one.key.rule == "fence_breach"]
    assert breaches[0].after is State.UNACKNOWLEDGED
    assert all((one.value or 0.0) < 0 for one in breaches if one.raised)


def states(path: Path) -> Iterator:
    hub = Hub(ManualClock())
    for _, frames in batches(read_tlog(path)):
        hub.publish(frames)
        yield from hub.vehicles().values()
