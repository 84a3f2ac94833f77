"""Bundle adjustment: photos, positions, ground control and scale bars weighed together, with covariance."""

from imaging.adjustment.adjust import Adjusted, adjust
from imaging.adjustment.network import (
    Bar,
    Directions,
    Indices,
    LensPrior,
    Named,
    Network,
    Pointings,
    Positions,
    Ties,
    indices,
    parts_of_views,
)

__all__ = [
    "Adjusted",
    "Bar",
    "Directions",
    "Indices",
    "LensPrior",
    "Named",
    "Network",
    "Pointings",
    "Positions",
    "Ties",
    "adjust",
    "indices",
    "parts_of_views",
]
