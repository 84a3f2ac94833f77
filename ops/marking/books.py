"""The files in which the marks of a scene are kept, and one state of all of them.

    SCENE/marks.json      marks of surveyed points and of the ends of measured distances
    SCENE/measure.json    marks that people measure from: A, B, C …
    SCENE/figures.json    the figures asked for

`droneteam mosaic` reads the first, `droneteam measure` the second; its figures are named on the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imaging.control.marks import read_marks, write_marks
from imaging.control.naming import named_as_photos
from imaging.control.points import Mark, MarkedPoint
from imaging.control.roles import FILE as ROLES
from imaging.control.roles import Roles, read_roles
from imaging.measure.asked import read_asked, write_asked
from imaging.measure.measuring import Asked

Kind = Literal["control", "measure"]
FILES: Mapping[Kind, str] = {"control": "marks.json", "measure": "measure.json"}
FIGURES = "figures.json"
Marks = dict[str, tuple[Mark, ...]]


@dataclass(frozen=True)
class Books:
    """Marks and notes by kind and point, figures, and roles that were changed.

    `revision` differs whenever any of it does.
    """

    marks: Mapping[Kind, Marks]
    figures: tuple[Asked, ...]
    roles: Roles
    notes: Mapping[Kind, Mapping[str, str]]
    revision: str = field(compare=False)

    def mark(self, kind: Kind, point: str, photo: str) -> Mark | None:
        """The mark of a point in a photo."""
        return next((each for each in self.marks[kind].get(point, ()) if each.photo == photo), None)


def read_books(folder: Path, begun_with: Mapping[str, Sequence[Mark]], photos: Collection[str]) -> Books:
    """What stands in the scene's folder; without a file of marks, those that the scene was made with.

    `photos` are all names that the scene has. Raises InputError for a file that is broken.
    """
    digest = hashlib.sha256()
    marks: dict[Kind, Marks] = {}
    notes: dict[Kind, Mapping[str, str]] = {"control": {}, "measure": {}}
    for kind, name in FILES.items():
        path = folder / name
        if path.exists():
            points = named_as_photos(read_marks(path), photos, str(path))
            marks[kind] = {point.name: point.marks for point in points}
            notes[kind] = {point.name: point.note for point in points if point.note}
            digest.update(path.read_bytes())
        else:
            marks[kind] = (
                {name: tuple(each) for name, each in begun_with.items()} if kind == "control" else {}
            )
        digest.update(b"\0")
    path = folder / FIGURES
    figures = read_asked(path) if path.exists() else ()
    path = folder / ROLES
    roles = read_roles(path) if path.exists() else Roles()
    digest.update(repr((figures, sorted(roles.points.items()), sorted(roles.distances.items()))).encode())
    return Books(marks, figures, roles, notes, digest.hexdigest()[:16])


def write_kind(
    folder: Path, kind: Kind, marks: Mapping[str, Sequence[Mark]], notes: Mapping[str, str]
) -> None:
    """Write the marks of one kind with their notes, whole or not at all. Raises OutputError."""
    points = [MarkedPoint(name, tuple(each), notes.get(name, "")) for name, each in marks.items()]
    write_marks(folder / FILES[kind], points)


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
