"""JSON from strangers: bounded in how much it holds before any of it is decoded.

A value of two bytes can take sixty in memory, so a bound on the file alone is none.
"""

from __future__ import annotations

import json
from typing import Any

from missions.errors import FormatError

MAX_VALUES = 2_000_000
"""Commas and opening brackets: about as many as there are values."""
_SAVE = "Save the file again"


def load_json(text: str, where: str, remedy: str = _SAVE, most: int = MAX_VALUES) -> Any:
    """The text as JSON of at most so many values. Raises FormatError, naming the line.

    Python's reader also takes NaN and Infinity; whoever uses a number refuses them.
    """
    check_values(text, where, most)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"is no JSON: {error.msg}", where=f"{where}, line {error.lineno}", remedy=remedy
        ) from error
    except (RecursionError, ValueError) as error:
        raise FormatError(
            "is nested too deeply or holds a number too long", where=where, remedy=remedy
        ) from error


def check_values(text: str, where: str, most: int = MAX_VALUES) -> None:
    """Refuse text with more values than are read. Raises FormatError."""
    values = text.count(",") + text.count("[") + text.count("{")
    if values > most:
        raise FormatError(
            f"holds about {values} values; at most {most} are read",
            where=where,
            remedy="Simplify it, or divide it into several files",
        )


def text_from_bytes(data: bytes) -> str:
    """The text of a file in UTF-8 or, where its first two bytes say so, UTF-16. Raises ValueError."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16")
    return data.decode("utf-8-sig")
