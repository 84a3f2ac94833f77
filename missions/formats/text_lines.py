"""Lines of a text file, bounded before they are taken apart."""

from __future__ import annotations

import re

from missions.errors import FormatError

MAX_COLUMNS = 1_000
"""Characters in a line."""
_ENDS = re.compile(r"\r\n|\n|\r")


def lines_of(data: bytes, where: str, limit: int) -> list[tuple[int, str]]:
    """Each line that is no comment (`#`) and not empty, with its number. Raises FormatError."""
    count = data.count(b"\n") + data.count(b"\r")
    if count > 2 * limit:
        raise FormatError(
            f"has about {count} lines; at most {limit} are read",
            where=where,
            remedy="Divide it, or simplify it",
        )
    lines = _ENDS.split(data.decode("utf-8-sig", errors="replace"))
    found = []
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            raise FormatError(
                f"has {len(line)} characters", where=f"{where}, line {number}", remedy="Save the file again"
            )
        if line.strip() and not line.startswith("#"):
            found.append((number, line.strip()))
    if len(found) > limit:
        raise FormatError(
            f"has {len(found)} lines; at most {limit} are read",
            where=where,
            remedy="Divide it, or simplify it",
        )
    return found
