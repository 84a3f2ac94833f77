"""What was done to alarms, as lines of `alerts.jsonl` beside the segments: what the index is made from.

Who acknowledged what is in no recording. A line is on the disk before `append` returns; lines are only ever
added. A line that a crash tore stays as it is, ends where the next begins, and is passed over.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from missions.errors import InputError, OutputError
from missions.files import sync_folder
from ops.index.segments import segment_number

ALERTS_NAME = "alerts.jsonl"
ALERTS_NUMBER = segment_number(ALERTS_NAME)
LINE_LIMIT_BYTES = 64_000
_CHUNK_BYTES = 4 << 20
_TEXTS = ("rule", "subject", "priority", "from", "to", "text", "unit", "who", "why")
_FIGURES = ("value", "limit", "until_s")
_LARGEST = 2**53


def append(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add transitions, each as `Transition.as_dict()` gives it, and force them to the disk.

    Any number of threads and processes may do so. Raises InputError for what is no transition, and then
    nothing was added, and OutputError where the file cannot be written.
    """
    data = b"".join(_line(row) for row in rows)
    if not data:
        return
    path = folder / ALERTS_NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write(file, data)
        finally:
            os.close(file)
        sync_folder(folder)
    except OSError as error:
        raise OutputError(
            f"the log of alerts cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="Make room on the disk; what is not in it is not kept",
        ) from error


def _write(file: int, data: bytes) -> None:
    end = os.fstat(file).st_size
    if end and os.pread(file, 1, end - 1) != b"\n":
        data = b"\n" + data
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


class AlertScan:
    """Reads the log of alerts onwards, a chunk at a time; only whole lines count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.watermark = 0
        self.lines = 0
        self.bad_bytes = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self._digest = hashlib.sha256()
        self._rest = b""

    @property
    def sha256(self) -> str:
        """The digest of the bytes before the watermark."""
        return self._digest.hexdigest()

    def read(self) -> Iterator[list[dict[str, Any]]]:
        """The rows of `alerts` that came since. Raises InputError."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.size)
                while chunk := file.read(_CHUNK_BYTES):
                    self.size += len(chunk)
                    yield list(self._rows(chunk))
        except OSError as error:
            raise InputError(
                f"the log of alerts cannot be read ({error.strerror or error})", where=str(self.path)
            ) from error

    def _rows(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            row = row_of(line, self.watermark)
            self._digest.update(line + b"\n")
            self.watermark += len(line) + 1
            if row is None:
                self.bad_bytes += len(line) + 1
                continue
            time_us = row["time_us"]
            self.lines += 1
            self.first_us = time_us if self.first_us is None else min(self.first_us, time_us)
            self.last_us = time_us if self.last_us is None else max(self.last_us, time_us)
            yield row


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(dict(row), sort_keys=True, ensure_ascii=False, allow_nan=False)
        data = text.encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"this is no transition of an alarm: {error}", where=ALERTS_NAME) from error
    if row_of(data[:-1], 0) is None:
        raise InputError(
            f"this is no transition of an alarm: {text[:200]}",
            where=ALERTS_NAME,
            remedy="Give what Transition.as_dict() gives",
        )
    return data


def row_of(line: bytes, at: int) -> dict[str, Any] | None:
    """The row of `alerts` that a line is, which begins at byte `at`; None for what is none."""
    if len(line) > LINE_LIMIT_BYTES:
        return None
    try:
        told = json.loads(line)
        row = {"at": at, "number": told["number"], "vehicle": told["vehicle"], "quiet": told["quiet"]}
        time_s = told["time_s"]
        texts = {name: told[name] for name in _TEXTS}
        figures = {name: told[name] for name in _FIGURES}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not (isinstance(row["quiet"], bool) and _is_whole(row["number"]) and _is_whole(row["vehicle"])):
        return None
    if not all(isinstance(text, str) and _is_text(text) for text in texts.values()):
        return None
    if not _is_figure(time_s) or not all(value is None or _is_figure(value) for value in figures.values()):
        return None
    row["before"], row["after"] = texts.pop("from"), texts.pop("to")
    plain = {name: None if value is None else float(value) for name, value in figures.items()}
    return {**row, "time_us": round(time_s * 1e6), **texts, **plain}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_figure(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _LARGEST and math.isfinite(value)


def _is_text(text: str) -> bool:
    return "\0" not in text and not any(0xD800 <= ord(letter) < 0xE000 for letter in text)
