"""Replay: the same frames through the same hub at any speed, and a jump is as if all before it was played."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from missions.errors import InputError
from telemetry import state as folding
from telemetry.clock import ManualClock
from telemetry.dialect import BY_NAME
from telemetry.frames import Frame, FrameReader
from telemetry.hub import Hub
from telemetry.messages import Encoder, decode
from telemetry.pointing import SOURCES
from telemetry.replay import FramesRecording, Replay, Timeline, TlogRecording, open_recordings
from telemetry.replay.order import never_backwards
from telemetry.replay.states import States
from telemetry.replay.writes import WRITES
from telemetry.state import VehicleState, fold
from telemetry.tlog import read_tlog
from tests.telemetry.payloads import values_in

BEGIN_S = 1_770_000_000.0
RECORDINGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]


class Flight:
    """A copter that says what copters say, now and then things that say nothing; every figure by chance."""

    def __init__(self, system: int, seed: int) -> None:
        self.encoder, self.reader = Encoder(system, 1), FrameReader()
        self.chance = random.Random(seed)

    def frame(self, time_s: float, name: str, **fields: Any) -> Frame:
        (frame,) = self.reader.feed(self.encoder.encode(name, **fields), round(time_s * 1e6))
        return frame

    def heartbeat(self, time_s: float, *, mode: int = 4, armed: bool = True) -> Frame:
        base_mode = 217 if armed else 89
        return self.frame(time_s, "HEARTBEAT", type=2, autopilot=3, base_mode=base_mode, custom_mode=mode)

    def anything(self, time_s: float) -> Frame:
        """A message of a type that the state is folded from, its fields by chance, some unknown."""
        layout = BY_NAME[self.chance.choice([*WRITES, *SOURCES, "SERVO_OUTPUT_RAW", "RAW_IMU"])]
        if layout.name == "HEARTBEAT" and self.chance.random() < 0.5:
            return self.frame(time_s, "HEARTBEAT", type=26, autopilot=8)
        if layout.name == "GLOBAL_POSITION_INT":
            return self.position(time_s)
        while True:
            raw = bytes(self.chance.choice((0, 255, self.chance.randrange(256))) for _ in range(255))
            fields = dict(zip(layout.names, values_in(layout, raw), strict=True))
            try:
                return self.frame(time_s, layout.name, **fields)
            except InputError:
                continue  # a text that is none

    def position(self, time_s: float, east: float | None = None, height_m: float = 40.0) -> Frame:
        lon = 5.8 + (self.chance.random() / 100 if east is None else east)
        unknown = self.chance.random()
        return self.frame(
            time_s,
            "GLOBAL_POSITION_INT",
            lat=0 if unknown < 0.1 else 521_000_000,
            lon=0 if unknown < 0.1 else round(lon * 1e7),
            alt=90_000,
            relative_alt=round(height_m * 1000),
            hdg=65_535 if unknown > 0.5 else 9_000,
        )


def by_chance(seed: int, count: int = 3000, systems: tuple[int, ...] = (1, 2, 7)) -> list[Frame]:
    """Frames of several systems over some minutes, one of which is no vehicle until late."""
    chance = random.Random(seed)
    flights = {system: Flight(system, seed * 100 + system) for system in systems}
    frames: list[Frame] = []
    time_s = BEGIN_S
    for number in range(count):
        time_s += chance.expovariate(20)
        flight = flights[chance.choice(systems)]
        vehicle = number > count // 3 or flight.encoder.system == systems[0]
        if vehicle and chance.random() < 0.05:
            frames.append(flight.heartbeat(time_s, mode=chance.randrange(6), armed=chance.random() < 0.7))
        else:
            frames.append(flight.anything(time_s))
    return frames


def written(path: Path, frames: list[Frame]) -> Path:
    path.write_bytes(b"".join(each.time_us.to_bytes(8, "big") + each.raw for each in frames))
    return path


def bare(frames: Iterable[Frame]) -> list[tuple[int, bytes, bool]]:
    """Frames as they can be compared: a value that is no number equals none."""
    return [(each.time_us, each.raw, each.layout is not None) for each in frames]


def replay_of(*recordings: list[Frame], clock: ManualClock | None = None, **options: Any) -> Replay:
    named = [FramesRecording(f"recording {number}", each) for number, each in enumerate(recordings, 1)]
    return Replay(Timeline(named), clock or ManualClock(), **options)


class Heard:
    """What a listener of the replay's hub got."""

    def __init__(self, replay: Replay) -> None:
        self.frames: list[Frame] = []
        self.late = 0
        self._replay = replay
        replay.hub.subscribe(self._hear)

    def _hear(self, frames: Any) -> None:
        self.frames += frames
        self.late += sum(each.time_us > self._replay.clock.now_us for each in frames)


