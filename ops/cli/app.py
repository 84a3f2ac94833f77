"""The whole product on one screen: which command is in which file and under which heading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from ops.cli import (
    aircraft,
    archive,
    bundle,
    catalogue,
    demo,
    export,
    finds,
    fly,
    heat,
    import_,
    index,
    keys,
    listen,
    log,
    measure,
    mosaic,
    operation,
    plan,
    replan,
    replay,
    search,
    serve,
    sheet,
    sitl,
    tyre_marks,
    upload,
    verify,
)
from ops.cli.desk import Desk

PLAN, FLY, LOOK, PROVE, TRY = "Plan", "Fly and watch", "Look", "Prove", "Try"

ORDER: tuple[str, ...] = (
    "search",
    "plan",
    "export",
    "import",
    "catalogue",
    "aircraft",
    "replan",
    "upload",
    "fly",
    "listen",
    "serve",
    "replay",
    "log",
    "index",
    "archive",
    "mosaic",
    "measure",
    "sheet",
    "tyre-marks",
    "heat",
    "finds",
)
ORDER += ("operation", "bundle", "verify", "keys", "demo", "sitl")


class InOrder(TyperGroup):
    """The commands in the order of the work."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names, in order."""
        del ctx
        return list(ORDER)


app = typer.Typer(
    cls=InOrder,
    help="Plan, fly, watch and prove: software for police drone teams.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from missions.version import version_of

        typer.echo(f"droneteam {version_of()}")
        raise typer.Exit


@app.callback()
def droneteam(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings; else the droneteam.toml found."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    """Plan, fly, watch and prove: software for police drone teams."""
    del debug, version
    context.obj = Desk(config)


app.add_typer(search.app, name="search", rich_help_panel=PLAN)
app.add_typer(plan.app, name="plan", rich_help_panel=PLAN)
app.add_typer(aircraft.app, name="aircraft", rich_help_panel=PLAN)
app.add_typer(log.app, name="log", rich_help_panel=FLY)
app.add_typer(index.app, name="index", rich_help_panel=FLY)
app.add_typer(archive.app, name="archive", rich_help_panel=FLY)
app.add_typer(tyre_marks.app, name="tyre-marks", rich_help_panel=LOOK)
app.add_typer(finds.app, name="finds", rich_help_panel=LOOK)
app.add_typer(operation.app, name="operation", rich_help_panel=PROVE)
app.add_typer(keys.app, name="keys", rich_help_panel=PROVE)
app.add_typer(sitl.app, name="sitl", rich_help_panel=TRY)
for _name, _run, _panel, _short in (
    ("export", export.export, PLAN, "Write a plan for QGroundControl, Mission Planner or a map."),
    ("import", import_.import_, PLAN, "Read what those wrote, or compare it with a plan."),
    ("catalogue", catalogue.catalogue, PLAN, "List the aircraft and cameras."),
    ("replan", replan.replan, PLAN, "Plan what a flight left unflown."),
    ("upload", upload.upload, FLY, "Give a plan to an aircraft, read it back, compare."),
    ("fly", fly.fly, FLY, "Upload, arm, fly a plan to its end."),
    ("listen", listen.listen, FLY, "Show and record any number of MAVLink streams."),
    ("serve", serve.serve, FLY, "Show aircraft, tracks and plans on a map in a browser."),
    ("replay", replay.replay, FLY, "Show recordings again, with a time line."),
    ("mosaic", mosaic.mosaic, LOOK, "Photos to one georeferenced picture."),
    ("measure", measure.measure, LOOK, "Measure on a mosaic, with intervals."),
    ("sheet", sheet.sheet, LOOK, "A scene and its figures as a drawing to scale."),
    ("heat", heat.heat, LOOK, "Hot spots in thermal frames, placed on the ground."),
    ("bundle", bundle.bundle, PROVE, "Seal an operation as evidence."),
    ("verify", verify.verify, PROVE, "Check a sealed operation."),
    ("demo", demo.demo, TRY, "Run one whole operation, simulated."),
):
    app.command(_name, rich_help_panel=_panel, short_help=_short)(_run)
