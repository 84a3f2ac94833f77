"""Marks of points in photos, as `marks.json`.

    {"format": "droneteam-marks", "version": 1,
     "points": [{"name": "P1", "note": "kerb, north corner", "marks": [
        {"photo": "DJI_0001.JPG", "x_px": 1204.5, "y_px": 871.5, "sigma_px": 0.5,
         "marked_by": "A. de Vries", "marked_at": "2026-11-27T10:12:00+00:00",
         "click": {"x_px": 1205.1, "y_px": 871.0, "sigma_px": 0.8}}]}]}

A note may be left out, as may who marked and when. `click` is what was clicked where the mark was moved to
the centre of the target there (`imaging.control.centring`); else the mark itself is that. Pixels are of the
stored picture, its orientation tag not applied; (0.5, 0.5) is the centre of the first one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from imaging.control.lines import LIMIT_BYTES, LIMIT_NAME, name_from, shown
from imaging.control.points import Click, Mark, MarkedPoint, json_from_mark
from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded, write_whole

FORMAT, VERSION = "droneteam-marks", 1
LIMIT_PX = 1_000_000.0
LIMIT_NOTE = 500
_CLICK = {"x_px", "y_px", "sigma_px"}
_MARK = {*_CLICK, "photo", "marked_by", "marked_at", "click"}


def write_marks(path: Path, points: Iterable[MarkedPoint]) -> None:
    """The marks, whole or not at all. Raises OutputError."""
    body = {
        "format": FORMAT,
        "version": VERSION,
        "points": [_body(point) for point in points],
    }
    write_whole(path, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())


def _body(point: MarkedPoint) -> dict[str, Any]:
    noted = {"note": point.note} if point.note else {}
    return {"name": point.name, **noted, "marks": [json_from_mark(mark) for mark in point.marks]}


def read_marks(path: Path) -> tuple[MarkedPoint, ...]:
    """The marks as written. Raises InputError, naming the point and the mark."""
    body = load_body(path, FORMAT, VERSION, "marks")
    points: dict[str, MarkedPoint] = {}
    for number, each in enumerate(listed(body, "points", str(path)), 1):
        where = f"{path}, point {number}"
        try:
            point = _point(each, points)
        except ValueError as error:
            raise FormatError(
                str(error), where=where, remedy="Correct it, or mark the point again"
            ) from error
        points[point.name] = point
    return tuple(points.values())


def load_body(path: Path, kind: str, version: int, what: str) -> dict[str, Any]:
    """A JSON object of a format of ours. Raises InputError, FormatError."""
    try:
        text = text_from_bytes(read_bounded(path, LIMIT_BYTES, what))
    except ValueError as error:
        raise FormatError("is no text", where=str(path), remedy="Save it as JSON in UTF-8") from error
    body = load_json(text, str(path))
    if not isinstance(body, dict) or body.get("format") != kind:
        raise FormatError(f"is no {kind} file", where=str(path), remedy=f'It begins with "format": "{kind}"')
    if body.get("version") != version:
        raise FormatError(
            f"has version {shown(str(body.get('version')))}; {version} is read",
            where=str(path),
            remedy="Use the Droneteam that wrote it, or a newer one",
        )
    return body


def listed(body: dict[str, Any], key: str, where: str) -> Sequence[Any]:
    """A list in an object. Raises FormatError."""
    found = body.get(key)
    if not isinstance(found, list):
        raise FormatError(f"has no list {key!r}", where=where, remedy=f'Write "{key}": [...]')
    return found


def number_of(body: dict[str, Any], key: str) -> float:
    """A finite number in an object. Raises ValueError."""
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise ValueError(f"{key} {shown(str(value))} is no number that can be used")
    return float(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def text_of(body: Any, key: str, default: str | None = None) -> str:
    """A text in an object; without a default it must be there. Raises ValueError."""
    value = body.get(key, default) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise ValueError(f"{key} is missing or no text")  # noqa: TRY004 one error for whatever is wrong
    return value


def _point(body: Any, before: Container[str]) -> MarkedPoint:
    name = name_from(text_of(body, "name"))
    if name in before:
        raise ValueError(f"{shown(name)} stands there twice")
    found = body.get("marks")
    if not isinstance(found, list):
        raise ValueError(f"{shown(name)} has no list of marks")  # noqa: TRY004
    marks: dict[str, Mark] = {}
    for number, each in enumerate(found, 1):
        try:
            mark = _mark(each)
        except ValueError as error:
            raise ValueError(f"{shown(name)}, mark {number}: {error}") from error
        if mark.photo in marks:
            raise ValueError(f"{shown(name)} is marked in {shown(mark.photo)} twice")
        marks[mark.photo] = mark
    return MarkedPoint(name, tuple(marks.values()), note_from(text_of(body, "note", "")))


def note_from(text: str) -> str:
    """What people note of a point or a figure, in one line. Raises ValueError."""
    note = " ".join(text.split())
    if len(note) > LIMIT_NOTE or not note.isprintable():
        raise ValueError(f"its note is longer than {LIMIT_NOTE} characters or cannot be printed")
    return note


def _mark(body: Any) -> Mark:
    photo = name_from(text_of(body, "photo"), "photo")
    if unknown := sorted(set(body) - _MARK):
        raise ValueError(f"{shown(unknown[0])} means nothing here")
    seen = _click(body)
    by, at = text_of(body, "marked_by", ""), text_of(body, "marked_at", "")
    if len(by) > LIMIT_NAME or not by.isprintable():
        raise ValueError("marked_by is too long or cannot be printed")
    if at and datetime.fromisoformat(at).tzinfo is None:
        raise ValueError(f"marked_at {shown(at)} has no offset from UTC")
    clicked = body.get("click")
    if clicked is not None and (not isinstance(clicked, dict) or set(clicked) != _CLICK):
        raise ValueError(f"click has {', '.join(sorted(_CLICK))} and nothing else")
    click = None if clicked is None else _click(clicked)
    return Mark(photo, seen.x_px, seen.y_px, seen.sigma_px, by, at, click)


def _click(body: dict[str, Any]) -> Click:
    x_px, y_px, sigma_px = (number_of(body, key) for key in ("x_px", "y_px", "sigma_px"))
    if abs(x_px) > LIMIT_PX or abs(y_px) > LIMIT_PX:
        raise ValueError(f"{x_px:g}, {y_px:g} lies in no picture")
    if not 0 < sigma_px <= 1000:
        raise ValueError(f"sigma_px {sigma_px:g} must be above 0 and at most 1000")
    return Click(x_px, y_px, sigma_px)
