"""`droneteam serve`: the web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.options import RecordOption
from ops.cli.recording import recording
from ops.cli.screen import say


def serve(
    context: typer.Context,
    operation: Annotated[
        Path | None,
        typer.Argument(metavar="OPERATION", help="The operation to show; else only what is live."),
    ] = None,
    links: Annotated[
        list[str] | None, typer.Option("--link", metavar="LINK", help="A link to hear; may be repeated.")
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="The port; 0 takes a free one.")] = None,
    record_in: RecordOption = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the vehicles for position and state, as a ground station does.")
    ] = False,
) -> None:
    """Serve a page with aircraft, tracks, plans and finds on a map, until Ctrl-C."""
    from ops.api.server import serve as run
    from telemetry.clock import SystemClock
    from telemetry.hub import Hub

    settings = settings_of(context, host=host, port=port)
    clock = SystemClock()
    hub = Hub(clock)
    with recording(record_in, settings, None) as recorder:
        if recorder is not None:
            hub.subscribe(recorder)
        run(
            settings,
            operation_folder=operation,
            hub=hub,
            links=links or (),
            ask=ask,
            clock=clock,
            announce=_announce,
        )
    raise KeyboardInterrupt


def _announce(address: str) -> None:
    typer.echo(address)
    say("Serving; Ctrl-C ends it.")
