"""Tables and texts of the sheet, poured into columns: they go on in the next column and on the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imaging.sheet.layout import Box
from imaging.sheet.pen import ASCENT, BLACK, GREY, Anchor, Colour, Font, Pen, Text, width_mm, wrap
from missions.errors import InputError

SIZE_MM, HEAD_MM, SMALL_MM, LINE = 2.15, 2.6, 1.9, 1.28
CELL_GAP_MM, BLOCK_GAP_MM, NOTE_MM = 1.2, 2.6, 3.0
LIMIT_PAGES, MOST_TOGETHER = 60, 12


@dataclass(frozen=True, slots=True)
class Row:
    """A strip of a block: how high it is, and how it is drawn with its upper left corner at x, y (mm).

    A row that `stays` is kept with the next one in the same column.
    """

    height_mm: float
    draw: Callable[[Pen, float, float], None]
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the sheet. `head` is drawn first, `again` where the block goes on elsewhere."""

    head: tuple[Row, ...]
    again: tuple[Row, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and where its upper left corner is: page (0 is the first), x and y."""

    page: int
    x_mm: float
    y_mm: float
    row: Row


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its share of the width and how its cells are set."""

    share: float
    anchor: Anchor = "left"
    font: Font = "plain"


def text_rows(
    words: str, width: float, *, size: float = SIZE_MM, font: Font = "plain", colour: Colour = BLACK,
    indent: float = 0.0,
) -> tuple[Row, ...]:  # fmt: skip
    """A paragraph, a row a line."""
    lines = wrap(words, width - indent, size, font)

    def drawn(line: str) -> Callable[[Pen, float, float], None]:
        return lambda pen, x, y: pen.text(Text(line, x + indent, y - ASCENT * size, size, font), colour)

    return _joined([Row(LINE * size, drawn(line)) for line in lines])


def table_rows(
    cells: Sequence[str], columns: Sequence[Column], width: float, *, note: str = "", bold: bool = False
) -> tuple[Row, ...]:
    """Cells side by side, each wrapped in its column, then a note; a row a line, a fine line at the end."""
    wide = width - CELL_GAP_MM * (len(columns) - 1)
    widths = [column.share * wide / sum(c.share for c in columns) for column in columns]
    fonts: list[Font] = ["bold" if bold else column.font for column in columns]
    size = SMALL_MM if bold else SIZE_MM
    wrapped = [wrap(cell, w, size, font) for cell, w, font in zip(cells, widths, fonts, strict=True)]
    count = max(map(len, wrapped))

    def drawn(number: int) -> Callable[[Pen, float, float], None]:
        def draw(pen: Pen, x: float, y: float) -> None:
            left = x
            for lines, column, w, font in zip(wrapped, columns, widths, fonts, strict=True):
                at = left + {"left": 0.0, "middle": w / 2, "right": w}[column.anchor]
                if number < len(lines):
                    text = Text(lines[number], at, y - ASCENT * size, size, font, column.anchor)
                    pen.text(text, GREY if bold else BLACK)
                left += w + CELL_GAP_MM

        return draw

    rows = [Row(LINE * size, drawn(number)) for number in range(count)]
    if note.strip():
        rows += text_rows(note, width, size=SMALL_MM, indent=NOTE_MM)
    return _joined([*rows, Row(0.3 * size, lambda pen, x, y: pen.line([(x, y), (x + width, y)], 0.06, GREY))])


def _joined(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows kept together, unless there are so many that a column may not hold them."""
    together = len(rows) <= MOST_TOGETHER
    return tuple(
        Row(row.height_mm, row.draw, stays=together and number < len(rows) - 1)
        for number, row in enumerate(rows)
    )


def title_row(words: str, width: float) -> Row:
    """The name of a block over a line."""
    lines = wrap(words, width, HEAD_MM, "bold")
    height = (len(lines) - 1) * LINE * HEAD_MM + 1.5 * HEAD_MM

    def draw(pen: Pen, x: float, y: float) -> None:
        for number, line in enumerate(lines):
            pen.text(Text(line, x, y - ASCENT * HEAD_MM - number * LINE * HEAD_MM, HEAD_MM, "bold"))
        pen.line([(x, y - height), (x + width, y - height)], 0.2)

    return Row(height + 0.5, draw, stays=True)


def hash_rows(name: str, sha256: str, width: float) -> tuple[Row, ...]:
    """A file's name and its SHA-256 in groups of eight, as many to a line as fit."""
    size = SMALL_MM
    count = next((n for n in (8, 4, 2) if width_mm("0" * (9 * n - 1), size, "mono") <= width), 1)
    groups = [sha256[index : index + 8] for index in range(0, 64, 8)]
    lines = [" ".join(groups[index : index + count]) for index in range(0, 8, count)]
    named = text_rows(name, width)
    digits = [row for line in lines for row in text_rows(line, width, size=size, font="mono")]
    return _joined([*named, *digits[:-1], Row(digits[-1].height_mm + 0.6, digits[-1].draw)])


def block(title: str, continued: str, width: float, rows: Sequence[Row], head: Sequence[Row] = ()) -> Block:
    """A block under a title; `head` (the names of columns) comes again with the title where it goes on."""
    kept = tuple(Row(row.height_mm, row.draw, stays=True) for row in head)
    return Block(
        (title_row(title, width), *kept), (title_row(f"{title} ({continued})", width), *kept), tuple(rows)
    )


def pour(blocks: Sequence[Block], first: Sequence[Box], further: Sequence[Box]) -> tuple[list[Placed], int]:
    """Every row with its place, and how many pages there are. Columns of the first page are filled first.

    Raises InputError for more than the pages that a sheet may have.
    """
    placed: list[Placed] = []
    page, number, columns = 0, 0, list(first)
    y = columns[0].top_mm

    def advance() -> None:
        nonlocal page, number, columns, y
        number += 1
        if number == len(columns):
            page, number, columns = page + 1, 0, list(further)
            if page == LIMIT_PAGES:
                raise InputError(f"the tables fill more than {LIMIT_PAGES} pages", remedy="Leave some out")
        y = columns[number].top_mm

    def put(rows: Sequence[Row]) -> None:
        nonlocal y
        for row in rows:
            placed.append(Placed(page, columns[number].x_mm, y, row))
            y -= row.height_mm

    for item in blocks:
        groups = _groups(item.rows)
        heading = sum(row.height_mm for row in item.head)
        if y - heading - _height(groups[0] if groups else []) < columns[number].y_mm:
            advance()
        put(item.head)
        for group in groups:
            if y - _height(group) < columns[number].y_mm:
                advance()
                put(item.again)
            put(group)
        y -= BLOCK_GAP_MM
    return placed, page + 1


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that stay together."""
    groups: list[list[Row]] = []
    joined = False
    for row in rows:
        if joined:
            groups[-1].append(row)
        else:
            groups.append([row])
        joined = row.stays
    return groups


def _height(rows: Sequence[Row]) -> float:
    return sum(row.height_mm for row in rows)
