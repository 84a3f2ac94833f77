"""The map of a recorded flight: to scale, north up, coloured by height or by aircraft."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from missions.geodesy import GeoPoint, LocalFrame, Points
from ops.reports.flight_curves import color_of, thinned
from ops.reports.plan_colors import INK, MUTED, PAPER, START
from ops.reports.plan_picture import _draw_north, _draw_scale
from telemetry.exports.recorded import FlightRecord

HEIGHTS, LANDED = "viridis", "#b3261e"
_BAR_IN, _LEGEND_IN, _DIFFER_M = 0.62, 0.3, 1.0
_LEAST_M = 20.0
"""A map is at least so wide: what stood still is not blown up to the noise of its GPS."""
_MOST_POINTS = 20_000
Place = tuple[float, float, float, float]


def draw_map(figure: Figure, records: Sequence[FlightRecord], place: Place) -> None:
    """Every path, take-offs and landings, north, a scale bar, and what the colours mean."""
    shown = [record for record in records if len(record.path) > 1]
    left, bottom, wide, high = place
    below = (_BAR_IN if len(shown) == 1 else 0.0) + _LEGEND_IN
    below /= figure.get_figheight()
    axes = figure.add_axes((left, bottom + below, wide, high - below))
    frame = _frame(shown)
    line = None
    for number, record in enumerate(shown):
        here = frame.local_from_geo(np.column_stack([record.path.lon_deg, record.path.lat_deg]))
        if len(shown) == 1:
            line = _draw_by_height(axes, record, here)
        else:
            _draw_plain(axes, record, (here, color_of(number)))
        _mark(axes, record, here)
    _fit(axes)
    _draw_scale(axes)
    _draw_north(axes)
    if line is not None:
        bar = figure.add_axes((left + 0.05, bottom + 0.3 / figure.get_figheight(), wide - 0.1, 0.012))
        figure.colorbar(line, cax=bar, orientation="horizontal")
        bar.tick_params(labelsize=8, colors=INK, length=2)
        bar.set_xlabel("metres above take-off", fontsize=8, color=INK, labelpad=2)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(sorted(zip(labels, handles, strict=True), key=lambda each: each[0][0].islower()))
    figure.legend(
        unique.values(),
        unique.keys(),
        loc="upper left",
        bbox_to_anchor=(left, bottom + below - 0.002),
        ncols=5,
        frameon=False,
        fontsize=8,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def _frame(records: Sequence[FlightRecord]) -> LocalFrame:
    """A frame in the middle of all paths."""
    lat = np.concatenate([record.path.lat_deg for record in records])
    lon = np.unwrap(np.concatenate([record.path.lon_deg for record in records]), period=360)
    middle = (float(lon.min() + lon.max()) / 2 + 180) % 360 - 180
    return LocalFrame(GeoPoint(float(lat.min() + lat.max()) / 2, middle))


def _draw_by_height(axes: Axes, record: FlightRecord, here: Points) -> LineCollection:
    height = record.path.height_relative_m
    low, high = float(height.min()), float(height.max())
    norm = Normalize(low, max(high, low + _DIFFER_M))
    line = LineCollection([], cmap=HEIGHTS, norm=norm, lw=2.0, capstyle="round", zorder=4)
    segments, values = [], []
    for piece in record.path.pieces():
        own = thinned(piece, _MOST_POINTS)
        points, heights = here[own], height[own]
        segments.append(np.stack([points[:-1], points[1:]], axis=1))
        values.append((heights[:-1] + heights[1:]) / 2)
    line.set_segments(list(np.concatenate(segments)))
    line.set_array(np.concatenate(values))
    axes.add_collection(line)
    axes.plot(here[:, 0], here[:, 1], alpha=0)
    return line


def _draw_plain(axes: Axes, record: FlightRecord, how: tuple[Points, str]) -> None:
    here, color = how
    label = record.title
    for piece in record.path.pieces():
        own = here[thinned(piece, _MOST_POINTS)]
        axes.plot(own[:, 0], own[:, 1], color=color, lw=1.6, label=label, zorder=4)


def _mark(axes: Axes, record: FlightRecord, here: Points) -> None:
    """Where it was armed and disarmed, or where the path begins and ends."""
    armed = [time_s for time_s, state in record.armed if state]
    disarmed = [time_s for time_s, state in record.armed[1:] if not state]
    times = record.path.time_s
    for moments, label, marker, color in (
        (armed, "armed", "^", START),
        (disarmed, "disarmed", "s", LANDED),
    ):
        where = np.searchsorted(times, [each for each in moments if times[0] <= each <= times[-1]])
        if len(where):
            _scatter(axes, here[where], (label, marker, color))
    if not armed:
        _scatter(axes, here[:1], ("begin", "^", START))
        _scatter(axes, here[-1:], ("end", "s", LANDED))


def _scatter(axes: Axes, here: Points, how: tuple[str, str, str]) -> None:
    label, marker, color = how
    # A triangle in a square: both are seen where an aircraft lands on its take-off point.
    above = marker == "^"
    size, zorder = (46, 7) if above else (92, 6)
    looks = {"marker": marker, "color": color, "edgecolor": PAPER, "label": label}
    axes.scatter(here[:, 0], here[:, 1], size, lw=1, zorder=zorder, **looks)  # type: ignore[arg-type]


def _fit(axes: Axes) -> None:
    """All in view with room for the scale bar, metres alike both ways."""
    (left, bottom), (right, top) = axes.dataLim.min, axes.dataLim.max
    side_m = max(right - left, top - bottom, _LEAST_M)
    window = axes.get_window_extent()
    wide_m, high_m = right - left + 0.12 * side_m, top - bottom + 0.2 * side_m
    pixel_m = max(wide_m / window.width, high_m / window.height, _LEAST_M / window.width)
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2 - 0.03 * side_m
    axes.set_xlim(middle_x - pixel_m * window.width / 2, middle_x + pixel_m * window.width / 2)
    axes.set_ylim(middle_y - pixel_m * window.height / 2, middle_y + pixel_m * window.height / 2)
    axes.set_xticks([])
    axes.set_yticks([])
    for edge in axes.spines.values():
        edge.set_color(MUTED)
