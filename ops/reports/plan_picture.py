"""A plan as a picture: what will be flown, to scale, north up."""

from __future__ import annotations

import io
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from missions.area import Part
from missions.errors import InputError
from missions.files import write_whole
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.plan import Plan

INK, MUTED, PAPER = "#1b2733", "#66788a", "#ffffff"
AREA, AREA_EDGE = "#dce8f2", "#7d9cb8"
LANE, TRANSIT, FENCE, NO_GO, START = "#0b5fa5", "#d9730d", "#b3261e", "#f3d4d1", "#1c7c3c"
WIDTH_IN, HEIGHT_IN, DPI = 10.0, 8.0, 150
MARGIN = 0.06


def draw_plan(plan: Plan, path: Path) -> None:
    """Write the plan's picture as PNG. Raises OutputError, InputError for a name that is no PNG's."""
    if path.suffix.lower() != ".png":
        raise InputError("the picture is a PNG", where=str(path), remedy="Give a name that ends in .png")
    write_whole(path, png_of_plan(plan))


def png_of_plan(plan: Plan) -> bytes:
    """The plan's picture: area, holes, fence, lanes, transits, take-off, scale, north and figures."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.165, 0.96, 0.82))
    frame = LocalFrame(plan.take_off)
    _draw_areas(axes, plan, frame)
    _draw_route(axes, plan, frame)
    _fit(axes)
    _draw_scale(axes)
    _draw_north(axes)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0.02, 0.115), ncols=7, frameon=False, fontsize=8
    )
    _write_title(figure, plan)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _draw_areas(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    for number, part in enumerate(plan.area.parts):
        label = "Area" if number == 0 else None
        outline = _outline(part, frame)
        axes.add_patch(PathPatch(outline, facecolor=AREA, edgecolor=AREA_EDGE, lw=1.2, label=label, zorder=1))
    for number, part in enumerate(plan.fence.inclusions):
        label = "Fence" if number == 0 else None
        outline = _outline(part, frame)
        axes.add_patch(
            PathPatch(outline, fill=False, edgecolor=FENCE, lw=1.1, ls=(0, (6, 3)), label=label, zorder=2)
        )
    for number, ring in enumerate(plan.fence.exclusions):
        label = "Keep out" if number == 0 else None
        outline = _outline(Part(ring), frame)
        axes.add_patch(PathPatch(outline, facecolor=NO_GO, edgecolor=FENCE, lw=1.1, label=label, zorder=2))


def _draw_route(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    here = _points([waypoint.place for waypoint in plan.route], frame)
    start = np.zeros((1, 2))
    lanes = [(a, b) for a, b, waypoint in _legs(here, plan) if waypoint]
    transits = [(a, b) for a, b, waypoint in _legs(here, plan) if not waypoint]
    if len(here):
        transits = [(start[0], here[0]), *transits, (here[-1], start[0])]
    _draw_legs(axes, transits, color=TRANSIT, lw=1.0, ls=(0, (3, 2)), label="Transit", zorder=3)
    _draw_legs(axes, lanes, color=LANE, lw=1.5, ls="-", label=f"Lanes ({plan.totals.lanes})", zorder=4)
    axes.plot(*start.T, marker="^", ms=10, color=START, mec=PAPER, ls="none", label="Take-off", zorder=6)
    rally = _points([rally.place for rally in plan.rally], frame)
    if len(rally):
        axes.plot(
            *rally.T, marker="o", ms=6, color=PAPER, mec=START, ls="none", label="Rally point", zorder=7
        )


def _legs(here: Points, plan: Plan) -> list[tuple[Points, Points, bool]]:
    recording = [waypoint.recording for waypoint in plan.route]
    return [(a, b, records) for (a, b), records in zip(pairwise(here), recording, strict=False)]


def _draw_legs(axes: Axes, legs: list[tuple[Points, Points]], **style: object) -> None:
    """All legs as one line with gaps, so that the legend has one entry."""
    if not legs:
        return
    gap = np.full((1, 2), np.nan)
    line = np.vstack([np.vstack([a, b, gap]) for a, b in legs])
    axes.plot(line[:, 0], line[:, 1], solid_capstyle="butt", **style)  # type: ignore[arg-type]


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


def _write_title(figure: Figure, plan: Plan) -> None:
    totals = plan.totals
    minutes, seconds = divmod(round(totals.duration_s), 60)
    figure.text(0.03, 0.085, _plain(plan.name[:60] or "Search plan"), color=INK, fontsize=14, weight="bold")
    first = (
        f"{plan.aircraft.name} with {plan.camera.name}, {plan.request.height_agl_m:.0f} m above ground, "
        f"{totals.gsd_m * 100:.1f} cm a pixel"
    )
    second = (
        f"{totals.lanes} lanes {totals.lane_spacing_m:.1f} m apart, {totals.length_m / 1000:.2f} km, "
        f"{minutes} min {seconds:02d} s, {totals.photos} photos, {totals.battery_pct:.0f} % of a battery, "
        f"{totals.covered_pct:.1f} % covered"
    )
    figure.text(0.03, 0.052, _plain(first), color=INK, fontsize=9)
    figure.text(0.03, 0.024, second, color=INK, fontsize=9)
    place = f"{plan.take_off.lat_deg:.6f}, {plan.take_off.lon_deg:.6f}"
    figure.text(0.97, 0.052, f"Take-off {place}", color=MUTED, fontsize=8, ha="right")
    figure.text(0.97, 0.024, f"Planned {plan.created}", color=MUTED, fontsize=8, ha="right")
    if plan.blocking:
        figure.text(0.97, 0.088, "NOT TO BE FLOWN", color=FENCE, fontsize=12, weight="bold", ha="right")


def _outline(part: Part, frame: LocalFrame) -> Outline:
    """A polygon with its holes as one closed path; holes turn the other way round and stay empty."""
    rings = [_turned(_points(list(part.border), frame), left=True)]
    rings += [_turned(_points(list(hole), frame), left=False) for hole in part.holes]
    vertices = np.vstack([np.vstack([ring, ring[:1]]) for ring in rings])
    codes = [np.full(len(ring) + 1, Outline.LINETO, np.uint8) for ring in rings]
    for each in codes:
        each[0], each[-1] = Outline.MOVETO, Outline.CLOSEPOLY
    return Outline(vertices, np.concatenate(codes))


def _turned(ring: Points, *, left: bool) -> Points:
    x, y = ring[:, 0], ring[:, 1]
    turns_left = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) > 0
    return ring if turns_left == left else ring[::-1]


def _points(places: list[GeoPoint], frame: LocalFrame) -> Points:
    return frame.local_from_geo([(place.lon_deg, place.lat_deg) for place in places])


def _plain(text: str) -> str:
    """Text as it stands: a dollar would begin a formula."""
    return "".join(each if each.isprintable() else " " for each in text).replace("$", r"\$")[:90]
