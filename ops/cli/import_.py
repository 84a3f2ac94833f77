"""`droneteam import`: read what other programs wrote."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.options import FlightOption, JsonOption, read_flight
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from missions.formats import ImportedMission
    from missions.formats.qgc_plan_patterns import Corridor, Landing, Structure, Survey
    from missions.plan import Plan

DIFFERENT = 1


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A .plan, .waypoints, .fen, .ral, KML, KMZ, GPX, GeoJSON or DJI WPML file."
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PLAN", help="Compare with this plan, item by item; leaves with 1 if it differs."
        ),
    ] = None,
    flight: FlightOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a mission of another program and show it, or compare it with a plan.

    Compared are those of mission, fence and rally points that the file can hold.
    """
    from missions.formats import import_plan

    if flight is not None and against is None:
        raise InputError("--flight without --against", remedy="Give the plan with --against too")
    mission = import_plan(file)
    differences = list(_differences(mission, read_flight(against, flight))) if against else []
    if as_json:
        print_json({**dataclasses.asdict(mission), "differences": differences})
    else:
        _show(mission, file)
        for text in differences:
            out().print(text)
        if against:
            say(f"{len(differences)} differences from {against}")
    if differences:
        raise typer.Exit(DIFFERENT)


def _differences(mission: ImportedMission, plan: Plan) -> Iterator[str]:
    from missions.items import MissionType
    from missions.plan_items import compare_items, fence_items, mission_items, rally_items

    lists = {
        MissionType.MISSION: (mission_items(plan), mission.items, ""),
        MissionType.FENCE: (fence_items(plan), fence_items(mission.fence), "fence "),
        MissionType.RALLY: (rally_items(plan), rally_items(mission.rally), "rally "),
    }
    for kind in mission.holds:
        ours, theirs, name = lists[kind]
        yield from (f"{name}{each}" for each in compare_items(ours, theirs, kind=kind))


def _show(mission: ImportedMission, file: Path) -> None:
    from telemetry.dialect import short_name

    rows = [
        (number, short_name("MAV_CMD", item.command), f"{item.x:.7f}", f"{item.y:.7f}", f"{item.z:.1f}")
        for number, item in enumerate(mission.items)
    ]
    out().print(table(file.name, ("#Item", "Command", "#Latitude", "#Longitude", "#Height m"), rows))
    fence = len(mission.fence.inclusions) + len(mission.fence.exclusions)
    say(f"{len(mission.items)} items, {fence} fence polygons, {len(mission.rally)} rally points")
    for name, planned in _planned(mission):
        say(f"Items {planned.first} to {planned.last} are a {name}")


def _planned(mission: ImportedMission) -> Iterator[tuple[str, Survey | Corridor | Structure | Landing]]:
    """What QGroundControl planned as a whole, by what it calls it."""
    yield from (("survey", one) for one in mission.surveys)
    yield from (("corridor scan", one) for one in mission.corridors)
    yield from (("structure scan", one) for one in mission.structures)
    yield from (("landing pattern", one) for one in mission.landings)
