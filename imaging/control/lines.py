"""Text that people wrote: read up to a bound, and every bad line named at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from imaging.control.points import Role
from missions.bounded_json import text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded

LIMIT_BYTES = 5_000_000
LIMIT_LINES = 100_000
LIMIT_LINE = 2_000
LIMIT_NAME = 100
_NAMED = 8
"""Bad lines that an error names; it counts the others."""
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_ROLES = {
    "": Role.CONTROL,
    "control": Role.CONTROL,
    "gcp": Role.CONTROL,
    "check": Role.CHECK,
    "checkpoint": Role.CHECK,
}


@dataclass
class Complaints:
    """Gathers what is wrong in a file; `settle` raises it as one error."""

    where: str
    lines: list[str] = field(default_factory=list)

    def add(self, line: int, what: str, remedy: str = "") -> None:
        """A line is bad. `line` counts from 1."""
        self.lines.append(f"line {line}: {what}" + (f" ({remedy})" if remedy else ""))

    def settle(self) -> None:
        """Raise FormatError where there was anything."""
        if self.lines:
            more = len(self.lines) - _NAMED
            text = "; ".join(self.lines[:_NAMED]) + (f"; and {more} more lines" if more > 0 else "")
            raise FormatError(text, where=self.where, remedy="Correct these lines")


def read_lines(path: Path, what: str) -> list[str]:
    """The lines of a text file, without their ends. Raises InputError, FormatError for what is no text."""
    data = read_bounded(path, LIMIT_BYTES, what)
    try:
        text = text_from_bytes(data)
    except ValueError as error:
        raise FormatError("is no text", where=str(path), remedy="Save it as text in UTF-8") from error
    lines = re.split(r"\r\n|\n|\r", text)
    if len(lines) > LIMIT_LINES:
        raise FormatError(
            f"has {len(lines)} lines; at most {LIMIT_LINES} are read", where=str(path), remedy="Divide it"
        )
    for number, line in enumerate(lines, 1):
        if len(line) > LIMIT_LINE or "\0" in line:
            raise FormatError(
                "is too long, or no text",
                where=f"{path}, line {number}",
                remedy=f"A line has at most {LIMIT_LINE} characters",
            )
    return lines


def number_from(text: str, what: str, *, comma: bool = False) -> float:
    """A finite number; with `comma`, a decimal comma. Raises ValueError with the reason."""
    cleaned = text.strip()
    if not cleaned:
        raise ValueError(f"{what} is missing")
    if not _NUMBER.fullmatch(cleaned) or ("," in cleaned and not comma):
        raise ValueError(f"{what} {shown(cleaned)} is no number")
    value = float(cleaned.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(f"{what} {shown(cleaned)} is no number that can be used")
    return value


def sigma_from(text: str, what: str, *, comma: bool = False) -> float:
    """A standard deviation: above 0, at most 1 km. Raises ValueError with the reason."""
    value = number_from(text, what, comma=comma)
    if not 0 < value <= 1000:
        raise ValueError(f"{what} {value:g} must be above 0 and at most 1000")
    return value


def role_from(text: str) -> Role:
    """control (also where nothing stands) or check. Raises ValueError."""
    role = _ROLES.get(text.strip().lower())
    if role is None:
        raise ValueError(f"role {shown(text.strip())} is neither control nor check")
    return role


def name_from(text: str, what: str = "name") -> str:
    """A name that can be printed. Raises ValueError."""
    name = text.strip()
    if not name:
        raise ValueError(f"{what} is missing")
    if len(name) > LIMIT_NAME or not name.isprintable():
        raise ValueError(f"{what} {shown(name)} is longer than {LIMIT_NAME} characters or cannot be printed")
    return name


def shown(text: str) -> str:
    """The text in quotes, short enough for a sentence."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
