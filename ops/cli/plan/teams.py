"""Plans of several aircraft, or of one that comes back: a watch, a shared area, what is left to fly."""

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


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "surveillance")
    def surveillance(
        context: typer.Context,
        points: Annotated[
            Path,
            typer.Argument(
                metavar="POINTS", help="GeoJSON points with max_wait_s, weight, dwell_s and name."
            ),
        ],
        minutes: Annotated[float, typer.Option(metavar="MINUTES", help="How long the watch lasts.")],
        flight: Flight,
        every: Annotated[
            float | None,
            typer.Option(metavar="SECONDS", help="Longest wait of points that say none of their own."),
        ] = None,
        dwell: Annotated[
            float | None, typer.Option(metavar="SECONDS", help="Length of a look, likewise.")
        ] = None,
        vehicles: Annotated[
            int | None,
            typer.Option(min=1, max=50, metavar="COUNT", help="Aircraft; else as few as it takes."),
        ] = None,
        stand_off: Annotated[
            float, typer.Option(metavar="METRES", help="How far aside of a point to stand.")
        ] = 0.0,
    ) -> None:
        """Surveillance: points looked at again and again, by aircraft that relieve each other."""

        def planned(settings: Settings) -> Plan:
            from missions.surveillance import plan_surveillance
            from missions.surveillance.reading import read_watch_points
            from missions.surveillance.team import Team

            return plan_surveillance(
                read_watch_points(points, max_wait_s=every, dwell_s=dwell),
                flight.view(settings),
                flight.setup(settings),
                duration_s=60 * minutes,
                team=Team(vehicles=vehicles),
                stand_off_m=stand_off,
            )

        make(context, flight, planned, points=points.name)
