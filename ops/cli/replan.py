"""`droneteam replan`: what of a plan was flown, and a plan of the rest."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation, record
from ops.cli.options import JsonOption, place
from ops.cli.plan.making import keep_plan
from ops.cli.plan.showing import show
from ops.cli.plan.team import MEMBER, members_of
from ops.cli.plan.typed import ReserveOption
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from missions.geodesy import GeoPoint
    from missions.plan import Plan
    from missions.replan import FlownTrack, Seen
    from ops.config import Settings
    from ops.replanning import Flown

NOTHING_LEFT = 1


def replan(
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan that was being flown.")],
    flown: Annotated[
        list[Path] | None,
        typer.Option("--flown", metavar="TLOG", help="A recording of its flight; may be repeated."),
    ] = None,
    operation: Annotated[
        Path | None,
        typer.Option(
            "--operation",
            metavar="FOLDER",
            help="Read this operation's recordings, of flights under way too; the rest enters it.",
        ),
    ] = None,
    members: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar=MEMBER,
            help="Let these aircraft take over what is left of an area; else each goes on with its own.",
        ),
    ] = None,
    take_off: Annotated[
        str | None,
        typer.Option("--take-off", metavar="LAT,LON", help="Where the rest starts; else as before."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            metavar="METRES", help="How far off its lane counts as flown; else half of what lanes overlap."
        ),
    ] = None,
    battery: Annotated[
        float, typer.Option(min=1, max=100, metavar="PER CENT", help="Charge of the batteries put in.")
    ] = 100.0,
    reserve: ReserveOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="REST", help="Where to write the rest.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="PNG", help="Draw the rest too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what of a plan was flown, and plan the rest. Leaves with 1 where nothing is left."""
    from missions.fleet import seen_of
    from missions.fleet.remainder import refuse_watch
    from missions.plan_file import read_plan
    from ops.replanning import one_track

    settings = settings_of(context)
    if not flown and operation is None:
        raise InputError(
            "nothing says what was flown", where="--flown", remedy="Give --flown TLOG, or --operation FOLDER"
        )
    if output is None and operation is None:
        raise InputError(
            "nowhere to write the rest", where="--output", remedy="Give -o REST, or --operation FOLDER"
        )
    whole, home = read_plan(plan), place(take_off, "--take-off")
    refuse_watch(whole)
    entered = open_operation(operation, settings)
    parts = _recorded(flown or (), operation, whole)
    track = one_track(parts, tolerance)
    done = seen_of(whole, track)
    told = {"of": str(plan), "recordings": [_told(one) for one in parts], "flown": _sums(done)}
    say(f"Planning what is left of {whole.name} ...")
    batteries: dict[str, Any] = {"reserve_pct": reserve, "start_pct": battery}
    if members:
        left = _taken_over(whole, track, (members, home, settings), batteries)
    else:
        left = _continued(whole, track, home, batteries)
    if not as_json:
        _show(parts, done, whole)
    record(entered, "plan.replanned", **told, left=left is not None)
    if left is None:
        if as_json:
            print_json({**told, "plan": None})
        say("Nothing is left to fly: no rest was written.")
        raise typer.Exit(NOTHING_LEFT)
    target = keep_plan(left, output, picture, entered, flown=[one.lonlat_deg for one in parts])
    enter(entered, target, "plan", rest_of=plan.name)
    if picture is not None:
        enter(entered, picture, "picture", plan=target.name)
    show(left, target, as_json=as_json, more=told)


def _recorded(named: Sequence[Path], operation: Path | None, whole: Plan) -> Sequence[Flown]:
    from ops.replanning import read_all, recordings_in

    parts = read_all(named, whole, must_fit=True)
    if operation is not None:
        parts += read_all(recordings_in(operation), whole, must_fit=False)
    if not parts:
        raise InputError(
            "no recording of the operation holds a flight near the plan",
            where=str(operation),
            remedy="Name the recording with --flown TLOG",
        )
    return parts


def _continued(
    whole: Plan, track: FlownTrack, home: GeoPoint | None, batteries: dict[str, Any]
) -> Plan | None:
    """The rest, each aircraft with its own."""
    from missions.fleet import rest_of

    return rest_of(whole, track, created=_now(), take_off=home, **batteries)


def _taken_over(
    whole: Plan,
    track: FlownTrack,
    team: tuple[list[str], GeoPoint | None, Settings],
    batteries: dict[str, Any],
) -> Plan | None:
    """The rest, its ground shared among others."""
    from missions.fleet import take_over

    members, home, settings = team
    asked = whole.request
    overlaps = asked.overlap_side_pct, asked.overlap_front_pct
    crew = members_of(members, home or whole.take_off, settings, overlaps, batteries["reserve_pct"])
    return take_over(whole, track, crew, created=_now(), **batteries)


def _now() -> str:
    from ops.times import utc_text
    from telemetry.clock import SystemClock

    return utc_text(SystemClock(), whole_seconds=True)


def _show(parts: Sequence[Flown], done: Mapping[int, Seen], whole: Plan) -> None:
    names = {sortie.vehicle: sortie.aircraft.name for sortie in whole.sorties} or {1: whole.aircraft.name}
    rows = [(one.recording, one.system, len(one.lonlat_deg), one.camera, one.pictures or "") for one in parts]
    columns = ("Recording", "#System", "#Positions", "Camera known by", "#Pictures")
    out().print(table("What was recorded", columns, rows))
    columns = ("Aircraft", "#Work", "#Flown", "#Left", "#Share flown")
    out().print(
        table(
            "What was flown",
            columns,
            [(f"{number}: {names[number]}", *_lengths(one)) for number, one in done.items()],
        )
    )


def _lengths(one: Seen) -> tuple[str, ...]:
    flown_m = one.work_m - one.left_m
    share = 100.0 if one.work_m <= 0 else 100 * flown_m / one.work_m
    return (*(f"{metres / 1000:.2f} km" for metres in (one.work_m, flown_m, one.left_m)), f"{share:.0f} %")


def _sums(done: Mapping[int, Seen]) -> list[dict[str, float]]:
    return [{"vehicle": number, **dataclasses.asdict(one)} for number, one in done.items()]


def _told(one: Flown) -> dict[str, object]:
    return {
        "recording": one.recording,
        "system": one.system,
        "positions": len(one.lonlat_deg),
        "camera": one.camera,
        "pictures": one.pictures,
    }
