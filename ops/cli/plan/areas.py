"""Patterns over an area that was drawn: search it all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.plan.commands import pattern
from ops.cli.plan.flight import Flight
from ops.cli.plan.making import make

if TYPE_CHECKING:
    from missions.plan import Plan
    from ops.config import Settings

AreaArgument = Annotated[Path, typer.Argument(metavar="AREA", help="The area, as GeoJSON, KML or KMZ.")]
AngleOption = Annotated[
    float | None,
    typer.Option(metavar="DEGREES", help="Direction of the lanes from north; else the best."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "search")
    def search(context: typer.Context, area: AreaArgument, flight: Flight, angle: AngleOption = None) -> None:
        """Parallel track: lanes inside the area, spaced by what the camera sees."""

        def planned(settings: Settings) -> Plan:
            from missions.formats import read_area
            from missions.search_plan import plan_area

            return plan_area(read_area(area), flight.view(settings), flight.setup(settings), angle_deg=angle)

        make(context, flight, planned, area=area.name)
