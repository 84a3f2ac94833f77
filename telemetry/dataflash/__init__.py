"""ArduPilot's onboard logs (DataFlash, `.BIN`): columns, times, a summary, and a replay as frames."""

from telemetry.dataflash.reading import DataFlash, log_of, read_bin
from telemetry.dataflash.replay import bin_frames, frames_of_log
from telemetry.dataflash.summary import BinSummary, bin_summary
from telemetry.dataflash.times import boot_times, utc_of_boot_us

__all__ = [
    "BinSummary",
    "DataFlash",
    "bin_frames",
    "bin_summary",
    "boot_times",
    "frames_of_log",
    "log_of",
    "read_bin",
    "utc_of_boot_us",
]
