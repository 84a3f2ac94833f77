"""Wind: how the air moves over the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

from missions.errors import SettingsError

FASTEST_M_S = 60.0


@dataclass(frozen=True, slots=True)
class Wind:
    """A steady wind: metres a second, and the direction that it blows from, degrees from north clockwise.

    Raises SettingsError for what is no wind.
    """

    speed_m_s: float
    from_deg: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed_m_s) and 0 <= self.speed_m_s <= FASTEST_M_S):
            raise SettingsError(
                f"a wind of {self.speed_m_s} m/s is none",
                remedy=f"Give 0 to {FASTEST_M_S:.0f} metres a second",
            )
        if not math.isfinite(self.from_deg):
            raise SettingsError(
                f"a wind from {self.from_deg} degrees is none", remedy="Give 0 to 360, from north clockwise"
            )

    @property
    def motion_m_s(self) -> tuple[float, float]:
        """Where the air goes, metres a second east and north.

        >>> east, north = Wind(10.0, 270.0).motion_m_s
        >>> round(east, 6), round(north, 6) + 0.0
        (10.0, 0.0)
        """
        towards = math.radians(self.from_deg + 180.0)
        return self.speed_m_s * math.sin(towards), self.speed_m_s * math.cos(towards)
