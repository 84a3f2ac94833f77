"""How closely a flown track followed its plan."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.geodesy import LocalFrame, Points
from missions.plan import Plan


@dataclass(frozen=True, slots=True)
class Deviation:
    """Distances in plan between a track and the legs it should have flown, metres.

    `missed` holds the indices of the waypoints that the track never reached in their order; where there
    are any, the distances are those of the legs before the first of them.
    """

    max_m: float
    p95_m: float
    mean_m: float
    points: int
    missed: tuple[int, ...]

    def within(self, tolerance_m: float) -> bool:
        """Every waypoint was reached in order and no point lay further from its leg."""
        return not self.missed and self.points > 0 and self.max_m <= tolerance_m


def deviation_from_plan(plan: Plan, lonlat_deg: npt.ArrayLike, *, reach_m: float = 5.0) -> Deviation:
    """Compare a track, (n, 2) longitude and latitude in the order flown, with the plan's route.

    A waypoint counts as reached at the closest approach of the track's first visit within `reach_m` after
    the waypoint before it; each point in between is measured against the one leg that was being flown
    then, so a lane left out or flown twice shows.
    """
    frame = LocalFrame(plan.take_off)
    track = frame.local_from_geo(lonlat_deg)
    route = frame.local_from_geo([(w.place.lon_deg, w.place.lat_deg) for w in plan.route])
    reached = _arrivals(track, route, reach_m)
    distances = [
        _from_leg(track[start : end + 1], route[leg], route[leg + 1])
        for leg, (start, end) in enumerate(itertools.pairwise(reached))
    ]
    missed = tuple(range(len(reached), len(route)))
    off_m = np.concatenate(distances) if distances else np.empty(0)
    if not off_m.size:
        return Deviation(float("nan"), float("nan"), float("nan"), 0, missed)
    p95_m = float(np.percentile(off_m, 95))
    return Deviation(float(off_m.max()), p95_m, float(off_m.mean()), off_m.size, missed)


def _arrivals(track: Points, route: Points, reach_m: float) -> list[int]:
    """Indices into the track of the closest approach to each waypoint, up to the first one missed."""
    arrivals: list[int] = []
    start = 0
    for waypoint in route:
        away_m = np.hypot(*(track[start:] - waypoint).T)
        near = np.flatnonzero(away_m <= reach_m)
        if not near.size:
            break
        leaves = np.flatnonzero(np.diff(near) > 1)
        visit = near[: leaves[0] + 1] if leaves.size else near
        index = int(visit[np.argmin(away_m[visit])])
        start += index
        arrivals.append(start)
    return arrivals


def _from_leg(points: Points, start: Points, end: Points) -> npt.NDArray[np.float64]:
    """Distance of each point from the segment between start and end."""
    along = end - start
    length2 = float(along @ along) or 1.0
    share = np.clip((points - start) @ along / length2, 0.0, 1.0)
    return np.asarray(np.hypot(*(points - start - share[:, None] * along).T))
