"""`droneteam aircraft`: what is known of one aircraft, and its figures measured from a flight."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.desk import settings_of
from ops.cli.entry import entry_json, plain, show_entry
from ops.cli.options import JsonOption, SystemOption
from ops.cli.screen import out, print_json, say, table
from ops.cli.shell import one_line

if TYPE_CHECKING:
    from missions.aircraft import Aircraft
    from missions.calibrate import Calibration
    from missions.flight_samples import FlightSamples

NOTHING_MEASURED = 1

app = typer.Typer(help="One aircraft's figures: show them, measure them.", no_args_is_help=True)


@app.callback()
def aircraft() -> None:
    """One aircraft's figures: show them, measure them."""


@app.command(short_help="Show every figure of one aircraft.")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The aircraft; see droneteam catalogue.")],
    as_json: JsonOption = False,
) -> None:
    """Show every figure of one aircraft and where they come from."""
    from missions import catalogue

    known = catalogue.aircraft(name, settings_of(context).catalogue)
    print_json(entry_json(known)) if as_json else show_entry(known)


@app.command(short_help="Measure powers and speeds from a recorded flight.")
def calibrate(
    context: typer.Context,
    tlog: Annotated[Path, typer.Argument(metavar="TLOG", help="A recording of one or more flights.")],
    aircraft: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The aircraft that flew; else ArduPilot's of the flight's kind."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="TOML", help="Put the figures into this catalogue of your own."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Its name there; else as it is called.")
    ] = None,
    system: SystemOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure powers and speeds from the flights in a recording, and say what they cannot tell.

    Leaves with 1 where nothing could be measured; then nothing is written.
    """
    from missions import catalogue
    from missions.calibrate import calibrate as calibrated
    from missions.catalogue_file import write_aircraft
    from telemetry.flight_energy import flights_in

    flown = flights_in(tlog, system)
    base = catalogue.aircraft(aircraft or f"ardupilot-{flown[0].kind}", settings_of(context).catalogue)
    found = calibrated(flown, base)
    if len(flown) > 1:
        say(f"The recording holds {len(flown)} flights; all were taken together")
    if as_json:
        print_json(_told(found, flown[0]))
    else:
        _show(found, base)
    if not found.measured:
        say("Nothing could be measured from this flight")
        raise typer.Exit(NOTHING_MEASURED)
    if output is not None:
        source = _source(tlog, found, flown[0], base)
        entry = dataclasses.replace(found.aircraft, name=name or base.name, source=source)
        there = write_aircraft(output, entry)
        say(f"{'Replaced' if there else 'Added'} [aircraft.{entry.name}] in {output}")


def _source(tlog: Path, found: Calibration, flight: FlightSamples, base: Aircraft) -> str:
    """Which figures were measured from which file; for the others what was known before."""
    import hashlib
    from datetime import UTC, datetime

    from missions.catalogue_sources import Source, line_of, superseded

    with tlog.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    day = datetime.fromtimestamp(flight.start_utc_s, UTC).date().isoformat()
    names = tuple(each.field for each in found.measured)
    told = (
        f"droneteam aircraft calibrate on {one_line(tlog.name)} (SHA-256 {digest}), recorded {day},"
        f" {found.seconds:.0f} s of flight."
    )
    before = superseded(base.source, names)
    return "\n".join(filter(None, (line_of(Source("measured", names, told)), before)))


def _told(found: Calibration, flight: FlightSamples) -> dict[str, Any]:
    return {
        "aircraft": found.aircraft.name,
        "kind": flight.kind,
        "seconds": found.seconds,
        "measured": [dataclasses.asdict(each) for each in found.measured],
        "missing": list(found.missing),
        "notes": list(found.notes),
        "energy_wh": found.energy_wh,
        "modelled_wh": found.modelled_wh,
        "residual_w": found.residual_w,
    }


def _show(found: Calibration, base: Aircraft) -> None:
    rows = [
        (
            each.field,
            f"{each.value:.4g}",
            "" if each.sigma != each.sigma else f"{each.sigma:.2g}",
            plain(getattr(base, each.field)),
            f"{each.seconds:.0f}",
        )
        for each in found.measured
    ]
    columns = ("Figure", "#Measured", "#± 1 s.e.", "#Before", "#Steady s")
    if rows:
        out().print(table(f"{base.name}, {found.seconds:.0f} s of flight", columns, rows))
    if found.energy_wh == found.energy_wh:
        out().print(
            f"The battery gave {found.energy_wh:.2f} Wh, the model says {found.modelled_wh:.2f} Wh;"
            f" over five seconds they are {found.residual_w:.0f} W apart (r.m.s.)."
        )
    for text in found.missing:
        out().print(f"Not measured: {text}.")
    for text in found.notes:
        out().print(f"Note: {text}.")
