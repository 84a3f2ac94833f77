"""`droneteam import`: read what other programs wrote."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.options import JsonOption
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from missions.formats import ImportedMission

DIFFERENT = 1


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .plan, .waypoints, KML or GeoJSON file.")],
    against: Annotated[
        Path | None, typer.Option(metavar="PLAN", help="Compare with this plan, item by item; leaves with 1.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a mission of QGroundControl or Mission Planner and show it, or compare it with a plan."""
    from missions.formats import import_plan

    mission = import_plan(file)
    differences = _differences(mission, against) if against else []
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


def _differences(mission: ImportedMission, against: Path) -> list[str]:
    from missions.plan_file import read_plan
    from missions.plan_items import compare_items, mission_items

    return [str(each) for each in compare_items(mission_items(read_plan(against)), mission.items)]


def _show(mission: ImportedMission, file: Path) -> None:
    from telemetry.dialect import short_name

    rows = [
        (number, short_name("MAV_CMD", item.command), f"{item.x:.7f}", f"{item.y:.7f}", f"{item.z:.1f}")
        for number, item in enumerate(mission.items)
    ]
    out().print(table(file.name, ("#Item", "Command", "#Latitude", "#Longitude", "#Height m"), rows))
    fence = len(mission.fence.inclusions) + len(mission.fence.exclusions)
    say(f"{len(mission.items)} items, {fence} fence polygons, {len(mission.rally)} rally points")
