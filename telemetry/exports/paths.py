"""Where an aircraft was over time, as arrays, and where nobody knows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from telemetry.places import are_places
from telemetry.sent_times import spread
from telemetry.track import MAX_GAP_S

Floats = npt.NDArray[np.float64]
_UNKNOWN_HEADING = 0xFFFF
_GAP_INTERVALS = 4
"""So many usual intervals without a position are a gap, where that is more than `MAX_GAP_S`."""


@dataclass(frozen=True, slots=True)
class FlightPath:
    """Positions (n,) at rising times, seconds since 1970 UTC by the clock of the recording's maker.

    Heights are above mean sea level and above the take-off point, angles from true north clockwise.
    """

    time_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    height_amsl_m: Floats
    height_relative_m: Floats
    ground_speed_m_s: Floats
    heading_deg: Floats

    def __len__(self) -> int:
        return len(self.time_s)

    def pieces(self) -> list[slice]:
        """The stretches without a gap; one longer than 5 s (and than four usual intervals) is a gap."""
        return pieces_of(self.time_s)


def pieces_of(time_s: Floats) -> list[slice]:
    """The stretches of rising times (n,) without a gap."""
    if not len(time_s):
        return []
    apart_s = np.diff(time_s)
    usual_s = float(np.median(apart_s)) if len(apart_s) else 0.0
    edges = np.flatnonzero(apart_s > max(MAX_GAP_S, _GAP_INTERVALS * usual_s)) + 1
    begins = [0, *edges.tolist(), len(time_s)]
    return [slice(first, after) for first, after in itertools.pairwise(begins)]


def path_from_rows(rows: npt.NDArray[np.void]) -> FlightPath:
    """The path in one sender's GLOBAL_POSITION_INT rows (n,), as `telemetry.track.Track` has it.

    What was received late and all at once is put back to when it was sent. Round (0, 0) is no place. Where
    the aircraft did not know its heading its course stands in for it.
    """
    rows = rows[are_places(rows)]
    rows = rows[np.argsort(rows["received_us"], kind="stable")]
    time_s = spread(rows["received_us"] / 1e6, rows["time_boot_ms"] / 1e3)
    last = np.append(np.diff(time_s) > 0, True)[: len(rows)]
    rows, time_s = rows[last], time_s[last]
    north, east = rows["vx"].astype(float), rows["vy"].astype(float)
    course = np.degrees(np.arctan2(east, north))
    return FlightPath(
        time_s=time_s,
        lat_deg=rows["lat"] / 1e7,
        lon_deg=rows["lon"] / 1e7,
        height_amsl_m=rows["alt"] / 1000,
        height_relative_m=rows["relative_alt"] / 1000,
        ground_speed_m_s=np.hypot(north, east) / 100,
        heading_deg=np.where(rows["hdg"] == _UNKNOWN_HEADING, course, rows["hdg"] / 100) % 360,
    )
