"""`droneteam operation volumes`: the volumes of air that a flight must stay in enter an operation."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.screen import say

if TYPE_CHECKING:
    from missions.volumes import FlightVolumes, Volume


def volumes(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="OPERATION", help="The folder of the operation.")],
    source: Annotated[
        Path, typer.Argument(metavar="PLAN|GEOJSON", help="A plan to draw them round, or a file of volumes.")
    ],
    flight_m: Annotated[
        float | None, typer.Option("--flight-margin", metavar="M", help="Round what is flown; else 10 m.")
    ] = None,
    flight_height_m: Annotated[
        float | None, typer.Option("--flight-height", metavar="M", help="The same up and down; else 5 m.")
    ] = None,
    contingency_m: Annotated[
        float | None,
        typer.Option("--contingency-margin", metavar="M", help="Beyond that; else what the aircraft needs."),
    ] = None,
    contingency_height_m: Annotated[
        float | None, typer.Option("--contingency-height", metavar="M", help="The same up and down.")
    ] = None,
    systems: Annotated[
        list[int] | None,
        typer.Option(
            "--system", metavar="NUMBER", min=1, max=255, help="For this vehicle alone; may be repeated."
        ),
    ] = None,
) -> None:
    """Let the flight geography and the contingency volume of a flight enter an operation, for its alarms.

    Of a plan they are everything that is flown with margins round it, and hold for who flies that plan.
    """
    from missions.files import write_whole
    from missions.formats.volumes_geojson import write_volumes
    from ops.operations import Operation

    given = {
        "flight_m": flight_m,
        "flight_height_m": flight_height_m,
        "contingency_m": contingency_m,
        "contingency_height_m": contingency_height_m,
    }
    stated = {name: value for name, value in given.items() if value is not None}
    opened = Operation.open(folder, actor=settings_of(context).operator)
    made, details = _made(source, stated)
    if systems:
        made = dataclasses.replace(made, systems=tuple(systems))
    path = opened.free_path("volume", f"{source.stem}.geojson")
    path.parent.mkdir(exist_ok=True)
    write_whole(path, write_volumes(made))
    entered = opened.add_file(path, "volume", source=source.name, **details)
    for what, volume in (
        ("Flight geography", made.volumes.flight_geography),
        ("Contingency volume", made.volumes.contingency),
    ):
        if volume is not None:
            say(f"{what}: {_told(volume)}")
    say(f"Entered {opened.name}: {entered.path}")


def _made(source: Path, stated: dict[str, float]) -> tuple[FlightVolumes, dict[str, float]]:
    """The volumes, and the margins that they were drawn with. Raises InputError."""
    from missions.formats.volumes_geojson import read_volumes
    from missions.plan_file import read_plan
    from missions.volumes import FlightVolumes, margins_for, volumes_of

    if source.suffix.lower() == ".geojson":
        if stated:
            raise InputError(
                "a file of volumes has no margins",
                where=str(source),
                remedy="Leave the margins out, or give a plan",
            )
        return read_volumes(source), {}
    plan = read_plan(source)
    margins = dataclasses.replace(margins_for(plan), **stated)
    return FlightVolumes(plan.name, volumes_of(plan, margins), plan.created), dataclasses.asdict(margins)


def _told(volume: Volume) -> str:
    above = "take-off" if volume.reference.value == "relative" else "mean sea level"
    count = len(volume.parts)
    polygons = "1 polygon" if count == 1 else f"{count} polygons"
    return f"{volume.floor_m:.0f} to {volume.ceiling_m:.0f} m above {above}, {polygons}"
