"""`droneteam plan`: one command a pattern, all with the same options for the flight."""

from __future__ import annotations

import typer

from ops.cli.plan import areas, lines, points, teams

app = typer.Typer(help="Plan a flight, by pattern.", no_args_is_help=True)


@app.callback()
def plan() -> None:
    """Plan a flight: from an area, a line or a point to a plan that is checked, drawn and kept."""


for group in (areas, points, lines, teams):
    group.register(app)
