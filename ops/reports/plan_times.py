"""When each aircraft of a team flies: a bar a flight, a row an aircraft."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from missions.plan import Plan, Sortie
from ops.reports.plan_colors import INK, MUTED, PAPER
from ops.reports.plan_routes import color_of

ROW_IN, EDGES_IN = 0.27, 0.62
"""Height of a row, and of what stands above and below the rows."""
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120)
_MOST_STEPS = 12
_SHORT = 0.12
"""A bar shorter than this share of the whole has its figures beside it."""


def times_in(plan: Plan) -> float:
    """The height of the timetable, inches."""
    return EDGES_IN + ROW_IN * len(plan.vehicles)


def draw_times(axes: Axes, plan: Plan) -> None:
    """Minutes from the first take-off to the last landing."""
    vehicles = plan.vehicles
    last_min = max(sortie.ends_s for sortie in plan.sorties) / 60
    for number, sortie in enumerate(plan.sorties):
        _draw_bar(axes, sortie, number, (vehicles.index(sortie.vehicle), last_min))
    names = {sortie.vehicle: sortie.aircraft.name for sortie in plan.sorties}
    axes.set_yticks(range(len(vehicles)), [f"{vehicle}: {names[vehicle]}" for vehicle in vehicles])
    axes.set_ylim(len(vehicles) - 0.4, -0.6)
    axes.set_xlim(0, last_min * 1.02)
    step = next((one for one in _STEPS_MIN if last_min / one <= _MOST_STEPS), 240)
    axes.set_xticks(range(0, math.floor(last_min) + 1, step))
    axes.axvline(last_min, color=INK, lw=0.8, ls=(0, (4, 2)))
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    axes.tick_params(axis="y", colors=INK, length=0)
    for name, side in axes.spines.items():
        side.set_visible(name == "bottom")
        side.set_color(MUTED)
    axes.set_xlabel("minutes after the first take-off", fontsize=8, color=MUTED, loc="right", labelpad=1)


def _draw_bar(axes: Axes, sortie: Sortie, number: int, at: tuple[int, float]) -> None:
    row, last_min = at
    begin_min, wide_min = sortie.start_s / 60, sortie.totals.duration_s / 60
    color = color_of(sortie, number, team=True)
    axes.barh(row, wide_min, left=begin_min, height=0.72, color=color)
    high_m = max(waypoint.height_relative_m for waypoint in sortie.route)
    text = f"{high_m:.0f} m, {sortie.totals.battery_pct:.0f} %"
    if wide_min < _SHORT * last_min:
        right = begin_min + wide_min < (1 - _SHORT) * last_min
        where_min, side = (begin_min + wide_min, "left") if right else (begin_min, "right")
        axes.text(where_min, row, f" {text} ", va="center", ha=side, color=INK, fontsize=7.5)
        return
    axes.text(begin_min + wide_min / 2, row, text, va="center", ha="center", color=PAPER, fontsize=7.5)
