"""An onboard log (`.BIN`) as something to export: its own messages, and what the aircraft did.

What it did is read from the frames that the log is told by (`telemetry.dataflash.bin_frames`), just as from a
recording. Such a log knows nothing of the link, but for what a telemetry radio said.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from telemetry.columns import columns_of
from telemetry.dataflash import DataFlash, frames_of_log, read_bin
from telemetry.exports.link_curves import radio_of
from telemetry.exports.recorded import NOTHING, FlightRecord, Link, Tables
from telemetry.exports.tlog_records import records_from


class BinRecorded:
    """The log in a `.BIN`. Raises InputError and FormatError as `read_bin` does.

    Times are UTC by the log's GPS; where it never knew the time they count from the autopilot's start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log: DataFlash = read_bin(path)

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def tables(self) -> Tables:
        """As `read_bin` gives them."""
        return self._log

    def records(self) -> tuple[FlightRecord, ...]:
        """The aircraft whose log it is."""
        return self._records

    @cached_property
    def _records(self) -> tuple[FlightRecord, ...]:
        stream = b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in frames_of_log(self._log))
        columns = columns_of(stream)
        here, there = radio_of(columns)
        return records_from(columns, lambda _: Link(NOTHING, NOTHING, here, there))
