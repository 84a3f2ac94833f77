"""A message type's column as rows of text, for spreadsheets and other programs."""

from __future__ import annotations

import csv
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

_BLOCK = 50_000


def write_csv(table: npt.NDArray[np.void], file: TextIO) -> None:
    """Write a table of `Columns` as CSV with a head line.

    An array becomes a column for each of its places, `voltages[0]`, `voltages[1]`; a text ends at its first
    NUL. Numbers are as precise as they were sent.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_heads(table.dtype))
    for start in range(0, len(table), _BLOCK):
        writer.writerows(_rows(table[start : start + _BLOCK]))


def _heads(dtype: np.dtype[np.void]) -> list[str]:
    heads: list[str] = []
    for name in dtype.names or ():
        shape = dtype[name].shape
        heads += [f"{name}[{place}]" for place in range(shape[0])] if shape else [name]
    return heads


def _rows(table: npt.NDArray[np.void]) -> Any:
    columns: list[list[Any]] = []
    for name in table.dtype.names or ():
        column = table[name]
        if column.dtype.kind == "S":
            columns.append([raw.split(b"\0", 1)[0].decode(errors="replace") for raw in column.tolist()])
        elif column.ndim > 1:
            columns += [_plain(column[:, place]) for place in range(column.shape[1])]
        else:
            columns.append(_plain(column))
    return zip(*columns, strict=True)


def _plain(column: npt.NDArray[Any]) -> list[Any]:
    """Numbers; those in single precision by the shortest text that means the same one."""
    if column.dtype == np.float32:
        return [str(value) for value in column]
    return list(column.tolist())
