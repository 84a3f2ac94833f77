"""The routes of a plan's picture: lanes, transits, circles, pictures, each flight in its colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.plan import NoReturn, Plan, Sortie, Waypoint
from ops.reports.plan_colors import FENCE, FLIGHTS, FLOWN, INK, LANE, PAPER, START, TRANSIT
from ops.reports.plan_flights import mark_flights
from ops.reports.plan_ground import points_of

_MANY = 8
"""More flights than this share one entry in the legend."""
_SIDE_BY_SIDE_M = 60.0


def draw_routes(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Everything flown: one route, or each flight of several in its own colour."""
    if plan.sorties:
        _draw_flights(axes, plan, frame)
    else:
        _draw_one(axes, plan, frame)
    _draw_looks(axes, plan.route, frame)
    rally = points_of([rally.place for rally in plan.rally], frame)
    if len(rally):
        # Wider than the mark of take-off, which is often the same place.
        axes.plot(
            *rally.T, marker="o", ms=15, fillstyle="none", mec=START, ls="none", label="Rally point", zorder=7
        )


def draw_flown(axes: Axes, tracks: Sequence[Points], frame: LocalFrame) -> None:
    """What was flown before: a broad pale line below everything that will be."""
    for number, track in enumerate(tracks):
        label = "Flown before" if number == 0 else None
        axes.plot(*frame.local_from_geo(track).T, color=FLOWN, lw=3.5, label=label, zorder=2.5)


