"""Values over time, and how a recording's messages become them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.messages import Message, decode
from telemetry.places import is_place
from telemetry.pointing import SOURCES, pointing_of
from telemetry.sent_times import spread

_UNKNOWN_HEADING = 0xFFFF
_EARLIEST_UTC_S = 1.2e9
_WANTED = {
    BY_NAME[name].message_id
    for name in ("GLOBAL_POSITION_INT", "ATTITUDE", "GPS_RAW_INT", "SYSTEM_TIME", *SOURCES)
}


@dataclass(frozen=True)
class Series:
    """Columns of values at rising times; `angles` names those that are degrees of a circle."""

    time_s: npt.NDArray[np.float64]
    columns: tuple[npt.NDArray[np.float64], ...]
    angles: frozenset[int]

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[float, ...]], width: int, angles: tuple[int, ...] = ()) -> Series:
        """Rows of when each was received, its sender's clock in seconds (NaN for none), and `width` values.

        What was received late and all at once is put back to when it was sent; of rows that still have one
        time the last is kept.
        """
        table = np.asarray(rows, float).reshape(-1, width + 2)
        table = table[np.argsort(table[:, 0], kind="stable")]
        time_s = spread(table[:, 0], table[:, 1])
        last = np.append(np.diff(time_s) > 0, True) if len(table) else np.zeros(0, bool)
        columns = tuple(table[last, n + 2] for n in range(width))
        return cls(time_s[last], columns, frozenset(angles))

    def between(self, time_s: float, max_gap_s: float) -> tuple[tuple[float, ...], float] | None:
        """Values interpolated between the two rows around `time_s`, and the time between these.

        None outside and within a gap longer than `max_gap_s`.
        """
        count = len(self.time_s)
        after = int(np.searchsorted(self.time_s, time_s))
        if after < count and self.time_s[after] == time_s:
            return self._row(after), 0.0
        if after in (0, count):
            return None
        before_s, after_s = float(self.time_s[after - 1]), float(self.time_s[after])
        gap_s = after_s - before_s
        if gap_s > max_gap_s:
            return None
        share = (time_s - before_s) / gap_s
        first, second = self._row(after - 1), self._row(after)
        values = tuple(
            a + share * (_turn(b - a) if n in self.angles else b - a)
            for n, (a, b) in enumerate(zip(first, second, strict=True))
        )
        return values, gap_s

    def near(self, time_s: float, max_gap_s: float) -> tuple[float, ...] | None:
        """Interpolated values, or those of the nearest row within `max_gap_s`; else None."""
        between = self.between(time_s, max_gap_s)
        if between is not None:
            return between[0]
        if not len(self.time_s):
            return None
        nearest = int(np.argmin(np.abs(self.time_s - time_s)))
        return self._row(nearest) if abs(self.time_s[nearest] - time_s) <= max_gap_s else None

    def _row(self, index: int) -> tuple[float, ...]:
        return tuple(float(column[index]) for column in self.columns)


class TrackBuilder:
    """Collects what one (system, component) says about place and attitude."""

    def __init__(self) -> None:
        self._positions: list[tuple[float, ...]] = []
        self._attitudes: list[tuple[float, ...]] = []
        self._accuracy: list[tuple[float, ...]] = []
        self._offsets_s: list[float] = []
        self._gimbal: dict[str, list[tuple[float, float, float, float, float, bool]]] = {}

    @property
    def count(self) -> int:
        """How many positions there are."""
        return len(self._positions)

    def add(self, frame: Frame) -> None:
        """Take in one frame."""
        if frame.message_id not in _WANTED:
            return
        message = decode(frame)
        if message is None:
            return
        if message.name == "GLOBAL_POSITION_INT":
            self._position(message)
        elif message.name == "ATTITUDE":
            angles = (message.roll, message.pitch, message.yaw)
            if all(map(math.isfinite, angles)):
                self._attitudes.append((message.time_s, _boot_s(message), *map(math.degrees, angles)))
        elif message.name == "GPS_RAW_INT":
            if message.h_acc or message.v_acc:
                values = (value / 1000 if value else math.nan for value in (message.h_acc, message.v_acc))
                self._accuracy.append((message.time_s, message.time_usec / 1e6, *values))
        elif message.name == "SYSTEM_TIME":
            if message.time_unix_usec / 1e6 > _EARLIEST_UTC_S:
                self._offsets_s.append(message.time_unix_usec / 1e6 - message.time_s)
        else:
            self._point(message)

    def positions(self) -> Series:
        """lat, lon (degrees), height amsl, height relative (m), speed (m/s), heading (degrees)."""
        return Series.from_rows(self._positions, 6, angles=(1, 5))

    def attitudes(self) -> Series:
        """roll, pitch, yaw (degrees)."""
        return Series.from_rows(self._attitudes, 3, angles=(0, 1, 2))

    def accuracy(self) -> Series:
        """One standard deviation in plan and in height, metres; NaN where the receiver gave none."""
        return Series.from_rows(self._accuracy, 2)

    def gimbal(self, attitudes: Series) -> Series:
        """The camera's roll, pitch, yaw in the earth frame, degrees, of the best source there is."""
        for source in SOURCES:
            rows = [
                (time_s, boot_s, roll, pitch, yaw if earth else yaw + _yaw_at(attitudes, time_s))
                for time_s, boot_s, roll, pitch, yaw, earth in self._gimbal.get(source, ())
            ]
            if rows:
                return Series.from_rows(_unflipped(rows), 3, angles=(0, 1, 2))
        return Series.from_rows([], 3, angles=(0, 1, 2))

    def utc_offset_s(self) -> float | None:
        """UTC minus receive time, the median of what the autopilot said."""
        return float(np.median(self._offsets_s)) if self._offsets_s else None

    def _position(self, message: Message) -> None:
        if not is_place(message.lat, message.lon):
            return
        course = math.degrees(math.atan2(message.vy, message.vx))
        self._positions.append(
            (
                message.time_s,
                _boot_s(message),
                message.lat / 1e7,
                message.lon / 1e7,
                message.alt / 1000,
                message.relative_alt / 1000,
                math.hypot(message.vx, message.vy) / 100,
                course if message.hdg == _UNKNOWN_HEADING else message.hdg / 100,
            )
        )

    def _point(self, message: Message) -> None:
        pointing = pointing_of(message)
        if pointing is not None:
            row = (message.time_s, _boot_s(message), *pointing)
            self._gimbal.setdefault(message.name, []).append(row)


