"""What of a block of frames an index asks for: about three events a second of each vehicle, in order.

Arrays as long as the frames are only touched by compiled code and numpy; what Python walks over is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from ops.index.scan import Block
from telemetry.columns.kernels import lay
from telemetry.columns.tables import DTYPES, KINDS, ROW_BYTES
from telemetry.modes import NO_AUTOPILOT, vehicle_kind
from telemetry.places import are_places

SECOND_US = 1_000_000
_NUMBERS = {layout.name: number for number, layout in enumerate(KINDS)}
_MOVES = np.array([vehicle_kind(number) is not None for number in range(256)])
_SENDERS = 1 << 16
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Of an autopilot that moves."""

    order: int
    vehicle: int
    time_us: int
    mav_type: int
    autopilot: int
    base_mode: int
    custom_mode: int


@dataclass(frozen=True, slots=True)
class Position:
    """The first of its second. `at` is where its frame begins in the segment."""

    order: int
    vehicle: int
    time_us: int
    at: int
    lat_e7: int
    lon_e7: int
    amsl_mm: int
    relative_mm: int
    vx_cm_s: int
    vy_cm_s: int
    heading_cdeg: int


@dataclass(frozen=True, slots=True)
class Battery:
    """What is left in the first battery, per cent."""

    order: int
    vehicle: int
    time_us: int
    left_pct: int


@dataclass(frozen=True, slots=True)
class Landed:
    """MAV_LANDED_STATE."""

    order: int
    vehicle: int
    time_us: int
    state: int


Event = Heartbeat | Position | Battery | Landed


@dataclass(frozen=True, slots=True)
class Heights:
    """Every height of one vehicle in a block; `order` rises."""

    order: Whole
    relative_mm: Whole
    amsl_mm: Whole


@dataclass(frozen=True, slots=True)
class Senders:
    """By 256 times system plus component (65536,): frames, and the first and last time of one."""

    frames: Whole
    first_us: Whole
    last_us: Whole

    @classmethod
    def none(cls) -> Senders:
        """Before the first frame."""
        far = np.iinfo(np.int64).max
        return cls(np.zeros(_SENDERS, np.int64), np.full(_SENDERS, far), np.zeros(_SENDERS, np.int64))

    def add(self, block: Block) -> None:
        """Count the frames of a block; times that are not known say nothing."""
        start = block.found["start"]
        sender = start + np.where(block.octets[start] == 0xFD, 5, 3)
        who = block.octets[sender].astype(np.int64) << 8 | block.octets[sender + 1]
        self.frames[:] += np.bincount(who, minlength=_SENDERS)
        times = block.found["time_us"]
        timed = times > 0
        np.minimum.at(self.first_us, who[timed], times[timed])
        np.maximum.at(self.last_us, who[timed], times[timed])


