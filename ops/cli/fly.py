"""`droneteam fly`: upload, arm, fly AUTO, wait."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import (
    FlightOption,
    JsonOption,
    LinkOption,
    OperationOption,
    RecordOption,
    SystemOption,
    VehicleOption,
    read_flight,
)
from ops.cli.recording import recording
from ops.cli.screen import facts, out, print_json, say
from ops.cli.vehicle import UPLOADED, Relay, connected, show_held, uploaded

if TYPE_CHECKING:
    from missions.plan import Plan
    from telemetry.client import VehicleClient
    from telemetry.flight import FlightResult

NOT_FLOWN = 1


def fly(
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that droneteam made.")],
    flight: FlightOption = None,
    vehicle: VehicleOption = None,
    link: LinkOption = None,
    system: SystemOption = None,
    record_in: RecordOption = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Upload a plan, arm, fly it and wait until it is over. Leaves with 1 if it was not flown to its end."""
    from ops.flying import deviation
    from telemetry.transfer import refuse_blocked, upload_plan

    settings = settings_of(context, link=link)
    read = read_flight(plan, flight, vehicle)
    refuse_blocked(read)
    entered = open_operation(operation, settings)
    relay = Relay()
    with (
        connected(settings, system, entered, relay) as client,
        recording(record_in, settings, entered, plan=plan.name) as recorder,
    ):
        relay.to = recorder
        enter(entered, plan, "plan")
        held = upload_plan(client, read)
        told = uploaded(held, plan.name, client.system)
        record(entered, UPLOADED, **told)
        if told["differences"]:
            show_held(held)
            say("The vehicle does NOT hold what was sent: it was not armed.")
            raise typer.Exit(NOT_FLOWN)
        ended: dict[str, Any] = {"plan": plan.name, "system": client.system}
        try:
            result = _flown(client, read, settings.flight_timeout_s)
            ended |= {"outcome": result.reason, "duration_s": round(result.duration_s, 1)}
        except BaseException as error:
            ended["outcome"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            record(entered, "flight.ended", **ended)
    apart = deviation(read, recorder.segments, client.system) if recorder else None
    _show(result, None if apart is None else dataclasses.asdict(apart), as_json=as_json)
    if not result.completed:
        raise typer.Exit(NOT_FLOWN)


def _flown(client: VehicleClient, plan: Plan, timeout_s: float) -> FlightResult:
    from ops.cli.flight_view import flight_view
    from telemetry import flight

    with flight_view(plan) as show:
        return flight.fly(client, timeout_s=timeout_s, on_progress=show)


def _show(result: FlightResult, apart: dict[str, Any] | None, *, as_json: bool) -> None:
    if as_json:
        print_json({**dataclasses.asdict(result), "deviation": apart})
        return
    rows = [
        ("Ended", result.reason),
        ("Waypoints", f"{result.last_waypoint} of {result.waypoint_count}"),
        ("Flown", f"{result.flown_m / 1000:.2f} km in {result.duration_s:.0f} s"),
    ]
    if apart is not None and apart["points"]:
        missed = f", {len(apart['missed'])} waypoints missed" if apart["missed"] else ""
        rows.append(
            ("From the plan", f"{apart['p95_m']:.1f} m at 95 %, {apart['max_m']:.1f} m at most{missed}")
        )
    out().print(facts("Flight", rows))
