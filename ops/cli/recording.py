"""Recordings that commands make: .tlog segments in a folder, entering an operation when they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.cli.entering import enter
from ops.cli.screen import say

if TYPE_CHECKING:
    from ops.config import Settings
    from ops.operations import Operation
    from telemetry.recorder import Recorder

MEGABYTE = 1_000_000


@contextmanager
def recording(
    folder: Path | None, settings: Settings, operation: Operation | None, **details: Any
) -> Iterator[Recorder | None]:
    """A recorder into `folder`, else into the operation's; None where neither was named."""
    if folder is None and operation is not None:
        folder = operation.folder / "telemetry"
    if folder is None:
        yield None
        return
    from telemetry.clock import SystemClock
    from telemetry.recorder import Recorder

    there_before = folder.exists()
    recorder = Recorder(folder, SystemClock(), segment_bytes=settings.segment_mb * MEGABYTE)
    try:
        with ExitStack() as stack:
            _index(recorder, stack)
            yield stack.enter_context(recorder)
    finally:
        if recorder.problem:
            say(f"Recording had trouble, {recorder.dropped} frames were lost: {recorder.problem}")
        if not recorder.segments and not there_before:
            with suppress(OSError):
                folder.rmdir()
        for segment in recorder.segments:
            say(f"Recorded {segment}")
            enter(operation, segment, "telemetry", **details)


def _index(recorder: Recorder, stack: ExitStack) -> None:
    """Have the folder's index kept up to date, which ends after the recorder; a recording goes on without."""
    from missions.errors import OutputError
    from ops.index import IndexWriter
    from telemetry.clock import SystemClock

    try:
        recorder.subscribe(stack.enter_context(IndexWriter(recorder.folder, SystemClock(), tell=say)))
    except OutputError as error:
        say(f"Recording without an index: {error.what} ({error.where})")
