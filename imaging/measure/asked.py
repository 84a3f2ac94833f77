"""Which figures were asked for, as `figures.json`, so that they can be derived again from better marks.

{"format": "droneteam-figures", "version": 1,
 "figures": [{"kind": "distance", "letters": ["A", "B"], "note": "skid mark, left"}]}
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from imaging.control.lines import name_from, shown
from imaging.control.marks import listed, load_body, note_from, text_of
from imaging.measure.derive import KINDS
from imaging.measure.measuring import Asked
from missions.errors import FormatError, InputError
from missions.files import write_whole

FORMAT, VERSION = "droneteam-figures", 1
LIMIT_FIGURES, LIMIT_LETTERS = 1000, 1000
NAMED = 6


def write_asked(path: Path, figures: Iterable[Asked]) -> None:
    """The figures, whole or not at all. Raises OutputError."""
    rows = [{"kind": each.kind, "letters": list(each.letters), "note": each.note} for each in figures]
    body = {"format": FORMAT, "version": VERSION, "figures": rows}
    write_whole(path, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())


def read_asked(path: Path) -> tuple[Asked, ...]:
    """The figures as written. Raises InputError, naming the figure that is none."""
    rows = listed(load_body(path, FORMAT, VERSION, "figures"), "figures", str(path))
    if len(rows) > LIMIT_FIGURES:
        raise FormatError(f"has {len(rows)} figures; at most {LIMIT_FIGURES} are read", where=str(path))
    figures = []
    for number, each in enumerate(rows, 1):
        try:
            figures.append(_asked(each))
        except ValueError as error:
            raise FormatError(
                str(error), where=f"{path}, figure {number}", remedy="Ask for it again"
            ) from error
    return tuple(figures)


def _asked(body: Any) -> Asked:
    kind, note = text_of(body, "kind"), text_of(body, "note", "")
    letters = body.get("letters")
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise ValueError(f"{shown(kind)} is no kind of figure")
    if not isinstance(letters, list) or not all(isinstance(each, str) for each in letters):
        raise ValueError("has no list of letters")
    return Asked(known, tuple(name_from(each, "letter") for each in letters), note_from(note))


def letters_from(text: str, known: Collection[str], where: str) -> tuple[str, ...]:
    """The marks that `A-B-C` names, in order; marks whose own names have a "-" too.

    Raises InputError where it can be read in two ways. What names no mark is given back as it is parted.
    """
    parts = text.split("-")
    if len(parts) > LIMIT_LETTERS:
        raise InputError(f"names {len(parts)} marks; at most {LIMIT_LETTERS} are read", where=where)
    longest = max((name.count("-") for name in known), default=0) + 1
    readings: list[list[tuple[str, ...]]] = [[] for _ in parts] + [[()]]
    for begin in range(len(parts) - 1, -1, -1):
        for end in range(begin + 1, min(len(parts), begin + longest) + 1):
            name = "-".join(parts[begin:end]).strip()
            if name in known:
                readings[begin] += [(name, *rest) for rest in readings[end]]
        readings[begin] = readings[begin][:3]
    found = [each for each in readings[0] if len(each) > 1]
    if len(found) > 1:
        one, other = (
            " and ".join(shown(name) for name in each[:NAMED]) + (" and so on" if len(each) > NAMED else "")
            for each in found[:2]
        )
        raise InputError(
            f"can be read as {one} or as {other}", where=where, remedy="Give a mark another name"
        )
    return found[0] if found else tuple(part.strip() for part in parts)
