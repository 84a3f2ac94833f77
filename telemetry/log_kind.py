"""Which kind of log a file is, by how it begins: known without the readers, which are compiled code."""

from __future__ import annotations

from pathlib import Path

ONBOARD_HEAD = b"\xa3\x95"
"""With which each record of an onboard log begins."""
_SUFFIX = ".bin"


def is_onboard(path: Path) -> bool:
    """Whether a file is, or calls itself, an onboard log (`.BIN`). What cannot be read is none."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(ONBOARD_HEAD)) == ONBOARD_HEAD
    except OSError:
        return False
    return begins or path.suffix.lower() == _SUFFIX
