"""Curves of a recorded flight over time: height, speed, battery, link, radio. Gaps stay gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter

from ops.reports.flight_figures import armed_at
from ops.reports.plan_colors import AREA, FLIGHTS, INK, LANE, MUTED, TRANSIT
from telemetry.exports.paths import Floats, pieces_of
from telemetry.exports.recorded import Curve, FlightRecord

Span = tuple[float, float]
"""From when to when, seconds since 1970 UTC."""
LOST, REMOTE = "#b3261e", "#8b3fa0"
DAY_S = 86_400.0
_LONGEST_S = 7 * DAY_S
_MOST_POINTS = 4_000
_CONSTANT_M = 2.0
_AMSL = "m amsl"


def span_of(records: Sequence[FlightRecord]) -> Span | None:
    """From the first to the last that any aircraft told, without times a week from the middle: those make no
    sense. None where nobody told anything."""
    times = [times for record in records for times in _all_times(record) if len(times)]
    if not times:
        return None
    ends = np.concatenate([times_s[[0, len(times_s) // 2, -1]] for times_s in times])
    middle = float(np.median(ends))
    near = ends[abs(ends - middle) < _LONGEST_S]
    first, last = float(near.min()), float(near.max())
    return first, max(last, first + 1.0)


def last_heard_s(record: FlightRecord, span: Span) -> float:
    """When an aircraft was heard for the last time within the span."""
    lasts = [float(times[-1]) for times in _all_times(record) if len(times) and times[-1] <= span[1]]
    return max(lasts, default=span[1])


def _all_times(record: FlightRecord) -> list[Floats]:
    curves = (record.battery_pct, record.battery_v, record.ground_speed_m_s, record.link.rate_hz)
    hearts = np.array([time_s for time_s, _ in (*record.modes, *record.armed)], float)
    return [record.path.time_s, *(curve.time_s for curve in curves), np.sort(hearts)]


def color_of(number: int) -> str:
    """The colour of one aircraft of several."""
    return FLIGHTS[number % len(FLIGHTS)]


def thinned(piece: slice, most: int) -> npt.NDArray[np.int64]:
    """At most about `most` places of a stretch, its first and its last among them."""
    step = max(1, (piece.stop - piece.start) // most)
    return np.unique(np.append(np.arange(piece.start, piece.stop, step), piece.stop - 1))


def dates(time_s: Floats | Span) -> Floats:
    """Times as matplotlib's dates: days since 1970 UTC."""
    return np.asarray(time_s, float) / DAY_S


def plot(axes: Axes, curve: Curve, color: str, label: str, *, ls: str = "-", lw: float = 1.3) -> None:
    """A line for each stretch without a gap; a lone value is a dot."""
    for number, piece in enumerate(pieces_of(curve.time_s)):
        own = thinned(piece, _MOST_POINTS)
        lone = piece.stop - piece.start == 1
        axes.plot(
            dates(curve.time_s[own]),
            curve.values[own],
            color=color,
            ls=ls,
            lw=lw,
            marker="." if lone else None,
            markersize=3,
            label=label if not number else None,
        )


