"""How intricate an area is: known before it is planned, so that a plan takes a minute at most or is refused.

Lanes s apart cross borders of length P on average 2 P / (pi s) times over all bearings (Cauchy and
Crofton), so that they fall in about P / (pi s) pieces, and every piece may have to be joined with every
other. The ways between them bend at corners that point into the area (Lozano-Perez and Wesley 1979).
A border of very many points is rounded first, which no lane notices.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LinearRing, MultiPolygon, Polygon

from missions.errors import AreaError

MAX_PIECES = 800
MAX_CORNERS = 4_000
MANY_POINTS = 2_000
ROUNDED_M = 0.1
_REMEDY = "Simplify the border, merge holes that lie close together, or divide the area"
Shape = Polygon | MultiPolygon


def plannable(area: Shape, spacing_m: float, where: str) -> Shape:
    """The area (metres) as it is planned: itself, or a little within itself where its points are very many.

    Raises AreaError where lanes `spacing_m` apart would take long to order.
    """
    pieces = _cuts(area, spacing_m)
    smooth = area if pieces > 10 * MAX_PIECES else rounded(area)
    pieces = min(pieces, _cuts(smooth, spacing_m))
    if pieces > MAX_PIECES:
        raise AreaError(
            f"the borders of the area and its holes are {area.length / 1000:.0f} km long and cut lanes"
            f" {spacing_m:.0f} m apart in about {pieces:.0f} more pieces; at most {MAX_PIECES} are planned",
            where=where,
            remedy=f"{_REMEDY}, or fly higher",
        )
    corners = inward_corners(smooth)
    if corners > MAX_CORNERS:
        raise AreaError(
            f"ways through the area would bend round {corners} corners of its borders and holes;"
            f" at most {MAX_CORNERS} are planned",
            where=where,
            remedy=_REMEDY,
        )
    return smooth


def _cuts(area: Shape, spacing_m: float) -> float:
    """Pieces beyond the lanes that an area without bays and holes has."""
    more_m = area.length - area.convex_hull.length
    return more_m / (math.pi * spacing_m) if spacing_m > 0 else 0.0


def rounded(area: Shape) -> Shape:
    """Fewer points, nowhere outside the area and at most 20 cm within: first moved in, then simplified."""
    if shapely.get_num_coordinates(area) <= MANY_POINTS:
        return area
    smooth = area.buffer(-ROUNDED_M, join_style="mitre").simplify(ROUNDED_M)
    if not isinstance(smooth, Polygon | MultiPolygon) or smooth.is_empty or not smooth.is_valid:
        return area
    return smooth


def inward_corners(area: Shape) -> int:
    """How many corners point into the area: a square's hole has four."""
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    return sum(_turning(part.exterior, left=False) for part in parts) + sum(
        _turning(hole, left=True) for part in parts for hole in part.interiors
    )


def _turning(ring: LinearRing, *, left: bool) -> int:
    """Corners of a ring that turn left, or right, when it is walked anticlockwise."""
    corners = shapely.get_coordinates(ring)[:-1]
    step = np.roll(corners, -1, axis=0) - corners
    came = np.roll(step, 1, axis=0)
    turn = came[:, 0] * step[:, 1] - came[:, 1] * step[:, 0]
    to_left = turn if ring.is_ccw else -turn
    return int(np.count_nonzero(to_left > 0 if left else to_left < 0))
