"""The ground along a route, for a picture or a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.terrain.samples import sample_legs
from missions.terrain.surface import Heights, Terrain


@dataclass(frozen=True, slots=True)
class Profile:
    """(n,) metres along the route and (n,) height of the ground, NaN where it is not known."""

    distance_m: Heights
    ground_m: Heights


def profile(points_lonlat: npt.ArrayLike, terrain: Terrain) -> Profile:
    """The ground below a route of (n, 2) longitude, latitude in degrees, at the terrain's resolution.

    Heights are in the source's own vertical datum.
    """
    samples = sample_legs(np.asarray(points_lonlat, float).reshape(-1, 2), terrain)
    return Profile(samples.along_m, samples.ground_m)
