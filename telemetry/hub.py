"""Where all frames meet: vehicles, losses, and everyone who wants to listen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.health import LinkHealth, Loss, LossCounter
from telemetry.messages import Message, decode
from telemetry.state import VehicleState, fold, is_vehicle_heartbeat

Listener = Callable[[Sequence[Frame]], None]
"""Gets frames in the order in which they came; an empty sequence tells that time passes."""
LinkListener = Callable[[Sequence[Frame], str], None]
"""Gets frames, never none, and the address of the link that they came over."""
_RADIO = ("RADIO_STATUS", "RADIO")
_log = logging.getLogger(__name__)


class Hub:
    """Folds frames into vehicles and hands them on. Any thread may call anything.

    Listeners are called one at a time, in the order in which they subscribed; one that fails is logged and
    does not keep the others from listening.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._publishing = threading.RLock()
        self._listeners: tuple[Listener, ...] = ()
        self._link_listeners: tuple[LinkListener, ...] = ()
        self._vehicles: MappingProxyType[int, VehicleState] = MappingProxyType({})
        self._by_link: dict[str, set[int]] = {}
        self._losses: dict[str, LossCounter] = {}
        self._health: dict[str, Callable[[], LinkHealth]] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with all frames from now on; call what is returned to end that."""
        with self._publishing:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._publishing:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    def subscribe_by_link(self, listener: LinkListener) -> Callable[[], None]:
        """As `subscribe`, for who must know over which link frames came."""
        with self._publishing:
            self._link_listeners = (*self._link_listeners, listener)

        def unsubscribe() -> None:
            with self._publishing:
                self._link_listeners = tuple(other for other in self._link_listeners if other is not listener)

        return unsubscribe

    def publish(self, frames: Sequence[Frame], link: str = "") -> None:
        """Take in frames that came over `link`."""
        with self._publishing:
            if frames:
                self._take(frames, link)
                for by_link in self._link_listeners:
                    _trying(by_link, frames, link)
            for listener in self._listeners:
                _trying(listener, frames)

    def vehicles(self) -> dict[int, VehicleState]:
        """Every vehicle whose heartbeat was heard, by its system number."""
        return dict(self._vehicles)

    def reset(
        self,
        vehicles: Mapping[int, VehicleState] = MappingProxyType({}),
        behind: Mapping[str, Iterable[int]] = MappingProxyType({}),
    ) -> None:
        """Go on from other vehicles, as after a jump in a replay; `behind` are those heard over each link.

        Losses are counted anew, so that what was jumped over is not taken for lost. Listeners stay.
        """
        with self._publishing:
            self._vehicles = MappingProxyType(dict(vehicles))
            self._by_link = {link: set(systems) for link, systems in behind.items()}
            self._losses = {}

    def losses(self, link: str = "") -> dict[tuple[int, int], Loss]:
        """What each (system, component) sent over a link, and what of it was lost."""
        counter = self._losses.get(link)
        return counter.losses() if counter else {}

    def watch(self, address: str, health: Callable[[], LinkHealth]) -> None:
        """Have a link's health asked for by `links`."""
        with self._publishing:
            self._health[address] = health

    def links(self) -> dict[str, LinkHealth]:
        """The health of every link that a LinkReader reads, by its address."""
        with self._publishing:
            watched = dict(self._health)
        return {address: health() for address, health in watched.items()}

    def _take(self, frames: Sequence[Frame], link: str) -> None:
        losses = self._losses.setdefault(link, LossCounter())
        heard = self._by_link.setdefault(link, set())
        vehicles = dict(self._vehicles)
        for frame in frames:
            losses.add(frame)
            message = decode(frame)
            if message is None:
                continue
            if message.name in _RADIO:
                _fold_into(vehicles, heard, message)
            elif frame.system in vehicles:
                heard.add(frame.system)
                vehicles[frame.system] = fold(vehicles[frame.system], message)
            elif is_vehicle_heartbeat(message):
                heard.add(frame.system)
                vehicles[frame.system] = fold(VehicleState(system=frame.system), message)
        self._vehicles = MappingProxyType(vehicles)


def _trying(listener: Callable[..., None], *told: object) -> None:
    try:
        listener(*told)
    except Exception:  # noqa: BLE001  # one bad listener must not silence the others
        _log.exception("a listener failed")


def _fold_into(vehicles: dict[int, VehicleState], heard: set[int], message: Message) -> None:
    """A telemetry radio speaks as a system of its own, for all vehicles behind it."""
    for system in heard:
        vehicles[system] = fold(vehicles[system], message)
