"""The recorder: a listener that writes every frame to `.tlog` segments.

Each segment is a recording by itself, in the form of `telemetry.tlog`. How segments are kept on a disk that
may fail is `telemetry.segments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.segments import Disk, SegmentRecorder, Watermark
from telemetry.segments.recorder import HELD_BYTES, SEGMENT_BYTES, SEGMENT_S, SYNC_S
from telemetry.segments.seals import TLOG

__all__ = ["HELD_BYTES", "SEGMENT_BYTES", "SEGMENT_S", "SYNC_S", "Recorder", "Watermark"]


class Recorder(SegmentRecorder):
    """Writes frames to `folder`, as `SegmentRecorder` does, in segments called `.tlog`."""

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
            suffix=TLOG,
            segment_bytes=segment_bytes,
            segment_s=segment_s,
            sync_s=sync_s,
            held_bytes=held_bytes,
            disk=disk,
        )

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Take frames; an empty sequence says nothing. Never waits for the disk."""
        if not frames:
            return
        data = b"".join([frame.time_us.to_bytes(8, "big") + frame.raw for frame in frames])
        self.add(data, len(frames), (frames[0].time_us, frames[-1].time_us))
