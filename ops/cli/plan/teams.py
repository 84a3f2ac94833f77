"""Plans of several aircraft, or of one that comes back: a watch, a shared area, what is left to fly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.options import place
from ops.cli.plan.areas import AreaArgument
from ops.cli.plan.commands import pattern
from ops.cli.plan.flight import Flight, overlaps, wind_of, zones_in
from ops.cli.plan.making import make
from ops.cli.plan.team import Team, members_of
from ops.cli.screen import say

if TYPE_CHECKING:
    from missions.plan import Plan
    from ops.config import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "share", Team)
    def share(context: typer.Context, area: AreaArgument, flight: Team) -> None:
        """Share an area among aircraft: the last one lands as early as possible, none near another."""

        def planned(settings: Settings) -> Plan:
            from missions import fleet
            from missions.formats import read_area
            from missions.view import (
                DEFAULT_HEIGHT_AGL_M,
                DEFAULT_OVERLAP_FRONT_PCT,
                DEFAULT_OVERLAP_SIDE_PCT,
            )
            from ops.times import utc_text
            from telemetry.clock import SystemClock

            side_pct, front_pct = overlaps(flight.overlap)
            side_pct = DEFAULT_OVERLAP_SIDE_PCT if side_pct is None else side_pct
            front_pct = DEFAULT_OVERLAP_FRONT_PCT if front_pct is None else front_pct
            height_m = DEFAULT_HEIGHT_AGL_M if flight.height is None else flight.height
            ground = read_area(area)
            home = place(flight.take_off, "--take-off")
            team = members_of(flight.members, home, settings, (side_pct, front_pct), flight.reserve)
            say(f"Sharing {ground.name or area.name} among {len(team)} aircraft ...")
            return fleet.share(
                ground,
                team,
                created=utc_text(SystemClock(), whole_seconds=True),
                name=flight.name,
                separation=flight.apart.value,
                step_m=flight.step,
                apart_m=flight.distance,
                height_agl_m=height_m,
                overlap_side_pct=side_pct,
                overlap_front_pct=front_pct,
                swap_s=flight.swap,
                wind=wind_of(flight.wind),
                no_fly=zones_in(flight.no_fly),
            )

        make(context, flight, planned, area=area.name)

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
