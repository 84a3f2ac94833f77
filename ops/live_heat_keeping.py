"""What a live stream found, on the disk while the flight goes on: a document written whole, and thumbnails.

    finds/live-1-20260601T100000Z.geojson               as any document of finds (docs/heat.md)
    finds/live-1-20260601T100000Z_thumbnails/live-1-001.png

`ops.live_heat_kept` writes them. The document enters the operation when the stream is closed. One that a
killed service left behind enters when the operation is served next. Whoever writes holds a lock on the folder
of thumbnails, which ends with its process.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from missions.errors import OutputError
from telemetry.clock import Clock

THUMBNAILS = "_thumbnails"
LEFT_WAIT_S, _LOOK_S = 2.0, 0.1
"""A process whose parent was killed is gone in less; a document that is still written to is left alone."""
_DOCUMENT = re.compile(r"live-\d{1,3}[a-z]?-\d{8}T\d{6}Z(-\d+)?\.geojson")


def thumbnails_of(document: Path) -> Path:
    """The folder of a document's thumbnails."""
    return document.with_name(document.stem + THUMBNAILS)


def new_document(folder: Path, tag: str, clock: Clock) -> Path:
    """A path for what a stream will find, which nothing has yet; the folder of its thumbnails is made.

    Raises OutputError.
    """
    stamp = datetime.fromtimestamp(clock.now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(1, 1000):
        path = folder / f"live-{tag}-{stamp}{f'-{number}' if number > 1 else ''}.geojson"
        try:
            thumbnails_of(path).mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror})", where=str(folder)) from error
        return path
    raise OutputError("too many live documents of one second", where=str(folder))


def highest_number(folder: Path, tag: str) -> int:
    """Of the finds that a stream of this tag ever had in this operation: no two bear one name."""
    names = (path.stem for path in folder.glob(f"live-*{THUMBNAILS}/live-{tag}-*.png"))
    numbers = [name.rpartition("-")[2] for name in names]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


@contextmanager
def locked(document: Path) -> Iterator[None]:
    """Nobody else takes the document for one that was left behind, as long as this process lives."""
    handle = os.open(thumbnails_of(document), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def left_behind(folder: Path, entered: Sequence[str], clock: Clock) -> list[Path]:
    """Documents in the folder of finds that nobody writes to any more and that have not entered.

    `entered` are the names of those that have. What a killed process had half written is taken away, and
    folders of streams that found nothing and never wrote.
    """
    found = []
    for path in sorted(folder.glob(f"live-*{THUMBNAILS}")):
        document = path.with_name(path.name.removesuffix(THUMBNAILS) + ".geojson")
        if document.name in entered or not _DOCUMENT.fullmatch(document.name) or _written_to(path, clock):
            continue
        for half in [*folder.glob(f".{document.stem}.*"), *path.glob(".*")]:
            half.unlink(missing_ok=True)
        if document.is_file():
            found.append(document)
        else:
            with suppress(OSError):
                path.rmdir()
    return found


def _written_to(folder: Path, clock: Clock) -> bool:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        end_s = clock.monotonic_s() + LEFT_WAIT_S
        while clock.monotonic_s() < end_s:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
            clock.sleep(_LOOK_S)
        return True
    finally:
        os.close(handle)
