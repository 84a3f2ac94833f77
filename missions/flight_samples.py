"""A flown flight as arrays: where, how fast, and what the battery gave."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from missions.geodesy import Points

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlightSamples:
    """n moments of one flight, from first rising to motors off, in order; NaN is what was not told.

    `time_s` (n,) counts from the first; `lonlat_deg` (n, 2); `height_relative_m` (n,) above the take-off
    point; `velocity_m_s` (n, 3) over the ground, east, north, up; `volts`, `amps` and `remaining_pct` (n,)
    of the battery; `wind_m_s` (n, 2) where the air goes, east and north. `kind` is "copter" or "plane".
    `start_utc_s` is when the first was received, seconds since 1970 UTC.
    """

    kind: str
    time_s: Floats
    lonlat_deg: Points
    height_relative_m: Floats
    velocity_m_s: Floats
    volts: Floats
    amps: Floats
    remaining_pct: Floats
    wind_m_s: Floats
    start_utc_s: float = 0.0

    def __len__(self) -> int:
        return len(self.time_s)

    def taken(self, rows: slice | npt.NDArray[np.bool_]) -> FlightSamples:
        """Some of the moments, with time as it was."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in {"kind", "start_utc_s"}
        }
        return FlightSamples(kind=self.kind, start_utc_s=self.start_utc_s, **arrays)

    @property
    def watts(self) -> Floats:
        """What the battery gave, NaN where volts or amps are not known."""
        return np.asarray(self.volts * self.amps)

    @property
    def wind_known(self) -> bool:
        """Whether the wind was told for most of the flight."""
        return bool(np.isfinite(self.wind_m_s[:, 0]).mean() > 0.5) if len(self) else False

    @property
    def airspeed_m_s(self) -> Floats:
        """Through the air, in plan; where no wind is known that of the ground."""
        through = self.velocity_m_s[:, :2] - np.nan_to_num(self.wind_m_s)
        return np.asarray(np.hypot(through[:, 0], through[:, 1]))

    @property
    def energy_wh(self) -> float:
        """What the battery gave in all: trapezoids over the moments at which its power was known."""
        known = np.isfinite(self.watts)
        return float(np.trapezoid(self.watts[known], self.time_s[known]) / 3600) if known.sum() > 1 else 0.0
