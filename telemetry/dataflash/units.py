"""What the values of a log are measured in, where the log says so.

FMTU records name a unit and a multiplier for each field of a type, by one character each; UNIT and MULT
records say what these mean. A multiplier belongs to the value as it was logged: whatever a format character
says of scaling is not counted twice (`AP_Logger/LogStructure.h`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from telemetry.dataflash.formats import SCALES

_NONE = "-"
_UNKNOWN = "?"
_DIGITS = 7
"""Multipliers are written as doubles that were single precision once."""


@dataclass(frozen=True, slots=True)
class Unit:
    """`symbol` is ArduPilot's own ("m", "deg", "s"); a scaled value times `factor` is in it."""

    symbol: str
    factor: float


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a log: the FMTU characters of each type number, and what they mean."""

    characters: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    multipliers: Mapping[str, float] = field(default_factory=dict)

    def of(self, number: int, place: int, letter: str) -> Unit | None:
        """The unit of the field at `place` of a type, logged as `letter`; None where there is none."""
        units, multipliers = self.characters.get(number, ("", ""))
        symbol = self.symbols.get(units[place : place + 1], "")
        if not symbol or units[place] in (_NONE, _UNKNOWN):
            return None
        mark = multipliers[place : place + 1]
        multiplier = 0.0 if mark in (_NONE, _UNKNOWN) else self.multipliers.get(mark, 0.0)
        return Unit(
            symbol, float(f"{multiplier * SCALES.get(letter, 1.0):.{_DIGITS}g}") if multiplier else 1.0
        )


def units_from_tables(tables: Mapping[str, npt.NDArray[np.void]]) -> Units:
    """What FMTU, UNIT and MULT records say; the last word on a character holds."""
    return Units(
        characters={
            int(number): (units.decode("latin-1"), multipliers.decode("latin-1"))
            for number, units, multipliers in _rows(tables, "FMTU", "FmtType", "UnitIds", "MultIds")
        },
        symbols={
            chr(mark & 0xFF): label.decode("latin-1") for mark, label in _rows(tables, "UNIT", "Id", "Label")
        },
        multipliers={
            chr(mark & 0xFF): float(value)
            for mark, value in _rows(tables, "MULT", "Id", "Mult")
            if np.isfinite(value)
        },
    )


def _rows(tables: Mapping[str, npt.NDArray[np.void]], name: str, *fields: str) -> list[tuple[Any, ...]]:
    """The rows of a table; none where it is not what it should be."""
    table = tables.get(name)
    kinds = {"FmtType": "u", "Id": "iu", "Mult": "f"}
    if table is None or any(
        each not in (table.dtype.names or ()) or table.dtype[each].kind not in kinds.get(each, "S")
        for each in fields
    ):
        return []
    return list(zip(*(table[each].tolist() for each in fields), strict=True))
