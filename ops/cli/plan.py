"""`droneteam plan`: from an area to a plan."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation
from ops.cli.options import JsonOption, OperationOption, place
from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from missions.plan import Plan
    from ops.operations import Operation

app = typer.Typer(help="Plan a flight: search.", no_args_is_help=True)


@app.callback()
def plan() -> None:
    """Plan a flight: search."""


@app.command()
def search(
    context: typer.Context,
    area: Annotated[Path, typer.Argument(metavar="AREA", help="The area, as GeoJSON, KML or KMZ.")],
    aircraft: Annotated[str, typer.Option(metavar="NAME", help="The aircraft; see droneteam catalogue.")],
    camera: Annotated[str, typer.Option(metavar="NAME", help="The camera; see droneteam catalogue.")],
    height: Annotated[
        float | None,
        typer.Option(metavar="METRES", help="Height above ground; else 60."),
    ] = None,
    overlap: Annotated[
        str | None,
        typer.Option(metavar="SIDE[,FRONT]", help="Overlap of pictures in per cent, as 30 or 30,70."),
    ] = None,
    angle: Annotated[
        float | None,
        typer.Option(metavar="DEGREES", help="Direction of the lanes from north; else the best."),
    ] = None,
    take_off: Annotated[
        str | None,
        typer.Option("--take-off", metavar="LAT,LON", help="Where the aircraft starts and returns."),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the plan; else the area's name.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PLAN", help="Where to write the plan.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="PNG", help="Draw the plan too.")] = None,
    operation: OperationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a parallel-track search: lanes inside the area, spaced by what the camera sees."""
    from missions import catalogue
    from missions.files import writing_whole
    from missions.formats import read_area
    from missions.plan_file import json_from_plan
    from missions.search_plan import plan_search
    from ops.times import utc_text
    from telemetry.clock import SystemClock

    settings = settings_of(context)
    entered = open_operation(operation, settings)
    if output is None and entered is None:
        raise InputError(
            "nowhere to write the plan", where="--output", remedy="Give -o PLAN, or --operation FOLDER"
        )
    side_pct, front_pct = _overlaps(overlap)
    made = plan_search(
        read_area(area),
        catalogue.aircraft(aircraft, settings.catalogue),
        catalogue.camera(camera, settings.catalogue),
        created=utc_text(SystemClock(), whole_seconds=True),
        name=name,
        height_agl_m=height,
        angle_deg=angle,
        take_off=place(take_off, "--take-off"),
        overlap_side_pct=side_pct,
        overlap_front_pct=front_pct,
    )
    target = output or _path_in(entered, made)
    with writing_whole(target) as temporary:
        temporary.write_text(json_from_plan(made), encoding="utf-8")
        if picture is not None:
            _draw(made, picture)
    enter(entered, target, "plan", area=area.name)
    if picture is not None:
        enter(entered, picture, "picture", plan=target.name)
    _show(made, target, as_json=as_json)


def _path_in(operation: Operation | None, made: Plan) -> Path:
    name = f"{made.name or 'plan'}.json"
    return Path(name) if operation is None else operation.free_path("plan", name)


def _draw(made: Plan, picture: Path) -> None:
    from ops.reports.plan_picture import draw_plan

    draw_plan(made, picture)


def _overlaps(text: str | None) -> tuple[float, float]:
    from missions.search_plan import DEFAULT_OVERLAP_FRONT_PCT, DEFAULT_OVERLAP_SIDE_PCT

    if text is None:
        return DEFAULT_OVERLAP_SIDE_PCT, DEFAULT_OVERLAP_FRONT_PCT
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _no_overlap(text) from error
    if len(values) > 2:
        raise _no_overlap(text)
    return values[0], values[1] if len(values) == 2 else DEFAULT_OVERLAP_FRONT_PCT


def _no_overlap(text: str) -> InputError:
    return InputError(
        f"{text!r} is no overlap", where="--overlap", remedy="Write SIDE or SIDE,FRONT in per cent"
    )


def _show(made: Plan, target: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "plan": str(target),
                "name": made.name,
                "totals": dataclasses.asdict(made.totals),
                "findings": [dataclasses.asdict(finding) for finding in made.findings],
            }
        )
        return
    totals = made.totals
    minutes, seconds = divmod(round(totals.duration_s), 60)
    rows = [
        ("Aircraft", made.aircraft.name),
        ("Camera", made.camera.name),
        ("Height", f"{made.request.height_agl_m:.0f} m above ground"),
        ("Ground sample distance", f"{totals.gsd_m * 100:.1f} cm a pixel"),
        (
            "Lanes",
            f"{totals.lanes}, {totals.lane_spacing_m:.1f} m apart, at {totals.angle_deg:.0f}° from north",
        ),
        ("Length", f"{totals.length_m / 1000:.2f} km"),
        ("Time", f"{minutes} min {seconds:02d} s"),
        ("Photos", f"{totals.photos}, one each {totals.trigger_distance_m:.1f} m"),
        ("Battery", f"{totals.battery_pct:.0f} % of one"),
        ("Covered", f"{totals.covered_pct:.1f} % of the area"),
    ]
    out().print(facts(made.name or "Search plan", rows))
    if made.findings:
        found = [(f.severity.value, f.check, f"{f.text} {f.remedy}".strip()) for f in made.findings]
        out().print(table("Findings", ("Weight", "Check", "What"), found))
    if made.blocking:
        say("This plan has blocking findings: it is kept, and will not be uploaded.")
    say(f"Wrote {target}")
