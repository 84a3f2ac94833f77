"""What in a recording is worth jumping to, each at the time at which it was received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from telemetry.dialect import BY_NAME
from telemetry.messages import Message, decode
from telemetry.replay.states import HEARTBEAT, Numbers, grouped
from telemetry.replay.timeline import SILENCE_S, Timeline
from telemetry.state import VehicleState, fold, is_vehicle_heartbeat

Kind = Literal["heard", "mode", "arming", "flight", "battery", "status_text", "link"]
Severity = Literal["info", "caution", "warning"]
SAMPLE_US = 1_000_000
BATTERY_PCT: tuple[tuple[float, Severity, str], ...] = (
    (30.0, "caution", ""),
    (20.0, "warning", ": land now"),
)
"""At or under which a battery is told of, how badly, and what is added."""
FLYING_M, DOWN_M = 2.0, 1.0
MOST_TEXTS = 20_000
_POSITION, _SYS_STATUS, _BATTERY, _TEXT, _LANDED = (
    BY_NAME[name].message_id
    for name in ("GLOBAL_POSITION_INT", "SYS_STATUS", "BATTERY_STATUS", "STATUSTEXT", "EXTENDED_SYS_STATE")
)
_ERROR, _WARNING = 3, 4
_ON_GROUND, _IN_AIR, _TAKING_OFF, _LANDING = 1, 2, 3, 4


class Moment(NamedTuple):
    """Something that happened to a vehicle, seconds since 1970 UTC."""

    time_s: float
    system: int
    kind: Kind
    severity: Severity
    text: str


class Point(NamedTuple):
    """Where a vehicle was: degrees, metres above mean sea level and above home, seconds since 1970 UTC."""

    time_s: float
    lon_deg: float
    lat_deg: float
    height_amsl_m: float
    height_relative_m: float


def tracks_of(timeline: Timeline, first: Mapping[int, int]) -> dict[int, tuple[Point, ...]]:
    """Where each vehicle was, about once a second, from its first heartbeat on."""
    tracks: dict[int, tuple[Point, ...]] = {}
    for (system, _), numbers in grouped(timeline, [_POSITION]).items():
        if system in first:
            points = (_point(message) for message in _messages(timeline, _sampled(timeline, numbers)))
            tracks[system] = tuple(
                point for point in points if point and point.time_s * 1e6 >= timeline.due_us[first[system]]
            )
    return tracks


def moments_of(
    timeline: Timeline, first: Mapping[int, int], tracks: Mapping[int, tuple[Point, ...]]
) -> tuple[Moment, ...]:
    """Every moment, in order. `first` are the numbers of the vehicles' first heartbeats."""
    by_type = grouped(timeline, [HEARTBEAT, _SYS_STATUS, _BATTERY, _TEXT, _LANDED])
    found: list[Moment] = []
    for system, number in first.items():
        found.append(Moment(_time_s(timeline, number), system, "heard", "info", "first heard"))
        own = {key[1]: numbers[numbers >= number] for key, numbers in by_type.items() if key[0] == system}
        empty = np.zeros(0, np.int64)
        found += _modes(timeline, system, own.get(HEARTBEAT, empty))
        landed = list(_landed(timeline, system, own.get(_LANDED, empty)))
        found += landed or _by_height(system, tracks.get(system, ()))
        powers = np.union1d(own.get(_SYS_STATUS, empty), own.get(_BATTERY, empty))
        found += _batteries(timeline, system, powers)
        found += _texts(timeline, system, own.get(_TEXT, empty))
        found += _silences(timeline, system, number)
    return tuple(sorted(found, key=lambda each: each.time_s))


def _modes(timeline: Timeline, system: int, heartbeats: Numbers) -> Iterator[Moment]:
    before = VehicleState()
    for number in heartbeats.tolist():
        message = decode(timeline.frame(number))
        if message is None or not is_vehicle_heartbeat(message):
            continue
        after = fold(before, message)
        time_s = _time_s(timeline, number)
        if after.mode != before.mode and before.mode is not None:
            yield Moment(time_s, system, "mode", "info", f"mode {after.mode}")
        if after.armed != before.armed and before.armed is not None:
            yield Moment(time_s, system, "arming", "info", "armed" if after.armed else "disarmed")
        before = after


