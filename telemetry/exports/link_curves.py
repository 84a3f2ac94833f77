"""How a link did over time: frames a second, the share that was lost, and the radio's signal."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from telemetry.columns import Frames
from telemetry.columns.kernels import Bytes
from telemetry.columns.tables import DTYPES
from telemetry.exports.recorded import NOTHING, Curve, Link, Tables
from telemetry.frames import MAGIC_V2
from telemetry.health import SequenceCounter

_STEPS = 240
_SHORTEST_STEP_S = 1.0
_LONGEST_S = 30 * 86_400.0
"""Longer recordings than this have times that make no sense."""
Rows = npt.NDArray[np.void]


def rows_of(columns: Tables, name: str) -> Rows:
    """One type's rows, none where it was not recorded."""
    return columns[name] if name in columns else np.zeros(0, DTYPES[name])


def radio_of(columns: Tables) -> tuple[Curve, Curve]:
    """The signal at this end and at the other, by RADIO_STATUS, else by RADIO."""
    status = rows_of(columns, "RADIO_STATUS")
    rows = status if len(status) else rows_of(columns, "RADIO")
    times_s = rows["received_us"] / 1e6
    order = np.argsort(times_s, kind="stable")
    here, there = (Curve(times_s[order], rows[name][order].astype(float)) for name in ("rssi", "remrssi"))
    return here, there


def link_of(octets: Bytes, frames: Frames, system: int, radio: tuple[Curve, Curve]) -> Link:
    """Frames a second of all of a system's components, and their losses, in steps of a second or longer.

    Each component numbers its own frames. A step in which nothing came is 0 frames a second; its loss shows
    in the step in which the next frame came.
    """
    start = frames.found["start"]
    second = (octets[start] == MAGIC_V2).astype(np.int64) * 2
    senders = octets[start + 3 + second] == system
    start, second = start[senders], second[senders]
    times_s = frames.found["time_us"][senders] / 1e6
    timed = times_s > 0
    start, second, times_s = start[timed], second[timed], times_s[timed]
    if not len(times_s) or times_s.max() - times_s.min() > _LONGEST_S:
        return Link(NOTHING, NOTHING, *radio)
    began_s = float(times_s.min())
    step_s = max(_SHORTEST_STEP_S, float(times_s.max() - began_s) / _STEPS)
    step = ((times_s - began_s) // step_s).astype(np.int64)
    count = int(step.max()) + 1
    received = np.bincount(step, minlength=count)
    lost = np.zeros(count)
    component = octets[start + 4 + second]
    for each in np.unique(component).tolist():
        own = component == each
        lost += _lost(octets[start[own] + 2 + second[own]], step[own], count)
    middle_s = np.asarray(began_s + (np.arange(count) + 0.5) * step_s, np.float64)
    sent = received + lost
    share = np.divide(100 * lost, sent, out=np.zeros(count), where=sent > 0)
    whole = slice(0, max(count - 1, 1))
    rate_hz = received[whole].astype(np.float64) / np.float64(step_s)
    return Link(Curve(middle_s[whole], rate_hz), Curve(middle_s, share), *radio)


def _lost(sequence: Bytes, step: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float64]:
    """Frames of one component lost in each step; a late one is taken off where it came, never below none."""
    counter, lost = SequenceCounter(), np.zeros(count)
    edges = np.flatnonzero(np.diff(step)) + 1
    begins = [0, *edges.tolist(), len(step)]
    before = 0
    for first, after in itertools.pairwise(begins):
        for number in sequence[first:after].tolist():
            counter.add(number)
        now = counter.loss.lost
        lost[step[first]] += now - before
        before = now
    return np.maximum(lost, 0)
