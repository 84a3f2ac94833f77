"""What a desk keeps of a vehicle from look to look: a pure fold over its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from telemetry.alerts.region import Place
from telemetry.alerts.situation import Said
from telemetry.health import Loss
from telemetry.state import VehicleState

RISEN_M, DOWN_M = 3.0, 1.0
"""A copter or plane flies once it is this high above home, until it is this low."""
MOTION_S = 3.0
"""How long a way back positions are kept to tell how it moves."""
FIX_STEP_S = 0.2
LOSS_S = 30.0
LOSS_STEP_S = 1.0
NEARER_M = 2.0
CLIMBED_M = 3.0
MAX_SAID = 8
_RADIO = frozenset({"radio_rssi", "radio_remote_rssi", "radio_noise"})
_ON_GROUND, _IN_AIR = "on ground", ("in air", "takeoff", "landing")
_SURFACE = ("rover", "sub")


@dataclass(frozen=True, slots=True)
class Fix:
    """A position at a time: metres east, north and above mean sea level."""

    time_s: float
    place: Place
    height_m: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mission has come: the item flown to, the least distance to it so far, and since when.

    `height_m` is how high it was then: whoever climbs or sinks gets on too.
    """

    mode: str | None
    current: int | None
    nearest_m: float
    since_s: float
    height_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """One vehicle's past, as far as conditions ask for it.

    `heard_s` is when the vehicle itself was last heard, `state` and `received` what was known of it then.
    `moved_s` is when its position last changed. `losses` are (time, received, lost), a second apart.
    `said` holds the grave messages lately heard, the oldest first, one for each wording.
    """

    state: VehicleState | None = None
    received: int | None = None
    heard_s: float | None = None
    flying: bool = False
    mark: tuple[float | None, ...] = ()
    moved_s: float | None = None
    fixes: tuple[Fix, ...] = ()
    losses: tuple[tuple[float, int, int], ...] = ()
    progress: Progress | None = None
    said: tuple[tuple[str, Said], ...] = ()
    last_text: tuple[str | None, str | None] = (None, None)


NEW = Memory()


def listened(memory: Memory, state: VehicleState, loss: Loss | None) -> Memory:
    """With when the vehicle itself was heard: a radio on the ground goes on speaking in its name.

    Its frames are counted where that is known. Else a change that is of the radio alone is not the vehicle's.
    """
    received = None if loss is None else loss.received
    if memory.state is None:
        return replace(memory, state=state, received=received, heard_s=state.last_s)
    if state is memory.state and received == memory.received:
        return memory
    if received is not None and memory.received is not None:
        spoke = received != memory.received
    else:
        spoke = _spoke(memory.state, state)
    return replace(memory, state=state, received=received, heard_s=state.last_s if spoke else memory.heard_s)


def _spoke(before: VehicleState, state: VehicleState) -> bool:
    old = vars(before)
    changed = {name for name, value in vars(state).items() if value != old[name]} - {"last_s"}
    return state.last_s != before.last_s and not (changed and changed <= _RADIO)


def position_mark(state: VehicleState) -> tuple[float | None, ...]:
    """What changes with every position of an aircraft in the air: its last digits never stand still."""
    return state.lat_deg, state.lon_deg, state.height_amsl_m, state.height_relative_m


def flies(before: bool, state: VehicleState) -> bool:
    """Whether it is in the air; what is armed and does not tell counts as flying."""
    if state.armed is False:
        return False
    if state.kind in _SURFACE:
        return True
    if state.landed == _ON_GROUND:
        return False
    if state.landed in _IN_AIR or state.height_relative_m is None:
        return True
    return state.height_relative_m > (DOWN_M if before else RISEN_M)


def moved(memory: Memory, now_s: float, state: VehicleState, place: Place | None) -> Memory:
    """With a position that is new."""
    mark = position_mark(state)
    if mark == memory.mark or state.lat_deg is None:
        return memory
    if place is None or state.height_amsl_m is None:
        return replace(memory, mark=mark, moved_s=now_s)
    time_s = now_s if state.last_s is None else state.last_s
    recent = [fix for fix in memory.fixes if 0 < time_s - fix.time_s <= MOTION_S]
    if recent and time_s - recent[-1].time_s < FIX_STEP_S:
        return replace(memory, mark=mark, moved_s=now_s)
    fixes = (*recent, Fix(time_s, place, state.height_amsl_m))
    return replace(memory, mark=mark, moved_s=now_s, fixes=fixes)


def lost(memory: Memory, now_s: float, loss: Loss | None) -> Memory:
    """With the counts of frames, a second apart, over the last half minute; counts that fell began anew."""
    if loss is None:
        return memory
    last = memory.losses[-1] if memory.losses else None
    if last is not None and 0 <= now_s - last[0] < LOSS_STEP_S:
        return memory
    kept = [row for row in memory.losses if 0 <= now_s - row[0] <= LOSS_S + LOSS_STEP_S]
    if last is not None and loss.received < last[1]:
        kept = []
    return replace(memory, losses=(*kept, (now_s, loss.received, loss.lost)))


def progressed(
    memory: Memory, now_s: float, state: VehicleState, distance_m: float | None, *, flying_mission: bool
) -> Memory:
    """With how near the vehicle has come to where its mission leads."""
    before = memory.progress
    if not flying_mission:
        return memory if before is None else replace(memory, progress=None)
    away_m = float("inf") if distance_m is None else distance_m
    height_m = state.height_relative_m or 0.0
    if before is not None and _stands(before, now_s, state, away_m, height_m):
        return memory
    return replace(memory, progress=Progress(state.mode, state.mission_current, away_m, now_s, height_m))


def _stands(before: Progress, now_s: float, state: VehicleState, away_m: float, height_m: float) -> bool:
    """Whether it has not got on since: neither another item, nor nearer, nor higher or lower."""
    same = (before.mode, before.current) == (state.mode, state.mission_current)
    nearer = away_m < before.nearest_m - NEARER_M
    return same and not nearer and abs(height_m - before.height_m) <= CLIMBED_M and now_s >= before.since_s


def heard(memory: Memory, messages: Sequence[Said], keep_s: float, now_s: float) -> Memory:
    """With grave messages, one for each wording, none older than `keep_s`."""
    if not messages and not memory.said:
        return memory
    said = {wording: one for wording, one in memory.said if abs(now_s - one.time_s) <= keep_s}
    for message in messages:
        wording = wording_of(message.text)
        said.pop(wording, None)
        said[wording] = message
    return replace(memory, said=tuple(said.items())[-MAX_SAID:])


def wording_of(text: str) -> str:
    """A message without its figures, so that one which comes again and again is one alarm."""
    kept: list[str] = []
    for letter in text.strip():
        if not letter.isdigit():
            kept.append(letter)
        elif not kept or kept[-1] != "#":
            kept.append("#")
    return "".join(kept)[:60]
