"""Patterns over an area that was drawn."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.plan.commands import pattern
from ops.cli.plan.flight import Flight
from ops.cli.plan.making import make, over_area

if TYPE_CHECKING:
    from missions.plan import Plan
    from ops.config import Settings

AreaArgument = Annotated[Path, typer.Argument(metavar="AREA", help="The area, as GeoJSON, KML or KMZ.")]
AngleOption = Annotated[
    float | None,
    typer.Option(metavar="DEGREES", help="Direction of the lanes from north; else the best."),
]


class Look(StrEnum):
    """Where a patrol's camera points."""

    DOWN = "down"
    INWARDS = "inwards"
    OUTWARDS = "outwards"


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "search")
    def search(
        context: typer.Context,
        area: AreaArgument,
        flight: Flight,
        angle: AngleOption = None,
        entry: Annotated[
            str,
            typer.Option(metavar="CORNER", help="Where to begin: n, ne, e ... or take-off; else the best."),
        ] = "",
    ) -> None:
        """Parallel track (PS): lanes over the whole area, in the order that takes least time."""

        def planned(settings: Settings) -> Plan:
            from missions.formats import read_area
            from missions.search_plan import plan_area

            view, setup = flight.view(settings), flight.setup(settings)
            return plan_area(read_area(area), view, setup, angle_deg=angle, entry=entry)

        make(context, flight, planned, area=area.name)

    @pattern(app, "creeping-line")
    def creeping_line(
        context: typer.Context,
        area: AreaArgument,
        flight: Flight,
        angle: AngleOption = None,
        side: Annotated[
            str,
            typer.Option(metavar="SIDE", help="Where to begin: n, e, s, w or a bearing; else by take-off."),
        ] = "",
    ) -> None:
        """Creeping line (CS): short legs that advance from one end of the area to the other."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.creeping_line import creeping_line as pattern_of

            return over_area(
                flight,
                settings,
                area,
                lambda ground: pattern_of(
                    ground.shape,
                    ground.frame,
                    ground.setup.aircraft,
                    ground.view,
                    angle_deg=angle,
                    from_side=_side(side),
                    start_m=ground.start_m,
                    where=area.name,
                ),
            )

        make(context, flight, planned, area=area.name)

    @pattern(app, "contour")
    def contour(
        context: typer.Context,
        area: AreaArgument,
        flight: Flight,
        from_foot: Annotated[
            bool, typer.Option("--from-foot", help="Upwards; else from the top down.")
        ] = False,
    ) -> None:
        """Contour search (OS): tracks along the contours of a slope; needs --terrain."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.contour import contour as pattern_of

            relief = flight.relief()
            if relief is None:
                raise InputError(
                    "a contour search needs the ground", where="--terrain", remedy="Give elevation files"
                )
            return over_area(
                flight,
                settings,
                area,
                lambda ground: pattern_of(
                    ground.shape,
                    ground.frame,
                    ground.setup.aircraft,
                    ground.view,
                    relief.terrain,
                    from_top=not from_foot,
                    start_m=ground.start_m,
                    where=area.name,
                ),
            )

        make(context, flight, planned, area=area.name)

    @pattern(app, "perimeter")
    def perimeter(
        context: typer.Context,
        area: AreaArgument,
        flight: Flight,
        inset: Annotated[
            float, typer.Option(metavar="METRES", help="How far inside the border; below 0 outside.")
        ] = 0.0,
        laps: Annotated[int, typer.Option(metavar="COUNT", help="How often round.")] = 1,
        look: Annotated[Look, typer.Option(help="Where the camera points.")] = Look.DOWN,
        anticlockwise: Annotated[bool, typer.Option("--anticlockwise", help="The other way round.")] = False,
    ) -> None:
        """Perimeter patrol: laps along the border of the area."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.perimeter import perimeter as pattern_of

            return over_area(
                flight,
                settings,
                area,
                lambda ground: pattern_of(
                    ground.shape,
                    ground.frame,
                    ground.view,
                    inset_m=inset,
                    laps=laps,
                    clockwise=not anticlockwise,
                    look=look.value,
                    start_m=ground.start_m,
                    aircraft=ground.setup.aircraft,
                ),
                all_of_it=False,
            )

        make(context, flight, planned, area=area.name)

    @pattern(app, "photo-grid")
    def photo_grid(
        context: typer.Context,
        area: AreaArgument,
        flight: Flight,
        angle: AngleOption = None,
        crosshatch: Annotated[
            bool, typer.Option("--crosshatch", help="A second set of lanes at right angles.")
        ] = False,
        lead: Annotated[
            float, typer.Option(metavar="METRES", help="How far lanes may run out over the border.")
        ] = 0.0,
    ) -> None:
        """Photo grid for a map: nadir pictures with overlap, from --gsd or --height."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.photo_grid import photo_grid as pattern_of

            return over_area(
                flight,
                settings,
                area,
                lambda ground: pattern_of(
                    ground.shape,
                    ground.frame,
                    ground.setup.aircraft,
                    ground.view,
                    crosshatch=crosshatch,
                    angle_deg=angle,
                    start_m=ground.start_m,
                    lead_m=lead,
                    keep_out=ground.zones,
                    where=area.name,
                ),
                side_pct=70.0,
                front_pct=80.0,
            )

        make(context, flight, planned, area=area.name)


def _side(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