def _landed(timeline: Timeline, system: int, numbers: Numbers) -> Iterator[Moment]:
    """Take-offs and landings of a vehicle that tells them (EXTENDED_SYS_STATE)."""
    states = [(_time_s(timeline, n), m.landed_state) for n, m in _numbered(timeline, numbers)]
    up = [(time_s, state != _ON_GROUND) for time_s, state in states if 0 < state <= _LANDING]
    for (_, before), (time_s, after) in pairwise(up):
        if before != after:
            yield Moment(time_s, system, "flight", "info", "took off" if after else "landed")


def _by_height(system: int, track: tuple[Point, ...]) -> Iterator[Moment]:
    """Take-offs and landings by the height above home: it flies above two metres, it is down below one."""
    flying: bool | None = None
    for point in track:
        before, height_m = flying, point.height_relative_m
        flying = height_m > (DOWN_M if flying else FLYING_M)
        if before is not None and before != flying:
            yield Moment(point.time_s, system, "flight", "info", "took off" if flying else "landed")


def _batteries(timeline: Timeline, system: int, numbers: Numbers) -> Iterator[Moment]:
    """When the charge falls to a bound, the lower one if to both, looked at once a second."""
    state, before = VehicleState(), None
    for number, message in _numbered(timeline, _sampled(timeline, numbers)):
        state = fold(state, message)
        charge = state.battery_pct
        passed = [
            (severity, more)
            for bound, severity, more in BATTERY_PCT
            if before is not None and charge is not None and charge <= bound < before
        ]
        if passed:
            severity, more = passed[-1]
            text = f"battery {charge:.0f} %{more}"
            yield Moment(_time_s(timeline, number), system, "battery", severity, text)
        before = charge


def _texts(timeline: Timeline, system: int, numbers: Numbers) -> Iterator[Moment]:
    """What the vehicle said; the pieces of a long text are joined with a look at their number alone."""
    parts: dict[int, str] = {}
    for number, message in _numbered(timeline, numbers[:MOST_TEXTS]):
        text_id, chunk = message.fields.get("id", 0), message.fields.get("chunk_seq", 0)
        whole = parts.pop(text_id, "") + message.text if chunk else message.text
        if text_id and len(message.text.encode()) >= 50 and len(whole) < 500:
            parts[text_id] = whole
            continue
        severity: Severity = "warning" if message.severity <= _ERROR else "info"
        if message.severity == _WARNING:
            severity = "caution"
        text = "".join(each if each.isprintable() else " " for each in whole).strip()
        if text:
            yield Moment(_time_s(timeline, number), system, "status_text", severity, text)


def _silences(timeline: Timeline, system: int, first: int) -> Iterator[Moment]:
    """When nothing was heard of a vehicle for five seconds, and when it was again."""
    due_us = timeline.due_us[np.flatnonzero(timeline.system == system)]
    due_us = due_us[due_us >= timeline.due_us[first]]
    lost = f"no data for {SILENCE_S:.0f} s"
    for at in np.flatnonzero(np.diff(due_us) > SILENCE_S * 1e6).tolist():
        yield Moment(float(due_us[at] / 1e6 + SILENCE_S), system, "link", "warning", lost)
        yield Moment(float(due_us[at + 1] / 1e6), system, "link", "info", "heard again")
    if timeline.end_us - due_us[-1] > SILENCE_S * 1e6:
        yield Moment(float(due_us[-1] / 1e6 + SILENCE_S), system, "link", "warning", lost)


def _sampled(timeline: Timeline, numbers: Numbers) -> Numbers:
    """The first frame of each second."""
    seconds: npt.NDArray[np.int64] = timeline.due_us[numbers] // SAMPLE_US
    return numbers[np.flatnonzero(np.diff(seconds, prepend=-1))]


def _numbered(timeline: Timeline, numbers: Numbers) -> Iterator[tuple[int, Message]]:
    for number in numbers.tolist():
        message = decode(timeline.frame(number))
        if message is not None:
            yield number, message


def _messages(timeline: Timeline, numbers: Numbers) -> Iterator[tuple[float, Message]]:
    for number, message in _numbered(timeline, numbers):
        yield _time_s(timeline, number), message


def _time_s(timeline: Timeline, number: int) -> float:
    return float(timeline.due_us[number] / 1e6)


def _point(timed: tuple[float, Message]) -> Point | None:
    state = fold(VehicleState(), timed[1])
    if state.lat_deg is None or state.lon_deg is None:
        return None
    return Point(
        timed[0],
        state.lon_deg,
        state.lat_deg,
        state.height_amsl_m or 0.0,
        state.height_relative_m or 0.0,
    )
