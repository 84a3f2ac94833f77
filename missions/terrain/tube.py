"""Between which heights a route may be flown: in tolerance, above clearance, not too steep.

Where the three disagree clearance wins, then the aircraft: it climbs early and descends late, and is above
the tolerance meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from missions.terrain.surface import Heights


@dataclass(frozen=True, slots=True)
class Slopes:
    """(m - 1,) the steepest rise and fall between samples, metres a metre, both positive."""

    rise: Heights
    fall: Heights


@dataclass(frozen=True, slots=True)
class Tube:
    """(m,) lowest and highest height at each sample.

    Both are flyable themselves, and from any height between them the rest of the route can be flown
    between them.
    """

    low: Heights
    high: Heights


def tube(along_m: Heights, lowest_m: Heights, highest_m: Heights, slopes: Slopes) -> Tube:
    """The flyable heights over `lowest_m`, and below `highest_m` as far as that can be held."""
    climbed, sunk = _gained(along_m, slopes.rise), _gained(along_m, slopes.fall)
    low = _raised(lowest_m, climbed, sunk)
    high = _lowered(np.maximum(highest_m, low), climbed, sunk)
    return Tube(low, np.maximum(high, low))


def _gained(along_m: Heights, slope: Heights) -> Heights:
    return np.concatenate([[0.0], np.cumsum(np.diff(along_m) * slope)])


def _raised(floor: Heights, climbed: Heights, sunk: Heights) -> Heights:
    """The lowest flyable heights that nowhere lie below `floor`."""
    early = np.maximum.accumulate((floor - climbed)[::-1])[::-1] + climbed
    return np.asarray(np.maximum.accumulate(early + sunk) - sunk)


def _lowered(ceiling: Heights, climbed: Heights, sunk: Heights) -> Heights:
    """The highest flyable heights that nowhere lie above `ceiling`."""
    early = np.minimum.accumulate((ceiling + sunk)[::-1])[::-1] - sunk
    return np.asarray(np.minimum.accumulate(early - climbed) + climbed)
