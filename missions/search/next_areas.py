"""Where to look next: areas for one flight each, with their plan, in the order of what they are worth.

    map -> chance a pass would find him, cell by cell -> blocks -> a region that fits the minutes -> its plan
        -> the map as if it were flown and nobody found -> the next region ...

The operator decides; these are proposals.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon, Polygon

from missions.area import Area
from missions.energy import turn_s, usable_wh
from missions.errors import InputError, SettingsError
from missions.geodesy import LocalFrame
from missions.local import area_from_local
from missions.no_fly import without_zones, zones_in
from missions.patterns.parallel_track import parallel_track
from missions.plan import Plan
from missions.planner import Setup, plan_pattern, start_in
from missions.search.allocation import most_found
from missions.search.blocks import Blocks, Pace, blocks_of, flat, grown
from missions.search.grid import Cells, SearchGrid
from missions.search.probability import ProbabilityMap
from missions.search.sweep import Sweep
from missions.sorties import divide

Bools = npt.NDArray[np.bool_]
HEDGE = 0.2
"""How much of the map is taken for wrong: that share of its chance counts as if it lay anywhere on it."""
_FITS = 1.02
_TRIES = 4
_RAGGED = 1.5
"""Lane spacings flown from one lane to the next: lanes of a region begin and end at different lengths."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """One area to search next, for one flight.

    `shape` in the grid's frame; `seconds` from take-off to landing by its plan; `pos` the chance that it
    finds him if nobody was found before it, the proposals before it included; `poa` the chance that he is in
    it; `density_ratio` how many times likelier a place in it is than on the average of the map;
    `searched_before` the share of its chance that lies on ground that was looked at; `pod` the chance to
    notice him there.
    """

    shape: Polygon | MultiPolygon
    area: Area
    plan: Plan
    seconds: float
    pos: float
    poa: float
    density_ratio: float
    searched_before: float
    pod: float

    @property
    def pos_a_minute(self) -> float:
        """What a minute of it is worth."""
        return 60 * self.pos / self.seconds

    @property
    def reason(self) -> str:
        """In a sentence."""
        before = (
            "not looked at before"
            if self.searched_before < 0.05
            else f"{100 * self.searched_before:.0f} % of it on ground looked at before"
        )
        return (
            f"holds {100 * self.poa:.1f} % of what chance is left, {self.density_ratio:.1f} times the map's "
            f"average a hectare, {before}; a pass would notice him there with {100 * self.pod:.0f} %"
        )


@dataclass(frozen=True, eq=False)
class Situation:
    """What is known before a proposal is made.

    `chances` is the map now; `missed` (rows, columns) the chance to have missed somebody in each cell so far,
    1 where nobody looked; `cover` the share that leaves hide; `usable` the cells that may be searched.
    """

    chances: ProbabilityMap
    missed: Cells
    cover: Cells
    usable: Bools

    @classmethod
    def fresh(cls, chances: ProbabilityMap) -> Situation:
        """A map that nobody searched yet, in the open."""
        shape = chances.grid.shape
        return cls(chances, np.ones(shape), np.zeros(shape), np.ones(shape, bool))

    @property
    def grid(self) -> SearchGrid:
        """The map's grid."""
        return self.chances.grid

    def flown(self, sweep: Sweep, share: Cells) -> Situation:
        """As if a pass had been flown over this share of each cell, and nobody found."""
        kept = 1 - share * sweep.next_pod(self.cover, self.missed)
        left = self.chances.mass * kept
        after = ProbabilityMap.normalised(self.grid, left, self.chances.outside)
        return dataclasses.replace(self, chances=after, missed=self.missed * kept)


def propose(
    now: Situation, sweep: Sweep, setup: Setup, seconds: float, *, count: int = 3, hedge: float = HEDGE
) -> tuple[Proposal, ...]:
    """Up to `count` areas, each for one flight of `seconds` at most, the first to be flown first.

    Each is told as if those before it were flown in vain. What finds most a minute comes first, which
    is soonest on average where areas do not overlap (Smith's rule, 1956). Raises SettingsError for settings
    that make no search, and InputError where no area can be reached and searched in that time.
    """
    if count < 1 or not seconds > 0 or not 0 <= hedge <= 1:
        raise SettingsError("so many areas, minutes or so much doubt make no proposal")
    proposals: list[Proposal] = []
    later = now
    for _ in range(count):
        made = _proposal(later, sweep, setup, seconds, hedge)
        if made is None:
            break
        proposals.append(made)
        later = _after(later, sweep, made)
    if not proposals:
        raise InputError(
            f"no part of the map can be reached, searched and left again in {seconds / 60:.0f} minutes",
            remedy="Give more minutes, a take-off place nearer to the map, a lower height or less wind",
        )
    return _soonest_first(now, sweep, proposals)


def _soonest_first(now: Situation, sweep: Sweep, proposals: list[Proposal]) -> tuple[Proposal, ...]:
    ordered: list[Proposal] = []
    left = list(proposals)
    while left:
        told = [_told(now, sweep, each.shape, each.plan) for each in left]
        best = max(range(len(told)), key=lambda index: told[index].pos_a_minute)
        ordered.append(told[best])
        now = _after(now, sweep, left.pop(best))
    return tuple(ordered)


def _after(now: Situation, sweep: Sweep, flown: Proposal) -> Situation:
    return now.flown(sweep, now.grid.share_inside(flown.shape))


def bound(now: Situation, sweep: Sweep, seconds: float) -> float:
    """The most that any sharing of so many seconds could find, the ways between cells taking no time."""
    pod = np.where(now.usable, sweep.next_pod(now.cover, now.missed), 0.0)
    passes_s = now.grid.cell_m**2 / sweep.ground_m2_s
    rate = -np.log1p(-np.minimum(pod, 1 - 1e-9)) / passes_s
    return most_found(now.chances.mass, rate, seconds)


