"""`droneteam demo`: one whole operation, simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.screen import err


def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to write the operation; else in the setting."),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Leave when the operation is written.")
    ] = False,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="The port to serve on.")] = None,
) -> None:
    """Run one whole operation with simulated aircraft, then serve the result."""
    from ops.demo import run

    settings = settings_of(context, port=port)
    run(folder or settings.operations_folder / "demo", headless=headless, settings=settings, console=err())
