"""What lies beside recordings and follows from them: it can be made again, and is no record."""

from __future__ import annotations

from pathlib import Path

from telemetry.segments.seals import SUMS

INDEX_NAME = "index.sqlite"
INDEX_LOCK = "index.lock"


def follows(path: Path) -> bool:
    """Whether a file is one of these: the seals, the index with its companions, its lock."""
    return path.name == SUMS or path.name.startswith((INDEX_NAME, INDEX_LOCK))
