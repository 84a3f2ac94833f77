"""Squeezing a route: what is seen on the way from lane to lane need not be flown to again.

Every straight piece of the route records. Corners are then moved, and left out, as long as that saves more
than the ground it loses is worth, until as much stays unseen as may. At last what records without need is a
mere way again. While corners move, ground is counted on a grid (see `Ground`); what counts is measured after
each round, and a round that lost too much is taken back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapely import MultiPolygon, Polygon

from missions.coverage.bends import Bends
from missions.coverage.gaps import unseen
from missions.coverage.ground import Ground
from missions.coverage.inside import Inside
from missions.coverage.lanes import Swath
from missions.coverage.route import Route

_SQUARES = 16_000
_FINE = 8
"""Squares to a lane's width."""
_ROUNDS = ((2.0, 0.5), (1.2, 0.5), (1.0, 0.2), (1.0, 0.08))
"""What unseen ground is worth, in flights of a lane over the same ground; and how far corners are moved, in
lanes' widths."""
_CAREFUL = 0.9
"""The share of what may yet stay unseen that a round may spend: the grid does not count exactly."""
_LEAST_SPARE = 0.02


@dataclass(frozen=True, slots=True)
class Squeeze:
    """What squeezing must keep: the area, what is seen of it, and how much may stay unseen."""

    area: Polygon | MultiPolygon
    inside: Inside
    swath: Swath
    turn_m: float
    allowed_m2: float
    bearing_deg: float

    def spare_m2(self, route: Route) -> float:
        """How much more ground may stay unseen, measured; negative where too much does."""
        return self.allowed_m2 - float(unseen(self.area, route.legs, self.swath).area)


def squeezed(route: Route, squeeze: Squeeze, *, fixed_ends: bool) -> Route:
    """The route with as few metres and turns as see the ground that must be seen."""
    step_m = max(squeeze.swath.width_m / _FINE, math.sqrt(squeeze.area.area / _SQUARES))
    ground = Ground(squeeze.area, squeeze.swath, squeeze.bearing_deg, step_m)
    bends = Bends(route, ground, squeeze.inside, squeeze.turn_m, fixed_ends=fixed_ends)
    careful, spare_m2 = _CAREFUL, squeeze.spare_m2(bends.route())
    for price, step in _ROUNDS:
        if spare_m2 < _LEAST_SPARE * squeeze.allowed_m2:
            break
        before = bends.state()
        width_m = squeeze.swath.width_m
        bends.improve(price / width_m, step * width_m, careful * spare_m2)
        left_m2 = squeeze.spare_m2(bends.route())
        if left_m2 < 0:
            # The grid counted too much as seen: again from before, with less to spend.
            careful *= max(0.2, min(0.8, spare_m2 / (spare_m2 - left_m2)))
            bends.restore(before)
        else:
            spare_m2 = left_m2
    if spare_m2 < 0:
        return route
    least = bends.route(needed_only=True)
    return least if squeeze.spare_m2(least) >= 0 else bends.route()
