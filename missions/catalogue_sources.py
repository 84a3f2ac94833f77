"""Where each figure of a catalogue entry comes from, and how sure that is.

An entry's `source` is text. A line of the form

    quoted (mass_kg, max_airspeed_m_s): where it was read

accounts for the figures it names; any other line speaks of the entry as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

KINDS = {
    "maker": "read in the maker's own document or program",
    "measured": "measured: a recording, a picture's metadata",
    "quoted": "the maker's sheet as somebody else quotes it",
    "third party": "somebody else's own figure or calibration",
    "derived": "worked out from other figures",
    "assumed": "our assumption",
    "memory": "from memory; looked for and not found",
}
"""What a line may begin with, surest first, in words."""

_LINE = re.compile(rf"({'|'.join(KINDS)}) \(([a-z0-9_]+(?:, [a-z0-9_]+)*)\): (.+)")


@dataclass(frozen=True, slots=True)
class Source:
    """One line of a source: its kind (a key of KINDS, "" for a remark), its figures, and where."""

    kind: str
    figures: tuple[str, ...]
    told: str


def sources_of(text: str) -> list[Source]:
    """Every line of an entry's source, in its own order."""
    return [_source(line.strip()) for line in text.splitlines() if line.strip()]


def surest(text: str, figure: str) -> str:
    """The surest kind that accounts for this figure; "" where the text does not speak of it."""
    kinds = {each.kind for each in sources_of(text) if figure in each.figures}
    return next((kind for kind in KINDS if kind in kinds), "")


def superseded(text: str, figures: Collection[str]) -> str:
    """The source without what it says of these figures, of which something newer is known."""
    lines = []
    for each in sources_of(text):
        left = tuple(figure for figure in each.figures if figure not in figures)
        if left or not each.figures:
            lines.append(line_of(Source(each.kind, left, each.told)))
    return "\n".join(lines)


def line_of(source: Source) -> str:
    """The line that reads back as this source."""
    return f"{source.kind} ({', '.join(source.figures)}): {source.told}" if source.figures else source.told


def _source(line: str) -> Source:
    found = _LINE.fullmatch(line)
    if found is None:
        return Source("", (), line)
    return Source(found[1], tuple(found[2].split(", ")), found[3])
