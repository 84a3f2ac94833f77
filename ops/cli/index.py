"""`droneteam index`: what a folder of recordings holds, from its index; the index made again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.options import JsonOption
from ops.cli.screen import facts, out, print_json, say, table
from telemetry.segments.seals import RECEIVED, SUFFIXES

if TYPE_CHECKING:
    from ops.index import Index

app = typer.Typer(help="Recordings: show what their index holds, make it again.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the recordings.")]
_MEGABYTE = 1_000_000
_VEHICLE_HEADS = ("#System", "#Component", "Kind", "Autopilot", "First heard", "Last heard")
_OTHER_HEADS = ("Key", "Name", "Kind", "First heard", "Last heard", "#Positions", "Link")
_FLIGHT_HEADS = ("#System", "Begins", "#Minutes", "#Highest m", "#Way m", "#Battery %", "End")


@app.callback()
def index() -> None:
    """Recordings: show what their index holds, make it again."""


@app.command(short_help="Make the index again, from the recordings alone.")
def rebuild(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Make the index of a folder of recordings anew; the old one stays until the new one is whole."""
    import time

    from ops.cli.progress import showing
    from ops.index import Index, rebuild

    _check(folder)
    began_s = time.monotonic()
    with showing() as progress:
        progress.stage("Indexing, bytes", _bytes_in(folder))
        problems = rebuild(folder, told=progress.advance)
    took_s = time.monotonic() - began_s
    for problem in problems:
        say(problem)
    found = Index(folder)
    if as_json:
        print_json({**as_plain(found), "took_s": took_s})
        return
    frames = sum(segment.frames for segment in found.segments())
    say(f"Indexed {frames} frames of {len(found.segments())} files in {took_s:.1f} s")
    _show(folder, found)


@app.command(short_help="Vehicles, flights and recordings.")
def show(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Bring the index of a folder of recordings up to date, made anew where it is damaged, and show it."""
    from ops.index import open_index
    from telemetry.clock import SystemClock

    _check(folder)
    found = open_index(folder, SystemClock(), say)
    print_json(as_plain(found)) if as_json else _show(folder, found)


def as_plain(found: Index) -> dict[str, Any]:
    """All but the points of the tracks, for programs."""
    import dataclasses

    return {
        "vehicles": [dataclasses.asdict(vehicle) for vehicle in found.vehicles()],
        "flights": [
            {
                **dataclasses.asdict(flight),
                "end_state": flight.end_state,
                "battery_used_pct": flight.battery_used_pct,
            }
            for flight in found.flights()
        ],
        "foreigners": [dataclasses.asdict(one) for one in found.foreigners()],
        "alerts": [dataclasses.asdict(alert) for alert in found.alerts()],
        "segments": [dataclasses.asdict(segment) for segment in found.segments()],
    }


def _show(folder: Path, found: Index) -> None:
    segments = found.segments()
    size = sum(segment.bytes for segment in segments) / _MEGABYTE
    lines = sum(segment.frames for segment in segments if segment.name.endswith(RECEIVED))
    frames = sum(segment.frames for segment in segments) - lines
    of_others = f", {lines} lines and events of others" if lines else ""
    rows = [("Recordings", f"{len(segments)} files, {size:.1f} MB, {frames} frames{of_others}")]
    rows.append(("Alerts", f"{len(found.alerts())} transitions"))
    rows += [(segment.name, segment.problem) for segment in segments if segment.problem]
    out().print(facts(str(folder), rows))
    vehicles = [
        (one.system, one.component, one.kind, one.autopilot, _moment(one.first_s), _moment(one.last_s))
        for one in found.vehicles()
    ]
    out().print(table("Vehicles", _VEHICLE_HEADS, vehicles))
    flights = [
        (
            one.system,
            _moment(one.begin_s) if one.begin_known else f"before {_moment(one.begin_s)}",
            f"{(one.end_s - one.begin_s) / 60:.1f}",
            "" if one.highest_relative_m is None else f"{one.highest_relative_m:.0f}",
            f"{one.distance_m:.0f}",
            one.battery_used_pct,
            ("" if one.airborne_s else "never airborne, ") + one.end_state,
        )
        for one in found.flights()
    ]
    out().print(table("Flights", _FLIGHT_HEADS, flights))
    others = [
        (one.key, one.name, one.kind, _moment(one.first_s), _moment(one.last_s), one.positions, one.link)
        for one in found.foreigners()
    ]
    if others:
        out().print(table("Not ours", _OTHER_HEADS, others))


def _moment(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S}"


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for suffix in SUFFIXES for path in folder.glob(f"*{suffix}"))


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            "there is no such folder", where=str(folder), remedy="Give the folder of the recordings"
        )
