"""What a recording tells of the camera: when it took pictures, and which mission item was under way.

A picture is told by CAMERA_FEEDBACK (ArduPilot) or CAMERA_IMAGE_CAPTURED (the MAVLink camera protocol); both
number their pictures, so that a message lost by the radio is told from a picture that was not taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from telemetry.dialect import BY_NAME
from telemetry.frames import Frame
from telemetry.messages import decode

_NUMBERS = {"CAMERA_FEEDBACK": "img_idx", "CAMERA_IMAGE_CAPTURED": "image_index"}
_ITEM = "MISSION_CURRENT"
WANTED = frozenset(BY_NAME[name].message_id for name in (*_NUMBERS, _ITEM))


@dataclass(frozen=True, slots=True)
class CameraLog:
    """One aircraft's pictures and mission items, in the order of their times.

    `picture_s` (n,) are the times of receipt and `picture` (n,) the camera's own numbers; `item_s` (m,) and
    `item` (m,) say since when which mission item was flown.
    """

    picture_s: npt.NDArray[np.float64]
    picture: npt.NDArray[np.int64]
    item_s: npt.NDArray[np.float64]
    item: npt.NDArray[np.int64]

    @classmethod
    def from_frames(cls, frames: Iterable[Frame], system: int) -> Self:
        """What one aircraft told, its camera included; of two kinds of message the one heard more often."""
        pictures: dict[str, list[tuple[float, int]]] = {name: [] for name in _NUMBERS}
        items: list[tuple[float, int]] = []
        for frame in frames:
            if frame.system != system or frame.message_id not in WANTED:
                continue
            message = decode(frame)
            if message is None:
                continue
            if message.name == _ITEM:
                items.append((message.time_s, message.seq))
            elif message.name == "CAMERA_FEEDBACK" or message.capture_result == 1:
                pictures[message.name].append((message.time_s, message.fields[_NUMBERS[message.name]]))
        taken = _columns(max(pictures.values(), key=len))
        return cls(*taken, *_columns(items))

    def item_at(self, time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Which item was flown at each time (k,); -1 before any was told."""
        if not len(self.item_s):
            return np.full(len(time_s), -1)
        row = np.searchsorted(self.item_s, time_s, side="right") - 1
        return np.where(row < 0, -1, self.item[np.maximum(row, 0)])


def _columns(rows: list[tuple[float, int]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    rows = sorted(rows, key=lambda row: row[0])
    return np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], np.int64)