def _draw_one(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    lanes, transits = _legs(plan.route, plan.take_off, frame)
    _draw_legs(axes, transits, color=TRANSIT, lw=1.0, ls=(0, (3, 2)), label="Transit", zorder=3)
    label = f"Lanes ({plan.totals.lanes})" if plan.totals.lanes else "Recording"
    _draw_legs(axes, lanes, color=LANE, lw=1.5, ls="-", label=label, zorder=4)
    _draw_circles(axes, plan.route, frame, LANE)
    _draw_pictures(axes, plan.route, frame)
    _draw_no_return(axes, [] if plan.no_return is None else [plan.no_return], frame)
    _draw_take_offs(axes, [plan.take_off], frame)


def _draw_flights(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Each flight in its colour; of a team each aircraft."""
    team = plan.is_team
    told: set[str] = set()
    for number, sortie in enumerate(plan.sorties):
        color = color_of(sortie, number, team=team)
        lanes, transits = _legs(sortie.route, sortie.take_off, frame)
        _draw_legs(axes, transits, color=color, lw=0.9, ls=(0, (3, 2)), label=None, zorder=3)
        label = _label(sortie, number, team=team)
        shown = label not in told and (team or number < _MANY)
        told.add(label)
        _draw_legs(
            axes, lanes or transits, color=color, lw=1.6, ls="-", label=label if shown else None, zorder=4
        )
        _draw_circles(axes, sortie.route, frame, color)
        _draw_pictures(axes, sortie.route, frame)
    mark_flights(axes, plan, frame)
    places = list(dict.fromkeys([plan.take_off, *(sortie.take_off for sortie in plan.sorties)]))
    _draw_take_offs(axes, places, frame)
    if team:
        _number_take_offs(axes, plan, frame)


def _number_take_offs(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Who takes off where; those side by side are told together."""
    groups: list[tuple[Points, list[int]]] = []
    for vehicle, home in sorted({sortie.vehicle: sortie.take_off for sortie in plan.sorties}.items()):
        place = points_of([home], frame)[0]
        near = [group for group in groups if np.hypot(*(group[0] - place)) < _SIDE_BY_SIDE_M]
        if near:
            near[0][1].append(vehicle)
        else:
            groups.append((place, [vehicle]))
    for place, vehicles in groups:
        axes.annotate(
            ", ".join(map(str, vehicles)),
            (float(place[0]), float(place[1])),
            xytext=(0, -17),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            weight="bold",
            color=START,
            path_effects=[withStroke(linewidth=2.5, foreground=PAPER)],
            zorder=9,
        )


def color_of(sortie: Sortie, number: int, *, team: bool) -> str:
    """The colour of a flight, its aircraft's in a team."""
    return FLIGHTS[(sortie.vehicle - 1 if team else number) % len(FLIGHTS)]


def _label(sortie: Sortie, number: int, *, team: bool) -> str:
    return f"Aircraft {sortie.vehicle}" if team else f"Flight {number + 1}"


def _legs(
    route: Sequence[Waypoint], take_off: GeoPoint, frame: LocalFrame
) -> tuple[list[tuple[Points, Points]], list[tuple[Points, Points]]]:
    """Legs that record, and those that do not: from take-off along the route and back."""
    here = points_of([waypoint.place for waypoint in route], frame)
    if not len(here):
        return [], []
    home = points_of([take_off], frame)[0]
    legs = list(zip(pairwise(here), [waypoint.recording for waypoint in route], strict=False))
    lanes = [leg for leg, records in legs if records]
    transits = [(home, here[0]), *(leg for leg, records in legs if not records), (here[-1], home)]
    return lanes, transits


def _draw_legs(axes: Axes, legs: list[tuple[Points, Points]], **style: object) -> None:
    """All legs as one line with gaps, so that the legend has one entry."""
    if not legs:
        return
    gap = np.full((1, 2), np.nan)
    line = np.vstack([np.vstack([a, b, gap]) for a, b in legs])
    axes.plot(line[:, 0], line[:, 1], solid_capstyle="butt", **style)  # type: ignore[arg-type]


def _draw_circles(axes: Axes, route: Sequence[Waypoint], frame: LocalFrame, color: str) -> None:
    """Circles flown about a waypoint."""
    angles = np.radians(np.arange(0, 361, 3))
    unit = np.column_stack([np.sin(angles), np.cos(angles)])
    for waypoint in route:
        if waypoint.orbit_turns > 0:
            ring = points_of([waypoint.place], frame) + abs(waypoint.orbit_radius_m) * unit
            axes.plot(*ring.T, color=color, lw=1.5, zorder=4)


def _draw_pictures(axes: Axes, route: Sequence[Waypoint], frame: LocalFrame) -> None:
    """Single pictures, and places where the aircraft waits."""
    taken = points_of([waypoint.place for waypoint in route if waypoint.picture], frame)
    waits = points_of([waypoint.place for waypoint in route if waypoint.hold_s > 0], frame)
    _, labels = axes.get_legend_handles_labels()
    for places, marker, label in ((taken, ".", "Picture"), (waits, "s", "Waits here")):
        if len(places):
            shown = None if label in labels else label
            axes.plot(*places.T, marker=marker, ms=5, color=INK, ls="none", label=shown, zorder=5)


def _draw_looks(axes: Axes, route: Sequence[Waypoint], frame: LocalFrame) -> None:
    """What the camera is held on."""
    looked = list(dict.fromkeys(waypoint.look_at.place for waypoint in route if waypoint.look_at))
    if looked:
        places = points_of(looked, frame)
        axes.plot(*places.T, marker="x", ms=8, mew=2, color=FENCE, ls="none", label="Looked at", zorder=7)


def _draw_no_return(axes: Axes, points: Sequence[NoReturn], frame: LocalFrame) -> None:
    if points:
        places = points_of([each.place for each in points], frame)
        axes.plot(
            *places.T,
            marker="D",
            ms=6,
            color=PAPER,
            mec=INK,
            mew=1.4,
            ls="none",
            label="Point of no return",
            zorder=8,
        )


def _draw_take_offs(axes: Axes, places: Sequence[GeoPoint], frame: LocalFrame) -> None:
    axes.plot(
        *points_of(list(places), frame).T,
        marker="^",
        ms=10,
        color=START,
        mec=PAPER,
        ls="none",
        label="Take-off",
        zorder=6,
    )
