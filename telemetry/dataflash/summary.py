"""What an onboard log holds: who wrote it, how much of what, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from telemetry.dataflash.reading import DataFlash, read_bin
from telemetry.dataflash.times import boot_times, utc_of_boot_us
from telemetry.dataflash.vehicle import vehicle_of


@dataclass(frozen=True, slots=True)
class BinSummary:
    """An onboard log. `messages` counts each name, most first; `bad_bytes` belong to no message.

    `boot_began_s` and `boot_ended_s` are seconds since the autopilot's start, None without any message that
    has a time; `began_s` and `ended_s` the same in seconds since 1970 UTC, None where no GPS knew it. `kind`
    is "copter", "plane", "rover" or "sub", None where the log does not say; `firmware` "" likewise.
    """

    path: str
    size: int
    records: int
    bad_bytes: int
    messages: Mapping[str, int]
    boot_began_s: float | None
    boot_ended_s: float | None
    began_s: float | None
    ended_s: float | None
    firmware: str
    kind: str | None

    @property
    def duration_s(self) -> float:
        """From the first message to the last, in time."""
        if self.boot_began_s is None or self.boot_ended_s is None:
            return 0.0
        return self.boot_ended_s - self.boot_began_s


def bin_summary(path: Path) -> BinSummary:
    """The summary of a `.BIN`. Raises InputError and FormatError as `read_bin` does."""
    return summary_of_log(str(path), read_bin(path))


def summary_of_log(path: str, log: DataFlash) -> BinSummary:
    """The summary of a log that was read already."""
    known = [times[times >= 0] for times in boot_times(log).values()]
    known = [times for times in known if len(times)]
    first_us = min((int(times.min()) for times in known), default=None)
    last_us = max((int(times.max()) for times in known), default=None)
    boot_us = utc_of_boot_us(log)
    vehicle = vehicle_of(log)
    counts = {name: len(table) for name, table in log.items()}
    return BinSummary(
        path=path,
        size=log.size,
        records=log.records,
        bad_bytes=log.bad_bytes,
        messages=dict(sorted(counts.items(), key=lambda each: -each[1])),
        boot_began_s=None if first_us is None else first_us / 1e6,
        boot_ended_s=None if last_us is None else last_us / 1e6,
        began_s=None if first_us is None or boot_us is None else (boot_us + first_us) / 1e6,
        ended_s=None if last_us is None or boot_us is None else (boot_us + last_us) / 1e6,
        firmware=vehicle.firmware,
        kind=vehicle.kind,
    )
