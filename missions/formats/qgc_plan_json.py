"""Values of a QGroundControl document, each checked and named by its place."""

from __future__ import annotations

import math
from typing import Any

from missions.area import Ring
from missions.errors import FormatError
from missions.formats.imported import checked_item, number, place
from missions.formats.rings import MAX_POINTS
from missions.geodesy import GeoPoint
from missions.items import Frame, MissionItem

REMEDY = "Save the plan again in QGroundControl"


def table(document: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    """The table under a key, an empty one where there is none. Raises FormatError."""
    value = document.get(key, {})
    if isinstance(value, dict):
        return value
    raise FormatError(f"{key} is no table", where=where, remedy=REMEDY)


def listed(value: Any, where: str, least: int = 0) -> list[Any]:
    """A list of at least so many, and of no more than are read. Raises FormatError."""
    if not isinstance(value, list) or len(value) < least:
        raise FormatError(f"{str(value)[:40]!r} is no list of {least} or more", where=where, remedy=REMEDY)
    if len(value) > MAX_POINTS:
        raise FormatError(
            f"holds {len(value)} values; at most {MAX_POINTS} are read", where=where, remedy="Simplify it"
        )
    return value


def figure(document: dict[str, Any], key: str, where: str) -> float:
    """The number under a key. Raises FormatError."""
    if key not in document:
        raise FormatError(f"has no {key}", where=where, remedy=REMEDY)
    return number(document[key], f"{where}: {key}")


def size(document: dict[str, Any], key: str, where: str, default: float | None = None) -> float:
    """The number of 0 or more under a key. Raises FormatError."""
    if default is not None and key not in document:
        return default
    value = figure(document, key, where)
    if value < 0:
        raise FormatError(f"{key} is {value}, below 0", where=where, remedy=REMEDY)
    return value


def flag(document: dict[str, Any], key: str, where: str, *, default: bool = False) -> bool:
    """The true or false under a key. Raises FormatError."""
    value = document.get(key, default)
    if isinstance(value, bool):
        return value
    raise FormatError(f"{key} is {str(value)[:40]!r}, not true or false", where=where, remedy=REMEDY)


def version(document: dict[str, Any], reads: tuple[int, ...], what: str, where: str) -> int:
    """The document's version. Raises FormatError where it is none of those that are read."""
    found = document.get("version", reads[0])
    if isinstance(found, int) and not isinstance(found, bool) and found in reads:
        return found
    known = " and ".join(map(str, reads))
    raise FormatError(
        f"{what} of version {str(found)[:40]}; this program reads version {known}",
        where=where,
        remedy=REMEDY,
    )


def places(value: Any, where: str, least: int = 0) -> Ring:
    """Places written as [latitude, longitude]. Raises FormatError."""
    return tuple(
        position(one, f"{where}, point {index}") for index, one in enumerate(listed(value, where, least), 1)
    )


def position(value: Any, where: str) -> GeoPoint:
    """One [latitude, longitude]. Raises FormatError."""
    pair = listed(value, where, 2)
    return place(pair[0], pair[1], where)


def simple_item(value: dict[str, Any], where: str) -> MissionItem:
    """A SimpleItem: seven parameters, null for the autopilot's own choice. Raises FormatError."""
    params = listed(value.get("params"), where, 7)
    p1, p2, p3, p4 = (math.nan if one is None else number(one, where) for one in params[:4])
    x, y, z = (0.0 if one is None else number(one, where) for one in params[4:7])
    command = int(number(value.get("command"), where))
    frame = int(number(value.get("frame", Frame.GLOBAL_RELATIVE), where))
    return checked_item(
        MissionItem(command, frame, p1, p2, p3, p4, x, y, z, value.get("autoContinue") is not False), where
    )
