"""Which photo of a scene a mark's file means.

A scene names its photos by their path below the folder of photos; marks are often written without it, or
with a folder above it. One name is then the end of the other. Where several photos could be meant, nobody
guesses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from imaging.control.lines import shown
from imaging.control.points import Mark, MarkedPoint
from missions.errors import InputError


def named_as_photos(
    marked: Iterable[MarkedPoint], photos: Collection[str], where: str
) -> tuple[MarkedPoint, ...]:
    """The marks under the names that the scene has for their photos.

    `photos` are all that lie in the folder, used or not. What is the end of no photo's path stays as it is.
    Raises InputError where two photos could be meant, or a point is then marked twice in one.
    """
    exact = frozenset(photos)
    by_base: dict[str, list[str]] = {}
    for name in exact:
        by_base.setdefault(PurePosixPath(name).name, []).append(name)
    return tuple(_renamed(point, exact, by_base, where) for point in marked)


def names_in(report: Mapping[str, Any]) -> list[str]:
    """The names of all photos in a scene's report, used or left out."""
    return [str(each.get("path", each.get("name"))) for each in (*report["photos"], *report["left_out"])]


def _renamed(
    point: MarkedPoint, exact: frozenset[str], by_base: Mapping[str, Sequence[str]], where: str
) -> MarkedPoint:
    marks: dict[str, Mark] = {}
    for mark in point.marks:
        name = mark.photo if mark.photo in exact else _meant(point, mark, by_base, where)
        if name in marks:
            raise InputError(
                f"{point.name} is marked twice in {shown(name)}, once by another name",
                where=where,
                remedy="Keep one of the two",
            )
        marks[name] = mark if name == mark.photo else replace(mark, photo=name)
    return replace(point, marks=tuple(marks.values()))


def _meant(point: MarkedPoint, mark: Mark, by_base: Mapping[str, Sequence[str]], where: str) -> str:
    given = _parts(mark.photo)
    alike = sorted(name for name in by_base.get(given[-1], ()) if _one_ends_the_other(given, _parts(name)))
    if len(alike) > 1:
        raise InputError(
            f"{point.name} is marked in {shown(mark.photo)}, which may be {shown(alike[0])} or "
            f"{shown(alike[1])}",
            where=where,
            remedy="Write the photo with its folder",
        )
    return alike[0] if alike else mark.photo


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts or (name,)


def _one_ends_the_other(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    shared = min(len(first), len(second))
    return first[-shared:] == second[-shared:]
