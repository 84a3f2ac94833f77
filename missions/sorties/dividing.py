"""Dividing a plan into flights that each end with the reserve left.

course -> where it may be cut -> what it takes to each cut and back -> the best cuts -> sorties
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, Points
from missions.local import frame_of, local_from_ring
from missions.plan import NoReturn, Plan, Sortie
from missions.sorties.air import Air, Way, air_of
from missions.sorties.building import Flight, Piece, begin_place, flight_of, recorded_m, totals_of
from missions.sorties.course import Course, course_of
from missions.sorties.cuts import Cuts, Reach, best_cuts, cuts_of, needed_wh
from missions.sorties.lift import Lift
from missions.sorties.margin import Base, point_of_no_return
from missions.sorties.parts import with_sorties
from missions.sorties.spent import Floats, full_wh, trips_home, trips_out

SWAP_S = 300.0
"""To land, change the battery and be ready again."""
_ROUNDS = 20
_BACK_M = 10.0


@dataclass(frozen=True, slots=True)
class Batteries:
    """What a plan's batteries allow: `start_pct` when they are put in, `reserve_pct` left on landing.

    Both are per cent of a full battery; `swap_s` passes between a landing and the next take-off. Raises
    SettingsError for what is no flight.
    """

    reserve_pct: float
    start_pct: float = 100.0
    swap_s: float = SWAP_S

    def __post_init__(self) -> None:
        if not 0 <= self.reserve_pct < self.start_pct <= 100:
            raise SettingsError(
                f"a battery of {self.start_pct:g} % with {self.reserve_pct:g} % in reserve allows no flight",
                remedy="Give a reserve of 0 or more, and a battery above it of 100 or less per cent",
            )
        if not (math.isfinite(self.swap_s) and self.swap_s >= 0):
            raise SettingsError(
                f"{self.swap_s:g} seconds to swap a battery makes no sense", remedy="Give 0 or more seconds"
            )

    @property
    def usable_pct(self) -> float:
        """What a flight may take."""
        return self.start_pct - self.reserve_pct


def divide(
    plan: Plan,
    *,
    reserve_pct: float | None = None,
    start_pct: float = 100.0,
    swap_s: float = SWAP_S,
    take_offs: Sequence[GeoPoint] = (),
) -> Plan:
    """The plan with the flights it takes in `sorties`, or itself with its `no_return` where one battery does.

    `reserve_pct` of a full battery is left on every landing, None for the aircraft's own; batteries are put
    in with `start_pct`. Each flight starts and ends at whichever of `take_offs` serves it best, none for the
    plan's own. As few flights as possible, then as quick as possible. The plan's findings are those of its
    flights: the battery no longer blocks it. Raises SettingsError, and InputError naming the place that no
    battery reaches and comes back from.
    """
    batteries = batteries_of(plan, reserve_pct, start_pct, swap_s)
    plan = dataclasses.replace(plan, sorties=(), no_return=None)
    if len(plan.route) < 2:
        return plan
    if plan.totals.battery_pct <= batteries.usable_pct:
        return dataclasses.replace(plan, no_return=_no_return_of(plan, batteries))
    sorties, outside_m = sorties_of(plan, batteries, take_offs)
    return with_sorties(plan, sorties, outside_m)


def batteries_of(plan: Plan, reserve_pct: float | None, start_pct: float, swap_s: float) -> Batteries:
    """The batteries asked for, the reserve the aircraft's where none is given."""
    reserve = plan.aircraft.reserve_pct if reserve_pct is None else float(reserve_pct)
    return Batteries(reserve, float(start_pct), float(swap_s))


def sorties_of(
    plan: Plan,
    batteries: Batteries,
    take_offs: Sequence[GeoPoint] = (),
    *,
    vehicle: int = 1,
    start_s: float = 0.0,
) -> tuple[tuple[Sortie, ...], float]:
    """The flights that a plan takes, one at least, and the metres outside where no way inside exists."""
    places = tuple(take_offs) or (plan.take_off,)
    task = _task(plan, batteries, places)
    flights = _kept_within(task)
    clock_s, sorties = start_s, []
    for number, flight in enumerate(flights, start=1):
        sorties.append(_sortie(task, flight, (vehicle, number, clock_s)))
        clock_s += sorties[-1].totals.duration_s + batteries.swap_s
    return tuple(sorties), sum(flight.outside_m for flight in flights)


