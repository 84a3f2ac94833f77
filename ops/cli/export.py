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
    from missions.formats import export_plan

    data = export_plan(read_flight(plan, flight, vehicle), to.value)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_whole(output, data)
    say(f"Wrote {output}")