def _unflipped(
    rows: Sequence[tuple[float, float, float, float, float]],
) -> list[tuple[float, float, float, float, float]]:
    """Rows whose angles go on from one to the next.

    A camera that passes straight down changes roll and yaw by half a turn, and looks the same way as with
    neither changed and a pitch beyond -90. Between two rows that differ so interpolation would sweep through
    directions in which the camera never looked.
    """
    unflipped: list[tuple[float, float, float, float, float]] = []
    for time_s, boot_s, roll, pitch, yaw in rows:
        before = unflipped[-1] if unflipped else (time_s, boot_s, 0.0, pitch, yaw)
        other = (roll + 180, -180 - pitch, yaw + 180)
        far = [
            abs(_turn(a - before[2])) + abs(_turn(b - before[4])) for a, _, b in ((roll, pitch, yaw), other)
        ]
        chosen = other if far[1] < far[0] and abs(_turn(roll - before[2])) > 90 else (roll, pitch, yaw)
        unflipped.append((time_s, boot_s, *chosen))
    return unflipped


def _boot_s(message: Message) -> float:
    """The sender's own clock; NaN for a message that does not carry it."""
    return float(message.fields.get("time_boot_ms", math.nan)) / 1e3


def _yaw_at(attitudes: Series, time_s: float) -> float:
    attitude = attitudes.near(time_s, math.inf)
    return attitude[2] if attitude else 0.0


def _turn(angle_deg: float) -> float:
    return (angle_deg + 180) % 360 - 180
