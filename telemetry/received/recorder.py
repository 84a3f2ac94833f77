"""Keeps what came in that is not MAVLink, as safely as the recorder of frames keeps those."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from telemetry.clock import Clock
from telemetry.received.items import HEAD, Item, line_of
from telemetry.segments import Disk, SegmentRecorder
from telemetry.segments.recorder import SEGMENT_BYTES, SEGMENT_S, SYNC_S
from telemetry.segments.seals import RECEIVED

HELD_BYTES = 16_000_000
"""What is kept while the disk fails: over five minutes of 300 lines a second."""


class ReceivedRecorder(SegmentRecorder):
    """Writes items to `folder`, as `SegmentRecorder` does, in segments called `.received`."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
        sync_s: float = SYNC_S,
        held_bytes: int = HELD_BYTES,
        disk: Disk | None = None,
    ) -> None:
        super().__init__(
            folder,
            clock,
            suffix=RECEIVED,
            head=HEAD,
            segment_bytes=segment_bytes,
            segment_s=segment_s,
            sync_s=sync_s,
            held_bytes=held_bytes,
            disk=disk,
        )

    def __call__(self, items: Sequence[Item]) -> None:
        """Take items; an empty sequence says nothing. Never waits for the disk. Any thread may call."""
        if items:
            data = b"".join(map(line_of, items))
            self.add(data, len(items), (items[0].time_us, items[-1].time_us))
