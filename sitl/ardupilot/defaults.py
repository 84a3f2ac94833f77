"""Parameter files: one `NAME VALUE` a line, `#` for comments, as ArduPilot and Mission Planner write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from missions.errors import FormatError, SettingsError
from missions.files import read_bounded

_LIMIT_BYTES = 1_000_000
_LINE = re.compile(r"([A-Z][A-Z0-9_]{0,15})[\s,=]+(\S+)")


def read_parameters(path: Path) -> dict[str, float]:
    """The parameters in a file; of a name that stands there twice the later value. Raises FormatError."""
    text = read_bounded(path, _LIMIT_BYTES, "a parameter file").decode("utf-8", "replace")
    found: dict[str, float] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.split("#")[0].strip()
        if not content:
            continue
        match = _LINE.match(content)
        value = _number(match[2]) if match else None
        if match is None or value is None:
            raise FormatError(
                f'"{content[:40]}" is no parameter',
                where=f"{path}, line {number}",
                remedy="Write a name and a number",
            )
        found[match[1]] = value
    return found


def parameter_text(parameters: Mapping[str, float]) -> str:
    """The file's text. Raises SettingsError for a name or a value that ArduPilot cannot have."""
    for name, value in parameters.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,15}", name) or not math.isfinite(value):
            raise SettingsError(f"{name} = {value} is no parameter", remedy="Give a name and a number")
    return "".join(f"{name} {value:.9g}\n" for name, value in parameters.items())


def _number(text: str) -> float | None:
    try:
        value = float(text.rstrip("!,"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
