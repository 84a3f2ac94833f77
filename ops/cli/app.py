"""The whole product on one screen: which command is in which file and under which heading."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from ops.cli.desk import Desk

PLAN, FLY, LOOK, PROVE, TRY = "Plan", "Fly and watch", "Look", "Prove", "Try"

COMMANDS: dict[str, tuple[str, str]] = {
    "search": (PLAN, ""),
    "plan": (PLAN, ""),
    "export": (PLAN, "Write a plan for QGroundControl, Mission Planner or a map."),
    "import": (PLAN, "Read what those wrote, or compare it with a plan."),
    "catalogue": (PLAN, "List the aircraft and cameras."),
    "aircraft": (PLAN, ""),
    "replan": (PLAN, "Plan what a flight left unflown."),
    "upload": (FLY, "Give a plan to an aircraft, read it back, compare."),
    "fly": (FLY, "Upload, arm, fly a plan to its end."),
    "listen": (FLY, "Show and record any number of MAVLink streams."),
    "serve": (FLY, "Show aircraft, tracks and plans on a map in a browser."),
    "replay": (FLY, "Show recordings again, with a time line."),
    "log": (FLY, ""),
    "index": (FLY, ""),
    "archive": (FLY, ""),
    "mosaic": (LOOK, "Photos to one georeferenced picture."),
    "measure": (LOOK, "Measure on a mosaic, with intervals."),
    "sheet": (LOOK, "A scene and its figures as a drawing to scale."),
    "tyre-marks": (LOOK, ""),
    "heat": (LOOK, "Hot spots in thermal frames, placed on the ground."),
    "finds": (LOOK, ""),
    "operation": (PROVE, ""),
    "bundle": (PROVE, "Seal an operation as evidence."),
    "verify": (PROVE, "Check a sealed operation."),
    "keys": (PROVE, ""),
    "demo": (TRY, "Run one whole operation, simulated."),
    "sitl": (TRY, ""),
}
"""In the order of the work, each in the file of its name: its heading, and what it does unless it is a group
of commands, which says that itself.
"""
ORDER = tuple(COMMANDS)


class InOrder(TyperGroup):
    """The commands in the order of the work."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names, in order."""
        del ctx
        return list(ORDER)


def _version(wanted: bool) -> None:
    if wanted:
        from missions.version import version_of

        typer.echo(f"droneteam {version_of()}")
        raise typer.Exit


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


def app_with(names: Sequence[str] = ORDER) -> typer.Typer:
    """The command `droneteam` with these of its commands; only their files are imported."""
    app = typer.Typer(
        cls=InOrder,
        help="Plan, fly, watch and prove: software for police drone teams.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(droneteam)
    for name in names:
        (panel, short), file = COMMANDS[name], "import_" if name == "import" else name.replace("-", "_")
        module = import_module(f"ops.cli.{file}")
        if short:
            app.command(name, rich_help_panel=panel, short_help=short)(getattr(module, file))
        else:
            app.add_typer(module.app, name=name, rich_help_panel=panel)
    return app


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """With the one command that is named first, else with all: making them takes a tenth of a second."""
    return app_with(arguments[:1] if arguments and arguments[0] in COMMANDS else ORDER)
