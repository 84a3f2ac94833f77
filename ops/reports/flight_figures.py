"""A flight in a line of figures: how long, how far, how high, how fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from missions.geodesy import GeoPoint, LocalFrame
from telemetry.exports.paths import Floats
from telemetry.exports.recorded import FlightRecord


def figures_of(records: Sequence[FlightRecord]) -> str:
    """Distance, heights and speed of all aircraft; of the battery too where one aircraft tells it."""
    parts = []
    paths = [record.path for record in records if len(record.path) > 1]
    if paths:
        flown_m = sum(distance_m(record) for record in records)
        highest_m = max(float(path.height_relative_m.max()) for path in paths)
        amsl_m = max(float(path.height_amsl_m.max()) for path in paths)
        fastest = max(float(path.ground_speed_m_s.max()) for path in paths)
        parts += [
            f"{flown_m / 1000:.2f} km flown" if flown_m >= 1000 else f"{flown_m:.0f} m flown",
            f"at most {highest_m:.0f} m above take-off ({amsl_m:.0f} m amsl)",
            f"at most {fastest:.1f} m/s",
        ]
    if len(records) == 1 and len(records[0].battery_pct) > 1:
        left = records[0].battery_pct.values
        parts.append(f"battery {left[0]:.0f} to {left[-1]:.0f} %")
    return ", ".join(part for part in parts if part)


def distance_m(record: FlightRecord) -> float:
    """Metres over the ground while armed (all the time where nobody said when), gaps left out."""
    path = record.path
    if len(path) < 2:
        return 0.0
    middle = len(path) // 2
    frame = LocalFrame(GeoPoint(float(path.lat_deg[middle]), float(path.lon_deg[middle])))
    here = frame.local_from_geo(np.column_stack([path.lon_deg, path.lat_deg]))
    steps = np.hypot(*np.diff(here, axis=0).T)
    counts = np.zeros(len(path), bool)
    for piece in path.pieces():
        counts[piece.start + 1 : piece.stop] = True
    return float(steps[counts[1:] & armed_at(record, path.time_s)[1:]].sum())


def armed_at(record: FlightRecord, time_s: Floats) -> npt.NDArray[np.bool_]:
    """Whether the aircraft was armed at these times (n,); always where nobody said."""
    if not any(armed for _, armed in record.armed):
        return np.ones(len(time_s), bool)
    times = [time_s for time_s, _ in record.armed]
    states = np.array([False, *(armed for _, armed in record.armed)])
    return np.asarray(states[np.searchsorted(times, time_s, side="right")])


def when_text(span: tuple[float, float]) -> str:
    """The day, from when to when, and for how long."""
    first, last = (datetime.fromtimestamp(each, UTC) for each in span)
    minutes, seconds = divmod(round(span[1] - span[0]), 60)
    until = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {until} UTC, {minutes} min {seconds:02d} s"
