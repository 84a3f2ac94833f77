"""Tables as surveyors' software writes them: commas, semicolons or tabs, decimal commas, any order."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imaging.control.lines import Complaints, read_lines, shown
from missions.errors import FormatError

Columns = Mapping[str, tuple[str, ...]]
"""What a column means, and the heads it may have, in small letters without units."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its number in the file, and its cells by what they mean."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """`heads` has each meaning's own head; `comments` are the lines with # before the heads, without it.

    `comma` says that numbers have decimal commas. `ignored` are heads that mean nothing here.
    """

    rows: tuple[Row, ...]
    heads: Mapping[str, str]
    comments: tuple[str, ...]
    ignored: tuple[str, ...]
    comma: bool


def read_table(path: Path, what: str, columns: Columns, needed: tuple[str, ...]) -> Table:
    """The table in a file. Raises InputError and FormatError, naming file and line."""
    lines = read_lines(path, what)
    stripped = [line.strip() for line in lines]
    index = next((i for i, line in enumerate(stripped) if line and not line.startswith("#")), None)
    if index is None:
        raise FormatError("is empty", where=str(path), remedy=f"Write a line of heads: {', '.join(needed)}")
    comments = [line.lstrip("#").strip() for line in stripped[:index] if line]
    delimiter = next((mark for mark in ";\t" if mark in lines[index]), ",")
    where = f"{path}, line {index + 1}"
    heads = _cells(lines[index], delimiter, where)
    places = _places(heads, columns, needed, where)
    complaints = Complaints(str(path))
    rows: list[Row] = []
    for number, line in enumerate(lines[index + 1 :], index + 2):
        if not line.strip(f" \t{delimiter}") or line.strip().startswith("#"):
            continue
        cells = _cells(line, delimiter, f"{path}, line {number}")
        if len(cells) != len(heads):
            complaints.add(number, f"has {len(cells)} columns, the heads {len(heads)}", _why(delimiter))
            continue
        rows.append(Row(number, {meaning: cells[place] for meaning, place in places.items()}))
    complaints.settle()
    if not rows:
        raise FormatError("has heads and nothing below them", where=str(path), remedy="Add a line for each")
    return Table(
        tuple(rows),
        {meaning: heads[place] for meaning, place in places.items()},
        tuple(comments),
        tuple(head for place, head in enumerate(heads) if head and place not in places.values()),
        _decimal_commas(rows, delimiter, str(path)),
    )


def plain_head(head: str) -> str:
    """A head without unit, case and marks between words: `Easting [m]` and `easting_m` are one."""
    words = re.sub(r"[\[(].*?[\])]", " ", head.lower())
    words = re.sub(r"[\s_\-.]+", " ", words).strip()
    return re.sub(r" (m|deg|metres|meters|degrees)$", "", words)


def _cells(line: str, delimiter: str, where: str) -> list[str]:
    if line.count('"') % 2:
        raise FormatError("has a quote that does not end", where=where, remedy="Close the quote")
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != "\t"))
    except csv.Error as error:
        raise FormatError(f"is no line of a table ({error})", where=where, remedy="Write it again") from error
    return [cell.strip() for cell in cells]


def _places(heads: list[str], columns: Columns, needed: tuple[str, ...], where: str) -> dict[str, int]:
    """Which column has which meaning."""
    places: dict[str, int] = {}
    for place, head in enumerate(heads):
        plain = plain_head(head)
        meaning = next((meaning for meaning, names in columns.items() if plain in names), None)
        if meaning is None:
            continue
        if meaning in places:
            raise FormatError(
                f"both {shown(heads[places[meaning]])} and {shown(head)} are columns for the {meaning}",
                where=where,
                remedy="Keep one of them, or give the other a head that means nothing, such as `was x`",
            )
        places[meaning] = place
    missing = [meaning for meaning in needed if meaning not in places]
    if missing:
        near = [
            f"{head!r} means nothing here; is it {found[0]!r}?"
            for head in heads
            if (found := difflib.get_close_matches(plain_head(head), sum(columns.values(), ()), 1, 0.75))
            and plain_head(head) not in sum(columns.values(), ())
        ]
        raise FormatError(
            f"no column for {', '.join(missing)} among the heads {shown(', '.join(heads))}",
            where=where,
            remedy=near[0] if near else f"Write a first line with the heads {', '.join(needed)}",
        )
    return places


def _decimal_commas(rows: list[Row], delimiter: str, where: str) -> bool:
    """Whether numbers have decimal commas. A file that has both marks could mean thousands: refused."""
    if delimiter == ",":
        return False
    marks: dict[str, int] = {}
    for row in rows:
        for meaning, cell in row.cells.items():
            if re.fullmatch(r"[+-]?[\d.,\s]*\d[\d.,]*", cell) and not _is_text(meaning):
                marks |= {mark: row.line for mark in ",." if mark in cell and mark not in marks}
    if len(marks) == 2:
        raise FormatError(
            f"has decimal commas (line {marks[',']}) and points (line {marks['.']})",
            where=where,
            remedy="Write all numbers in one way, without marks between thousands",
        )
    return "," in marks


def _is_text(meaning: str) -> bool:
    return meaning in {"name", "first", "second", "role"}


def _why(delimiter: str) -> str:
    return "a decimal comma? then part the columns with ;" if delimiter == "," else ""
