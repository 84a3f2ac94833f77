"""The map of a live search on the disk while it goes on, so that a service that is killed leaves one.

    searches/.map-live.kept/3/map-live.json, map-live.tif, ...     all files of one map, or none of them
    searches/.map-live.kept/after                                  the name of the map that it goes on with

Each time all files are written into a folder beside, which then gets its number; the one before is taken
away. Whoever writes holds a lock on the folder, which ends with its process. At the end the files move to
where the others are, and enter the operation; what a killed service left does when it is served next.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from missions.errors import DroneteamError, OutputError
from missions.files import write_whole
from missions.search.map_file import read_map
from ops.operations import FOLDERS, Operation
from telemetry.clock import Clock

SUFFIX = ".kept"
LEFT_WAIT_S, _LOOK_S = 5.0, 0.1
"""A process whose parent was killed writes once more before it goes."""
_AFTER = "after"
_log = logging.getLogger(__name__)


def folder_of(output: Path) -> Path:
    """Where a map is kept until it lies at `output`."""
    return output.with_name(f".{output.stem}{SUFFIX}")


class Keeping:
    """Writes the map of `output`, which goes on with the map `after`, again and again."""

    def __init__(self, output: Path, after: str) -> None:
        self._output, self._after, self._number = output, after, 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody takes the map while the block runs. Raises OutputError."""
        folder = folder_of(self._output)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror})", where=str(folder)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            write_whole(folder / _AFTER, self._after.encode())
            yield
        finally:
            os.close(handle)

    def keep(self, write: Callable[[Path], object]) -> None:
        """Have `write` write all files of the map at the path that it is given. Raises OutputError."""
        self._number += 1
        folder = folder_of(self._output)
        beside, there = folder / f".{self._number}", folder / f"{self._number}"
        try:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir()
            write(beside / self._output.name)
            beside.rename(there)
            for older in folder.iterdir():
                if older.is_dir() and older != there:
                    shutil.rmtree(older)
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror})", where=str(folder)) from error


def taken(folder: Path) -> tuple[Path, ...]:
    """Move the files of the map that was kept last to where the others are; none where none was.

    The map itself comes first. Raises OutputError.
    """
    numbers = [int(path.name) for path in folder.glob("[0-9]*") if path.name.isdecimal()]
    moved = []
    try:
        if numbers:
            whole = sorted((folder / f"{max(numbers)}").iterdir(), key=lambda path: path.suffix != ".json")
            for path in whole:
                there = folder.parent / path.name
                path.replace(there)
                moved.append(there)
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(f"cannot be moved ({error.strerror})", where=str(folder)) from error
    return tuple(moved)


def enter_left(operation: Operation, newest: Callable[[], Path | None], clock: Clock) -> None:
    """Let in the map that a killed service left, if it goes on with the newest of the operation.

    One that does not stays where it is, and the log of the service says so.
    """
    for folder in sorted((operation.folder / FOLDERS["search"]).glob(f".*{SUFFIX}")):
        try:
            _enter(operation, folder, newest(), clock)
        except (DroneteamError, OSError) as error:
            _log.error("the search map in %s does not enter the operation: %s", folder, error)


def _enter(operation: Operation, folder: Path, newest: Path | None, clock: Clock) -> None:
    if not _free(folder, clock):
        _log.error("the search map in %s is still written to", folder)
        return
    after = (folder / _AFTER).read_text() if (folder / _AFTER).is_file() else ""
    if newest is None or after != newest.name:
        _log.error("the search map in %s goes on with %r, which is not the newest by now", folder, after)
        return
    paths = taken(folder)
    for path in paths:
        operation.add_file(path, "search", after=after)
    if paths:
        act = read_map(paths[0]).since[-1]
        worth = {name: act[name] for name in ("frames", "pos", "left") if name in act}
        operation.record("search.covered", live=True, recovered=True, **worth)


def _free(folder: Path, clock: Clock) -> bool:
    """Whether nobody writes there (any more)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        end_s = clock.monotonic_s() + LEFT_WAIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if clock.monotonic_s() >= end_s:
                    return False
                clock.sleep(_LOOK_S)
            else:
                return True
    finally:
        os.close(handle)
