"""What commands print with: consoles, tables and JSON. Text from files is never taken for markup."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from ops.cli.shell import one_line

WIDTH_IN_FILES = 120


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def out() -> Console:
    """Where data goes: standard output."""
    console = _Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_IN_FILES)
    return console


def err() -> Console:
    """Where everything else goes: standard error."""
    return _Console(stderr=True, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """One line for people, on standard error."""
    sys.stderr.write(f"{one_line(text)}\n")


def print_json(value: object) -> None:
    """One line of JSON on standard output, at once; a figure that is no number becomes null."""
    sys.stdout.write(json.dumps(_plain(value), allow_nan=False, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of plain values; a column whose name starts with `#` is numbers and stands right."""
    made = Table(title=Text(one_line(title)), title_justify="left")
    for column in columns:
        justify: JustifyMethod = "right" if column.startswith("#") else "left"
        made.add_column(column.removeprefix("#"), justify=justify, overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else one_line(str(cell))) for cell in row))
    return made


def facts(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """A table of two columns without heads: what, and how much."""
    made = Table(title=Text(one_line(title)), title_justify="left", show_header=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(Text(name), Text(one_line(str(value))))
    return made
