"""What a terrain is: heights of places, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from missions.geodesy import GeoPoint, LocalFrame

Heights = npt.NDArray[np.float64]
"""Shape (n,): metres; NaN where nothing is known."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that heights were taken from.

    `crs` is its horizontal reference ("EPSG:28992"), `vertical_datum` what its heights are measured from, ""
    where the file does not say. `resolution_m` is the width of a cell on the ground.
    """

    name: str
    crs: str
    vertical_datum: str
    resolution_m: float
    sha256: str = ""

    @property
    def datum_key(self) -> str:
        """Two sources whose keys differ must not be taken for one datum."""
        return self.vertical_datum or f"unknown ({self.crs})"


class Terrain(Protocol):
    """Heights of the ground."""

    @property
    def resolution_m(self) -> float:
        """The finest cell, metres: sampling closer than that finds nothing new."""
        ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the heights given so far came from."""
        ...

    def heights_amsl_m(self, lonlat_deg: npt.ArrayLike) -> Heights:
        """(n, 2) longitude, latitude in degrees to (n,) metres in the source's own vertical datum.

        NaN where there is no data. The datum is NAP in an AHN tile, EGM96 in SRTM; only differences within
        one datum mean anything.
        """
        ...


@dataclass(frozen=True)
class AnalyticTerrain:
    """Ground given by a function of (n,) metres east and (n,) metres north of `origin`; no files."""

    function: Callable[[Heights, Heights], npt.ArrayLike]
    origin: GeoPoint
    resolution_m: float = 1.0
    vertical_datum: str = "analytic"

    @cached_property
    def _frame(self) -> LocalFrame:
        return LocalFrame(self.origin)

    @property
    def sources(self) -> tuple[Source, ...]:
        """One source without a file."""
        return (Source("analytic", "local", self.vertical_datum, self.resolution_m),)

    def heights_amsl_m(self, lonlat_deg: npt.ArrayLike) -> Heights:
        """(n, 2) longitude, latitude in degrees to (n,) metres."""
        east_north = self._frame.local_from_geo(lonlat_deg)
        heights = np.asarray(self.function(east_north[:, 0], east_north[:, 1]), float)
        return np.broadcast_to(heights, len(east_north)).astype(float)
