"""Is the sweep that is chosen the one flown soonest? Seeded areas, each against every bearing by brute force.

    python tests/bench/bench_bearings.py [AREAS]

Plans a parallel track over each area for a copter and a plane in a wind, as the planner chooses and with each
bearing 10 degrees apart asked for; seconds are those of the energy model. Prints how much longer the choice
takes than the best of all: 0 % or less where nothing asked for is flown sooner.
"""

from __future__ import annotations

import statistics
import sys

import numpy as np
import shapely
from shapely import Polygon

from missions.aircraft import Aircraft
from missions.catalogue import aircraft as aircraft_named
from missions.catalogue import camera
from missions.energy import Track, effort
from missions.geodesy import GeoPoint, LocalFrame
from missions.patterns.parallel_track import parallel_track
from missions.view import View
from missions.wind import Wind

_APART_DEG = 10
_FRAME = LocalFrame(GeoPoint(52.0, 5.0))


def area(seed: int) -> Polygon:
    """A box that is turned, a corner, or a star."""
    chance = np.random.default_rng(seed)
    wide, high = chance.uniform(250, 900, 2)
    shape = shapely.box(0, 0, wide, high)
    if seed % 3 == 1:
        shape = shape - shapely.box(wide * chance.uniform(0.3, 0.6), high / 2, wide + 1, high + 1)
    if seed % 3 == 2:
        angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        radii = wide / 2 * chance.uniform(0.5, 1, 14)
        shape = Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])
    return shapely.affinity.rotate(shape, chance.uniform(0, 180))


def seconds(shape: Polygon, aircraft: Aircraft, view: View, wind: Wind, angle_deg: float | None) -> float:
    pattern = parallel_track(shape, _FRAME, aircraft, view, angle_deg=angle_deg, wind=wind)
    places = len(pattern.path)
    track = Track(
        points_m=pattern.path.points,
        height_m=np.full(places, view.height_agl_m),
        speed_m_s=np.full(places, aircraft.cruise_speed_m_s),
        hold_s=np.zeros(places),
        circles_m=np.zeros(places),
        extra_m=pattern.extra_m,
    )
    return effort(aircraft, track, wind).duration_s


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    view = View(camera("demo-thermal"), 60.0, 30.0, 70.0)
    for name in ("dji-matrice-30t", "ardupilot-plane"):
        aircraft = aircraft_named(name)
        gaps = []
        for seed in range(count):
            shape = area(seed)
            wind = Wind(8.0, float(np.random.default_rng(seed + 1000).uniform(0, 360)))
            chosen_s = seconds(shape, aircraft, view, wind, None)
            asked = range(0, 180, _APART_DEG)
            best_s = min(seconds(shape, aircraft, view, wind, float(deg)) for deg in asked)
            gaps.append(100 * (chosen_s / best_s - 1))
        sys.stdout.write(
            f"{name}: {statistics.median(gaps):+.1f} % (median), {max(gaps):+.1f} % at most, "
            f"{min(gaps):+.1f} % at least, {count} areas, wind 8 m/s\n"
        )


if __name__ == "__main__":
    main()