def _proposal(now: Situation, sweep: Sweep, setup: Setup, seconds: float, hedge: float) -> Proposal | None:
    """The best area now with its plan, made smaller until the plan fits."""
    seconds = min(seconds, _endurance_s(setup))
    blocks = _blocks(now, sweep, setup, seconds, hedge)
    pace = _pace(sweep, setup, now.grid.frame)
    allowed = seconds
    for _ in range(_TRIES):
        region = grown(blocks, pace, allowed)
        if region is None:
            return None
        shape = _without_zones(blocks.shape_of(region.chosen), setup, now.grid.frame)
        if shape.is_empty:
            return None
        angle_deg = 90.0 if region.lanes_east else 0.0
        # one battery must do: how to divide a plan over several is left out until that is known
        plan = plan_over(shape, sweep, dataclasses.replace(setup, divide=False), now.grid.frame, angle_deg)
        spent = plan.totals.battery_pct / _spendable_pct(setup)
        if plan.totals.duration_s <= seconds * _FITS and spent <= 1:
            return _told(now, sweep, shape, divide(plan) if setup.divide else plan)
        over = max(plan.totals.duration_s / seconds, spent)
        allowed = min(allowed, region.seconds) / over * 0.98
    return None


def plan_over(
    shape: Polygon | MultiPolygon, sweep: Sweep, setup: Setup, frame: LocalFrame, angle_deg: float | None
) -> Plan:
    """Lanes over a shape of the frame as the sweep flies them. Raises AreaError and SettingsError."""
    area = area_from_local(shape, frame, setup.name or "search")
    pattern = parallel_track(
        shape,
        frame,
        setup.aircraft,
        sweep.view,
        angle_deg=angle_deg,
        start_m=start_in(frame, setup.take_off),
        where=area.name,
        wind=setup.wind,
        turn_margin_m=setup.turn_margin_m,
    )
    speed = np.full(len(pattern.path), sweep.speed_m_s)
    slow = dataclasses.replace(pattern.path, speed_m_s=np.where(pattern.path.recording, speed, np.nan))
    return plan_pattern(
        dataclasses.replace(pattern, path=slow), sweep.view, dataclasses.replace(setup, area=area)
    )


def _blocks(now: Situation, sweep: Sweep, setup: Setup, seconds: float, hedge: float) -> Blocks:
    usable = now.usable & _clear_of_zones(now, setup)
    doubt = flat(now.chances, usable) * now.missed
    doubt *= now.chances.on_grid / max(float(doubt.sum()), 1e-12)
    believed = (1 - hedge) * now.chances.mass + hedge * doubt
    gain = np.where(usable, believed * sweep.next_pod(now.cover, now.missed), 0.0)
    return blocks_of(now.grid, gain, usable, sweep.view.spacing_m, sweep.speed_m_s * seconds * 0.8)


def _pace(sweep: Sweep, setup: Setup, frame: LocalFrame) -> Pace:
    aircraft, height_m = setup.aircraft, sweep.view.height_agl_m
    home = start_in(frame, setup.take_off)
    lift_s = height_m / aircraft.climb_speed_m_s + height_m / aircraft.descent_speed_m_s
    return Pace(
        speed_m_s=sweep.speed_m_s,
        turn_s=2 * turn_s(aircraft) + _RAGGED * sweep.view.spacing_m / aircraft.cruise_speed_m_s,
        lift_s=lift_s + aircraft.take_off_s + aircraft.landing_s,
        home_m=(0.0, 0.0) if home is None else (float(home[0]), float(home[1])),
    )


def _endurance_s(setup: Setup) -> float:
    """About how long one battery lasts without its reserve; the plan says it exactly."""
    return 36 * _spendable_pct(setup) * usable_wh(setup.aircraft) / setup.aircraft.cruise_power_w


def _spendable_pct(setup: Setup) -> float:
    return 100 - setup.aircraft.reserve_pct


def _clear_of_zones(now: Situation, setup: Setup) -> Bools:
    zones = zones_in(now.grid.frame, setup.no_fly)
    if zones.is_empty or not isinstance(zones, Polygon | MultiPolygon):
        return np.ones(now.grid.shape, bool)
    return np.asarray(now.grid.share_inside(zones) < 0.5)


def _without_zones(shape: Polygon | MultiPolygon, setup: Setup, frame: LocalFrame) -> Polygon | MultiPolygon:
    if not setup.no_fly:
        return shape
    radius_m = setup.aircraft.ground_radius_m(setup.wind.speed_m_s if setup.wind else 0.0)
    return without_zones(shape, zones_in(frame, setup.no_fly), "search", radius_m)


def _told(now: Situation, sweep: Sweep, shape: Polygon | MultiPolygon, plan: Plan) -> Proposal:
    share = now.grid.share_inside(shape)
    mass, pod = now.chances.mass * share, sweep.next_pod(now.cover, now.missed)
    poa, pos = float(mass.sum()), float((mass * pod).sum())
    west, south, east, north = now.grid.bounds_m
    average = now.chances.on_grid / ((east - west) * (north - south))
    return Proposal(
        shape=shape,
        area=plan.area,
        plan=plan,
        seconds=plan.totals.duration_s,
        pos=pos,
        poa=poa,
        density_ratio=poa / max(shape.area * average, 1e-12),
        searched_before=float(mass[now.missed < 0.95].sum()) / max(poa, 1e-12),
        pod=pos / max(poa, 1e-12),
    )