def run(replay: Replay, clock: ManualClock, seconds: float = 1e9) -> None:
    end_s = clock.monotonic_s() + seconds
    while (wait_s := replay.advance()) is not None and clock.monotonic_s() < end_s:
        clock.sleep(min(wait_s, max(0.0, end_s - clock.monotonic_s())))


@pytest.mark.parametrize("seed", range(4))
def test_the_state_at_any_time_is_that_of_a_plain_run_up_to_there(seed: int) -> None:
    first, second = by_chance(seed), by_chance(seed + 50, systems=(2, 5, 9))
    timeline = Timeline([FramesRecording("a", first), FramesRecording("b", second)])
    assert len(timeline.links) == 2, "they overlap: two links"
    states = States(timeline, checkpoint_s=7)
    chance = random.Random(seed)
    hub, published, said = Hub(ManualClock()), 0, 0
    heard_s: dict[tuple[int, int], float] = {}
    for number in sorted(chance.sample(range(len(timeline) + 1), 60)):
        for at in range(published, number):
            frame = timeline.frame(at)
            hub.publish([frame], timeline.links[int(timeline.link[at])])
            heard_s[frame.system, frame.component] = frame.time_us / 1e6
        published = number
        found = states.at(number)
        assert dict(found.vehicles) == hub.vehicles()
        said += sum(None not in (state.radio_rssi, state.gimbal_source) for state in found.vehicles.values())
        assert heard_s.items() >= found.heard_s.items()
        wanted = {(system, state.component) for system, state in found.vehicles.items()}
        assert found.heard_s.keys() >= wanted
    assert said, "a radio spoke for its vehicles, and a camera pointed somewhere"


@pytest.mark.parametrize("name", RECORDINGS)
def test_after_a_jump_in_a_real_recording_everything_goes_on_as_in_a_plain_run(
    name: str, shared: Callable[[str], Path]
) -> None:
    path = shared(name)
    frames = list(read_tlog(path))
    chance = random.Random(5)
    replay = Replay(open_recordings([path]), ManualClock())
    for _ in range(12):
        time_s = chance.uniform(replay.begin_s, replay.end_s - 1)
        replay.seek(time_s)
        replay.step(0.5)
        plain = Hub(ManualClock())
        plain.publish([each for each in frames if each.time_us <= replay.clock.now_us])
        assert replay.hub.vehicles() == plain.vehicles()


def test_no_message_writes_what_the_table_does_not_say() -> None:
    assert WRITES.keys() == folding._READERS.keys()
    names = set(vars(VehicleState()))
    written_by: dict[str, set[str]] = {name: set() for name in WRITES}
    flight = Flight(1, 3)
    for _ in range(20_000):
        message = decode(flight.anything(BEGIN_S))
        assert message is not None
        after = vars(fold(VehicleState(), message))
        written_by.setdefault(message.name, set()).update(
            name for name in names - {"last_s"} if after[name] is not None
        )
    for seconds in (1, 2):
        message = decode(flight.heartbeat(BEGIN_S + seconds))
        assert message is not None
        written_by["HEARTBEAT"] |= {
            n for n, v in vars(fold(VehicleState(), message)).items() if v is not None
        }
    written_by["HEARTBEAT"] -= {"last_s"}
    assert {name: fields for name, fields in written_by.items() if name in WRITES} == dict(WRITES)


