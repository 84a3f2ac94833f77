"""Which figures were asked for, as `figures.json`, so that they can be derived again from better marks.

{"format": "droneteam-figures", "version": 1,
 "figures": [{"kind": "distance", "letters": ["A", "B"], "note": "skid mark, left"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imaging.control.lines import name_from, shown
from imaging.control.marks import listed, load_body, text_of
from imaging.measure.derive import KINDS
from imaging.measure.measuring import Asked
from missions.errors import FormatError
from missions.files import write_whole

FORMAT, VERSION = "droneteam-figures", 1
LIMIT_FIGURES, LIMIT_NOTE = 1000, 500


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
    if len(note) > LIMIT_NOTE:
        raise ValueError(f"its note is longer than {LIMIT_NOTE} characters")
    return Asked(known, tuple(name_from(each, "letter") for each in letters), note)
