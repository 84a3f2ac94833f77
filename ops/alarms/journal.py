"""`alerts.jsonl` read back, whatever happened to it: what can be read is given, what cannot is counted.

A service that is killed may leave half a line, a disk may give anything. None of it may keep a service from
starting, or make it wait long.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from ops.index.alert_log import LINE_LIMIT_BYTES, row_of
from telemetry.alerts import Key, Priority, State, Transition

MOST_BYTES = 32 << 20
"""Of a longer journal the end is read: some 80,000 transitions, more than a day of floods has."""
_CHUNK_BYTES = 1 << 20


class Journal:
    """The transitions in a journal, read once by going through it, in the order in which they came.

    Afterwards `lines` tells how many there were, `bad_lines` how many lines were none, `left_out_bytes` how
    much before them was not looked at, and `problem` why it could not be read at all, or not to its end.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self.lines = 0
        self.bad_lines = 0
        self.left_out_bytes = 0
        self.problem = ""
        self._most_bytes = most_bytes

    @property
    def trouble(self) -> str:
        """What could not be read, for people; "" where all was."""
        some = [self.problem] if self.problem else []
        if self.bad_lines:
            some.append(f"{self.bad_lines} of its lines cannot be read")
        if self.left_out_bytes:
            some.append(f"of its first {self.left_out_bytes / 1e6:.0f} MB nothing was looked at")
        return f"{self.path}: {'; '.join(some)}" if some else ""

    def __iter__(self) -> Iterator[Transition]:
        try:
            # a pipe of that name must not keep anybody waiting
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    self.problem = "it is no file"
                    return
                self.left_out_bytes = max(0, status.st_size - self._most_bytes)
                file.seek(self.left_out_bytes)
                for line in self._lines(file, status.st_size - self.left_out_bytes):
                    found = transition_of(line)
                    if found is None:
                        self.bad_lines += 1
                        continue
                    self.lines += 1
                    yield found
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self.problem = f"it cannot be read ({error.strerror or error})"

    def _lines(self, file: BufferedReader, left: int) -> Iterator[bytes]:
        """Each line, of one that is too long its begin; what is left of one that was fallen into is none."""
        rest, falling = b"", bool(self.left_out_bytes)
        while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            first, *others = chunk.split(b"\n")
            rest = (rest + first)[: LINE_LIMIT_BYTES + 1]
            for other in others:
                if rest and not falling:
                    yield rest
                rest, falling = other[: LINE_LIMIT_BYTES + 1], False
        if rest and not falling:
            yield rest


def transition_of(line: bytes) -> Transition | None:
    """The transition that a line tells of; None for what tells of none."""
    row = row_of(line, 0)
    if row is None:
        return None
    try:
        priority, before, after = Priority(row["priority"]), State(row["before"]), State(row["after"])
    except ValueError:
        return None
    return Transition(
        number=row["number"],
        time_s=row["time_us"] / 1e6,
        key=Key(row["vehicle"], row["rule"], row["subject"]),
        priority=priority,
        before=before,
        after=after,
        text=row["text"],
        value=row["value"],
        limit=row["limit"],
        unit=row["unit"],
        who=row["who"],
        why=row["why"],
        until_s=row["until_s"],
        quiet=row["quiet"],
    )
