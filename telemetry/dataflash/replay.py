"""An onboard log played as the link would have been: its messages as MAVLink frames, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from telemetry.dataflash import condition, motion
from telemetry.dataflash.reading import DataFlash, read_bin
from telemetry.dataflash.sources import Flight, Source
from telemetry.dataflash.times import boot_times, utc_of_boot_us
from telemetry.dataflash.vehicle import vehicle_of
from telemetry.frames import Frame, FrameReader
from telemetry.messages import Encoder

_MAKERS: tuple[Callable[[Flight], list[Source]], ...] = (
    condition.heartbeats,
    condition.clocks,
    condition.homes,
    motion.attitudes,
    motion.positions,
    motion.receivers,
    motion.instruments,
    motion.mounts,
    motion.filters,
    condition.batteries,
    condition.radios,
    condition.texts,
    condition.missions,
    condition.landings,
)
"""Of one time, in this order."""


def bin_frames(path: Path) -> Iterator[Frame]:
    """The frames that an onboard log is told by, in order of time, as `read_tlog` gives those of a recording.

    Their times are UTC, microseconds since 1970, by the log's GPS; where it never knew the time they count
    from the autopilot's start. What no message was logged for is not sent. Raises InputError and FormatError
    as `read_bin` does, before the first frame is given.
    """
    yield from frames_of_log(read_bin(path))


def frames_of_log(log: DataFlash) -> Iterator[Frame]:
    """The frames of a log that was read already."""
    flight = Flight(log, boot_times(log), vehicle_of(log), utc_of_boot_us(log))
    sources = [source for make in _MAKERS for source in make(flight)]
    encoders = {source.sender: Encoder(*source.sender) for source in sources}
    reader = FrameReader()
    begin_us = flight.utc_of_boot_us or 0
    times = np.concatenate([source.boot_us for source in sources])
    counts = [len(source.boot_us) for source in sources]
    of_source = np.repeat(np.arange(len(sources)), counts)
    places = np.concatenate([np.arange(count) for count in counts])
    for row in np.argsort(times, kind="stable"):
        source = sources[of_source[row]]
        raw = encoders[source.sender].encode(source.message, **source.fields(int(places[row])))
        yield from reader.feed(raw, begin_us + int(times[row]))
