"""`droneteam sitl`: simulated aircraft."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import SimulatorError
from ops.cli.desk import settings_of
from ops.cli.options import JsonOption, place
from ops.cli.progress import showing
from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from sitl.home import Home

LOOK_EACH_S = 0.5
MEGABYTE = 1_000_000
KindArgument = Annotated[str, typer.Argument(metavar="copter|plane", help="The kind of aircraft.")]

app = typer.Typer(help="Simulated aircraft: install, run, list.", no_args_is_help=True)


@app.callback()
def sitl() -> None:
    """Simulated aircraft: install, run, list."""


@app.command()
def install(
    context: typer.Context,
    kind: KindArgument,
    version: Annotated[str, typer.Option(help="stable, latest, or a version such as 4.5.7.")] = "stable",
    sha256: Annotated[str | None, typer.Option(help="What the program's SHA-256 must be.")] = None,
    url: Annotated[str | None, typer.Option(help="The server, instead of the official one.")] = None,
) -> None:
    """Download ArduPilot's own simulator and check it."""
    from sitl import ardupilot

    settings = settings_of(context, sitl_url=url)
    with showing() as progress:
        progress.stage(f"Downloading ArduPilot {kind}", None)
        done = 0

        def moved(read: int, total: int | None) -> None:
            nonlocal done
            if done == 0 and total:
                progress.stage("Megabytes", max(1, total // MEGABYTE))
            progress.advance(read // MEGABYTE - done // MEGABYTE)
            done = read

        binary = ardupilot.install(kind, version, settings.sitl_url, moved, sha256=sha256)
    record = binary.record
    checked = (record.verified_by if record else "") or "nothing: the server has no checksum"
    say(f"ArduPilot {binary.kind} {binary.version}, checked against {checked}")
    typer.echo(str(binary.path))


@app.command("list")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the simulators that are installed."""
    from sitl import ardupilot

    settings_of(context)
    found = ardupilot.list_installed()
    rows = [(binary.kind, binary.version, str(binary.path)) for binary in found]
    if as_json:
        print_json([dict(zip(("kind", "version", "path"), row, strict=True)) for row in rows])
        return
    out().print(table("ArduPilot simulators", ("Kind", "Version", "Program"), rows))
    for kind in ("copter", "plane"):
        if kind not in [binary.kind for binary in found]:
            say(ardupilot.where_looked(kind))


@app.command()
def run(
    context: typer.Context,
    kind: KindArgument,
    count: Annotated[int, typer.Option(min=1, max=100, help="How many, numbered from 1.")] = 1,
    home: Annotated[str | None, typer.Option(metavar="LAT,LON", help="Where the first one stands.")] = None,
    speedup: Annotated[float, typer.Option(help="How many times as fast as real time.")] = 1.0,
    small: Annotated[
        bool, typer.Option("--small", help="Our own small vehicles instead of ArduPilot: nothing to install.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where they keep their files.")
    ] = None,
) -> None:
    """Run simulated aircraft until Ctrl-C and print the link to each."""
    from telemetry.clock import SystemClock

    settings = settings_of(context, sitl_folder=folder)
    clock = SystemClock()
    with ExitStack() as stack:
        vehicles = []
        for number in range(1, count + 1):
            options = {"home": _home(home, number), "speedup": speedup, "system": number}
            vehicle = _vehicle(kind, settings.sitl_folder / f"{kind}-{number}", small=small, options=options)
            vehicles.append(stack.enter_context(vehicle))
            typer.echo(vehicles[-1].address)
        say(f"{count} {kind} running; Ctrl-C stops them.")
        while True:
            clock.sleep(LOOK_EACH_S)
            for vehicle in vehicles:
                _check(vehicle)


def _vehicle(kind: str, folder: Path, *, small: bool, options: dict[str, Any]) -> Any:
    if small:
        from sitl.autopilot import SmallVehicle

        return SmallVehicle(kind, **options)
    from sitl import ardupilot

    binary = ardupilot.find(kind)
    if binary is None:
        raise SimulatorError(ardupilot.where_looked(kind), remedy="Or give --small for our own small vehicle")
    return ardupilot.ArduPilot(binary, folder, **options)


def _home(text: str | None, number: int) -> Home:
    """Each stands ten metres east of the one before it, so that none starts inside another."""
    from missions.geodesy import LocalFrame
    from sitl.home import DEFAULT_HOME, Home

    first = place(text, "--home") or DEFAULT_HOME.place
    here = LocalFrame(first).point_from_local(10.0 * (number - 1), 0.0)
    return Home(here.lat_deg, here.lon_deg, DEFAULT_HOME.height_amsl_m)


def _check(vehicle: Any) -> None:
    if not getattr(vehicle, "running", True):
        raise SimulatorError(f"a simulator ended: {vehicle.log_tail[-300:]}", where=vehicle.address)
