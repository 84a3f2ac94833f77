"""`droneteam serve`: the web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.options import ForwardOption, HeatOption, RecordOption, StationOption, TakOption, TrafficOption
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
    forward: ForwardOption = None,
    station: StationOption = None,
    tak: TakOption = None,
    traffic: TrafficOption = None,
    heat: HeatOption = None,
) -> None:
    """Serve a page with aircraft, tracks, plans and finds on a map, until Ctrl-C.

    Of an aircraft with a thermal camera whose picture comes late by a known time this is part of --heat, in
    seconds: 1:dji-m30t-thermal:0.4=rtsp://10.0.0.5/thermal. What is found enters the operation.
    """
    from ops.api.server import serve as run
    from ops.forwarding import check_stations
    from ops.live_heat import heat_needs_an_operation
    from ops.live_heat_specs import heat_specs
    from ops.surroundings import refuse_recordings, surroundings
    from telemetry.clock import SystemClock
    from telemetry.hub import Hub

    settings = settings_of(context, host=host, port=port)
    stations = [*(forward or ()), *(station or ())]
    refuse_recordings(links or (), stations)
    check_stations(stations, links or ())
    streams = heat_specs(settings.heat if heat is None else heat, settings.catalogue)
    if streams and operation is None:
        raise heat_needs_an_operation()
    clock = SystemClock()
    hub = Hub(clock)
    with (
        surroundings(settings, hub, tak=tak, traffic=traffic, links=links or ()) as around,
        recording(record_in, settings, None, around) as recorder,
    ):
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
            surroundings=around,
            recorder=recorder,
            forward=forward or (),
            station=station or (),
            heat=streams,
            records=None if recorder is None else recorder.folder,
        )
    raise KeyboardInterrupt


def _announce(address: str) -> None:
    typer.echo(address)
    say("Serving; Ctrl-C ends it.")
