"""The rows of one message as numbers over time, for those who make something else of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from telemetry.dataflash.reading import DataFlash
from telemetry.dataflash.times import Times

Floats = npt.NDArray[np.float64]
NEAR_US = 1_000_000
_LARGEST = 1e15
_INSTANCES = ("I", "Inst", "Instance", "C")


@dataclass(frozen=True)
class Rows:
    """Rows of one message by rising time, those without a believable time left out.

    `at` are their places in the log's table, `boot_us` their times.
    """

    log: DataFlash
    name: str
    at: npt.NDArray[np.int64]
    boot_us: Times

    def __len__(self) -> int:
        return len(self.at)

    def has(self, field: str) -> bool:
        """Whether the log has numbers under that name."""
        table = self.log.tables.get(self.name)
        if table is None or field not in (table.dtype.names or ()):
            return False
        return table.dtype[field].kind in "iuf"

    def numbers(self, field: str, *, otherwise: float = np.nan) -> Floats:
        """A field's scaled values (n,), `otherwise` where the log has no such field.

        What no aircraft measures (infinity, or above 1e15) is NaN, as what it did not know is.
        """
        if not self.has(field):
            return np.full(len(self.at), otherwise)
        with np.errstate(invalid="ignore"):  # a damaged NaN may be a signalling one
            values = self.log.scaled(self.name, field)[self.at].astype(np.float64)
            return np.where(np.abs(values) < _LARGEST, values, np.nan)

    def texts(self, field: str) -> list[str]:
        """A field's texts; none where the log has no such field."""
        if self.name not in self.log or field not in self.log.formats[self.name].fields:
            return []
        texts = self.log.texts(self.name, field)
        return [texts[place] for place in self.at]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """Some of the rows: `chosen` (n,) says which."""
        return Rows(self.log, self.name, self.at[chosen], self.boot_us[chosen])

    def instance(self, number: int) -> Rows:
        """The rows of one sensor of several; all, where the log numbers none."""
        for field in _INSTANCES:
            if self.has(field):
                return self.where(self.numbers(field) == number)
        return self


def rows_of(log: DataFlash, times: Mapping[str, Times], name: str) -> Rows:
    """The rows of a name, none where it was not logged; `times` are those of `boot_times`."""
    boot_us = times.get(name, np.zeros(0, np.int64))
    order = np.argsort(boot_us, kind="stable")
    at = order[boot_us[order] >= 0]
    return Rows(log, name, at, boot_us[at])


def nearest(rows_us: Times, values: npt.NDArray[Any], at_us: Times, within_us: int = NEAR_US) -> Floats:
    """The value (n,) nearest in time to each of `at_us` (m,), NaN where none is as near as `within_us`.

    `rows_us` (n,) rise.
    """
    if not len(rows_us):
        return np.full(len(at_us), np.nan)
    after = np.searchsorted(rows_us, at_us).clip(0, len(rows_us) - 1)
    before = np.maximum(after - 1, 0)
    best = np.where(np.abs(rows_us[before] - at_us) < np.abs(rows_us[after] - at_us), before, after)
    return np.where(np.abs(rows_us[best] - at_us) <= within_us, values[best].astype(np.float64), np.nan)
