"""When and where a recording says that its camera took pictures.

CAMERA_FEEDBACK (ArduPilot) and CAMERA_IMAGE_CAPTURED (the MAVLink camera protocol) tell time and place,
CAMERA_TRIGGER the time alone. Their own time of exposure is taken where it is UTC and the recording's offset
from UTC is known, since a message comes a while after the picture; else the time of receipt.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.messages import Message, decode
from telemetry.places import is_place

_NAMES = ("CAMERA_FEEDBACK", "CAMERA_IMAGE_CAPTURED", "CAMERA_TRIGGER")
WANTED = frozenset(BY_NAME[name].message_id for name in _NAMES)
_EARLIEST_UTC_S = 1.2e9
_LATEST_TELLING_S = 60.0
"""Told later than this after its own time, a picture's time is no time of this recording."""
Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exposures:
    """One aircraft's pictures at rising times of the recording, (n,) each, seconds since 1970.

    Degrees and metres; NaN where the message does not tell the place. `source` names the message.
    """

    source: str
    time_s: Column
    lat_deg: Column
    lon_deg: Column
    height_amsl_m: Column
    height_relative_m: Column

    def __len__(self) -> int:
        return len(self.time_s)

    @classmethod
    def from_frames(cls, frames: Iterable[Frame], system: int, utc_offset_s: float | None = None) -> Self:
        """What one aircraft told, its camera included; of several kinds of message that heard most often."""
        rows: dict[str, dict[int, tuple[float, ...]]] = {name: {} for name in _NAMES}
        for frame in frames:
            if frame.system != system or frame.message_id not in WANTED:
                continue
            message = decode(frame)
            if message is None:
                continue
            number, told_s, place = _READ[message.name](message)
            if number is not None:
                row = (_taken_s(message.time_s, told_s, utc_offset_s), *place)
                # A message sent again says the same.
                rows[message.name].setdefault(number, row)
        source = max(_NAMES, key=lambda name: len(rows[name]))
        table = np.array(sorted(rows[source].values()), float).reshape(-1, 5)
        return cls(source, *table.T)


def _taken_s(received_s: float, told_s: float, utc_offset_s: float | None) -> float:
    if utc_offset_s is None or told_s < _EARLIEST_UTC_S:
        return received_s
    taken_s = told_s - utc_offset_s
    return taken_s if 0 <= received_s - taken_s <= _LATEST_TELLING_S else received_s


_Told = tuple[int | None, float, tuple[float, float, float, float]]
_NOWHERE = (math.nan, math.nan, math.nan, math.nan)


def _feedback(message: Message) -> _Told:
    place = (message.lat / 1e7, message.lng / 1e7, float(message.alt_msl), float(message.alt_rel))
    known = is_place(message.lat, message.lng) and all(map(math.isfinite, place))
    return message.img_idx, message.time_usec / 1e6, place if known else _NOWHERE


def _captured(message: Message) -> _Told:
    place = (message.lat / 1e7, message.lon / 1e7, message.alt / 1000, message.relative_alt / 1000)
    number = message.image_index if message.capture_result == 1 else None
    return number, message.time_utc / 1e6, place if is_place(message.lat, message.lon) else _NOWHERE


def _triggered(message: Message) -> _Told:
    return message.seq, message.time_usec / 1e6, _NOWHERE


_READ = {"CAMERA_FEEDBACK": _feedback, "CAMERA_IMAGE_CAPTURED": _captured, "CAMERA_TRIGGER": _triggered}
