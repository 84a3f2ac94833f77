"""The files in which the marks of a scene are kept, and one state of all of them.

    SCENE/marks.json      marks of surveyed points and of the ends of measured distances
    SCENE/measure.json    marks that people measure from: A, B, C …
    SCENE/figures.json    the figures asked for

`droneteam mosaic` reads the first, `droneteam measure` the second; its figures are named on the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imaging.control.marks import read_marks, write_marks
from imaging.control.points import Mark, MarkedPoint
from imaging.measure.asked import read_asked, write_asked
from imaging.measure.measuring import Asked

Kind = Literal["control", "measure"]
FILES: Mapping[Kind, str] = {"control": "marks.json", "measure": "measure.json"}
FIGURES = "figures.json"
Marks = dict[str, tuple[Mark, ...]]


@dataclass(frozen=True)
class Books:
    """Marks by kind and point, and figures. `revision` differs whenever anything of it does."""

    marks: Mapping[Kind, Marks]
    figures: tuple[Asked, ...]
    revision: str = field(compare=False)

    def mark(self, kind: Kind, point: str, photo: str) -> Mark | None:
        """The mark of a point in a photo."""
        return next((each for each in self.marks[kind].get(point, ()) if each.photo == photo), None)


def read_books(folder: Path, begun_with: Mapping[str, Sequence[Mark]]) -> Books:
    """What stands in the scene's folder; without a file of marks, those that the scene was made with.

    Raises InputError for a file that is broken.
    """
    digest = hashlib.sha256()
    marks: dict[Kind, Marks] = {}
    for kind, name in FILES.items():
        path = folder / name
        if path.exists():
            points = read_marks(path)
            marks[kind] = {point.name: point.marks for point in points}
            digest.update(path.read_bytes())
        else:
            marks[kind] = (
                {name: tuple(each) for name, each in begun_with.items()} if kind == "control" else {}
            )
        digest.update(b"\0")
    path = folder / FIGURES
    figures = read_asked(path) if path.exists() else ()
    digest.update(repr(figures).encode())
    return Books(marks, figures, digest.hexdigest()[:16])


def write_kind(folder: Path, kind: Kind, marks: Mapping[str, Sequence[Mark]]) -> None:
    """Write the marks of one kind, whole or not at all. Raises OutputError."""
    write_marks(folder / FILES[kind], [MarkedPoint(name, tuple(each)) for name, each in marks.items()])


def write_figures(folder: Path, figures: Sequence[Asked]) -> None:
    """Write the figures asked for, whole or not at all. Raises OutputError."""
    write_asked(folder / FIGURES, figures)


def next_letter(taken: Sequence[str] | set[str]) -> str:
    """A, B … Z, AA, AB …: the first that nobody has."""
    number = 0
    while True:
        letters, rest = "", number
        while rest >= 0:
            letters = chr(ord("A") + rest % 26) + letters
            rest = rest // 26 - 1
        if letters not in taken:
            return letters
        number += 1
