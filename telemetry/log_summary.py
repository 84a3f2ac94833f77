"""What a recording holds: who spoke, what of it was lost, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from telemetry.columns import Frames, frames_of
from telemetry.columns.kernels import Bytes
from telemetry.columns.tables import KINDS
from telemetry.frames import MAGIC_V2
from telemetry.health import Loss, SequenceCounter
from telemetry.tlog import STAMP_BYTES

UNKNOWN = "UNKNOWN_{}"
"""The name of a message type that the dialect lacks, by its number."""


@dataclass(frozen=True, slots=True)
class Sender:
    """One (system, component): how many messages of each name it sent, most first, and what was lost."""

    system: int
    component: int
    messages: Mapping[str, int]
    loss: Loss

    @property
    def total(self) -> int:
        """All its messages."""
        return sum(self.messages.values())


@dataclass(frozen=True, slots=True)
class LogSummary:
    """A recording. Times are seconds since 1970 UTC, None where it holds no frame; `size` its bytes.

    `bad_bytes` belong neither to a frame nor to its time; `signed` frames carry a signature, verified or not.
    """

    path: str
    size: int
    began_s: float | None
    ended_s: float | None
    frames: int
    mavlink_1: int
    signed: int
    bad_bytes: int
    senders: tuple[Sender, ...]

    @property
    def duration_s(self) -> float:
        """From the first frame to the last, in time and not in the file's order."""
        return 0.0 if self.began_s is None or self.ended_s is None else self.ended_s - self.began_s


def summary_of(path: Path) -> LogSummary:
    """The summary of a `.tlog`. Raises InputError and FormatError as `read_columns` does."""
    return _summary(str(path), *frames_of(path))


def _summary(path: str, octets: Bytes, frames: Frames) -> LogSummary:
    found = frames.found
    start, times = found["start"], found["time_us"]
    second = octets[start] == MAGIC_V2
    sequence, system, component = (octets[start + np.where(second, place + 2, place)] for place in (2, 3, 4))
    gaps = start - np.maximum.accumulate(np.concatenate([[0], found["stop"][:-1]]))
    known = times[times > 0]
    senders = system.astype(np.int64) << 8 | component
    kinds = _types(octets, found, second)
    return LogSummary(
        path=path,
        size=len(octets),
        began_s=float(known.min()) / 1e6 if len(known) else None,
        ended_s=float(known.max()) / 1e6 if len(known) else None,
        frames=len(found),
        mavlink_1=int((~second).sum()),
        signed=int((second & (octets[np.minimum(start + 2, len(octets) - 1)] & 1 == 1)).sum()),
        bad_bytes=frames.bad_bytes - STAMP_BYTES * int((gaps >= STAMP_BYTES).sum()),
        senders=tuple(
            Sender(int(who) >> 8, int(who) & 255, _counted(kinds[own]), _loss(sequence[own]))
            for who in np.unique(senders)
            for own in (senders == who,)
        ),
    )


def _types(
    octets: Bytes, found: npt.NDArray[np.void], second: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """A number for each frame's type: its kind, or minus its message id less one where it is unknown."""
    start = found["start"]
    low = octets[start + np.where(second, 7, 5)].astype(np.int64)
    high = np.where(second, octets[start + np.where(second, 8, 5)].astype(np.int64), 0)
    top = np.where(second, octets[start + np.where(second, 9, 5)].astype(np.int64), 0)
    return np.where(found["kind"] >= 0, found["kind"], -1 - (low | high << 8 | top << 16))


def _counted(names: npt.NDArray[np.int64]) -> dict[str, int]:
    numbers, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {
        KINDS[number].name if number >= 0 else UNKNOWN.format(-1 - number): int(count)
        for number, count in zip(numbers[order].tolist(), counts[order], strict=True)
    }


def _loss(sequence: Bytes) -> Loss:
    counter = SequenceCounter()
    for number in sequence.tolist():
        counter.add(number)
    return counter.loss
