"""`droneteam log plot`: a picture of a recorded flight."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.screen import say


def plot(
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="A recording (.tlog) or an onboard log (.BIN).")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PICTURE", help="It ends in .png, .pdf or .svg.")
    ],
    system: Annotated[
        int | None, typer.Option("--system", metavar="NUMBER", help="Only this aircraft; else all.")
    ] = None,
) -> None:
    """Draw a recorded flight: map, height, speed, battery, link, radio, modes."""
    from ops.reports.flight_picture import check_suffix, draw_flight
    from telemetry.exports import chosen, open_recorded

    check_suffix(output)
    recorded = open_recorded(recording)
    draw_flight(chosen(recorded, system), recorded.name, output)
    say(f"Wrote {output}")
