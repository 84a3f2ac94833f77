"""A route held at a height above the ground, with waypoints added only where the ground asks for them.

ground along the route -> gaps in the data -> the tube of heights -> fewest straight pieces -> Followed
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from missions.errors import InputError
from missions.geodesy import GeoPoint
from missions.terrain.fewest import fewest_pieces
from missions.terrain.gaps import Ground, ground_of
from missions.terrain.limits import Followed, Limits, Missing
from missions.terrain.samples import UPRIGHT_M, Samples, sample_legs
from missions.terrain.surface import Heights, Terrain
from missions.terrain.tube import Slopes, tube

SPARE_M = 0.01
"""Added to the clearance, so that rounding a height never undercuts it."""
_UPRIGHT_SLOPE = 1e7


@dataclass(frozen=True, slots=True)
class _Flight:
    """A route ready to be fitted: its samples, ground, and bounds on the height, metres in the datum."""

    samples: Samples
    ground: Ground
    wanted_m: Heights
    low_m: Heights
    high_m: Heights


def follow(
    points_lonlat: npt.ArrayLike,
    height_agl_m: npt.ArrayLike,
    take_off_ground_m: float,
    terrain: Terrain,
    limits: Limits,
    *,
    obstacles: Terrain | None = None,
    around_m: npt.ArrayLike = 0.0,
) -> Followed:
    """Hold a route at a height above ground everywhere, not at its points only.

    `points_lonlat` (n, 2) longitude, latitude in degrees, `height_agl_m` (n,) or one for all; between points
    the height asked runs straight. `take_off_ground_m` is the ground at take-off in the terrain's own datum.
    `obstacles` is a surface model (trees, roofs) in the same datum, which counts for clearance only.
    `around_m` (n,) is how far around each point ground counts for clearance there (a circle flown about
    it). Where there is no data the stretch is named in `missing` and flown as over ground as high as its
    edges: no plan to fly. Raises InputError and SettingsError.
    """
    points = np.asarray(points_lonlat, float).reshape(-1, 2)
    asked = np.broadcast_to(np.asarray(height_agl_m, float), (len(points),))
    if not np.isfinite(asked).all():
        raise InputError("a height above ground is not a number")
    if not np.isfinite(take_off_ground_m):
        raise InputError(
            "the height of the ground at the take-off point is not known",
            remedy="Give terrain that covers the take-off point",
        )
    samples = sample_legs(points, terrain, side_m=limits.side_m, obstacles=obstacles, around_m=around_m)
    ground = ground_of(samples, limits.bridge_m, take_off_ground_m)
    flight = _flight(samples, ground, asked, limits)
    steepest = _slopes(samples, limits, limits.slowest_m_s or limits.speed_m_s)
    between = tube(samples.along_m, flight.low_m, flight.high_m, steepest)
    places, height_m = fewest_pieces(
        samples.along_m,
        between,
        flight.wanted_m,
        samples.corner,
        steepest,
        limits.max_spacing_m,
        easy=_slopes(samples, limits, limits.speed_m_s),
    )
    return _followed(flight, places, height_m, take_off_ground_m, limits)


def _flight(samples: Samples, ground: Ground, asked: Heights, limits: Limits) -> _Flight:
    on = np.append(asked, asked[-1])
    agl = on[samples.leg] + samples.share * (on[samples.leg + 1] - on[samples.leg])
    wanted = ground.below_m + agl
    clear = ground.highest_m + limits.clearance_m + SPARE_M
    low = np.maximum(wanted - limits.tolerance_m, clear)
    return _Flight(samples, ground, wanted, low, np.maximum(wanted + limits.tolerance_m, low))


def _slopes(samples: Samples, limits: Limits, speed_m_s: float) -> Slopes:
    upright = _upright(samples)[samples.leg[:-1]]
    return Slopes(
        rise=np.where(upright, _UPRIGHT_SLOPE, limits.climb_m_s / speed_m_s),
        fall=np.where(upright, _UPRIGHT_SLOPE, limits.descent_m_s / speed_m_s),
    )


def _upright(samples: Samples) -> npt.NDArray[np.bool_]:
    """Which legs only climb or descend."""
    return np.asarray(np.diff(samples.along_m[samples.corner]) <= UPRIGHT_M * 1.5)


def _speeds(samples: Samples, places: npt.NDArray[np.intp], height_m: Heights, limits: Limits) -> Heights:
    """The speed from each waypoint to the next: as fast as climb and descent allow, the last as asked."""
    slope = np.diff(height_m) / np.diff(samples.along_m[places])
    slope[_upright(samples)[samples.leg[places[:-1]]]] = 0.0
    steep = np.maximum(slope / limits.climb_m_s, -slope / limits.descent_m_s)
    speed = 1 / np.maximum(steep, 1 / limits.speed_m_s)
    slowest = limits.slowest_m_s or limits.speed_m_s
    return np.append(np.clip(speed, slowest, limits.speed_m_s), limits.speed_m_s)


def _followed(
    flight: _Flight,
    places: npt.NDArray[np.intp],
    height_m: Heights,
    take_off_ground_m: float,
    limits: Limits,
) -> Followed:
    samples, ground = flight.samples, flight.ground
    flown = np.interp(samples.along_m, samples.along_m[places], height_m)
    known = ~ground.missing
    away = (flown - flight.wanted_m)[known]
    agl = np.where(ground.missing, np.nan, flown - ground.below_m)
    return Followed(
        points_lonlat=samples.lonlat[places],
        height_relative_m=height_m - take_off_ground_m,
        source_index=samples.leg[places],
        added=~np.isin(places, samples.corner),
        height_agl_m=agl[places],
        speed_m_s=_speeds(samples, places, height_m, limits),
        asked_m_s=limits.speed_m_s,
        worst_above_m=float(max(away.max(initial=0.0), 0.0)),
        worst_below_m=float(abs(min(away.min(initial=0.0), 0.0))),
        highest_agl_m=float(agl[known].max(initial=-np.inf)) if known.any() else float("nan"),
        lowest_clearance_m=_lowest(flown - ground.highest_m, known),
        missing=_missing(samples, ground),
        bridged_m=ground.bridged_m,
    )


def _lowest(clearance_m: Heights, known: npt.NDArray[np.bool_]) -> float:
    return float(clearance_m[known].min()) if known.any() else float("nan")


def _missing(samples: Samples, ground: Ground) -> tuple[Missing, ...]:
    return tuple(
        Missing(GeoPoint(float(samples.lonlat[first, 1]), float(samples.lonlat[first, 0])), length_m)
        for first, length_m in ground.stretches
    )
