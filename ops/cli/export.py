"""`droneteam export`: a plan for other programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import FlightOption, VehicleOption, read_flight
from ops.cli.screen import say


class ExportKind(StrEnum):
    """The formats that a plan can be written in."""

    PLAN = "plan"
    PLAN_SURVEY = "plan-survey"
    WAYPOINTS = "waypoints"
    FENCE_WAYPOINTS = "fence-waypoints"
    RALLY_WAYPOINTS = "rally-waypoints"
    FEN = "fen"
    RAL = "ral"
    POLY = "poly"
    WPML = "wpml"
    KML = "kml"
    KMZ = "kmz"
    GPX = "gpx"
    GEOJSON = "geojson"
    LITCHI = "litchi"


def export(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that droneteam made.")],
    to: Annotated[ExportKind, typer.Option("--to", help="The format.")],
    flight: FlightOption = None,
    vehicle: VehicleOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write; else standard output."),
    ] = None,
) -> None:
    """Write a plan for QGroundControl, Mission Planner, a DJI controller or a map."""
    from missions.files import write_whole
    from missions.formats import export_files, export_plan, losses

    flown = read_flight(plan, flight, vehicle)
    if output is None:
        sys.stdout.buffer.write(export_plan(flown, to.value))
        sys.stdout.buffer.flush()
    else:
        files = export_files(flown, to.value)
        for target, data in zip(_targets(output, len(files)), files, strict=True):
            write_whole(target, data)
            say(f"Wrote {target}")
    for loss in losses(flown, to.value):
        say(loss)
    for finding in flown.blocking:
        say(f"Not to be flown: {finding.text}")


def _targets(output: Path, count: int) -> list[Path]:
    """The file named, or as many as it takes: `search.csv` becomes `search-1.csv`, `search-2.csv`."""
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{number}{output.suffix}") for number in range(1, count + 1)]
