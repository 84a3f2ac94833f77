"""What a bundle adjustment is given: start values, what was observed, and how sure each of it is.

Everything lies in one local frame, metres east, north and up. Standard deviations are of the observations
themselves; the adjustment weighs each by them and finds the tie points' own from their residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imaging.lens import Array, Lens, View

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LensPrior:
    """One standard deviation of each lens parameter about its start value; 0 holds it there.

    `focal` and `centre` are shares of the focal length; the others without unit, `readout_s` in seconds.
    """

    focal: float = 0.03
    centre: float = 0.01
    radial: float = 0.05
    radial2: float = 0.03
    tangential: float = 0.001
    readout_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ties:
    """Tie points in pictures: (m,) index of the view, (m,) index of the point, (m, 2) pixel."""

    view: Indices
    point: Indices
    px: Array

    def __len__(self) -> int:
        return len(self.view)

    def chosen(self, keep: npt.NDArray[np.bool_]) -> Ties:
        """Those of the (m,) mask."""
        return Ties(self.view[keep], self.point[keep], self.px[keep])

    def part(self, which: slice | Indices) -> Ties:
        """Those of a slice or of so many places."""
        return Ties(self.view[which], self.point[which], self.px[which])


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the cameras were by another witness (GPS): (k,) views, (k, 3) metres.

    `covariance` (3k, 3k) in m², east, north, up of the first, then of the next: it tells what all share, what
    drifts and what is each one's own.
    """

    view: Indices
    local_m: Array
    covariance: Array


@dataclass(frozen=True, slots=True)
class Directions:
    """Where the cameras looked by another witness (gimbal): (k,) views, (k, 3) unit vectors.

    `sigma_rad` is of the direction that all share; together they weigh as one.
    """

    view: Indices
    local: Array
    sigma_rad: float


@dataclass(frozen=True, slots=True)
class Pointings:
    """Marks of one thing in pictures: (k,) views, (k, 2) pixels, (k,) standard deviation of a coordinate."""

    view: Indices
    px: Array
    sigma_px: Array


@dataclass(frozen=True, slots=True)
class Named:
    """A point with a name: marked in pictures and, where `covariance` is given, surveyed.

    `local_m` (3,) is where it was surveyed, or a start value; `covariance` (3, 3) in m², None for a point
    whose coordinates nobody measured, as the end of a scale bar.
    """

    name: str
    local_m: Array
    marks: Pointings
    covariance: Array | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A distance measured on the ground between two named points, metres."""

    first: str
    second: str
    length_m: float
    sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """All of it.

    `velocity_m_s` (n, 3) is each view's, for lenses whose rows are read one after another. `bend` is how far
    a picture may be bent at its edge, as a share of the scale of its tie points' residuals: one standard
    deviation, 0 holds pictures straight; further where a readout is found, by what the camera turns while a
    picture is read: `turning_rad_s` about its optical axis, `nodding_rad_s` about the other two (one standard
    deviation). `bends_px` (n, 8) are start values.
    `considered` gives by lens (8,) standard deviations of parameters that stay as they are told and whose
    errors are counted all the same (consider parameters; Schmidt 1966), 0 for those that are found.
    """

    views: tuple[View, ...]
    lenses: dict[str, Lens]
    points: Array
    ties: Ties
    priors: dict[str, LensPrior] = field(default_factory=dict)
    readout_s: dict[str, float] = field(default_factory=dict)
    velocity_m_s: Array | None = None
    bend: float = 0.0
    turning_rad_s: float = 0.0
    nodding_rad_s: float = 0.0
    bends_px: Array | None = None
    considered: dict[str, Array] = field(default_factory=dict)
    positions: Positions | None = None
    directions: Directions | None = None
    named: tuple[Named, ...] = ()
    bars: tuple[Bar, ...] = ()

    @property
    def index(self) -> dict[str, int]:
        """Where each view stands, by name."""
        return {view.name: number for number, view in enumerate(self.views)}


def parts_of_views(ties: Ties, views: int) -> Indices:
    """The number of the part that each of so many views belongs to, (views,): no point ties two parts."""
    points = int(ties.point.max(initial=-1)) + 1
    edges = (np.ones(len(ties), bool), (ties.view, views + ties.point))
    _, part = connected_components(coo_array(edges, shape=(views + points,) * 2), directed=False)
    return indices(np.unique(part[:views], return_inverse=True)[1])


def indices(values: Any) -> Indices:
    """Any sequence of whole numbers as an array of indices."""
    return np.asarray(values, np.int64)
