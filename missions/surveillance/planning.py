"""Planning a surveillance: points and a team become a plan whose flights relieve each other.

times -> stations -> roster -> sorties -> waits, tightened until the flights keep what the walks promise
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely import LineString

from missions.checks import by_weight
from missions.geodesy import LocalFrame
from missions.local import local_from_ring
from missions.no_fly import zones_in
from missions.patterns.figures import within
from missions.patterns.path import Floats, Path, joined
from missions.patterns.pattern import Pattern
from missions.plan import Finding, Plan, Sortie
from missions.planner import Setup, plan_pattern, totals_of, waypoints_of
from missions.surveillance.findings import findings_of
from missions.surveillance.points import (
    Looks,
    WatchPoint,
    checked,
    looks_at,
    nearest_frame,
    rows_of,
    seen_at,
    times_between,
)
from missions.surveillance.reliefs import Air, no_return_of
from missions.surveillance.roster import Duty, Roster, roster_for
from missions.surveillance.stations import Station, stations_for
from missions.surveillance.team import Team
from missions.surveillance.waits import Wait, waits
from missions.surveillance.walks import Times, Wishes, Worth
from missions.view import View

NAME = "surveillance"
MOST_STATIONS = 6
_NARROWLY = 1.15
_HASTE = (0.98, 0.94, 0.88)
"""How much of its wait a walk may use: the flights differ a little from the walks."""


ANY_TEAM = Team()


def plan_surveillance(
    points: Sequence[WatchPoint],
    view: View,
    setup: Setup,
    *,
    duration_s: float,
    team: Team = ANY_TEAM,
    stand_off_m: float = 0.0,
) -> Plan:
    """A watch over the points for `duration_s` seconds from the moment that the first aircraft are there.

    `setup` names aircraft, take-off, wind, zones and terrain; without a take-off it is the middle of the
    points. A copter stops over each point, or `stand_off_m` aside of it; a plane circles it. The plan's
    route is one lap of every station; its sorties are the watch. Where the team is too small the plan is the
    best found, and its findings name the waits and the smallest team found that would do. Raises InputError
    and SettingsError.
    """
    points = checked(points)
    within(duration_s, "a watch", 60.0, 7 * 86_400.0, "seconds")
    within(stand_off_m, "a stand-off", 0.0, 1000.0)
    frame = nearest_frame(points)
    take_off = setup.take_off or frame.origin
    setup = dataclasses.replace(setup, take_off=take_off, divide=False)
    home = local_from_ring([take_off], frame)[0]
    return _Job(points, view, setup, frame, home, duration_s, team, stand_off_m).best()


@dataclass(frozen=True, slots=True)
class _Watch:
    """One way to keep the watch, as a plan, and what comes of it."""

    plan: Plan
    roster: Roster
    found: tuple[Wait, ...]

    @property
    def share(self) -> float:
        """The worst wait as a share of what was asked."""
        return max([0.0, *(wait.longest_s / wait.asked_s for wait in self.found if wait.asked_s)])


@dataclass(frozen=True, slots=True)
class _Job:
    points: tuple[WatchPoint, ...]
    view: View
    setup: Setup
    frame: LocalFrame
    home: Floats
    duration_s: float
    team: Team
    stand_off_m: float

    def best(self) -> Plan:
        looks = looks_at(self.points, self.setup.aircraft, self.frame, self.stand_off_m)
        zones = zones_in(self.frame, self.setup.no_fly)
        times = times_between(looks, self.setup.aircraft, self.view.height_agl_m, self.setup.wind, zones)
        air = self._air(looks)
        watch = self._smallest(air, times, self.team.vehicles)
        needed: int | None = watch.roster.vehicles
        if watch.share > 1.0:
            unbound = self._smallest(air, times, None) if self.team.vehicles else watch
            needed = unbound.roster.vehicles if unbound.share <= 1.0 else None
        return self._told(watch, needed)

    def _air(self, looks: Looks) -> Air:
        aircraft, team = self.setup.aircraft, self.team
        reserve_pct = aircraft.reserve_pct if team.reserve_pct is None else team.reserve_pct
        return Air(
            looks=looks,
            aircraft=aircraft,
            home=self.home,
            height_m=self.view.height_agl_m,
            separation_m=team.separation_m,
            battery_pct=100.0 - reserve_pct,
            overlap_s=team.overlap_s,
            zones=zones_in(self.frame, self.setup.no_fly),
            wind=self.setup.wind,
            relief=self.setup.relief,
        )

    def _smallest(self, air: Air, times: Times, vehicles: int | None) -> _Watch:
        """The first number of stations that keeps all waits, else the one whose worst wait is shortest."""
        found: list[_Watch] = []
        hopeless: list[tuple[Worth, int]] = []
        for count in range(1, min(MOST_STATIONS, vehicles or MOST_STATIONS) + 1):
            worth = stations_for(count, times, self._wishes(_HASTE[0]))[1]
            if worth.share > _NARROWLY:
                hopeless.append((worth, count))
                continue
            found.append(self._kept(air, times, count, vehicles))
            if found[-1].share <= 1.0:
                return found[-1]
        if hopeless:
            found.append(self._kept(air, times, min(hopeless)[1], vehicles))
        return min(found, key=lambda watch: (round(watch.share, 3), watch.roster.vehicles))

    def _kept(self, air: Air, times: Times, count: int, vehicles: int | None) -> _Watch:
        """The watch with so many stations, planned in more haste where the flights miss a wait narrowly."""
        tried: list[_Watch] = []
        for haste in _HASTE:
            stations, _ = stations_for(count, times, self._wishes(haste))
            tried.append(self._watch(air, stations, vehicles))
            if not 1.0 < tried[-1].share <= _NARROWLY:
                break
        return min(tried, key=lambda watch: watch.share)

    def _wishes(self, haste: float) -> Wishes:
        return Wishes(
            tuple(
                math.inf if point.max_wait_s is None else haste * point.max_wait_s for point in self.points
            ),
            tuple(point.weight for point in self.points),
        )

    def _watch(self, air: Air, stations: Sequence[Station], vehicles: int | None) -> _Watch:
        roster = roster_for(air, stations, self.duration_s, self.team.swap_s, vehicles)
        lap = joined([rows_of(air.looks, station.walk, air.height_m) for station in stations])
        pattern = self._pattern(air.looks, roster, lap, len(stations))
        plan = plan_pattern(pattern, self.view, self.setup)
        plan = dataclasses.replace(
            plan, sorties=tuple(self._sortie(plan, pattern, air, duty) for duty in roster.duties)
        )
        return _Watch(plan, roster, waits(plan, self.points))

    def _pattern(self, looks: Looks, roster: Roster, lap: Path, stations: int) -> Pattern:
        lines = [LineString(duty.flight.flown.path.points) for duty in roster.duties]
        half_m = max(5.0, min(self.view.footprint_m) / 2) + looks.radius_m
        gsd_m, person_px = seen_at(looks, self.view, self.view.height_agl_m)
        return Pattern(
            name=NAME,
            frame=self.frame,
            shape=shapely.MultiLineString(lines).convex_hull.buffer(half_m, quad_segs=4),
            path=lap,
            lanes=0,
            spacing_m=self.view.spacing_m,
            trigger_m=self.view.trigger_m,
            figures={
                "points": float(len(self.points)),
                "stations": float(stations),
                "begins_s": round(roster.begins_s, 1),
                "duration_s": float(self.duration_s),
                "stand_off_m": self.stand_off_m,
                "gsd_at_point_m": gsd_m,
                "person_at_point_px": round(person_px, 1),
            },
        )

    def _sortie(self, plan: Plan, pattern: Pattern, air: Air, duty: Duty) -> Sortie:
        flight = duty.flight
        view = dataclasses.replace(self.view, height_agl_m=self.view.height_agl_m + self._above(duty))
        return Sortie(
            aircraft=plan.aircraft,
            take_off=plan.take_off,
            route=waypoints_of(flight.flown, self.frame),
            totals=totals_of(pattern, view, flight.flown.path, flight.effort),
            start_s=round(duty.start_s, 1),
            vehicle=duty.vehicle,
            battery=duty.battery,
            no_return=no_return_of(air, duty.walk, duty.flight, duty.layer),
        )

    def _above(self, duty: Duty) -> float:
        return duty.layer * self.team.separation_m

    def _told(self, watch: _Watch, needed: int | None) -> Plan:
        plan, roster = watch.plan, watch.roster
        flights = [sortie.totals for sortie in plan.sorties]
        totals = dataclasses.replace(
            plan.totals,
            length_m=round(sum(each.length_m for each in flights), 1),
            duration_s=round(max(duty.lands_s for duty in roster.duties), 1),
            battery_pct=max(each.battery_pct for each in flights),
            energy_wh=round(sum(each.energy_wh for each in flights), 2),
            photos=sum(each.photos for each in flights),
        )
        figures = {
            **plan.request.figures,
            "vehicles": float(roster.vehicles),
            "flights": float(len(roster.duties)),
            "batteries": float(roster.batteries(self.team.charge_s)),
            "layers": float(roster.layers),
            "highest_m": self.view.height_agl_m + (roster.layers - 1) * self.team.separation_m,
            "worst_wait_share": round(watch.share, 3),
            **{f"point_{number}_wait_s": wait.longest_s for number, wait in enumerate(watch.found, start=1)},
        }
        told = findings_of(self.points, watch.found, roster, self.team.vehicles, needed, figures["highest_m"])
        kept: list[Finding] = [finding for finding in plan.findings if finding.check != "battery"]
        return dataclasses.replace(
            plan,
            totals=totals,
            request=dataclasses.replace(plan.request, figures=figures),
            findings=by_weight([*told, *kept]),
        )
