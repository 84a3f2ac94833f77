"""The plans that are proved: every pattern for a copter, some for a plane, a divided plan, a shared area.

All of them lie round one place in open country and are small, so that a campaign ends within a quarter of an
hour; each is planned as an operator would have it planned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from shapely import Polygon

from missions.aircraft import Aircraft
from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.geodesy import GeoPoint, LocalFrame
from missions.heights import Relief
from missions.local import area_from_local, local_from_area, places_from_local
from missions.patterns.accident_scene import accident_scene
from missions.patterns.contour import contour
from missions.patterns.corridor import corridor
from missions.patterns.creeping_line import creeping_line
from missions.patterns.expanding_square import expanding_square
from missions.patterns.orbit import orbit
from missions.patterns.path import Floats
from missions.patterns.pattern import Pattern
from missions.patterns.perimeter import perimeter
from missions.patterns.photo_grid import photo_grid
from missions.patterns.sector import sector
from missions.patterns.spiral import spiral
from missions.patterns.track_line import track_line
from missions.plan import Plan
from missions.planner import Setup, plan_pattern, start_in
from missions.search_plan import plan_area
from missions.terrain import AnalyticTerrain
from missions.view import View
from missions.wind import Wind

MIDDLE = GeoPoint(52.1, 5.2)
FRAME = LocalFrame(MIDDLE)
COPTER, PLANE = aircraft("ardupilot-copter"), aircraft("ardupilot-plane")
THERMAL, WIDE = camera("demo-thermal"), camera("demo-wide")
CREATED = "2026-01-01T00:00:00Z"
_HEATH = Polygon(
    [(-150, -110), (140, -130), (190, 40), (90, 150), (10, 70), (-90, 160), (-180, 30)],
    [[(-40, -40), (10, -40), (10, 0), (-40, 0)]],
)
_WIDE_COUNTRY = Polygon([(-450, -350), (450, -350), (450, 350), (-450, 350)])
_ROAD = [(-260, 40), (-80, -20), (60, 60), (240, 10)]

Case = Callable[[], Plan]


def at(east_m: float, north_m: float) -> GeoPoint:
    """A place, metres from the middle."""
    return places_from_local(np.array([[east_m, north_m]]), FRAME)[0]


TAKE_OFF = at(-190, -120)

_NO_FLY = (Part(tuple(at(*corner) for corner in [(70, -60), (120, -60), (120, -10), (70, -10)])),)


def heath() -> Area:
    """A concave area with a hole in it."""
    return area_from_local(_HEATH, FRAME, "Heath")


def hillside(east_m: Floats, north_m: Floats) -> Floats:
    """A slope with a knoll on it, metres."""
    return np.asarray(0.12 * north_m + 18 * np.exp(-(east_m**2 + north_m**2) / (2 * 90.0**2)))


def hill() -> AnalyticTerrain:
    """The same as terrain."""
    return AnalyticTerrain(hillside, MIDDLE)


def setup(craft: Aircraft = COPTER, name: str = "", take_off: GeoPoint = TAKE_OFF, **more: object) -> Setup:
    """Who flies, from where."""
    return Setup(aircraft=craft, created=CREATED, name=name, take_off=take_off, **more)  # type: ignore[arg-type]


def copter_cases() -> dict[str, Case]:
    """Every pattern, by the name that it has in the table."""
    view = View(THERMAL, 60.0)
    low = View(WIDE, 30.0, 70.0, 80.0)
    road = [at(*place) for place in _ROAD]
    relief = Relief(hill(), tolerance_m=5.0, clearance_m=20.0)
    own: dict[str, tuple[Callable[[], Pattern], View, Setup]] = {
        "expanding square": (
            lambda: expanding_square(MIDDLE, view, radius_m=110, aircraft=COPTER),
            view,
            setup(),
        ),
        "sector search": (
            lambda: sector(MIDDLE, view, radius_m=150, sectors=None, aircraft=COPTER),
            view,
            setup(),
        ),
        "spiral": (lambda: spiral(MIDDLE, view, radius_m=110, aircraft=COPTER), view, setup()),
        "track line, return": (lambda: track_line(road, view, aircraft=COPTER), view, setup()),
        "corridor": (lambda: corridor(road, view, width_m=100, aircraft=COPTER), view, setup()),
        "point orbit": (lambda: orbit(MIDDLE, view, radius_m=60, aircraft=COPTER), view, setup()),
        "point orbit, native": (
            lambda: orbit(MIDDLE, view, radius_m=60, native=True, aircraft=COPTER),
            view,
            setup(),
        ),
        "accident scene": (
            lambda: accident_scene(MIDDLE, COPTER, low, radius_m=30.0, take_off=TAKE_OFF),
            low,
            setup(),
        ),
    }
    cases: dict[str, Case] = {
        "parallel track": lambda: plan_area(heath(), view, setup()),
        "parallel track over terrain": lambda: plan_area(heath(), view, setup(relief=relief)),
        "parallel track round a no-fly zone": lambda: plan_area(
            heath(), view, setup(no_fly=_NO_FLY, fence_holes=True)
        ),
        "parallel track in wind": lambda: plan_area(heath(), view, setup(wind=Wind(5.0, 250.0))),
        "creeping line": lambda: _over_heath(
            lambda shape, start: creeping_line(shape, FRAME, COPTER, view, start_m=start), view, setup()
        ),
        "perimeter patrol": lambda: _over_heath(
            lambda shape, start: perimeter(shape, FRAME, view, inset_m=15, start_m=start, aircraft=COPTER),
            view,
            setup(),
            all_of_it=False,
        ),
        "photo grid": lambda: _over_heath(
            lambda shape, start: photo_grid(
                shape, FRAME, COPTER, View(WIDE, 60.0, 60.0, 75.0), start_m=start
            ),
            View(WIDE, 60.0, 60.0, 75.0),
            setup(),
        ),
        "photo grid, crosshatch": lambda: _over_heath(
            lambda shape, start: photo_grid(
                shape, FRAME, COPTER, View(WIDE, 90.0, 60.0, 75.0), start_m=start, crosshatch=True
            ),
            View(WIDE, 90.0, 60.0, 75.0),
            setup(),
        ),
        "contour": lambda: _over_heath(
            lambda shape, start: contour(shape, FRAME, COPTER, view, relief.terrain, start_m=start),
            view,
            setup(relief=relief),
        ),
    }
    for name, (pattern, seen, who) in own.items():
        cases[name] = lambda pattern=pattern, seen=seen, who=who: plan_pattern(pattern(), seen, who)  # type: ignore[misc]
    return cases


def plane_cases() -> dict[str, Case]:
    """What patterns become for an aircraft that cannot stop."""
    view = View(WIDE, 100.0, 20.0, 60.0)
    country = area_from_local(_WIDE_COUNTRY, FRAME, "Country")
    ground = local_from_area(country, FRAME)
    start = at(-420, -320)
    start_m = start_in(FRAME, start)
    road = [at(3 * east, 2 * north) for east, north in _ROAD]
    plane = setup(PLANE, take_off=start)
    own: dict[str, Callable[[], Pattern]] = {
        "corridor": lambda: corridor(road, view, width_m=250, aircraft=PLANE, take_off=start),
        "track line, return": lambda: track_line(road, view, aircraft=PLANE),
        "spiral": lambda: spiral(MIDDLE, view, radius_m=350, aircraft=PLANE),
        "sector search": lambda: sector(MIDDLE, view, radius_m=400, aircraft=PLANE),
        "point orbit": lambda: orbit(
            MIDDLE, view, radius_m=150, turns=2, start_m=start_m, aircraft=PLANE, clockwise=False
        ),
        "perimeter patrol": lambda: perimeter(
            ground, FRAME, view, inset_m=40, start_m=start_m, aircraft=PLANE
        ),
        "creeping line": lambda: creeping_line(ground, FRAME, PLANE, view, start_m=start_m),
    }
    windy = setup(PLANE, take_off=start, wind=Wind(7.0, 270.0))
    beside = setup(PLANE, take_off=start, no_fly=_house())
    cases: dict[str, Case] = {
        "plane: parallel track": lambda: plan_area(country, view, plane),
        "plane: parallel track round a no-fly zone": lambda: plan_area(country, view, beside),
        "plane: parallel track in wind": lambda: plan_area(country, view, windy),
    }
    for name, pattern in own.items():
        cases[f"plane: {name}"] = lambda pattern=pattern: plan_pattern(pattern(), view, plane)  # type: ignore[misc]
    for name in ("corridor", "point orbit", "perimeter patrol"):
        pattern = own[name]
        cases[f"plane: {name} in wind"] = lambda pattern=pattern: plan_pattern(pattern(), view, windy)  # type: ignore[misc]
    return cases


def _house() -> tuple[Part, ...]:
    """A no-fly zone in the middle of the country that planes fly over."""
    return (Part(tuple(at(*corner) for corner in [(-60, -150), (60, -150), (60, -30), (-60, -30)])),)


def divided_case() -> Plan:
    """A search that one battery does not do, flown in two."""
    small = dataclasses.replace(COPTER, battery_wh=COPTER.battery_wh * 0.24)
    return plan_area(heath(), View(THERMAL, 60.0), setup(small, name="Two flights"))


def _over_heath(
    made: Callable[[Polygon, Floats | None], Pattern], view: View, who: Setup, *, all_of_it: bool = True
) -> Plan:
    shape = local_from_area(heath(), FRAME)
    pattern = made(shape, start_in(FRAME, who.take_off))  # type: ignore[arg-type]
    return plan_pattern(pattern, view, dataclasses.replace(who, area=heath() if all_of_it else None))