@dataclass(frozen=True, slots=True)
class _Task:
    """All that dividing one plan needs; `ways[t][c]` leads from the end of cut c to take-off point t."""

    plan: Plan
    batteries: Batteries
    take_offs: tuple[GeoPoint, ...]
    homes_m: Points
    course: Course
    air: Air
    lift: Lift
    cuts: Cuts
    begins_m: Points
    out_ways: list[list[Way]]
    home_ways: list[list[Way]]
    reach: Reach
    whole_m: float

    @property
    def usable_wh(self) -> float:
        return self.batteries.usable_pct / 100 * full_wh(self.plan.aircraft)


@dataclass(frozen=True, slots=True)
class _Flown:
    """A flight, its piece of the course, its take-off point, and what it takes, worked out and reckoned."""

    flight: Flight
    piece: Piece
    take_off: int
    out: Way
    spent_wh: float
    reckoned_wh: float
    outside_m: float


def _task(plan: Plan, batteries: Batteries, take_offs: tuple[GeoPoint, ...]) -> _Task:
    frame = frame_of(plan.area)
    course = course_of(plan, frame)
    air, lift = air_of(plan, frame), Lift(course)
    cuts = cuts_of(course, max(_BACK_M, plan.totals.trigger_distance_m))
    begins = np.array(
        [
            begin_place(course, int(row), share)
            for row, share in zip(cuts.begin[:-1], cuts.share[:-1], strict=True)
        ]
    )
    ends = course.points_m[cuts.end[1:]]
    homes = local_from_ring(take_offs, frame)
    out_ways = [[way.back for way in air.ways(begins, home)] for home in homes]
    home_ways = [air.ways(ends, home) for home in homes]
    return _Task(
        plan=plan,
        batteries=batteries,
        take_offs=take_offs,
        homes_m=homes,
        course=course,
        air=air,
        lift=lift,
        cuts=cuts,
        begins_m=begins,
        out_ways=out_ways,
        home_ways=home_ways,
        reach=_reach(plan, lift, out_ways, home_ways),
        whole_m=recorded_m(local_from_ring([row.place for row in plan.route], frame), plan.route),
    )


def _reach(plan: Plan, lift: Lift, out_ways: list[list[Way]], home_ways: list[list[Way]]) -> Reach:
    """What every way out and home takes; no flight begins at the last cut or ends at the first."""
    out = np.full((2, len(out_ways), len(out_ways[0]) + 1), np.inf)
    home = np.full_like(out, np.inf)
    for take_off, (outward, homeward) in enumerate(zip(out_ways, home_ways, strict=True)):
        lifted_out = lift.over_all([way.points_m for way in outward])
        lifted_home = lift.over_all([way.points_m for way in homeward])
        out[:, take_off, :-1] = trips_out(plan.aircraft, lifted_out, plan.wind)
        home[:, take_off, 1:] = trips_home(plan.aircraft, lifted_home, plan.wind)
    return Reach(out[0], out[1], home[0], home[1])


def _kept_within(task: _Task) -> list[_Flown]:
    """The best flights of which none takes more than may be used, once worked out whole."""
    limit_wh = task.usable_wh
    for _ in range(_ROUNDS):
        flights = _flights(task, limit_wh)
        over = [flight for flight in flights if flight.spent_wh > task.usable_wh + 1e-6]
        if not over:
            return flights
        # Where flights join the course they can cost a little more than was reckoned: no such flight again.
        more_wh = max(flight.spent_wh for flight in over) - task.usable_wh
        limit_wh = min(limit_wh - more_wh, *(flight.reckoned_wh for flight in over)) - 1e-3
    raise _out_of_reach(task, 1, task.usable_wh - limit_wh)


def _flights(task: _Task, limit_wh: float) -> list[_Flown]:
    found, beyond = best_cuts(task.cuts, task.reach, limit_wh)
    if beyond is not None:
        raise _out_of_reach(task, beyond, task.usable_wh - limit_wh)
    return [_flown(task, *cut) for cut in found]


