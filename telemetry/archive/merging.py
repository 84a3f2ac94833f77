"""Sorted tables of several files as one sorted table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from telemetry.archive.received_tables import FOREIGN_KEYS, RECEIVED_KEYS

KEYS = ("system", "component", "time")
"""By what every table of an archive is sorted that comes from MAVLink."""


def keys_of(schema: pa.Schema) -> tuple[str, ...]:
    """By what a table of these columns is sorted."""
    if "system" in schema.names:
        return KEYS
    return FOREIGN_KEYS if "key" in schema.names else RECEIVED_KEYS


def merged(pieces: Sequence[pa.Table]) -> pa.Table:
    """Tables, each sorted by its keys and the earlier first, as one that is.

    Of ours they are laid end to end for each sender; only where their times overlap are the rows themselves
    sorted.
    """
    keys = keys_of(pieces[0].schema)
    if keys != KEYS:
        return pa.concat_tables(pieces).sort_by([(name, "ascending") for name in keys])
    runs = [run for piece in pieces for run in _runs(piece)]
    if not runs:
        return pieces[0]
    table = pa.concat_tables([run for _, run in sorted(runs, key=lambda run: run[0])])
    senders, times = _senders(table), table.column("time").cast(pa.int64()).to_numpy()
    if ((np.diff(times) < 0) & (np.diff(senders) == 0)).any():
        return table.sort_by([(name, "ascending") for name in KEYS])
    return table


def _runs(piece: pa.Table) -> list[tuple[int, pa.Table]]:
    """The stretches of one sender each, without copying."""
    senders = _senders(piece)
    edges = np.flatnonzero(np.diff(senders)) + 1
    begins = [0, *edges.tolist(), len(piece)] if len(piece) else []
    return [
        (int(senders[first]), piece.slice(first, after - first))
        for first, after in itertools.pairwise(begins)
    ]


def _senders(table: pa.Table) -> npt.NDArray[np.int32]:
    system, component = (table.column(name).to_numpy().astype(np.int32) for name in KEYS[:2])
    return np.asarray(system << 8 | component, np.int32)
