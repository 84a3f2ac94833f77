"""Runs a transfer machine over a client's link."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from missions.errors import InputError, LinkError
from missions.items import MissionItem, MissionType
from telemetry.messages import Message
from telemetry.transfer.machine import MOST_ITEMS, Clear, Download, Machine, Outgoing, Timing, Upload

if TYPE_CHECKING:
    from missions.plan_items import Difference
    from telemetry.client import VehicleClient

Moved = Callable[[int, int], None]
"""Called with the number of items moved, and of all."""
_PUMP_S = 0.05


def upload(
    client: VehicleClient,
    kind: MissionType,
    items: Sequence[MissionItem],
    progress: Moved | None = None,
    *,
    timing: Timing | None = None,
) -> None:
    """Give the vehicle a list; item 0 of a mission is its home. An empty list clears the vehicle's.

    Raises Refused with the vehicle's reason, NoAnswer, InputError for an item that cannot be sent.
    """
    if len(items) > MOST_ITEMS:
        raise InputError(f"{len(items)} items are more than the protocol can count ({MOST_ITEMS})")
    _run(client, Upload(kind, items, timing) if items else Clear(kind, timing), progress)


def download(
    client: VehicleClient,
    kind: MissionType,
    progress: Moved | None = None,
    *,
    timing: Timing | None = None,
) -> tuple[MissionItem, ...]:
    """The list that the vehicle holds. Raises Refused, NoAnswer."""
    machine = Download(kind, timing)
    _run(client, machine, progress)
    return machine.items


def clear(client: VehicleClient, kind: MissionType, *, timing: Timing | None = None) -> None:
    """Empty one of the vehicle's lists; an ArduPilot keeps its home as item 0. Raises Refused, NoAnswer."""
    _run(client, Clear(kind, timing), None)


def upload_and_verify(
    client: VehicleClient,
    kind: MissionType,
    items: Sequence[MissionItem],
    progress: Moved | None = None,
    *,
    timing: Timing | None = None,
) -> list[Difference]:
    """Upload, read back and compare item by item: what differs beyond what storage rounds."""
    from missions.plan_items import compare_items

    upload(client, kind, items, progress, timing=timing)
    held = download(client, kind, progress, timing=timing)
    return list(compare_items(tuple(items), held, kind=kind))


def _run(client: VehicleClient, machine: Machine, progress: Moved | None) -> None:
    told = -1
    clock = client.clock
    try:
        _send(client, machine.begin(clock.monotonic_s()))
        while not machine.over:
            for message in client.pump(_PUMP_S):
                if _for_us(client, message):
                    _send(client, machine.on_message(message, clock.monotonic_s()))
            _send(client, machine.on_time(clock.monotonic_s()))
            if progress and machine.moved != told:
                told = machine.moved
                progress(machine.moved, machine.total)
    except BaseException:
        with contextlib.suppress(LinkError):
            _send(client, machine.cancel())
        raise
    if machine.failure:
        machine.failure.where = client.link.address
        raise machine.failure


def _for_us(client: VehicleClient, message: Message) -> bool:
    return (
        message.component == client.component
        and message.fields.get("target_system", client.own_system) in (0, client.own_system)
        and message.fields.get("target_component", client.own_component) in (0, client.own_component)
    )


def _send(client: VehicleClient, outgoing: Sequence[Outgoing]) -> None:
    for name, fields in outgoing:
        client.send(name, **fields)
