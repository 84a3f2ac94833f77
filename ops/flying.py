"""What a recording says of a flight that was planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from missions.errors import InputError
from missions.flown import Deviation, deviation_from_plan
from missions.plan import Plan
from telemetry.frames import Frame
from telemetry.tlog import read_tlog
from telemetry.track import Track


def deviation(plan: Plan, segments: Sequence[Path], system: int | None) -> Deviation | None:
    """How far the recorded track lay from the plan; None where it holds no track.

    The figures are NaN where not even the first leg was flown.
    """
    try:
        track = Track.from_frames(_frames(segments), system)
    except InputError:
        return None
    return deviation_from_plan(plan, track.lonlat_deg)


def _frames(segments: Sequence[Path]) -> Iterator[Frame]:
    for segment in segments:
        yield from read_tlog(segment)
