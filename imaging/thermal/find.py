"""One find: a thing that was seen, where it is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.geolocate import Array
from imaging.thermal.frame import Unit, Values
from imaging.thermal.tracks import Sighting
from missions.geodesy import GeoPoint


@dataclass(frozen=True, slots=True)
class Find:
    """Something seen, perhaps often. `covariance` is square metres, east then north; `size_m` longer and
    shorter side.

    `temperature_degc` is that of the clearest sighting's heart, None where frames hold no temperatures.
    """

    id: str
    place: GeoPoint
    ground_amsl_m: float
    covariance: Array
    polarity: str
    score: float
    size_m: tuple[float, float]
    sightings: tuple[Sighting, ...]
    clearest: Sighting
    picture: Values
    unit: Unit
    temperature_degc: float | None = None
    temperature_error_degc: float | None = None
    notes: tuple[str, ...] = ()
    state: str = "proposed"

    @property
    def first_s(self) -> float | None:
        """Time of the first sighting, seconds since 1970 UTC."""
        return min((s.time_s for s in self.sightings if s.time_s is not None), default=None)

    @property
    def last_s(self) -> float | None:
        """Time of the last sighting."""
        return max((s.time_s for s in self.sightings if s.time_s is not None), default=None)
