"""A live thermal stream: a person in a frame is an alarm within a second, until somebody decides."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from imaging.thermal.features import point_feature
from imaging.thermal.find import Decision, Find
from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions
from imaging.thermal.live import LiveHeat
from imaging.thermal.options import HeatOptions
from imaging.thermal.searching import Looked
from missions.errors import InputError
from missions.geodesy import distance_m
from ops.alarms import AlarmWatch
from ops.live_finds import LiveFind, LiveFinds, sentence
from sitl.world import World
from telemetry.alerts import Key, State, Transition, load_rules
from telemetry.clock import ManualClock
from telemetry.frames import FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder
from telemetry.pose import Pose
from tests.imaging.heat_calibration import of_person
from tests.imaging.heat_flights import BEGIN_S, CAMERA, Flight, Rendered, Somebody, Studio

INTERVAL_S = 0.2
TELEMETRY_LATE_S = 0.3
SOURCE = "finds/live-1.geojson"
CLEAR = HeatOptions(hotspots=HotSpotOptions(least_score=6.0))
"""What stands out clearly; a command room that hears of every warm stone hears nothing."""


@dataclass
class Growing:
    """A track of which so much is known as has been heard by now."""

    flight: Flight
    clock: ManualClock
    late_s: float = TELEMETRY_LATE_S
    start_s: float = BEGIN_S - 1

    @property
    def end_s(self) -> float:
        return self.clock.now_s() - self.late_s

    def pose_at(self, time_s: float) -> Pose | None:
        inside = self.start_s <= time_s <= self.end_s
        return replace(self.flight.pose(time_s - BEGIN_S), gap_s=0.2) if inside else None


@dataclass
class Room:
    """A command room that listens to one stream; what it was told, with the time."""

    clock: ManualClock
    finds: LiveFinds = field(default_factory=LiveFinds)
    told: list[Transition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = Hub(self.clock)
        self.watch = AlarmWatch(self.hub, self.clock, load_rules())
        self.watch.finds = self.finds.seen
        self.watch.told = self.told.append
        frames = FrameReader().feed(
            Encoder(1, 1).encode("HEARTBEAT", type=2, autopilot=3, base_mode=0, custom_mode=0),
            round(self.clock.now_s() * 1e6),
        )
        self.hub.publish(list(frames), "test")

    def take(self, found: list[Find]) -> None:
        for find in found:
            feature = point_feature(find, "")
            lon_deg, lat_deg = feature["geometry"]["coordinates"]
            told = LiveFind(1, find.id, SOURCE, lat_deg, lon_deg, feature["properties"], sentence(find))
            self.finds.take(told)

    def raised(self) -> list[Transition]:
        return [each for each in self.told if each.key.rule == "find" and each.raised]


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    studio = Studio(World(3, size_m=240.0, texel_m=0.12))
    flight = Flight(studio.world, lanes_m=(0.0,), reach_m=18.0, speed_m_s=6.0)
    at = min(studio.open_places(6, np.random.default_rng(4), 8.0), key=lambda place: abs(place[1]))
    return studio.render(flight, [Somebody.still("somebody", at)], INTERVAL_S)


def first_shown_s(rendered: Rendered) -> float:
    """When the person first shows whole, a little within the frame."""
    inside = [
        f.exposure.time_s or 0.0
        for f in rendered.frames
        if any(20 < c < 620 and 20 < r < 492 for c, r in rendered.pixels[f.name].values())
    ]
    return inside[0]


def test_a_person_in_a_live_stream_is_an_alarm_within_a_second_of_the_frame(rendered: Rendered) -> None:
    clock = ManualClock(BEGIN_S)
    room = Room(clock)
    track = Growing(rendered.flight, clock)
    live = LiveHeat(lambda: track, CAMERA, CLEAR)
    spent, seen = list[float](), list[Find]()
    for frame in rendered.frames:
        clock.sleep((frame.exposure.time_s or 0.0) - clock.now_s())
        begun = time.process_time()
        found = live.add(frame)
        room.take(found)
        seen += found
        spent.append(time.process_time() - begun)
        room.watch.look()
    his = {find.id for find in seen if of_person(rendered, find) == "somebody"}
    alarms = [each for each in room.raised() if each.key.subject in his]
    assert alarms, [str(each.key) for each in room.raised()]
    assert alarms[0].time_s - first_shown_s(rendered) <= 1.0
    assert alarms[0].text.startswith(f"{alarms[0].key.subject}, person?, 95 % within ")
    assert float(np.median(spent)) < INTERVAL_S, "slower than the stream on one core"


def test_an_alarm_of_a_find_ends_once_somebody_decided(rendered: Rendered) -> None:
    clock = ManualClock(BEGIN_S)
    room = Room(clock)
    live = LiveHeat(lambda: Growing(rendered.flight, clock, late_s=-1.0), CAMERA, CLEAR)
    for frame in rendered.frames[:12]:
        clock.sleep((frame.exposure.time_s or 0.0) - clock.now_s())
        room.take(live.add(frame))
        room.watch.look()
    first = room.raised()[0]
    name = first.key.subject
    assert room.watch.alarm(first.key).state is State.UNACKNOWLEDGED
    with pytest.raises(InputError, match="no find"):
        room.finds.decide(f"{SOURCE}#live-999", Decision("dismissed", "Ann", "a fox", ""))
    room.finds.decide(f"{SOURCE}#{name}", Decision("dismissed", "Ann", "a fox", "2026-06-01T10:00:00Z"))
    room.watch.acknowledge(Key(1, "find", name), "Ann")
    clock.sleep(1.0)
    room.watch.look()
    assert room.watch.alarm(first.key).state is State.NORMAL
    room.take(live.add(frame_after(rendered.frames[11], 0.2)))
    assert {find.name: find.state for find in room.finds.finds()}[name] == "dismissed"


def frame_after(frame: ThermalFrame, seconds: float, number: int = 0) -> ThermalFrame:
    """The same picture a little later."""
    exposure = replace(frame.exposure, time_s=(frame.exposure.time_s or 0.0) + seconds)
    return replace(frame, exposure=exposure, path=Path(f"later{number}.tif"), sha256=f"later{number}")


def test_without_a_track_frames_are_searched_and_say_why_nothing_is_placed(rendered: Rendered) -> None:
    looked: list[Looked] = []
    live = LiveHeat(lambda: None, CAMERA, CLEAR, looked=looked.append)
    assert live.add(rendered.frames[12]) == []
    assert looked[0].why == "there is no track, and the frame tells no position"
    assert looked[0].spots


def test_a_frame_that_tells_its_own_pose_waits_for_no_track_and_is_placed_by_its_own_word(
    rendered: Rendered,
) -> None:
    behind = Growing(rendered.flight, ManualClock(BEGIN_S), late_s=100.0)
    live = LiveHeat(lambda: behind, CAMERA, CLEAR, named="heath-{}".format)
    frame = rendered.frames[12]
    pose = rendered.flight.pose((frame.exposure.time_s or 0.0) - BEGIN_S)
    exposure = replace(
        frame.exposure, place=pose.place, height_relative_m=60.0, yaw_deg=0.0, gimbal_pitch_deg=-90.0
    )
    (first, *_) = live.add(replace(frame, exposure=exposure))
    assert live.waiting == 0
    assert first.id.startswith("heath-")
    assert {s.pose_source for s in first.sightings} == {"frame"}


def test_a_picture_that_comes_late_by_a_known_time_is_placed_where_the_aircraft_was_then(
    rendered: Rendered,
) -> None:
    track = Growing(rendered.flight, ManualClock(BEGIN_S + 60))
    places = []
    for late_s in (0.0, 0.7):
        live = LiveHeat(lambda: track, CAMERA, replace(CLEAR, clock_offset_s=-late_s))
        found = {f.id: f for n in range(8, 16) for f in live.add(frame_after(rendered.frames[n], late_s, n))}
        places.append(found["live-001"].place)
    assert distance_m(*places) < 0.01


def test_a_camera_that_hovers_for_long_lists_the_first_and_the_last_sightings(
    rendered: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imaging.thermal.live.SIGHTINGS_KEPT", 4)
    frame = rendered.frames[12]
    pose = rendered.flight.pose((frame.exposure.time_s or 0.0) - BEGIN_S)
    live = LiveHeat(lambda: None, CAMERA, CLEAR)
    found: dict[str, Find] = {}
    for n in range(9):
        exposure = replace(
            frame_after(frame, 0.2 * n).exposure,
            place=pose.place, height_relative_m=60.0, yaw_deg=0.0, gimbal_pitch_deg=-90.0,
        )  # fmt: skip
        found |= {f.id: f for f in live.add(replace(frame, exposure=exposure, path=Path(f"h{n}.tif")))}
    often = found["live-001"]
    assert [s.frame for s in often.sightings] == ["h0.tif", "h6.tif", "h7.tif", "h8.tif"]
    assert (often.unlisted, often.sighting_count) == (5, 9)


def test_a_track_that_stops_does_not_keep_frames_waiting_for_ever(rendered: Rendered) -> None:
    clock = ManualClock(BEGIN_S)
    looked: list[Looked] = []
    live = LiveHeat(lambda: Growing(rendered.flight, clock, late_s=1.0), CAMERA, CLEAR, looked=looked.append)
    clock.sleep(1.0)  # and stands still from now on
    for frame in rendered.frames[5:15]:
        live.add(frame)
    assert live.waiting <= 4
    assert all("after the track ends" in each.why for each in looked)
