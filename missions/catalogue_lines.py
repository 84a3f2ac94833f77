"""Where in a TOML text a table or a key stands, for errors that people can follow."""

from __future__ import annotations

import re
import tomllib
from typing import Any

HEAD = re.compile(r"^[ \t]*\[{1,2}[^\]\n]+\]{1,2}[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
"""A line that begins a table."""


def line_of(text: str, table: list[str], key: str | None = None) -> int | None:
    """The line, counted from 1, of the key in this table, or of the table's head; None where it is not seen.

    Tables written in line, or by dotted keys, are not seen.
    """
    heads = list(HEAD.finditer(text))
    for index, head in enumerate(heads):
        if names_of(head.group()) != table:
            continue
        end = heads[index + 1].start() if index + 1 < len(heads) else len(text)
        at = head.start()
        if key is not None:
            found = re.compile(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=", re.MULTILINE).search(
                text, at, end
            )
            at = found.start() if found else at
        return text.count("\n", 0, at) + 1
    return None


def names_of(head: str) -> list[str]:
    """The keys of a table's head, as TOML itself reads them."""
    try:
        found: Any = tomllib.loads(head)
    except tomllib.TOMLDecodeError:
        return []
    names = []
    while isinstance(found, dict) and len(found) == 1:
        name, found = next(iter(found.items()))
        names.append(name)
    return names
