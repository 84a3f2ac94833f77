"""Segments of what was received read again, as they grow and whatever happened to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from missions.errors import FormatError, InputError
from telemetry.received.items import HEAD, LINE_LIMIT_BYTES, Item, item_of
from telemetry.segments.seals import RECEIVED

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """An item, and where its line lies: it begins at byte `at` and is `length` bytes long without its end."""

    item: Item
    at: int
    length: int


class ItemScan:
    """Reads one segment onwards, a piece at a time; however it was cut the same items come out.

    Only whole lines count, until the `last` piece. Damaged and torn lines are passed over, `bad_lines` of
    them with `bad_bytes` bytes. `watermark` is up to which byte the items were given, `size` what was seen.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.watermark = 0
        self.items = 0
        self.bad_lines = 0
        self.bad_bytes = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self._digest = hashlib.sha256()
        self._rest = b""
        self._falling = False
        self._proven = False

    @property
    def sha256(self) -> str:
        """The digest of the bytes before the watermark."""
        return self._digest.hexdigest()

    @property
    def problem(self) -> str:
        """Why it is taken for no recording at all; "" where it is one, or empty."""
        strange = bool(self.watermark) and not self._proven
        return "this is no recording of what was received" if strange else ""

    def read(self, *, upto: int | None = None, last: bool = False) -> Iterator[list[Found]]:
        """What came since, a piece at a time; with `upto` no further than that byte.

        Raises InputError where it cannot be read, FormatError where it became shorter.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                there = file.seek(0, 2)
                if there < self.size:
                    raise FormatError("the segment has become shorter", where=str(self.path))
                end = there if upto is None else min(there, max(upto, self.size))
                file.seek(self.size)
                while self.size < end and (chunk := file.read(min(_CHUNK_BYTES, end - self.size))):
                    self.size += len(chunk)
                    yield list(self._feed(chunk))
        except OSError as error:
            raise InputError(
                f"the recording cannot be read ({error.strerror or error})",
                where=str(self.path),
                remedy="Check the path",
            ) from error
        if last and self._rest:
            yield list(self._line(self._rest, b""))
            self._rest = b""

    def _feed(self, chunk: bytes) -> Iterator[Found]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            yield from self._line(line, b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            # no line is that long: it is counted as it goes by, and not held
            self._pass_over(self._rest)
            self._rest, self._falling = b"", True

    def _line(self, line: bytes, end: bytes) -> Iterator[Found]:
        at, whole = self.watermark, line + end
        falling, self._falling = self._falling, False
        if falling:
            self.bad_lines += 1
            self._pass_over(whole)
            return
        if at == 0 and whole == HEAD:
            self._proven = True
            self._move(whole)
            return
        try:
            item = item_of(line)
        except FormatError:
            self.bad_lines += 1
            self._pass_over(whole)
            return
        self._proven = True
        self._move(whole)
        self.items += 1
        self.first_us = item.time_us if self.first_us is None else min(self.first_us, item.time_us)
        self.last_us = item.time_us if self.last_us is None else max(self.last_us, item.time_us)
        yield Found(item, at, len(line))

    def _pass_over(self, data: bytes) -> None:
        self.bad_bytes += len(data)
        self._move(data)

    def _move(self, data: bytes) -> None:
        self._digest.update(data)
        self.watermark += len(data)


def read_items(path: Path) -> Iterator[Found]:
    """The items of a segment in the order of the file, damage passed over.

    Raises InputError where it cannot be read, FormatError where it is no such recording.
    """
    scan = ItemScan(path)
    for found in scan.read(last=True):
        yield from found
    _check(scan)


def items_of(path: Path) -> tuple[list[Item], ItemScan]:
    """All items of a segment, and how it was read. Raises as `read_items` does."""
    scan = ItemScan(path)
    items = [found.item for piece in scan.read(last=True) for found in piece]
    _check(scan)
    return items, scan


def is_received(path: Path) -> bool:
    """Whether a file is, or calls itself, a recording of what was received. What cannot be read is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEAD)) == HEAD or path.suffix == RECEIVED
    except OSError:
        return False


def _check(scan: ItemScan) -> None:
    if scan.problem:
        raise FormatError(
            scan.problem, where=str(scan.path), remedy="Give a file as Droneteam records it (.received)"
        )
