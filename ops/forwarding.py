"""Stations that listen too, or may command too, on links of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from missions.errors import SettingsError
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.reader import LinkReader
from telemetry.routing import Router

_LISTENING = ("udp:", "udpin:", "tcpin:")
_CALLING = ("udpout:", "tcp:")
_HERE = ("", "127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]")  # noqa: S104  # compared, not bound


@contextmanager
def forwarding(
    hub: Hub, readers: Sequence[LinkReader], *, listening: Sequence[str] = (), commanding: Sequence[str] = ()
) -> Iterator[Router | None]:
    """Hand what the readers hear on to stations while the block runs; None where there are none.

    `listening` stations hear; what they say is not even recorded. `commanding` stations are heard by the hub,
    and what they say goes to the vehicles as well. Raises LinkError for what cannot be opened, SettingsError
    for an address that is given twice, or where we hear ourselves.
    """
    stations = [*listening, *commanding]
    if not stations:
        yield None
        return
    check_stations(stations, [reader.address for reader in readers])
    with ExitStack() as stack:
        router = Router(hub)
        for reader in readers:
            router.add_vehicles(reader.address, reader.send)
        deaf = Hub(hub.clock)
        for address in stations:
            way = stack.enter_context(open_link(address, hub.clock))
            station = stack.enter_context(LinkReader(way, hub if address in commanding else deaf))
            hub.watch(address, lambda station=station: station.health)  # type: ignore[misc]
            router.add_station(address, station.send)
        stack.callback(router.close)
        yield router


def check_stations(stations: Sequence[str], links: Sequence[str]) -> None:
    """Raises SettingsError for an address that is given twice, or where we hear ourselves."""
    taken = set(links)
    for address in stations:
        if address in taken:
            raise SettingsError(
                "this link is there already",
                where=address,
                remedy="Give each station a link of its own",
            )
        taken.add(address)
        if any(_hears(link, address) for link in links):
            raise SettingsError(
                "what is handed on there comes back to us",
                where=address,
                remedy="Give the address at which the station listens, not one of ours",
            )


def _hears(link: str, station: str) -> bool:
    """Whether a link of ours listens where a station would be called."""
    if not link.startswith(_LISTENING) or not station.startswith(_CALLING):
        return False
    (ours, our_port), (theirs, their_port) = _place(link), _place(station)
    return our_port == their_port and (ours == theirs or (ours in _HERE and theirs in _HERE))


def _place(address: str) -> tuple[str, str]:
    host, _, port = address.partition(":")[2].rpartition(":")
    return host, port
