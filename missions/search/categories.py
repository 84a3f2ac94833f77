"""Categories of missing people: statistics that a team fills in from its own licensed source.

    [category.NAME]
    source = "book, table, edition"          where the figures come from: needed
    licence = "ours, single user"            by what right they stand here: needed
    example = true                           made-up figures, for training; every product says so
    cases = 120                              how many people they rest on

    [category.NAME.distance_m]               share in per cent = straight line from the planning point
    25 = 400.0
    50 = 900.0

Likewise `dispersion_deg` (angle to either side of the direction of travel), `track_offset_m` (distance from
the nearest road or path), `mobility_h` (hours until he stopped moving) and `elevation_change_m`. Only an
example is shipped: what is known of lost people stands in books whose tables are licensed.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from missions.errors import FormatError, InputError, SettingsError
from missions.files import read_bounded
from missions.search.distances import Distances

SHIPPED = Path(__file__).parents[1] / "data" / "lost_person_example.toml"
LIMIT_BYTES = 1_000_000
Quantiles = tuple[tuple[float, float], ...]
"""Pairs of a share (0 to 1) and a value, both ascending."""
_TABLES = ("distance_m", "dispersion_deg", "track_offset_m", "mobility_h", "elevation_change_m")
_KEYS = frozenset({"source", "licence", "example", "cases", *_TABLES})
_MOST = {"distance_m": 1e6, "dispersion_deg": 180.0, "track_offset_m": 1e5, "mobility_h": 1e4}


@dataclass(frozen=True, slots=True)
class Category:
    """What is known of where people of one kind were found. Empty quantiles: nothing is known.

    `elevation_change_m` is kept for the planner to read; no map is made of it.
    """

    name: str
    source: str
    licence: str
    distances: Distances
    example: bool = False
    cases: int = 0
    dispersion_deg: Quantiles = ()
    track_offset_m: Quantiles = ()
    mobility_h: Quantiles = ()
    elevation_change_m: Quantiles = ()


def value_at(quantiles: Quantiles, share: float) -> float | None:
    """The value at a share, straight between its neighbours; None where that share is not covered."""
    if not quantiles or not quantiles[0][0] <= share <= quantiles[-1][0]:
        return None
    return float(np.interp(share, [at for at, _ in quantiles], [value for _, value in quantiles]))


def category(name: str, path: Path | None = None) -> Category:
    """The category of that name in a team's file, or in the example that is shipped. Raises FormatError.

    Raises InputError for a name that is none.
    """
    known = categories(path)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.3) or sorted(known)
        raise InputError(
            f"no category is called {name!r}",
            where=str(path or "the example shipped"),
            remedy=f"There is {', '.join(near)}" + ("" if path else "; give your own with --categories"),
        )
    return known[name]


def categories(path: Path | None = None) -> dict[str, Category]:
    """Every category of a file, by name. Raises FormatError, naming the place in it."""
    file = path or SHIPPED
    where = str(file)
    try:
        content = tomllib.loads(read_bounded(file, LIMIT_BYTES, "the categories").decode())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no TOML: {error}", where=where) from error
    tables = content.get("category")
    if not isinstance(tables, dict) or not tables or set(content) != {"category"}:
        raise FormatError(
            "does not hold categories alone", where=where, remedy="Write tables [category.NAME]"
        )
    return {name: _category(name, table, f"{where}, [category.{name}]") for name, table in tables.items()}


def _category(name: str, table: Any, where: str) -> Category:
    if not isinstance(table, dict):
        raise FormatError("is no table", where=where, remedy=f"Write [category.{name}]")
    if unknown := sorted(set(table) - _KEYS):
        raise FormatError(
            f"unknown key {unknown[0]!r}", where=where, remedy=f"Known: {', '.join(sorted(_KEYS))}"
        )
    distance = _quantiles(table, "distance_m", where)
    try:
        distances = Distances(tuple(s for s, _ in distance), tuple(value for _, value in distance))
    except SettingsError as error:
        raise FormatError(error.what, where=f"{where}, distance_m", remedy=error.remedy) from error
    example, cases = table.get("example", False), table.get("cases", 0)
    if not isinstance(example, bool) or not isinstance(cases, int) or isinstance(cases, bool) or cases < 0:
        raise FormatError(
            "example or cases makes no sense", where=where, remedy="Write example = true and cases = 120"
        )
    return Category(
        name,
        _text(table, "source", where),
        _text(table, "licence", where),
        distances,
        example,
        cases,
        *(_quantiles(table, key, where) for key in _TABLES[1:]),
    )


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise FormatError(
            f"{key} is missing: figures without one are nobody's",
            where=where,
            remedy='Write source = "book, table" and licence = "by what right"',
        )
    return " ".join(value.split())


def _quantiles(table: dict[str, Any], key: str, where: str) -> Quantiles:
    rows = table.get(key, {})
    if not isinstance(rows, dict):
        raise FormatError(f"{key} is no table", where=where, remedy=f"Write [...{key}] with 50 = 900.0")
    found = sorted((_share(text, f"{where}, {key}"), value) for text, value in _numbers(rows, key, where))
    for (_, value), (share, following) in pairwise(found):
        if following < value:
            raise FormatError(
                f"{100 * share:g} % lies before what is smaller",
                where=f"{where}, {key}",
                remedy="It must ascend",
            )
    return tuple(found)


def _numbers(rows: dict[str, Any], key: str, where: str) -> Iterable[tuple[str, float]]:
    for text, value in rows.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise FormatError(f"{text} = {value!r} is no number", where=f"{where}, {key}")
        if not 0 <= value <= _MOST.get(key, 1e5):
            raise FormatError(f"{text} = {value} is out of range", where=f"{where}, {key}")
        yield text, float(value)


def _share(text: str, where: str) -> float:
    try:
        share = float(text) / 100
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise FormatError(
            f"{text!r} is no share between 0 and 100 %",
            where=where,
            remedy="Leave 0 and 100 % out: the furthest of a sample is not the furthest there is",
        )
    return share
