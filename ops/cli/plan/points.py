"""Patterns round a place: where somebody was last seen, where a crash is, what is watched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.options import place
from ops.cli.plan.commands import pattern
from ops.cli.plan.flight import Flight
from ops.cli.plan.making import by_itself, make

if TYPE_CHECKING:
    from missions.geodesy import GeoPoint
    from missions.plan import Plan
    from ops.config import Settings

AtOption = Annotated[str, typer.Option("--at", metavar="LAT,LON", help="The place in the middle.")]
RadiusOption = Annotated[float, typer.Option(metavar="METRES", help="How far out from the middle.")]
BearingOption = Annotated[
    float, typer.Option(metavar="DEGREES", help="Direction of the first leg; best into the wind.")
]
PortOption = Annotated[bool, typer.Option("--port", help="Turn left; else right.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @pattern(app, "expanding-square")
    def expanding_square(
        context: typer.Context,
        at: AtOption,
        flight: Flight,
        radius: Annotated[
            float | None, typer.Option(metavar="METRES", help="Until ground this far out is seen.")
        ] = None,
        legs: Annotated[
            int | None, typer.Option(metavar="COUNT", help="How many legs, in its place.")
        ] = None,
        bearing: BearingOption = 0.0,
        port: PortOption = False,
    ) -> None:
        """Expanding square (SS): out from a place in squares, when it is known well."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.expanding_square import expanding_square as pattern_of

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(
                    middle(at),
                    view,
                    legs=legs,
                    radius_m=radius,
                    bearing_deg=bearing,
                    starboard=not port,
                    aircraft=setup.aircraft,
                ),
            )

        make(context, flight, planned)

    @pattern(app, "sector")
    def sector(
        context: typer.Context,
        at: AtOption,
        radius: RadiusOption,
        flight: Flight,
        sweeps: Annotated[int, typer.Option(metavar="COUNT", help="Searches, each turned further.")] = 1,
        bearing: BearingOption = 0.0,
        port: PortOption = False,
    ) -> None:
        """Sector search (VS): across a place again and again, as spokes of a wheel."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.sector import sector as pattern_of

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(
                    middle(at),
                    view,
                    radius_m=radius,
                    sweeps=sweeps,
                    bearing_deg=bearing,
                    starboard=not port,
                    aircraft=setup.aircraft,
                ),
            )

        make(context, flight, planned)

    @pattern(app, "spiral")
    def spiral(
        context: typer.Context,
        at: AtOption,
        radius: RadiusOption,
        flight: Flight,
        inwards: Annotated[bool, typer.Option("--inwards", help="From the rim to the middle.")] = False,
        bearing: BearingOption = 0.0,
        port: PortOption = False,
    ) -> None:
        """Spiral: out from a place without a corner."""

        def planned(settings: Settings) -> Plan:
            from missions.patterns.spiral import spiral as pattern_of

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(
                    middle(at),
                    view,
                    radius_m=radius,
                    bearing_deg=bearing,
                    starboard=not port,
                    inwards=inwards,
                    aircraft=setup.aircraft,
                ),
            )

        make(context, flight, planned)

    @pattern(app, "orbit")
    def orbit(
        context: typer.Context,
        at: AtOption,
        radius: RadiusOption,
        flight: Flight,
        turns: Annotated[float, typer.Option(metavar="COUNT", help="How often round.")] = 1.0,
        heights: Annotated[
            str, typer.Option(metavar="M[,M...]", help="Several heights, one after another.")
        ] = "",
        target_height: Annotated[
            float, typer.Option(metavar="METRES", help="Height above ground that the camera looks at.")
        ] = 0.0,
        native: Annotated[
            bool, typer.Option("--native", help="The autopilot's own circles, without single pictures.")
        ] = False,
        anticlockwise: Annotated[bool, typer.Option("--anticlockwise", help="The other way round.")] = False,
    ) -> None:
        """Point orbit: circles round a place with the camera on it."""

        def planned(settings: Settings) -> Plan:
            from missions.geodesy import LocalFrame
            from missions.patterns.orbit import orbit as pattern_of
            from missions.planner import start_in

            return by_itself(
                flight,
                settings,
                lambda view, setup: pattern_of(
                    middle(at),
                    view,
                    radius_m=radius,
                    turns=turns,
                    clockwise=not anticlockwise,
                    heights_agl_m=numbers(heights, "--heights"),
                    look_at_height_m=target_height,
                    native=native,
                    start_m=start_in(LocalFrame(middle(at)), setup.take_off),
                    aircraft=setup.aircraft,
                ),
            )

        make(context, flight, planned)

    @pattern(app, "accident")
    def accident(
        context: typer.Context,
        flight: Flight,
        at: Annotated[
            str | None, typer.Option("--at", metavar="LAT,LON", help="The middle of the scene.")
        ] = None,
        radius: Annotated[float | None, typer.Option(metavar="METRES", help="How far out from it.")] = None,
        area: Annotated[
            Path | None, typer.Option(metavar="AREA", help="The marked scene, in place of --at and --radius.")
        ] = None,
        rings: Annotated[
            str, typer.Option(metavar="M[,M]", help="Heights of the oblique rings; else one that suits.")
        ] = "",
        crosshatch: Annotated[
            bool, typer.Option("--crosshatch", help="A second set of lanes at right angles.")
        ] = False,
    ) -> None:
        """Accident scene: a nadir grid and oblique rings, for a picture that can be measured."""

        def planned(settings: Settings) -> Plan:
            from missions.formats import read_area
            from missions.patterns.accident_scene import Rings, accident_scene

            scene = read_area(area) if area is not None else middle(at)
            heights = numbers(rings, "--rings")
            return by_itself(
                flight,
                settings,
                lambda view, setup: accident_scene(
                    scene,
                    setup.aircraft,
                    view,
                    radius_m=radius,
                    rings=Rings(heights_m=heights or None),
                    crosshatch=crosshatch,
                    take_off=setup.take_off,
                    no_fly=setup.no_fly,
                ),
                height_agl_m=30.0,
                side_pct=70.0,
                front_pct=80.0,
            )

        make(context, flight, planned)


def middle(text: str | None) -> GeoPoint:
    """The place in `--at`. Raises InputError."""
    found = place(text, "--at")
    if found is None:
        raise InputError("no place was given", where="--at", remedy="Give --at LAT,LON, as 52.1,5.2")
    return found


def numbers(text: str, name: str) -> tuple[float, ...]:
    """Numbers from `A,B,...`. Raises InputError."""
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise InputError(
            f"{text!r} is no list of numbers", where=name, remedy="Write them as 20,40"
        ) from error
