"""How files come into an operation: under a name that can be sealed, copied whole, over nothing."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

NAME_LIMIT_BYTES = 200


def safe_name(name: str) -> str:
    """A file name that BagIt, sha256sum and every file system can hold."""
    composed = unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode()
    plain = re.sub(r"[\x00-\x1f\x7f\\/%:*?\"<>|]", "_", composed).encode()[-NAME_LIMIT_BYTES:]
    return plain.decode("utf-8", "ignore").lstrip(".~ ").rstrip(". ") or "unnamed"


def numbered(path: Path) -> Iterator[Path]:
    """The path itself, then with -2, -3 and so on before its suffix."""
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1


def copy_new(source: Path, target: Path) -> None:
    """Copy to a path that must not exist, whole or not at all."""
    temporary = target.with_name(f".{uuid4().hex}")
    target.parent.mkdir(exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    try:
        with source.open("rb") as reading, temporary.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
            writing.flush()
            os.fsync(writing.fileno())
        shutil.copystat(source, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
