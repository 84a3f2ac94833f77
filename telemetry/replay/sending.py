"""A replay played onto a link, for a ground station to watch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from telemetry.frames import Frame
from telemetry.hub import Hub
from telemetry.links import Link, LinkClosed
from telemetry.messages import decode


def sending(link: Link, hub: Hub) -> Callable[[Sequence[Frame]], None]:
    """A listener of `hub` that sends on what its vehicles said to all.

    Somebody may be on that link who would obey. So what ground stations said is left out, and of what
    vehicles said everything that was addressed to one (`target_system`): no command in a recording is given
    twice. A link that is closed hears no more.
    """
    closed = False

    def send(frames: Sequence[Frame]) -> None:
        nonlocal closed
        vehicles = hub.vehicles()
        for frame in frames:
            message = decode(frame)
            if closed or message is None or frame.system not in vehicles:
                continue
            if "target_system" in message.layout.names:
                continue
            try:
                link.send(frame.raw)
            except LinkClosed:
                closed = True

    return send
