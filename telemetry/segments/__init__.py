"""Segments of a recording on a disk: written, forced, sealed with their hash, and checked again."""

from telemetry.segments.disk import Disk, RealDisk
from telemetry.segments.recorder import SegmentRecorder, Watermark
from telemetry.segments.seals import SUMS, Check, check_folder, seal_left
from telemetry.segments.writer import SegmentWriter

__all__ = [
    "SUMS",
    "Check",
    "Disk",
    "RealDisk",
    "SegmentRecorder",
    "SegmentWriter",
    "Watermark",
    "check_folder",
    "seal_left",
]
