"""A search map as a picture: where he may be, north up, with what it was made of beside it."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from missions.geodesy import GeoPoint, Points
from missions.search.contours import SHARES, Contour, Region
from missions.search.search_map import Ring, SearchMap
from ops.reports.plan_colors import FENCE, INK, MUTED, PAPER
from ops.reports.plan_picture import _draw_north, _draw_scale, _plain

WIDTH_IN, HEIGHT_IN, DPI = 11.0, 8.0, 150
MAP_IN, EDGE_IN, TEXT_IN = 7.5, 0.2, 8.0
LINE_IN, WRAP = 0.195, 44
NUMBERED = 6
CHANCE = LinearSegmentedColormap.from_list("chance", ["#ffffff", "#fde8c4", "#f9b26a", "#e2612f", "#8e1b1b"])
CONTOUR = {0.5: ("#1b2733", 2.0), 0.75: ("#1b2733", 1.2), 0.95: ("#1b2733", 0.7)}
_MOST_PIXELS = 1_600


def png_of_search(search: SearchMap, drawn: Sequence[Contour], places: Sequence[Region] = ()) -> bytes:
    """The map, its contours, the rings of its categories, numbered regions, and what it rests on."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    box = (EDGE_IN / WIDTH_IN, EDGE_IN / HEIGHT_IN, MAP_IN / WIDTH_IN, MAP_IN / HEIGHT_IN)
    axes = figure.add_axes(box)
    image = _draw_chance(axes, search)
    _draw_contours(axes, drawn)
    _draw_rings(axes, search)
    _draw_places(axes, search, places)
    _draw_scale(axes)
    _draw_north(axes)
    _write(figure, search, places)
    scale = figure.add_axes((TEXT_IN / WIDTH_IN, 0.62 / HEIGHT_IN, 2.7 / WIDTH_IN, 0.14 / HEIGHT_IN))
    bar = figure.colorbar(image, cax=scale, orientation="horizontal")
    bar.set_label("chance per square kilometre, %", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=7, color=MUTED, labelcolor=INK)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _draw_chance(axes: Axes, search: SearchMap) -> AxesImage:
    grid = search.mixture.grid
    density = 100 * search.chances.density_per_km2
    step = math.ceil(max(grid.shape) / _MOST_PIXELS)
    west, south, east, north = grid.bounds_m
    if step > 1:
        rows, columns = (side // step * step for side in grid.shape)
        cut = density[:rows, :columns].reshape(rows // step, step, columns // step, step)
        density = cut.mean(axis=(1, 3))
        east, south = west + columns * grid.cell_m, north - rows * grid.cell_m
    top = float(np.quantile(density, 0.9995)) or float(density.max()) or 1.0
    image = axes.imshow(
        density,
        cmap=CHANCE,
        norm=PowerNorm(0.5, 0.0, top),
        extent=(west, east, south, north),
        interpolation="nearest",
        zorder=1,
    )
    west, south, east, north = grid.bounds_m
    side = max(east - west, north - south)
    axes.set_xlim((west + east - side) / 2, (west + east + side) / 2)
    axes.set_ylim((south + north - side) / 2, (south + north + side) / 2)
    axes.set_xticks([])
    axes.set_yticks([])
    for edge in axes.spines.values():
        edge.set_color(MUTED)
    return image


def _draw_contours(axes: Axes, drawn: Sequence[Contour]) -> None:
    handles = []
    for each in drawn:
        color, width = CONTOUR.get(each.share, (INK, 1.0))
        for ring in _rings_of(each):
            axes.plot(ring[:, 0], ring[:, 1], color=color, lw=width, zorder=3)
        area = each.shape_m.area / 1e6
        label = f"{100 * each.share:.0f} % of the chance, {area:.2f} km²"
        handles.append(Line2D([], [], color=color, lw=width, label=label))
    for share in SHARES:
        if not any(each.share == share for each in drawn):
            label = f"{100 * share:.0f} %: more than this map holds"
            handles.append(Line2D([], [], alpha=0, label=label))
    if handles:
        axes.legend(handles=handles, loc="upper left", fontsize=8, framealpha=0.85, edgecolor=MUTED)


def _rings_of(contour: Contour) -> list[Points]:
    parts = list(contour.shape_m.geoms)
    return [shapely.get_coordinates(ring) for part in parts for ring in (part.exterior, *part.interiors)]


def _draw_rings(axes: Axes, search: SearchMap) -> None:
    """The quantiles of the first category alone: those of several would hide the map."""
    if search.last_seen is None or not search.rings:
        return
    centre = _place_m(search, search.last_seen.place)
    left, right = axes.get_xlim()
    for ring in _first_rings(search):
        if ring.distance_m > (right - left) * 0.7:
            continue
        style = {"fill": False, "edgecolor": "#0b5fa5", "ls": (0, (5, 4)), "lw": 0.9, "zorder": 4}
        axes.add_patch(Circle(centre, ring.distance_m, **style))
        angle = math.radians(250)
        spot = centre[0] + ring.distance_m * math.cos(angle), centre[1] + ring.distance_m * math.sin(angle)
        axes.text(
            *spot,
            f"{100 * ring.share:.0f} %",
            color="#0b5fa5",
            fontsize=7.5,
            ha="center",
            va="center",
            clip_on=True,
            zorder=5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
        )


def _first_rings(search: SearchMap) -> list[Ring]:
    return [ring for ring in search.rings if ring.hypothesis == search.rings[0].hypothesis]


def _draw_places(axes: Axes, search: SearchMap, places: Sequence[Region]) -> None:
    if search.last_seen is not None:
        east, north = _place_m(search, search.last_seen.place)
        axes.plot([east], [north], marker="+", color="#0b5fa5", ms=15, mew=2.6, zorder=7)
    for number, place in enumerate(places[:NUMBERED], 1):
        east, north = _place_m(search, place.middle)
        axes.text(
            east,
            north,
            str(number),
            color=PAPER,
            fontsize=9,
            weight="bold",
            ha="center",
            va="center",
            zorder=8,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": PAPER},
        )


def _place_m(search: SearchMap, place: GeoPoint) -> tuple[float, float]:
    east, north = search.mixture.grid.frame.local_from_geo([[place.lon_deg, place.lat_deg]])[0]
    return float(east), float(north)


def _write(figure: Figure, search: SearchMap, places: Sequence[Region]) -> None:
    writing = _Column(figure)
    writing.line(search.name[:40], size=14, weight="bold", gap=1.6)
    writing.line(f"Made {search.created}", color=MUTED, size=8)
    if search.since:
        writing.line(f"and changed {len(search.since)} times since, as by searches", color=MUTED, size=8)
    if search.last_seen is not None:
        seen = search.last_seen
        writing.line(f"Last seen (+) {seen.place.lat_deg:.5f}, {seen.place.lon_deg:.5f}")
        within = f"known to {seen.within_m:.0f} m" if seen.within_m else "place taken as exact"
        writing.line(f"{within}{', ' + seen.time if seen.time else ''}", color=MUTED, size=8)
    if search.examples:
        writing.line("MADE-UP FIGURES: FOR TRAINING ONLY", color=FENCE, weight="bold", gap=1.6)
    writing.line("What may have happened", weight="bold", gap=1.6)
    for each in search.mixture.hypotheses:
        writing.line(f"{100 * each.weight:5.1f} %  {each.name[:34]}")
        if source := each.told.get("source"):
            writing.line(f"{each.told.get('category')}: {source}", color=MUTED, size=7.5, wrap=2)
    writing.line(f"{100 * search.chances.outside:.1f} % is outside this map", gap=1.3)
    if search.rings:
        writing.line(f"Rings (- -): {_first_rings(search)[0].hypothesis[:30]}", weight="bold", gap=1.6)
        for ring in _first_rings(search)[:6]:
            writing.line(f"{100 * ring.share:.0f} % within {ring.distance_m / 1000:.2f} km", color="#0b5fa5")
    if places:
        writing.line("The likeliest ground", weight="bold", gap=1.6)
        for number, place in enumerate(places[:NUMBERED], 1):
            writing.line(f"{number}   {100 * place.poa:.1f} % in {place.area_km2:.2f} km²")
    for number, note in enumerate(search.notes[:4]):
        writing.line(note, color=MUTED, size=7.5, wrap=3, gap=1.0 if number else 1.6)
    writing.line("Little chance is not none: nothing here says clear.", color=MUTED, size=7.5, gap=1.3)


class _Column:
    """Lines of text, one under the other, as far as there is room."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._down_in = 0.35

    def line(
        self,
        text: str,
        *,
        size: float = 9,
        color: str = INK,
        weight: str = "normal",
        gap: float = 1.0,
        wrap: int = 1,
    ) -> None:
        """Write a line, on up to `wrap` lines; `gap` lines below what stands there."""
        words, rows = _plain_words(text), [""]
        for word in words:
            if len(rows[-1]) + len(word) > WRAP * 9 / size:
                rows.append("")
            rows[-1] = f"{rows[-1]} {word}".strip()
        for number, row in enumerate(rows[:wrap] if wrap < len(rows) else rows):
            self._down_in += LINE_IN * (gap if number == 0 else 1.0) * max(size, 8) / 9
            if self._down_in > HEIGHT_IN - 1.1:
                return
            height = 1 - self._down_in / HEIGHT_IN
            self._figure.text(TEXT_IN / WIDTH_IN, height, row, fontsize=size, color=color, weight=weight)


def _plain_words(text: str) -> list[str]:
    return _plain(text[:200]).split()