def draw_height(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """Above take-off, and above sea level on the right: a line of its own where these differ."""
    del span
    shown = [record for record in records if len(record.path) > 1]
    if not shown:
        for number, record in enumerate(records):
            plot(axes, record.height_amsl_m, LANE if len(records) == 1 else color_of(number), "")
        _settle(axes)
        _label(axes, "Height", _AMSL)
        return
    for number, record in enumerate(shown):
        color = LANE if len(records) == 1 else color_of(number)
        plot(axes, Curve(record.path.time_s, record.path.height_relative_m), color, "above take-off")
    _label(axes, "Height", "m above take-off")
    apart = np.concatenate([_take_off_m(record) for record in shown])
    right = axes.twinx()
    if np.ptp(np.percentile(apart, (2, 98))) < _CONSTANT_M:
        _settle(axes)
        low, high = axes.get_ylim()
        offset = float(np.median(apart))
        right.set_ylim(low + offset, high + offset)
    else:
        for number, record in enumerate(shown):
            color = TRANSIT if len(records) == 1 else color_of(number)
            plot(right, Curve(record.path.time_s, record.path.height_amsl_m), color, "amsl", ls="--", lw=0.9)
        _settle(right)
    _right(right, _AMSL, INK if len(records) > 1 else MUTED)


def _take_off_m(record: FlightRecord) -> Floats:
    """How high the take-off point lies above sea level, while armed: before, many do not know it yet."""
    apart = record.path.height_amsl_m - record.path.height_relative_m
    own = apart[armed_at(record, record.path.time_s)]
    return own if len(own) else apart


def draw_speed(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """Over the ground, and through the air where an aircraft measures it."""
    del span
    alone = len(records) == 1
    for number, record in enumerate(records):
        color = LANE if alone else color_of(number)
        own = Curve(record.path.time_s, record.path.ground_speed_m_s)
        plot(axes, own if len(own) > 1 else record.ground_speed_m_s, color, "ground")
        if alone and record.kind == "plane" and len(record.air_speed_m_s) > 1:
            plot(axes, record.air_speed_m_s, TRANSIT, "air", lw=1.0)
    _label(axes, "Speed", "m/s")
    _settle(axes, floor=0.0)
    if alone:
        legend(axes)


def draw_battery(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """Per cent left, and volts on the right."""
    del span
    alone = len(records) == 1
    told_pct = any(len(record.battery_pct) > 1 for record in records)
    volts = axes.twinx() if told_pct else axes
    for number, record in enumerate(records):
        color = color_of(number)
        plot(axes, record.battery_pct, LANE if alone else color, "%", lw=1.6)
        dashed = ("-", 0.9) if alone else ("--", 0.8)
        plot(volts, record.battery_v, TRANSIT if alone else color, "V", ls=dashed[0], lw=dashed[1])
    _label(axes, "Battery", "% left" if told_pct else "V")
    _settle(volts)
    if told_pct:
        axes.set_ylim(-4, 104)
        axes.set_yticks((0, 50, 100))
        _right(volts, "V" if alone else "V (dashed)", TRANSIT if alone else INK)
        axes.yaxis.label.set_color(LANE if alone else INK)


def draw_link(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """Messages a second, and what was lost of them on the right."""
    del span
    alone = len(records) == 1
    right = axes.twinx()
    for number, record in enumerate(records):
        color = LANE if alone else color_of(number)
        plot(axes, record.link.rate_hz, color, "", lw=1.2)
        lost = record.link.lost_pct
        if alone and len(lost):
            right.fill_between(dates(lost.time_s), lost.values, step="mid", color=LOST, alpha=0.55, lw=0)
        else:
            plot(right, lost, color, "", ls=":", lw=1.0)
    _label(axes, "Link", "messages/s")
    _settle(axes, floor=0.0)
    most = max((float(record.link.lost_pct.values.max(initial=0)) for record in records), default=0.0)
    right.set_ylim(0, min(max(10.0, most * 1.3), 104.0))
    axes.set_zorder(right.get_zorder() + 1)
    axes.patch.set_visible(False)
    _right(right, "% lost" if alone else "% lost (dotted)", LOST if alone else INK)
    if alone:
        axes.yaxis.label.set_color(LANE)


def draw_radio(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """The radio's signal at both ends, in its own units; the radio is one for all aircraft behind it."""
    del span
    link = next(record.link for record in records if len(record.link.radio_rssi) > 1)
    plot(axes, link.radio_rssi, LANE, "this end", lw=1.1)
    plot(axes, link.radio_remote_rssi, REMOTE, "far end", lw=1.1)
    _label(axes, "Radio", "RSSI")
    _settle(axes)
    legend(axes)


def share_times(axes: Sequence[Axes], span: Span) -> None:
    """One scale of time for all, told below the last."""
    first, last = dates(span)
    style = (
        "%H:%M:%S" if span[1] - span[0] < 1200 else "%H:%M" if span[1] - span[0] < DAY_S else "%d %b %H:%M"
    )
    for each in axes:
        each.set_xlim(first, last)
        each.xaxis.set_major_locator(AutoDateLocator(minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
        each.xaxis.set_major_formatter(DateFormatter(style))  # type: ignore[no-untyped-call]
        each.tick_params(axis="x", labelbottom=each is axes[-1])
        each.grid(axis="x", color=AREA, lw=0.8)
        each.set_axisbelow(True)
    axes[-1].set_xlabel("UTC", fontsize=8, color=MUTED, loc="right", labelpad=1)


def _label(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=INK, weight="bold", pad=3)
    axes.set_ylabel(unit, fontsize=8, color=INK)
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    axes.grid(axis="y", color=AREA, lw=0.8)
    for name, side in axes.spines.items():
        side.set_visible(name in {"left", "bottom"})
        side.set_color(MUTED)


def _right(axes: Axes, unit: str, color: str) -> None:
    axes.set_ylabel(unit, fontsize=8, color=color)
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    for name, side in axes.spines.items():
        side.set_visible(name == "right")
        side.set_color(MUTED)


def _settle(axes: Axes, floor: float | None = None) -> None:
    """Limits with some room, at least a unit apart."""
    low, high = axes.dataLim.intervaly if np.isfinite(axes.dataLim.intervaly).all() else (0.0, 1.0)
    low = floor if floor is not None else low
    room = max((high - low) * 0.1, (1.0 - (high - low)) / 2, 0.05)
    axes.set_ylim(low if floor is not None else low - room, high + room)


def legend(axes: Axes) -> None:
    """What the lines are, above the panel on the right, where there are several."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        axes.legend(
            handles, labels, loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=4, frameon=False,
            fontsize=8, borderaxespad=0, handlelength=1.4, columnspacing=1.2,
        )  # fmt: skip