def test_every_frame_is_heard_once_in_order_and_never_early() -> None:
    frames, clock = by_chance(8), ManualClock()
    replay = replay_of(frames, clock=clock, speed=60)
    heard = Heard(replay)
    replay.play()
    run(replay, clock)
    assert bare(heard.frames) == bare(frames)
    assert heard.late == 0
    assert replay.over
    assert not replay.playing
    assert sum(each.lost for each in replay.hub.losses(replay.hub.links().popitem()[0]).values()) == 0


@pytest.mark.parametrize("speed", [0.1, 1.0, 4.0, 60.0])
def test_the_recordings_time_passes_as_fast_as_was_asked(speed: float) -> None:
    clock = ManualClock()
    replay = replay_of(by_chance(9), clock=clock, speed=speed)
    replay.play()
    run(replay, clock, seconds=2)
    expected_s = min(2 * speed, replay.end_s - replay.begin_s)
    assert replay.now_s - replay.begin_s == pytest.approx(expected_s, abs=0.05 * speed)
    assert replay.hub.clock.now_s() == replay.now_s


def test_a_change_of_speed_while_playing_does_not_jump() -> None:
    clock = ManualClock()
    replay = replay_of(by_chance(10), clock=clock)
    replay.play()
    run(replay, clock, seconds=3)
    before_s = replay.now_s
    replay.set_speed(10)
    assert replay.now_s == before_s
    run(replay, clock, seconds=1)
    assert replay.now_s - before_s == pytest.approx(10, abs=0.5)
    replay.pause()
    at_s = replay.now_s
    clock.sleep(100)
    assert replay.advance() is None
    assert replay.now_s == at_s
    replay.play()
    run(replay, clock, seconds=0.1)
    assert replay.now_s - at_s < 2, "the pause was not made up for"


