"""Numbers and texts in other people's WPML."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from missions.errors import FormatError
from missions.formats.area_kml import child

_REMEDY = "Save it again in DJI Pilot 2"


def text_of(parent: Element, name: str) -> str:
    """The text of the first direct child of that name, else nothing."""
    found = child(parent, name)
    return "" if found is None else str(found.text or "").strip()


def finite(text: str, where: str) -> float:
    """A number that is one. Raises FormatError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and abs(value) < 1e9:
        return value
    raise FormatError(f"{text[:40]!r} is no number", where=where, remedy=_REMEDY)


def finite_of(parent: Element, name: str, where: str, default: float | None) -> float:
    """The number of a direct child; `default` where there is none, or FormatError without one."""
    text = text_of(parent, name)
    if text:
        return finite(text, f"{where}, {name}")
    if default is not None:
        return default
    raise FormatError(f"has no {name}", where=where, remedy=_REMEDY)


def point_of(text: str, where: str) -> tuple[float, float, float]:
    """Two or three numbers with commas between; the third is 0 where it is missing."""
    parts = text.split(",", 4)
    if not 2 <= len(parts) <= 3:
        raise FormatError(f"{text[:40]!r} is no place", where=where, remedy=_REMEDY)
    first, second, *rest = (finite(part.strip(), where) for part in parts)
    return first, second, rest[0] if rest else 0.0
