"""The point of no return, and the battery at which to turn home from each waypoint.

The margin at a place is the battery put in, less what was spent up to there, less what the shortest allowed
way home takes from there (with wind, and landing), less the reserve. The point of no return is the last place
of a flight up to which the margin never falls below nothing. For a sortie the flight is the one that misses
its turn home and goes on along the plan. Where the margin never falls below nothing it is the place where it
is least.
"""

from __future__ import annotations

import numpy as np

from missions.local import frame_of, local_from_ring
from missions.plan import NoReturn, Plan
from missions.sorties.dividing import base_of, batteries_of
from missions.sorties.margin import home_wh, point_of_no_return
from missions.sorties.spent import full_wh


def no_return(plan: Plan, *, reserve_pct: float | None = None, start_pct: float = 100.0) -> NoReturn:
    """The point of no return of a plan flown in one flight, along its own route.

    `reserve_pct` of a full battery is left on landing, None for the aircraft's own; the battery is put in
    with `start_pct`. Raises SettingsError.
    """
    base = base_of(plan, batteries_of(plan, reserve_pct, start_pct, 0.0))
    points = local_from_ring([row.place for row in plan.route], frame_of(plan.area))
    return point_of_no_return(base, points, plan.route)


def bingo(plan: Plan, *, reserve_pct: float | None = None) -> tuple[float, ...]:
    """Per cent of a full battery at which the aircraft must turn home, over each waypoint of a plan's route.

    What the shortest allowed way home takes from there, and the reserve. Raises SettingsError.
    """
    batteries = batteries_of(plan, reserve_pct, 100.0, 0.0)
    base = base_of(plan, batteries)
    points = local_from_ring([row.place for row in plan.route], frame_of(plan.area))
    heights = np.array([row.height_relative_m for row in plan.route])
    home_pct = 100 * home_wh(base, points, heights) / full_wh(plan.aircraft)
    return tuple(round(float(value) + batteries.reserve_pct, 2) for value in home_pct)
