"""When things happened: microseconds since the autopilot's start, and what these are in UTC.

Every message but FMT and FILE begins with TimeUS, microseconds since boot. GPS messages say which week and
millisecond of GPS time it was (GWk, GMS). UTC is behind GPS time by 18 s since 2017-01-01 (IERS Bulletin C,
number 52); ArduPilot counts these 18 s whatever the date (`GPS_LEAPSECONDS_MILLIS`), and so does this.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from telemetry.dataflash.reading import DataFlash

Times = npt.NDArray[np.int64]
NO_TIME = -1
GPS_EPOCH_S = 315_964_800
"""1980-01-06, seconds since 1970 UTC."""
LEAP_S = 18
_WEEK_S = 604_800
_FIX_3D = 3
_EARLIEST_UTC_US = 1_200_000_000_000_000
_LATEST_UTC_US = 1 << 52
_LONGEST_BOOT_US = 1 << 48
_LONGEST_WAIT_US = 2_000_000
_MOST_OFF_US = 60_000_000
_WINDOW = 5


def boot_times(log: DataFlash, names: Iterable[str] | None = None) -> dict[str, Times]:
    """When each message was logged, microseconds since boot, by name (n,); none for names without a TimeUS.

    A time more than a minute off the median of five in the file was damaged, and is `NO_TIME`; the last two
    of a log cannot be judged so.
    """
    times = {
        name: _stamped(log.tables[name])
        for name in (log if names is None else names)
        if name in log.tables
        and log.formats[name].letters[:1] == "Q"
        and log.formats[name].fields[0] == "TimeUS"
    }
    if not times:
        return {}
    every = np.concatenate(list(times.values()))
    order = np.argsort(np.concatenate([log.places(name) for name in times]), kind="stable")
    every[order] = _believed(every[order])
    ends = np.cumsum([len(each) for each in times.values()])
    return dict(zip(times, np.split(every, ends[:-1]), strict=True))


def utc_of_boot_us(log: DataFlash) -> int | None:
    """UTC when the autopilot started, microseconds since 1970; None where no GPS receiver knew the time.

    The median over all GPS messages with a 3D fix, so that wrong ones do not matter. A report is logged a
    little after it was taken in; where GPA says when that was (SMS), that counts, as ArduPilot reckons its
    own UTC. What the receiver took to send it (0.1 to 0.2 s as a rule) is not known: UTC is early by that.
    """
    found: list[Times] = []
    for name, boot_us in boot_times(log, ("GPS", "GPS2")).items():
        if not _whole_numbers(log, name, "Status", "GWk", "GMS"):
            continue
        table = log.tables[name]
        status, week, of_week_ms = (table[field].astype(np.int64) for field in ("Status", "GWk", "GMS"))
        utc_us = (GPS_EPOCH_S - LEAP_S + week * _WEEK_S) * 1_000_000 + of_week_ms * 1000
        sound = (status >= _FIX_3D) & (boot_us >= 0) & (of_week_ms < _WEEK_S * 1000)
        sound &= (utc_us > _EARLIEST_UTC_US) & (utc_us < _LATEST_UTC_US)
        found.append((utc_us - boot_us + _waited_us(log, name, boot_us))[sound])
    every = np.concatenate(found) if found else np.zeros(0, np.int64)
    return int(np.median(every)) if len(every) else None


def _waited_us(log: DataFlash, name: str, boot_us: Times) -> Times:
    """How long each report of a GPS table (n,) had been there when it was logged, 0 where that is unknown."""
    waited = np.zeros(len(boot_us), np.int64)
    if name != "GPS" or "GPA" not in log or not _whole_numbers(log, "GPA", "TimeUS", "SMS"):
        return waited
    more = log.tables["GPA"]
    _, here, there = np.intersect1d(_key(log, name), _key(log, "GPA"), return_indices=True)
    each_us = boot_us[here] - more["SMS"].astype(np.int64)[there] * 1000
    waited[here] = np.where((each_us >= 0) & (each_us < _LONGEST_WAIT_US), each_us, 0)
    return waited


def _key(log: DataFlash, name: str) -> npt.NDArray[np.uint64]:
    """The same for what was logged of one receiver at one time."""
    table = log.tables[name]
    receiver = table["I"].astype(np.uint64) if _whole_numbers(log, name, "I") else np.uint64(0)
    return np.asarray(table["TimeUS"] * np.uint64(256) + receiver)


def _whole_numbers(log: DataFlash, name: str, *fields: str) -> bool:
    known = log.formats[name].fields
    return all(field in known and log.tables[name].dtype[field].kind == "u" for field in fields)


def _stamped(table: npt.NDArray[np.void]) -> Times:
    """TimeUS as it stands, `NO_TIME` for what is longer than an autopilot runs."""
    times = np.full(len(table), NO_TIME, np.int64)
    sound = table["TimeUS"] < _LONGEST_BOOT_US
    times[sound] = table["TimeUS"][sound]
    return times


def _believed(times: Times) -> Times:
    """Times (n,) in the order of the file, `NO_TIME` for those far off their neighbours."""
    known = np.flatnonzero(times >= 0)
    if len(known) < _WINDOW:
        return times
    # Only beside a jump of half as much can a time be that far off the median of five.
    jumps = np.flatnonzero(np.abs(np.diff(times[known])) > _MOST_OFF_US // 2)
    beside = np.unique((jumps[:, None] + np.arange(-1, 3)).clip(0, len(known) - 1))
    around = (beside[:, None] + np.arange(_WINDOW) - _WINDOW // 2).clip(0, len(known) - 1)
    off = np.abs(times[known[beside]] - np.median(times[known[around]], axis=1)) > _MOST_OFF_US
    believed = times.copy()
    believed[known[beside[off]]] = NO_TIME
    return believed
