"""Friction ranges as they are commonly cited, each with its source, for want of a test on the spot."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from imaging.measure.ranges import Range
from missions.errors import SettingsError


def cited_friction(name: str) -> Range:
    """The range of that name in `friction.toml`; its source says where it is from and what it is worth.

    Raises SettingsError for a name that is not there.
    """
    table = _table()
    if name not in table:
        raise SettingsError(
            f"no friction is cited for {name!r}", remedy=f"Give two numbers, or one of {', '.join(table)}"
        )
    return table[name]


def cited_names() -> tuple[str, ...]:
    """The names of the ranges that are cited."""
    return tuple(_table())


def _table() -> dict[str, Range]:
    body = tomllib.loads(files("imaging.measure").joinpath("friction.toml").read_text("utf-8"))
    return {
        name: Range(row["low"], row["high"], f"{row['words']}: {body['source']}; {body['caveat']}")
        for name, row in body.items()
        if isinstance(row, dict)
    }
