"""`droneteam operation`: make one, look at one, repair its index."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.options import JsonOption
from ops.cli.screen import facts, out, print_json, say, table
from ops.cli.volumes import volumes

if TYPE_CHECKING:
    from ops.operations import Operation

app = typer.Typer(help="Keep an operation: new, add, volumes, show, rebuild.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(metavar="OPERATION", help="The folder of the operation.")]


@app.callback()
def operation() -> None:
    """Keep an operation: new, add, volumes, show, rebuild."""


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the operation is called.")],
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="missing-person, crash-scene, disturbance, patrol or exercise."),
    ],
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to keep it; else in the operations folder.")
    ] = None,
) -> None:
    """Make an operation and print its folder."""
    from ops.intake import safe_name
    from ops.operations import Operation

    settings = settings_of(context)
    target = folder or settings.operations_folder / safe_name(name)
    made = Operation.create(target, name, kind, actor=settings.operator)
    typer.echo(str(made.folder))


@app.command()
def add(
    context: typer.Context,
    folder: FolderArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files that enter.")],
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help="plan, volume, telemetry, photo, scene, frame, find or picture."),
    ],
) -> None:
    """Let files enter an operation: copied in, hashed and logged."""
    from ops.operations import Operation

    opened = Operation.open(folder, actor=settings_of(context).operator)
    for file in files:
        say(f"Entered: {opened.add_file(file, kind).path}")


app.command(short_help="Where a flight must stay: its volumes of air.")(volumes)


@app.command()
def show(context: typer.Context, folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Show what an operation holds, and whether its log is sound."""
    from ops.operations import Operation

    opened = Operation.open(folder, actor=settings_of(context).operator)
    chain = opened.log.verify()
    if as_json:
        about = {"id": opened.id, "name": opened.name, "kind": opened.kind.value, "created": opened.created}
        files = [dataclasses.asdict(file) for file in opened.files()]
        problems = [problem.text for problem in chain.problems]
        print_json({**about, "files": files, "log_lines": chain.lines, "log_problems": problems})
    else:
        _show(opened)
        say(f"Log: {chain.lines} lines, {chain.problems[0].text if chain.problems else 'sound'}")
    if chain.problems:
        raise typer.Exit(1)


@app.command()
def rebuild(context: typer.Context, folder: FolderArgument) -> None:
    """Make the index of an operation anew from its log, and log that."""
    from ops.operations import Operation

    opened = Operation.open(folder, actor=settings_of(context).operator, rebuild=True)
    say(f"Indexed {len(opened.store.acts())} lines of {opened.log.path}")


def _show(opened: Operation) -> None:
    rows = [("Id", opened.id), ("Kind", opened.kind.value), ("Created", opened.created)]
    out().print(facts(opened.name, rows))
    files = [(file.path, file.kind, file.bytes, file.sha256[:12], file.entered) for file in opened.files()]
    out().print(table("Files", ("Path", "Kind", "#Bytes", "SHA-256", "Entered"), files))
    acts = [(act["sequence"], act["time"], act["actor"], act["action"]) for act in opened.store.acts()[-10:]]
    out().print(table("Last acts", ("#Line", "Time", "Who", "What"), acts))
