"""A recorded flight as a picture: where, how high, how fast, on what battery, over what link."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from missions.errors import InputError
from missions.files import write_whole
from ops.reports.flight_curves import (
    Span,
    draw_battery,
    draw_height,
    draw_link,
    draw_radio,
    draw_speed,
    share_times,
    span_of,
)
from ops.reports.flight_figures import figures_of, when_text
from ops.reports.flight_map import draw_map
from ops.reports.flight_modes import draw_modes, modes_in
from ops.reports.plan_colors import INK, MUTED, PAPER
from telemetry.exports.recorded import FlightRecord

SUFFIXES = (".png", ".pdf", ".svg")
WIDTH_IN, DPI, TITLE_IN, PANEL_IN, GAP_IN, FOOT_IN = 13.0, 150, 0.95, 1.32, 0.34, 0.55
_LEAST_IN, _MAP_SHARE = 6.2, 0.46
_MOST_NAMED = 8
Draw = Callable[[Axes, Sequence[FlightRecord], Span], None]
_PANELS: tuple[tuple[Draw, Callable[[FlightRecord], bool]], ...] = (
    (draw_height, lambda record: len(record.path) > 1 or len(record.height_amsl_m) > 1),
    (draw_speed, lambda record: len(record.path) > 1 or len(record.ground_speed_m_s) > 1),
    (draw_battery, lambda record: len(record.battery_v) > 1 or len(record.battery_pct) > 1),
    (draw_link, lambda record: len(record.link.rate_hz) > 1),
    (draw_radio, lambda record: len(record.link.radio_rssi) > 1),
)


def draw_flight(records: Sequence[FlightRecord], name: str, path: Path) -> None:
    """Write `picture_of`. Raises InputError as it and `check_suffix` do, and OutputError."""
    check_suffix(path)
    write_whole(path, picture_of(records, name, path.suffix.lower().removeprefix(".")))


def check_suffix(path: Path) -> None:
    """Raise InputError for a name that is no picture's."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "the picture is a PNG, a PDF or an SVG",
            where=str(path),
            remedy=f"Give a name that ends in {', '.join(SUFFIXES)}",
        )


def picture_of(records: Sequence[FlightRecord], name: str, kind: str = "png") -> bytes:
    """The picture of these aircraft as "png", "pdf" or "svg"; `name` is the recording's.

    A map (coloured by height for one aircraft, by aircraft for several) beside curves over time: height,
    speed, battery, link and radio, as far as the recording has them, and the modes above. Raises InputError
    where there is nothing to draw.
    """
    span = span_of(records)
    panels = [draw for draw, has in _PANELS if any(has(record) for record in records)]
    if span is None or not panels:
        raise InputError(
            "there is no flight to draw in the recording",
            where=name,
            remedy="Give the recording of an aircraft; droneteam log info says what is in it",
        )
    strip_in = modes_in(records)
    height_in = max(_LEAST_IN, TITLE_IN + strip_in + len(panels) * (PANEL_IN + GAP_IN) + FOOT_IN)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    left = 0.06
    if any(len(record.path) > 1 for record in records):
        draw_map(
            figure, records, (0.02, FOOT_IN / height_in, _MAP_SHARE, 1 - (TITLE_IN + FOOT_IN) / height_in)
        )
        left = _MAP_SHARE + 0.075
    _draw_panels(figure, records, (panels, span, left, strip_in))
    _write_title(figure, records, name, span)
    data = io.BytesIO()
    figure.savefig(data, format=kind)
    return data.getvalue()


def _draw_panels(
    figure: Figure, records: Sequence[FlightRecord], what: tuple[list[Draw], Span, float, float]
) -> None:
    panels, span, left, strip_in = what
    height_in = figure.get_figheight()
    wide = 0.945 - left
    room_in = height_in - TITLE_IN - strip_in - FOOT_IN
    each_in = room_in / len(panels)
    axes = []
    for number, draw in enumerate(panels):
        top_in = room_in - number * each_in + FOOT_IN
        place = (left, (top_in - each_in + GAP_IN * 0.6) / height_in, wide, (each_in - GAP_IN) / height_in)
        axes.append(figure.add_axes(place))
        draw(axes[-1], records, span)
    share_times(axes, span)
    if strip_in:
        place = (left, (FOOT_IN + room_in) / height_in, wide, strip_in / height_in)
        draw_modes(figure.add_axes(place), records, span)


def _write_title(figure: Figure, records: Sequence[FlightRecord], name: str, span: Span) -> None:
    height_in = figure.get_figheight()
    first, second, third = (1 - each / height_in for each in (0.33, 0.58, 0.8))
    who = ", ".join(record.title for record in records[:_MOST_NAMED])
    more = f" and {len(records) - _MOST_NAMED} more" if len(records) > _MOST_NAMED else ""
    figure.text(0.02, first, _plain(name), color=INK, fontsize=14, weight="bold", va="center")
    figure.text(0.02, second, f"{who}{more}", color=INK, fontsize=9, va="center")
    figure.text(0.02, third, figures_of(records), color=INK, fontsize=9, va="center")
    figure.text(0.98, second, when_text(span), color=MUTED, fontsize=9, ha="right", va="center")
    if not any(len(record.path) > 1 for record in records):
        figure.text(
            0.98, third, "No position in this recording", color=MUTED, fontsize=9, ha="right", va="center"
        )


def _plain(text: str) -> str:
    """Text as it stands: a dollar would begin a formula, and not every byte of a name is a letter."""
    shown = text.encode(errors="replace").decode()
    return "".join(each if each.isprintable() else " " for each in shown).replace("$", r"\$")[:100]
