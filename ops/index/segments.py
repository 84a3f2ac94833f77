"""The recordings of a folder, and a number for each that follows from its name alone."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from missions.errors import InputError

_NAME = re.compile(r"(\d{8}T\d{6}Z)(?:[-_](\d{1,3}))?\.tlog")
_A_SECOND = 1000
_NUMBER_BYTES = 6


@lru_cache(maxsize=1 << 16)
def segment_number(name: str) -> int:
    """The key of a recording: for the recorder's names seconds since 1970 times 1000 and which of a second.

    Any other name gets a number below zero, made of its hash. Numbers do not depend on what else is in the
    folder, so that an index that grew and one that was built at once have the same keys.
    """
    match = _NAME.fullmatch(name)
    if match:
        try:
            began = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass  # 20261399T000000Z is a name like any other
        else:
            return int(began.timestamp()) * _A_SECOND + int(match[2] or 1)
    return -1 - int.from_bytes(hashlib.sha256(name.encode(errors="surrogateescape")).digest()[:_NUMBER_BYTES])


def segments_in(folder: Path) -> dict[int, Path]:
    """The `.tlog` files of a folder by their number, in its order. Raises InputError."""
    try:
        found = {
            segment_number(path.name): path
            for path in folder.iterdir()
            if path.suffix == ".tlog" and not path.name.startswith(".") and path.is_file()
        }
    except OSError as error:
        raise InputError(
            f"the recordings cannot be listed ({error.strerror})",
            where=str(folder),
            remedy="Give the folder that holds the .tlog segments",
        ) from error
    return dict(sorted(found.items()))
