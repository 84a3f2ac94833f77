"""The log of an operation: one JSON line an act, each sealing the one before it.

A line is canonical JSON (`verify_alone.canonical`) with `sequence` (from 1), `time` (ISO 8601, UTC),
`actor`, `action`, `details`, `previous` (SHA-256 of the whole line before it, 64 zeros for the first) and
`hash` (SHA-256 of the line without `hash`). Any edit, removal, insertion or change of order breaks the
chain. That lines were cut from the very end the chain alone cannot show: the index of the operation and
every sealed bundle can.

A line is on the disk before `append` returns. What a crash left of a last line is kept, not lost: `recover`
cuts it off and writes it into a line of its own.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from missions.errors import EvidenceError, InputError, OutputError
from ops import verify_alone
from ops.times import utc_text
from ops.verify_alone import FIRST_PREVIOUS, LINE_LIMIT_BYTES, Chain
from telemetry.clock import Clock

RECOVERED = "log.recovered"
TORN_LIMIT_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Line:
    """One act, as the log holds it."""

    sequence: int
    time: str
    actor: str
    action: str
    details: Mapping[str, Any]
    previous: str
    hash: str


class AuditLog:
    """Append to and read one log; any number of threads and processes may do so at once."""

    def __init__(self, path: Path, clock: Clock, actor: str) -> None:
        self.path = path
        self.actor = actor
        self._clock = clock

    def append(self, action: str, details: Mapping[str, Any] | None = None) -> Line:
        """Write one line and return it once it is on the disk.

        Raises InputError for details that are no JSON, EvidenceError where the log's last line is torn or
        altered, OutputError where it cannot be written; the earlier lines stand in every case.
        """
        with self._locked() as log:
            return self._write(log, self._tail(log), action, details or {})

    def recover(self) -> Line | None:
        """Cut off a torn last line and log what it held; None where nothing was torn."""
        with self._locked() as log:
            torn = _torn(log)
            if not torn:
                return None
            keep = os.fstat(log).st_size - len(torn)
            os.ftruncate(log, keep)
            details = {
                "reason": "the last line was torn off by a crash",
                "torn_bytes": len(torn),
                "torn_sha256": hashlib.sha256(torn).hexdigest(),
                "torn_base64": base64.b64encode(torn[:TORN_LIMIT_BYTES]).decode(),
            }
            return self._write(log, self._tail(log), RECOVERED, details)

    def lines(self) -> Iterator[Line]:
        """Every whole line in order; `verify` says whether they are sound. Raises EvidenceError."""
        with self._opened(os.O_RDONLY) as log, os.fdopen(os.dup(log), "rb") as file:
            for number, (raw, whole) in enumerate(verify_alone.read_lines(file), 1):
                if whole:
                    yield _line(raw, f"{self.path}, line {number}")

    def verify(self) -> Chain:
        """Follow the whole chain."""
        with self._locked(fcntl.LOCK_SH):
            return verify_alone.check_chain(self.path, self.path.name)

    def snapshot(self) -> bytes:
        """The log as it stands, with no line half written."""
        with self._locked(fcntl.LOCK_SH):
            return self.path.read_bytes()

    def _write(self, log: int, tail: tuple[int, str], action: str, details: Mapping[str, Any]) -> Line:
        sequence, previous = tail
        body: dict[str, Any] = {
            "sequence": sequence + 1,
            "time": utc_text(self._clock),
            "actor": self.actor,
            "action": action,
            "details": dict(details),
            "previous": previous,
        }
        try:
            body["hash"] = verify_alone.hash_of_line(body)
            data = verify_alone.canonical(body) + b"\n"
        except (TypeError, ValueError) as error:
            raise InputError(
                f"the details of {action!r} are no JSON: {error}", where=str(self.path)
            ) from error
        if len(data) > LINE_LIMIT_BYTES or json.loads(data) != body:
            raise InputError(f"the details of {action!r} cannot be kept in one line", where=str(self.path))
        self._write_whole(log, data)
        return Line(**body)

    def _write_whole(self, log: int, data: bytes) -> None:
        end = os.lseek(log, 0, os.SEEK_END)
        try:
            written = 0
            while written < len(data):
                written += os.write(log, data[written:])
            os.fsync(log)
        except BaseException as error:
            os.ftruncate(log, end)
            if isinstance(error, OSError):
                raise OutputError(
                    f"the log cannot be written ({error.strerror})",
                    where=str(self.path),
                    remedy="Make room on the disk",
                ) from error
            raise

    def _tail(self, log: int) -> tuple[int, str]:
        """Sequence and hash of the last line. Raises EvidenceError where it is not sound."""
        if _torn(log):
            raise EvidenceError(
                "the last line of the log is torn, as a crash leaves it",
                where=str(self.path),
                remedy="Open the operation again: that recovers the log and says so in it",
            )
        raw = _last_line(log)
        if not raw:
            return 0, FIRST_PREVIOUS
        line = _line(raw, str(self.path))
        if verify_alone.hash_of_line(json.loads(raw)) != line.hash:
            raise EvidenceError(
                f"line {line.sequence} of the log was altered",
                where=str(self.path),
                remedy="Restore the log from a bundle or a copy",
            )
        return line.sequence, hashlib.sha256(raw).hexdigest()

    @contextmanager
    def _locked(self, how: int = fcntl.LOCK_EX) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if how == fcntl.LOCK_EX else os.O_RDONLY
        with self._opened(flags) as log:
            fcntl.flock(log, how)
            yield log

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        try:
            log = os.open(self.path, flags | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(f"the log cannot be opened ({error.strerror})", where=str(self.path)) from error
        try:
            yield log
        finally:
            os.close(log)


def _line(raw: bytes, where: str) -> Line:
    try:
        return Line(**json.loads(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise EvidenceError(
            "a line of the log cannot be read", where=where, remedy="Restore the log from a bundle or a copy"
        ) from error


def _last_part(log: int) -> bytes:
    size = os.fstat(log).st_size
    length = min(size, 2 * LINE_LIMIT_BYTES)
    return os.pread(log, length, size - length)


def _torn(log: int) -> bytes:
    """What stands after the last line end."""
    part = _last_part(log)
    return part[part.rfind(b"\n") + 1 :]


def _last_line(log: int) -> bytes:
    return _last_part(log)[:-1].rpartition(b"\n")[2]