def _flown(task: _Task, first: int, last: int, take_off: int) -> _Flown:
    out, home = task.out_ways[take_off][first], task.home_ways[take_off][last - 1]
    cuts = task.cuts
    piece = Piece(int(cuts.begin[first]), float(cuts.share[first]), int(cuts.end[last]))
    flight = flight_of(task.course, piece, out, home, task.lift)
    spent_wh = totals_of(task.plan, flight, task.whole_m).energy_wh
    reckoned_wh = float(needed_wh(cuts, task.reach, last)[take_off, first])
    return _Flown(flight, piece, take_off, out, spent_wh, reckoned_wh, out.outside_m + home.outside_m)


def _sortie(task: _Task, flown: _Flown, which: tuple[int, int, float]) -> Sortie:
    vehicle, number, start_s = which
    plan = task.plan
    return Sortie(
        aircraft=dataclasses.replace(plan.aircraft, reserve_pct=task.batteries.reserve_pct),
        take_off=task.take_offs[flown.take_off],
        route=flown.flight.rows,
        totals=totals_of(plan, flown.flight, task.whole_m),
        start_s=round(start_s, 1),
        vehicle=vehicle,
        battery=number,
        no_return=_flown_on(task, flown),
    )


def _flown_on(task: _Task, flown: _Flown) -> NoReturn:
    """The point of no return of a sortie that misses its turn home and goes on along the plan."""
    course, begin = task.course, flown.piece.begin
    beyond = np.flatnonzero(course.at_wh - course.at_wh[begin] > task.usable_wh)
    end = max(flown.piece.end, int(beyond[0]) if len(beyond) else len(course) - 1)
    on = flight_of(course, Piece(begin, flown.piece.share, end), flown.out, None, task.lift)
    home_m = task.homes_m[flown.take_off]
    base = _base(task.plan, task.batteries, task.air, (course, task.lift), home_m)
    return point_of_no_return(base, on.points_m, on.rows)


def _base(plan: Plan, batteries: Batteries, air: Air, flown: tuple[Course, Lift], home_m: Floats) -> Base:
    course, lift = flown
    return Base(
        aircraft=plan.aircraft,
        wind=plan.wind,
        home_m=home_m,
        air=air,
        lift=lift,
        frame=course.frame,
        usable_wh=batteries.usable_pct / 100 * full_wh(plan.aircraft),
        start_pct=batteries.start_pct,
        extra_share=course.extra_share,
    )


def base_of(plan: Plan, batteries: Batteries) -> Base:
    """Where a plan flown in one flight comes home to, and what it may spend."""
    frame = frame_of(plan.area)
    home = local_from_ring([plan.take_off], frame)[0]
    course = course_of(plan, frame)
    return _base(plan, batteries, air_of(plan, frame), (course, Lift(course)), home)


def _no_return_of(plan: Plan, batteries: Batteries) -> NoReturn:
    points = local_from_ring([row.place for row in plan.route], frame_of(plan.area))
    return point_of_no_return(base_of(plan, batteries), points, plan.route)


def _out_of_reach(task: _Task, cut: int, more_wh: float) -> InputError:
    """No battery reaches a cut and comes back; `more_wh` is what flights take beyond what is reckoned."""
    place = task.course.rows[int(task.cuts.end[cut])].place
    # The flight that does nothing else but this last piece before the cut; rounded up, so that what is too
    # much by little reads so.
    least_wh = float(needed_wh(task.cuts, task.reach, cut).min()) + more_wh
    needed_pct = math.ceil(1000 * least_wh / full_wh(task.plan.aircraft)) / 10
    return InputError(
        f"latitude {place.lat_deg:.6f}, longitude {place.lon_deg:.6f} is out of reach: getting there and home"
        f" takes {needed_pct:g} % of a battery and {task.batteries.usable_pct:g} % may be used",
        where=task.plan.name,
        remedy="Give a take-off point nearer to it, a smaller reserve, or an aircraft that flies longer",
    )
