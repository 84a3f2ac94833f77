"""`droneteam upload`: a plan onto a vehicle, read back and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import (
    FlightOption,
    JsonOption,
    LinkOption,
    OperationOption,
    SystemOption,
    VehicleOption,
    read_flight,
)
from ops.cli.screen import print_json, say
from ops.cli.vehicle import UPLOADED, connected, show_held, uploaded

DIFFERENT = 1


def upload(
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that droneteam made.")],
    flight: FlightOption = None,
    vehicle: VehicleOption = None,
    link: LinkOption = None,
    system: SystemOption = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Upload mission, fence and rally points, read them back and compare. Leaves with 1 if they differ."""
    from telemetry.transfer import refuse_blocked, upload_plan

    settings = settings_of(context, link=link)
    read = read_flight(plan, flight, vehicle)
    refuse_blocked(read)
    entered = open_operation(operation, settings)
    with connected(settings, system, entered) as client:
        held = upload_plan(
            client, read, lambda kind, items: say(f"Sending {kind.name.lower()}: {items} items")
        )
        told = uploaded(held, plan.name, client.system)
    enter(entered, plan, "plan")
    record(entered, UPLOADED, **told)
    if as_json:
        print_json(told)
    else:
        show_held(held)
    if told["differences"]:
        say("The vehicle does NOT hold what was sent.")
        raise typer.Exit(DIFFERENT)
    say("The vehicle holds exactly what was sent.")
