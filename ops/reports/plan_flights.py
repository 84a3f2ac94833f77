"""What a plan's picture tells of one aircraft's flights: their numbers, points of no return, and figures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from missions.geodesy import LocalFrame
from missions.plan import Plan
from ops.reports.plan_colors import FLIGHTS, INK, PAPER
from ops.reports.plan_ground import points_of

Floats = npt.NDArray[np.float64]


def mark_flights(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Points of no return; where one aircraft flies a few flights, each flight's number and colour too."""
    told = not plan.is_team and len(plan.sorties) <= len(FLIGHTS)
    for number, sortie in enumerate(plan.sorties, start=1):
        color = FLIGHTS[number - 1] if told else INK
        begins = next((row.place for row in sortie.route if row.recording), None)
        if told and begins is not None:
            place = points_of([begins], frame)[0]
            _mark(axes, place, marker="o", ms=11, color=color, mec=PAPER)
            _write(axes, f"{number}", place, color=PAPER, ha="center")
        if sortie.no_return is not None:
            place = points_of([sortie.no_return.place], frame)[0]
            _mark(axes, place, marker="D", ms=6.5, color=PAPER, mec=color, mew=1.8)
            if told:
                _write(axes, f"{number}", place, color=color, xytext=(7, 5))
    if any(sortie.no_return for sortie in plan.sorties):
        axes.plot([], [], "D", ms=6.5, color=PAPER, mec=INK, mew=1.8, label="Point of no return")


def _mark(axes: Axes, place: Floats, **look: Any) -> None:
    axes.plot(*place, ls="none", zorder=8, **look)


def _write(axes: Axes, text: str, place: Floats, **look: Any) -> None:
    """Text at a place; on the map itself with a halo, so that lines do not cross it."""
    halo = [] if look["color"] == PAPER else [withStroke(linewidth=2.5, foreground=PAPER)]
    style = {"xytext": (0, 0), "textcoords": "offset points", "va": "center_baseline", "fontsize": 8, **look}
    axes.annotate(text, (place[0], place[1]), weight="bold", path_effects=halo, zorder=8.1, **style)


def figures_of_flights(plan: Plan) -> str:
    """What the flights of one aircraft take together, and the battery that each leaves."""
    totals = [sortie.totals for sortie in plan.sorties]
    lanes = f"{plan.totals.lanes} lanes, " if plan.totals.lanes > 1 else ""
    ends_s = max(sortie.ends_s for sortie in plan.sorties)
    left_pct = math.floor(100 - max(each.battery_pct for each in totals))
    length_m, photos = sum(each.length_m for each in totals), sum(each.photos for each in totals)
    return (
        f"{lanes}{len(totals)} flights in {_minutes(ends_s)}, {length_m / 1000:.2f} km, {photos} photos, "
        f"{left_pct} % left at least, {plan.totals.covered_pct:.1f} % covered"
    )


def _minutes(seconds: float) -> str:
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
