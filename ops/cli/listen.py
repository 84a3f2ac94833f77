"""`droneteam listen`: a live table of every vehicle on any number of links."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import NoAnswer
from ops.cli.desk import settings_of
from ops.cli.entering import open_operation, record
from ops.cli.options import ForwardOption, OperationOption, RecordOption, StationOption, TakOption
from ops.cli.recording import recording
from ops.cli.screen import print_json

if TYPE_CHECKING:
    from ops.asking import Asking
    from ops.operations import Operation
    from telemetry.hub import Hub
    from telemetry.reader import LinkReader

LOOK_EACH_S = 0.25


def listen(
    context: typer.Context,
    links: Annotated[
        list[str] | None, typer.Argument(metavar="LINK…", help="Links; else the one of the settings.")
    ] = None,
    record_in: RecordOption = None,
    for_s: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", min=0, help="Stop after so long; else at Ctrl-C."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON a vehicle a second, for programs.")
    ] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the vehicles for position and state, as a ground station does.")
    ] = False,
    forward: ForwardOption = None,
    station: StationOption = None,
    tak: TakOption = None,
    operation: OperationOption = None,
) -> None:
    """Hear any number of MAVLink streams, show the vehicles, and record them."""
    from ops.asking import Asking
    from ops.forwarding import forwarding
    from ops.signed import guarding
    from ops.surroundings import surroundings
    from telemetry.clock import SystemClock
    from telemetry.hub import Hub
    from telemetry.links import open_link
    from telemetry.reader import LinkReader

    settings = settings_of(context)
    addresses = links or [settings.link]
    opened = open_operation(operation, settings)
    clock = SystemClock()
    hub = Hub(clock)
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(settings, hub, tak=tak, traffic=(), links=addresses))
        ways = [stack.enter_context(open_link(address, clock)) for address in addresses]
        recorder = stack.enter_context(recording(record_in, settings, opened, around, links=addresses))
        if recorder is not None:
            hub.subscribe(recorder)
        stack.callback(_log_vehicles, hub, opened, addresses)
        guard = stack.enter_context(guarding(settings, clock))
        readers = [stack.enter_context(LinkReader(way, hub, guard=guard)) for way in ways]
        stack.enter_context(forwarding(hub, readers, listening=forward or (), commanding=station or ()))
        stack.enter_context(around.running())
        asking = Asking(hub, readers) if ask else None
        _watch(hub, readers, for_s, asking, as_json=as_json)
    if for_s is not None and not hub.vehicles():
        problems = "; ".join(reader.health.problem for reader in readers if reader.health.problem)
        raise NoAnswer(
            f"nothing was heard of any vehicle for {for_s:g} s" + (f" ({problems})" if problems else ""),
            where=", ".join(addresses),
            remedy="Check that it is on and sends to this address",
        )


def _log_vehicles(hub: Hub, operation: Operation | None, addresses: list[str]) -> None:
    for number, state in hub.vehicles().items():
        record(operation, "vehicle.heard", system=number, kind=state.kind, link=", ".join(addresses))


def _watch(
    hub: Hub, readers: list[LinkReader], for_s: float | None, asking: Asking | None, *, as_json: bool
) -> None:
    """Show until the time is over or every link has ended."""
    from ops.cli.vehicles import watching

    clock = hub.clock
    end_s = None if for_s is None else clock.monotonic_s() + for_s
    with watching(hub, as_json=as_json) as show:
        while True:
            ended = all(reader.health.state in ("ended", "failed") for reader in readers)
            show()
            if asking is not None:
                asking.tick()
            if ended or (end_s is not None and clock.monotonic_s() >= end_s):
                break
            clock.sleep(
                LOOK_EACH_S if end_s is None else max(0.0, min(LOOK_EACH_S, end_s - clock.monotonic_s()))
            )
    if as_json:
        for state in hub.vehicles().values():
            print_json(state.as_dict())