class Events:
    """Takes blocks of one segment in order, and gives what each holds."""

    def __init__(self) -> None:
        self._seconds: dict[int, int] = {}
        self._heights: dict[int, Heights] = {}

    def of(self, block: Block) -> list[Event]:
        """The events of a block in the order of its frames."""
        found: list[tuple[int, Event]] = []
        for several in (self._heartbeats, self._positions, self._sys_status, self._battery, self._landed):
            found += ((event.order, event) for event in several(block))
        return [event for _, event in sorted(found, key=itemgetter(0))]

    def heights(self, vehicle: int) -> Heights | None:
        """Every height that a vehicle told in the block given last."""
        return self._heights.get(vehicle)

    def _heartbeats(self, block: Block) -> Iterator[Event]:
        order, rows, _ = _rows(block, "HEARTBEAT")
        ours = (rows["autopilot"] != NO_AUTOPILOT) & _MOVES[rows["type"]]
        return map(
            Heartbeat,
            *_columns(order[ours], rows[ours], "type", "autopilot", "base_mode", "custom_mode"),
        )

    def _positions(self, block: Block) -> Iterator[Event]:
        order, rows, at = _rows(block, "GLOBAL_POSITION_INT")
        known = are_places(rows) & (rows["received_us"] > 0)
        order, rows, at = order[known], rows[known], at[known]
        vehicle = _vehicles(rows)
        groups = np.argsort(vehicle, kind="stable")
        self._heights = _heights(order[groups], rows[groups], vehicle[groups])
        first = np.sort(
            groups[self._first_of_second(vehicle[groups], rows["received_us"][groups] // SECOND_US)]
        )
        names = ("lat", "lon", "alt", "relative_alt", "vx", "vy", "hdg")
        columns = _columns(order[first], rows[first], *names)
        columns.insert(3, at[first].tolist())
        return map(Position, *columns)

    def _first_of_second(self, vehicle: Whole, second: Whole) -> npt.NDArray[np.bool_]:
        """Which positions, of one vehicle after the other, are in another second than the one before."""
        if not len(vehicle):
            return np.zeros(0, bool)
        fresh = np.ones(len(vehicle), bool)
        fresh[1:] = (np.diff(vehicle) != 0) | (np.diff(second) != 0)
        starts = np.flatnonzero(np.concatenate([[True], np.diff(vehicle) != 0]))
        ends = np.concatenate([starts[1:], [len(vehicle)]]) - 1
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            who = int(vehicle[start])
            fresh[start] = self._seconds.get(who) != int(second[start])
            self._seconds[who] = int(second[end])
        return fresh

    def _sys_status(self, block: Block) -> Iterator[Event]:
        order, rows, _ = _rows(block, "SYS_STATUS")
        known = rows["battery_remaining"] >= 0
        return _changes(Battery, order[known], rows[known], "battery_remaining")

    def _battery(self, block: Block) -> Iterator[Event]:
        order, rows, _ = _rows(block, "BATTERY_STATUS")
        known = (rows["battery_remaining"] >= 0) & (rows["id"] == 0)
        return _changes(Battery, order[known], rows[known], "battery_remaining")

    def _landed(self, block: Block) -> Iterator[Event]:
        order, rows, _ = _rows(block, "EXTENDED_SYS_STATE")
        return _changes(Landed, order, rows, "landed_state")


def _rows(block: Block, name: str) -> tuple[Whole, npt.NDArray[np.void], Whole]:
    """The messages of one type in a block: their places among its frames, their fields, their bytes."""
    number = _NUMBERS[name]
    order = np.flatnonzero(block.found["kind"] == number)
    chosen = block.found[order]
    rows = np.zeros(len(chosen) * int(ROW_BYTES[number]), np.uint8)
    lay(block.octets, chosen, ROW_BYTES, np.zeros(len(KINDS), np.int64), rows)
    return order, rows.view(DTYPES[name]), chosen["start"] + block.base


def _vehicles(rows: npt.NDArray[np.void]) -> Whole:
    vehicles: Whole = rows["sender_system"].astype(np.int64) << 8 | rows["sender_component"]
    return vehicles


def _columns(order: Whole, rows: npt.NDArray[np.void], *names: str) -> list[list[int]]:
    """Order, vehicle, time, and the fields named, as plain numbers."""
    return [order.tolist(), _vehicles(rows).tolist(), rows["received_us"].tolist()] + [
        rows[name].tolist() for name in names
    ]


def _changes(
    kind: type[Battery] | type[Landed], order: Whole, rows: npt.NDArray[np.void], name: str
) -> Iterator[Event]:
    """One event for each message whose value is not that of its vehicle's message before it in the block."""
    vehicle, value = _vehicles(rows), rows[name].astype(np.int64)
    groups = np.argsort(vehicle, kind="stable")
    fresh = np.ones(len(groups), bool)
    fresh[1:] = (np.diff(vehicle[groups]) != 0) | (np.diff(value[groups]) != 0)
    chosen = np.sort(groups[fresh])
    return map(kind, *_columns(order[chosen], rows[chosen], name))


def _heights(order: Whole, rows: npt.NDArray[np.void], vehicle: Whole) -> dict[int, Heights]:
    """The heights of each vehicle of rows that are sorted by vehicle."""
    if not len(vehicle):
        return {}
    starts = np.flatnonzero(np.concatenate([[True], np.diff(vehicle) != 0]))
    relative, amsl = rows["relative_alt"].astype(np.int64), rows["alt"].astype(np.int64)
    return {
        int(vehicle[start]): Heights(order[start:end], relative[start:end], amsl[start:end])
        for start, end in zip(starts, [*starts[1:], len(vehicle)], strict=True)
    }
