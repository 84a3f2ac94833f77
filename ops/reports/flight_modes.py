"""Modes and arming of a recorded flight as bars over time, a row an aircraft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ops.reports.flight_curves import Span, dates, last_heard_s
from ops.reports.plan_colors import FLIGHTS, INK, MUTED, PAPER
from telemetry.exports.recorded import FlightRecord

ROW_IN, LEGEND_IN, FOOT_IN, ARMED = 0.3, 0.3, 0.1, "#1b2733"
_MOST_ROWS = 8
Told = TypeVar("Told")
_LETTER_IN = 0.072
"""How wide a letter of a mode's name is, about."""


def modes_in(records: Sequence[FlightRecord]) -> float:
    """The height of the bars, inches; 0 where nobody told a mode."""
    rows = len(_rows(records))
    return rows * ROW_IN + LEGEND_IN + FOOT_IN if rows else 0.0


def draw_modes(axes: Axes, records: Sequence[FlightRecord], span: Span) -> None:
    """A bar a mode, named where the name has room and else below; a thin dark bar below it while armed."""
    rows = _rows(records)
    names = list(dict.fromkeys(name for record in rows for _, name in record.modes))
    wide_in = axes.get_window_extent().width / axes.figure.dpi
    unnamed: dict[str, str] = {}
    named: set[str] = set()
    for row, record in enumerate(rows):
        for first_s, last_s, name in _spells(record.modes, (span[0], last_heard_s(record, span))):
            color = FLIGHTS[names.index(name) % len(FLIGHTS)]
            begin, end = dates((first_s, last_s))
            axes.barh(row, end - begin, left=begin, height=0.56, color=color, alpha=0.85, lw=0)
            share = (last_s - first_s) / (span[1] - span[0])
            if share * wide_in > _LETTER_IN * (len(name) + 1):
                middle = (begin + end) / 2
                axes.text(middle, row, name, ha="center", va="center", fontsize=7, color=PAPER, clip_on=True)
                named.add(name)
            else:
                unnamed[name] = color
        for first_s, last_s, armed in _spells(record.armed, (span[0], last_heard_s(record, span))):
            if armed:
                begin, end = dates((first_s, last_s))
                axes.barh(row + 0.37, end - begin, left=begin, height=0.13, color=ARMED, lw=0)
    unnamed = {name: color for name, color in unnamed.items() if name not in named}
    _dress(axes, rows, unnamed, span)


def _rows(records: Sequence[FlightRecord]) -> list[FlightRecord]:
    return [record for record in records if record.modes][:_MOST_ROWS]


def _spells(told: Sequence[tuple[float, Told]], span: Span) -> list[tuple[float, float, Told]]:
    """From when to when each was so, within the span."""
    ends = [*(time_s for time_s, _ in told[1:]), span[1]][: len(told)]
    inside = [
        (max(first_s, span[0]), min(last_s, span[1]), value)
        for (first_s, value), last_s in zip(told, ends, strict=True)
    ]
    return [each for each in inside if each[1] > each[0]]


def _dress(axes: Axes, rows: Sequence[FlightRecord], unnamed: dict[str, str], span: Span) -> None:
    axes.set_xlim(*dates(span))
    axes.set_ylim(len(rows) - 0.45 + FOOT_IN / ROW_IN, -0.4 - LEGEND_IN / ROW_IN)
    axes.set_xticks([])
    labels = ["Mode"] if len(rows) == 1 else [record.title for record in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", labelsize=8, colors=INK, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    handles = [Patch(color=color, label=name) for name, color in unnamed.items()]
    if any(armed for record in rows for _, armed in record.armed):
        handles.append(Patch(color=ARMED, label="armed (thin bar)"))
    if handles:
        axes.legend(
            handles=handles, loc="upper right", bbox_to_anchor=(1.0, 1.0), ncols=6, frameon=False,
            fontsize=7.5, borderaxespad=0, handlelength=0.9, handleheight=0.7, columnspacing=1.0,
            labelcolor=MUTED,
        )  # fmt: skip