@pytest.mark.parametrize("speed", [0, 0.05, 61, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    replay = replay_of(by_chance(1, 50))
    with pytest.raises(InputError, match="no speed"):
        replay.set_speed(speed)


def test_a_jump_back_forgets_the_future_and_loses_nothing() -> None:
    clock = ManualClock()
    frames = [Flight(1, 1).heartbeat(BEGIN_S)]
    flight, late = Flight(1, 2), Flight(2, 3)
    frames += [flight.position(BEGIN_S + n / 10, east=n * 1e-6) for n in range(1, 600)]
    frames += [late.heartbeat(BEGIN_S + 60)]
    replay = replay_of(frames, clock=clock, speed=60)
    jumps = []
    replay.on_jump(jumps.append)
    replay.play()
    run(replay, clock)
    assert set(replay.hub.vehicles()) == {1, 2}
    replay.seek(BEGIN_S + 10)
    assert set(replay.hub.vehicles()) == {1}, "the second is not there yet"
    assert jumps[-1].heard_s[1, 1] == pytest.approx(BEGIN_S + 10)
    replay.step(0.4)
    (link,) = replay.hub.links()
    assert [(each.received, each.lost) for each in replay.hub.losses(link).values()] == [(4, 0)]


def test_a_silence_is_jumped_over_where_that_is_wanted() -> None:
    clock = ManualClock()
    flight = Flight(1, 4)
    frames = [flight.heartbeat(BEGIN_S + n) for n in [*range(5), *range(1000, 1005)]]
    for skip_silence_s, longest_s in ((None, 1010.0), (10.0, 12.0)):
        replay = replay_of(frames, clock=clock, skip_silence_s=skip_silence_s)
        assert [(g.begin_s - BEGIN_S, g.end_s - BEGIN_S) for g in replay.gaps] == [(4, 1000)]
        heard = Heard(replay)
        replay.play()
        began_s = clock.monotonic_s()
        run(replay, clock)
        assert bare(heard.frames) == bare(frames)
        assert longest_s / 2 < clock.monotonic_s() - began_s < longest_s


def test_at_the_end_it_stands_still_or_begins_again() -> None:
    frames, clock = [Flight(1, 5).heartbeat(BEGIN_S + n) for n in range(5)], ManualClock()
    replay = replay_of(frames, clock=clock)
    heard = Heard(replay)
    replay.play()
    run(replay, clock)
    assert (len(heard.frames), replay.playing) == (5, False)
    replay.play()
    assert replay.now_s == pytest.approx(BEGIN_S), "playing again begins again"
    replay.loop = True
    run(replay, clock, seconds=14)
    assert len(heard.frames) > 10
    assert replay.playing


def test_segments_that_follow_one_another_are_one_link() -> None:
    frames = by_chance(12, 900)
    whole = Timeline([FramesRecording("whole", frames)])
    parts = Timeline([FramesRecording(f"part {n}", frames[n : n + 300]) for n in (600, 0, 300)])
    assert parts.links == ("replay:part 0",)
    assert bare(parts.frame(n) for n in range(900)) == bare(whole.frame(n) for n in range(900))


def test_recordings_at_the_same_time_are_merged_by_time() -> None:
    first, second = by_chance(13, 500, (1,)), by_chance(14, 500, (2,))
    merged = Timeline([FramesRecording("a", first), FramesRecording("b", second)])
    times_us = [merged.frame(n).time_us for n in range(1000)]
    assert times_us == sorted(each.time_us for each in (*first, *second))
    assert len(set(merged.link.tolist())) == 2


def test_a_file_and_its_frames_give_the_same_replay(tmp_path: Path) -> None:
    frames = by_chance(15, 400)
    path = written(tmp_path / "flight.tlog", frames)
    mapped, packed = TlogRecording(path), FramesRecording("frames", read_tlog(path))
    assert bare(map(mapped.frame, range(400))) == bare(map(packed.frame, range(400))) == bare(frames)
    for name in ("time_us", "message_id", "system", "component", "known"):
        assert np.array_equal(getattr(mapped.index, name), getattr(packed.index, name)), name


def test_times_that_run_backwards_move_as_few_frames_as_possible() -> None:
    early = np.array([10, 20, 3, 30, 40])
    assert never_backwards(early).tolist() == [10, 20, 20, 30, 40]
    late = np.array([10, 99, 20, 30, 40])
    assert never_backwards(late).tolist() == [10, 20, 20, 30, 40]


def moments() -> Iterator[Frame]:
    """Take-off, a mode, a battery that sinks, a silence, a landing; once a second."""
    flight = Flight(1, 6)
    for second in range(120):
        time_s = BEGIN_S + second
        if 70 <= second < 80:
            continue
        yield flight.heartbeat(time_s, mode=6 if second >= 60 else 3, armed=10 <= second < 110)
        height_m = max(0.0, min(30.0, 2.0 * (second - 20), 2.0 * (100 - second)))
        yield flight.frame(
            time_s,
            "GLOBAL_POSITION_INT",
            lat=521_000_000,
            lon=58_000_000,
            relative_alt=round(height_m * 1000),
        )
        yield flight.frame(time_s, "SYS_STATUS", battery_remaining=100 - second)
        if second == 40:
            yield flight.frame(time_s, "STATUSTEXT", severity=3, text="Compass variance")


def test_what_is_worth_jumping_to_is_found_at_its_time() -> None:
    replay = replay_of(list(moments()))
    told = [(round(each.time_s - BEGIN_S), each.kind, each.severity, each.text) for each in replay.moments]
    assert told == [
        (0, "heard", "info", "first heard"),
        (10, "arming", "info", "armed"),
        (22, "flight", "info", "took off"),
        (40, "status_text", "warning", "Compass variance"),
        (60, "mode", "info", "mode RTL"),
        (74, "link", "warning", "no data for 5 s"),
        (80, "battery", "warning", "battery 20 %: land now"),
        (80, "link", "info", "heard again"),
        (100, "flight", "info", "landed"),
        (110, "arming", "info", "disarmed"),
    ]
    track = replay.tracks[1]
    assert len(track) == 110
    assert max(point.height_relative_m for point in track) == 30


def test_nothing_to_replay_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to replay"):
        Timeline([])
    with pytest.raises(InputError, match="no MAVLink recording"):
        open_recordings([written(tmp_path / "empty.tlog", [])])
    with pytest.raises(InputError, match="cannot be read"):
        open_recordings([tmp_path / "missing.tlog"])
