"""A plan as a picture: what will be flown, to scale, north up."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from missions.errors import InputError
from missions.files import write_whole
from missions.geodesy import LocalFrame, Points
from missions.plan import Plan
from ops.reports.plan_colors import FENCE, INK, MUTED, PAPER
from ops.reports.plan_flights import figures_of_flights
from ops.reports.plan_ground import draw_ground
from ops.reports.plan_heights import draw_heights, worth_drawing
from ops.reports.plan_routes import draw_flown, draw_routes
from ops.reports.plan_times import draw_times, times_in

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 7.76, 150
TITLE_IN, PROFILE_IN, LEGEND_IN, COLUMNS = 0.98, 1.5, 0.24, 7
"""Height of the title, the profile and a row of the legend, and how many entries stand in a row."""
MARGIN = 0.06


def draw_plan(plan: Plan, path: Path, flown: Sequence[Points] = ()) -> None:
    """Write `png_of_plan`. Raises OutputError, InputError for a name that is no PNG's."""
    if path.suffix.lower() != ".png":
        raise InputError("the picture is a PNG", where=str(path), remedy="Give a name that ends in .png")
    write_whole(path, png_of_plan(plan, flown))


def png_of_plan(plan: Plan, flown: Sequence[Points] = ()) -> bytes:
    """The plan's picture: ground, fence, lanes, circles, take-off, flights, scale, north and figures.

    `flown` are tracks (n, 2), longitude and latitude, of what was flown before.

    Where heights differ along the route a profile of them stands below the map, for a team its timetable.
    """
    profile_in = times_in(plan) if plan.is_team else PROFILE_IN if worth_drawing(plan) else 0.0
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.2, 0.96, 0.78))
    frame = LocalFrame(plan.take_off)
    draw_ground(axes, plan, frame)
    draw_flown(axes, flown, frame)
    draw_routes(axes, plan, frame)
    handles, labels = axes.get_legend_handles_labels()
    legend_in = LEGEND_IN * math.ceil(len(labels) / COLUMNS)
    height_in = HEIGHT_IN + profile_in + legend_in
    figure.set_size_inches(WIDTH_IN, height_in)
    bottom = (TITLE_IN + profile_in + legend_in) / height_in
    axes.set_position((0.02, bottom, 0.96, 0.985 - bottom))
    _fit(axes)
    _draw_scale(axes)
    _draw_north(axes)
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.02, bottom - 0.003),
        ncols=COLUMNS,
        frameon=False,
        fontsize=8,
    )
    if plan.is_team:
        wide = (0.17, (TITLE_IN + 0.42) / height_in, 0.8, (profile_in - 0.5) / height_in)
        draw_times(figure.add_axes(wide), plan)
    elif profile_in:
        below = figure.add_axes((0.07, (TITLE_IN + 0.2) / height_in, 0.9, (profile_in - 0.35) / height_in))
        draw_heights(below, plan, frame)
    _write_title(figure, plan, height_in)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _fit(axes: Axes) -> None:
    """Everything in view, metres alike both ways, no numbers on the edges: the scale bar tells."""
    axes.autoscale_view()
    axes.margins(MARGIN)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(MUTED)
    axes.apply_aspect()


def _draw_scale(axes: Axes) -> None:
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    length_m = _round_length_m((right - left) / 5)
    x, y = right - (right - left) * 0.04 - length_m, bottom + (top - bottom) * 0.05
    axes.plot([x, x + length_m], [y, y], color=INK, lw=3, solid_capstyle="butt", zorder=8)
    axes.annotate(
        f"{length_m:g} m" if length_m < 1000 else f"{length_m / 1000:g} km",
        (x + length_m / 2, y),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        color=INK,
        fontsize=9,
    )


def _round_length_m(about_m: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not over `about_m`."""
    power = 10.0 ** math.floor(math.log10(max(about_m, 1e-3)))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= about_m or factor == 1)


def _draw_north(axes: Axes) -> None:
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.6}
    place = {"xycoords": "axes fraction", "textcoords": "axes fraction"}
    axes.annotate("", (0.955, 0.965), xytext=(0.955, 0.895), arrowprops=arrow, zorder=8, **place)  # type: ignore[arg-type]
    axes.text(0.955, 0.875, "N", transform=axes.transAxes, ha="center", va="center", color=INK, weight="bold")


def _write_title(figure: Figure, plan: Plan, height_in: float) -> None:
    totals = plan.totals
    name, first, second = (each / height_in for each in (0.68, 0.416, 0.192))
    figure.text(0.03, name, _plain(plan.name[:60] or "Plan"), color=INK, fontsize=14, weight="bold")
    about = (
        f"{plan.request.pattern}: {plan.aircraft.name} with {plan.camera.name}, "
        f"{plan.request.height_agl_m:.0f} m above ground, {totals.gsd_m * 100:.1f} cm a pixel"
    )
    if plan.is_team:
        about = f"{plan.request.pattern} by {len(plan.vehicles)} aircraft"
    figure.text(0.03, first, _plain(about), color=INK, fontsize=9)
    figure.text(0.03, second, _figures(plan), color=INK, fontsize=9)
    place = f"{plan.take_off.lat_deg:.6f}, {plan.take_off.lon_deg:.6f}"
    if plan.is_team:
        place = f"of the first {place}"
    figure.text(0.97, first, f"Take-off {place}", color=MUTED, fontsize=8, ha="right")
    figure.text(0.97, second, f"Planned {plan.created}", color=MUTED, fontsize=8, ha="right")
    if plan.blocking:
        figure.text(0.97, name, "NOT TO BE FLOWN", color=FENCE, fontsize=12, weight="bold", ha="right")


def _figures(plan: Plan) -> str:
    if plan.sorties and not plan.is_team:
        return figures_of_flights(plan)
    totals = plan.totals
    minutes, seconds = divmod(round(totals.duration_s), 60)
    lanes = f"{totals.lanes} lanes {totals.lane_spacing_m:.1f} m apart, " if totals.lanes > 1 else ""
    if plan.is_team and lanes:
        lanes = f"{totals.lanes} lanes, "
    flights = f"{len(plan.sorties)} flights, " if plan.sorties else ""
    until = "the last lands after " if plan.is_team else ""
    return (
        f"{lanes}{flights}{totals.length_m / 1000:.2f} km, {until}{minutes} min {seconds:02d} s, "
        f"{totals.photos} photos, {totals.battery_pct:.0f} % of a battery, {totals.covered_pct:.1f} % covered"
    )


def _plain(text: str) -> str:
    """Text as it stands: a dollar would begin a formula."""
    return "".join(each if each.isprintable() else " " for each in text).replace("$", r"\$")[:90]
