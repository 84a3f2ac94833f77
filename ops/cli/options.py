"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError

if TYPE_CHECKING:
    from missions.geodesy import GeoPoint
    from missions.plan import Plan

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OperationOption = Annotated[
    Path | None,
    typer.Option("--operation", metavar="FOLDER", help="Let the result enter this operation, with its log."),
]
LinkOption = Annotated[
    str | None,
    typer.Option(
        "--link", metavar="LINK", help="udp:HOST:PORT, tcp:HOST:PORT, serial:DEVICE:BAUD or tlog:FILE."
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FOLDER", help="Record what is heard as .tlog in this folder."),
]
ForwardOption = Annotated[
    list[str] | None,
    typer.Option("--forward", metavar="LINK", help="Let a station there listen too; may be repeated."),
]
StationOption = Annotated[
    list[str] | None,
    typer.Option("--station", metavar="LINK", help="Likewise, and it may command; may be repeated."),
]
TakOption = Annotated[
    list[str] | None,
    typer.Option("--tak", metavar="ADDRESS", help="Tell a TAK server or mesh, and hear it; may be repeated."),
]
TrafficOption = Annotated[
    list[str] | None,
    typer.Option(
        "--traffic",
        metavar="ADDRESS",
        help="Other aircraft: sbs:HOST:PORT, tracks+udp:PORT or tracks+tcp:PORT; may be repeated.",
    ),
]
HeatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--heat",
        metavar="VEHICLE[:CAMERA]=STREAM",
        help="Search an aircraft's live thermal stream, as 1:dji-m30t-thermal=rtsp://…; may be repeated.",
    ),
]
SystemOption = Annotated[
    int | None,
    typer.Option("--system", metavar="NUMBER", help="The vehicle's MAVLink number; else the first heard."),
]

FlightOption = Annotated[
    int | None,
    typer.Option(
        "--flight", min=1, metavar="NUMBER", help="Which flight of a plan that takes several, from 1."
    ),
]
VehicleOption = Annotated[
    int | None,
    typer.Option(
        "--vehicle",
        min=1,
        metavar="NUMBER",
        help="Which aircraft of a team, from 1; --flight then counts its own flights.",
    ),
]


def read_flight(path: Path, number: int | None, vehicle: int | None = None) -> Plan:
    """One flight of the plan in a file: all of a plan that takes one. Raises FormatError and InputError."""
    from missions.plan_file import read_plan
    from missions.sorties import flights

    plan = read_plan(path)
    each = list(flights(plan))
    if vehicle is not None:
        numbers = [sortie.vehicle for sortie in plan.sorties] or [1]
        if vehicle not in numbers:
            raise InputError(
                f"there is no aircraft {vehicle} in the plan",
                where=str(path),
                remedy=f"Choose {', '.join(map(str, plan.vehicles))}",
            )
        each = [flight for flight, own in zip(each, numbers, strict=True) if own == vehicle]
    who = "it" if vehicle is None else f"aircraft {vehicle}"
    if number is None and len(each) > 1:
        raise InputError(
            f"{who} takes {len(each)} flights",
            where=str(path),
            remedy=f"Choose one with --flight 1 to {len(each)}{_or_vehicle(plan, vehicle)}",
        )
    if number is not None and number > len(each):
        raise InputError(
            f"there is no flight {number}: {who} takes {len(each)}",
            where=str(path),
            remedy=f"Choose 1 to {len(each)}",
        )
    return each[(number or 1) - 1]


def _or_vehicle(plan: Plan, vehicle: int | None) -> str:
    offered = vehicle is None and plan.is_team
    return f", or an aircraft with --vehicle 1 to {len(plan.vehicles)}" if offered else ""


def place(text: str | None, name: str) -> GeoPoint | None:
    """A place from `LAT,LON`. Raises InputError."""
    from missions.geodesy import GeoPoint

    if text is None:
        return None
    try:
        lat_deg, lon_deg = (float(part) for part in text.split(","))
        return GeoPoint(lat_deg, lon_deg)
    except (ValueError, InputError) as error:
        raise InputError(
            f"{text!r} is no place", where=name, remedy="Write LAT,LON in degrees, as 52.1,5.2"
        ) from error
