"""Where a simulated vehicle stands when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from missions.geodesy import GeoPoint


@dataclass(frozen=True, slots=True)
class Home:
    """A place on the ground: WGS84 degrees, metres above mean sea level, degrees from true north."""

    lat_deg: float
    lon_deg: float
    height_amsl_m: float = 0.0
    heading_deg: float = 0.0

    def __post_init__(self) -> None:
        GeoPoint(self.lat_deg, self.lon_deg)

    @property
    def place(self) -> GeoPoint:
        """The place without its height."""
        return GeoPoint(self.lat_deg, self.lon_deg)


DEFAULT_HOME = Home(52.1273, 5.2760, 20.0, 0.0)
"""The disused airfield of Soesterberg."""
