"""One vehicle on one link, as upload and fly need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ops.cli.screen import out, say, table

if TYPE_CHECKING:
    from ops.config import Settings
    from ops.operations import Operation
    from telemetry.client import VehicleClient
    from telemetry.frames import Frame
    from telemetry.transfer import Held

UPLOADED = "plan.uploaded"
CONNECT_TIMEOUT_S = 5.0


class Relay:
    """Hands frames on to whoever listens by then: a recording begins when there is a vehicle to record."""

    def __init__(self) -> None:
        self.to: Callable[[Sequence[Frame]], None] | None = None

    def __call__(self, frames: Sequence[Frame]) -> None:
        if self.to is not None:
            self.to(frames)


@contextmanager
def connected(
    settings: Settings,
    system: int | None,
    operation: Operation | None,
    listener: Callable[[Sequence[Frame]], None] | None = None,
) -> Iterator[VehicleClient]:
    """A client that hears its vehicle; the link is closed when the block ends. Raises NoAnswer."""
    from ops.signed import guarding
    from telemetry.client import VehicleClient
    from telemetry.clock import SystemClock
    from telemetry.links import open_link

    clock = SystemClock()
    with guarding(settings, clock) as guard, ExitStack() as stack:
        way = open_link(settings.link, clock, timeout_s=min(CONNECT_TIMEOUT_S, settings.link_timeout_s))
        client = stack.enter_context(VehicleClient(guard(way), clock, system=system, listener=listener))
        say(f"Waiting for a vehicle on {settings.link}")
        state = client.connect(settings.link_timeout_s)
        say(f"Connected to {state.kind} {state.system} ({state.autopilot}), mode {state.mode}")
        if operation is not None:
            operation.record("vehicle.heard", system=state.system, kind=state.kind, link=settings.link)
        yield client


def show_held(held: tuple[Held, ...]) -> None:
    """What the vehicle holds, list by list, and each difference from what it was sent."""
    rows = [
        (
            each.kind.name.lower(),
            each.items,
            "as sent" if not each.differences else f"{len(each.differences)} differ",
        )
        for each in held
    ]
    out().print(table("Held by the vehicle", ("List", "#Items", "Read back"), rows))
    for each in held:
        for difference in each.differences:
            out().print(f"{each.kind.name.lower()} {difference}")


def uploaded(held: tuple[Held, ...], plan: str, system: int | None) -> dict[str, object]:
    """What the log and programs are told of an upload."""
    return {
        "plan": plan,
        "system": system,
        "lists": {each.kind.name.lower(): each.items for each in held},
        "differences": [f"{each.kind.name.lower()} {found}" for each in held for found in each.differences],
    }
