"""Recordings that commands make: segments in a folder, entering an operation when they end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.beside import INDEX_NAME
from ops.cli.entering import enter
from ops.cli.screen import say

if TYPE_CHECKING:
    from ops.config import Settings
    from ops.operations import Operation
    from ops.surroundings import Surroundings
    from telemetry.recorder import Recorder
    from telemetry.segments import SegmentRecorder

MEGABYTE = 1_000_000


@contextmanager
def recording(
    folder: Path | None,
    settings: Settings,
    operation: Operation | None,
    around: Surroundings | None = None,
    **details: Any,
) -> Iterator[Recorder | None]:
    """A recorder into `folder`, else into the operation's; None where neither was named.

    What comes `around` that is no MAVLink is recorded there too.
    """
    if folder is None and operation is not None:
        folder = operation.folder / "telemetry"
    if folder is None:
        yield None
        return
    from telemetry.clock import SystemClock
    from telemetry.received.recorder import ReceivedRecorder
    from telemetry.recorder import Recorder

    there_before = folder.exists()
    segment_bytes = settings.segment_mb * MEGABYTE
    recorders: list[SegmentRecorder] = []
    try:  # a recorder makes the folder, which is not to stay bare where Ctrl-C comes right after
        recorder = Recorder(folder, SystemClock(), segment_bytes=segment_bytes)
        recorders.append(recorder)
        if around is not None:
            around.recorder = ReceivedRecorder(folder, SystemClock(), segment_bytes=segment_bytes)
            recorders.append(around.recorder)
        with ExitStack() as stack:
            _index(folder, recorders, stack)
            for each in reversed(recorders):
                stack.enter_context(each)
            yield recorder
    finally:
        for each in recorders:
            if each.problem:
                say(f"Recording had trouble, {each.dropped} of {each.taken} were lost: {each.problem}")
        segments = [segment for each in recorders for segment in each.segments]
        if not segments and not there_before:
            _remove_bare(folder)
        for segment in segments:
            say(f"Recorded {segment}")
            enter(operation, segment, "telemetry", **details)


def _remove_bare(folder: Path) -> None:
    """Remove a folder that holds an index and nothing that it could be the index of."""
    with suppress(OSError):
        files = list(folder.iterdir())
        if all(file.name.startswith(f"{Path(INDEX_NAME).stem}.") for file in files):
            for file in files:
                file.unlink()
            folder.rmdir()


def _index(folder: Path, recorders: Sequence[SegmentRecorder], stack: ExitStack) -> None:
    """Have the folder's index kept up to date, which ends after the recorders; they go on without."""
    from missions.errors import OutputError
    from ops.index import IndexWriter
    from telemetry.clock import SystemClock

    try:
        writer = stack.enter_context(IndexWriter(folder, SystemClock(), tell=say))
        for recorder in recorders:
            recorder.subscribe(writer)
    except OutputError as error:
        say(f"Recording without an index: {error.what} ({error.where})")
