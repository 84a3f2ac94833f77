"""Patterns along a line: a road, a dike, the way that somebody is thought to have gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.plan.commands import pattern
from ops.cli.plan.flight import Flight
from ops.cli.plan.making import by_itself, make

if TYPE_CHECKING:
    from missions.plan import Plan
    from ops.config import Settings

LineArgument = Annotated[Path, typer.Argument(metavar="LINE", help="The line, as GeoJSON, KML, KMZ or GPX.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "track-line")
    def track_line(
        context: typer.Context,
        line: LineArgument,
        flight: Flight,
        one_way: Annotated[bool, typer.Option("--one-way", help="End at the line's end (TSN).")] = False,
        passes: Annotated[int | None, typer.Option(metavar="COUNT", help="Passes along the line.")] = None,
        port: Annotated[bool, typer.Option("--port", help="The left side first.")] = False,
    ) -> None:
        """Track line (TSR, TSN): along the way of somebody missed, and back beside it."""

        def planned(settings: Settings) -> Plan:
            from missions.formats.read_line import read_line
            from missions.patterns.track_line import track_line as pattern_of

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(
                    read_line(line),
                    view,
                    return_=not one_way,
                    passes=passes,
                    starboard=not port,
                    aircraft=setup.aircraft,
                ),
            )

        make(context, flight, planned, line=line.name)

    @pattern(app, "corridor")
    def corridor(
        context: typer.Context,
        line: LineArgument,
        width: Annotated[
            float, typer.Option(metavar="METRES", help="Ground to see, the line in its middle.")
        ],
        flight: Flight,
    ) -> None:
        """Corridor: passes along a road or a dike that see its whole width."""

        def planned(settings: Settings) -> Plan:
            from missions.formats.read_line import read_line
            from missions.patterns.corridor import corridor as pattern_of

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(read_line(line), view, width_m=width, aircraft=setup.aircraft),
            )

        make(context, flight, planned, line=line.name)
