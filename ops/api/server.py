"""The service as a process: a port, links, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import uvicorn
from fastapi import FastAPI

from missions.errors import LinkError, SettingsError
from ops.api.app import create_app
from ops.api.desk import Desk
from ops.asking import asking
from ops.config import Settings
from ops.forwarding import forwarding
from ops.live_heat_specs import HeatSpec
from ops.signed import guarding
from ops.surroundings import Surroundings, refuse_recordings
from telemetry.clock import Clock, SystemClock
from telemetry.hub import Hub
from telemetry.links import open_link
from telemetry.reader import LinkReader
from telemetry.recorder import Recorder
from telemetry.replay import Replay, ReplayThread

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_CLIENT_MESSAGE_BYTES = 4096
SEND_BUFFER_BYTES = 65_536
"""Left alone it grows to megabytes: a client that was away would first be told minutes of old news."""
GOODBYE_S = 0.2
"""For the live streams to say goodbye in."""
GRACE_S = 1.0
"""For connections to send what is left, before they are cut off."""
ABORT_AFTER_TICKS = 50
"""Of a tenth of a second each: how long a closing connection may take to send what is left."""
_log = logging.getLogger(__name__)


def serve(
    settings: Settings,
    *,
    operation_folder: Path | None = None,
    hub: Hub | None = None,
    links: Sequence[str] = (),
    ask: bool = False,
    host: str | None = None,
    port: int | None = None,
    clock: Clock | None = None,
    announce: Callable[[str], None] = lambda _: None,
    stopping: threading.Event | None = None,
    replay: Replay | None = None,
    records: Path | None = None,
    surroundings: Surroundings | None = None,
    recorder: Recorder | None = None,
    forward: Sequence[str] = (),
    station: Sequence[str] = (),
    journals: Sequence[Path] = (),
    heat: Sequence[HeatSpec] = (),
) -> int:
    """Serve until Ctrl-C (or SIGTERM, SIGHUP, or `stopping` is set), then give the exit code, 0.

    `host` and `port` win over the settings; port 0 takes a free one. `announce` gets the address once the
    service listens. `links` are opened into `hub` and closed again; with `ask` the vehicles on them are
    asked for position and state. A `replay` is played and shown instead of a hub, with the alarms that
    the files `journals` tell of. Changes of alarms are kept in the folder `records`. `surroundings` run
    while it serves, and how the `recorder` fares is told. Stations at `forward` hear what the links hear,
    those at `station` may command too; of a replay nobody is told. The live thermal streams `heat` are
    searched and what they show is kept in the operation. Raises SettingsError for a station where
    we hear ourselves, LinkError for a port that is taken or a link that cannot be opened, and what
    `create_app` raises.
    """
    clock = clock or SystemClock()
    hub = replay.hub if replay is not None else hub or Hub(clock)
    host = host or settings.host
    refuse_recordings(links, [*forward, *station])
    if replay is not None:
        surroundings, forward, station = None, (), ()
    with ExitStack() as stack:
        listening = stack.enter_context(bound_socket(host, settings.port if port is None else port))
        app = create_app(
            settings,
            operation_folder=operation_folder,
            hub=hub,
            clock=clock,
            host=host,
            replay=replay,
            records=records,
            surroundings=surroundings,
            recorder=recorder,
            journals=journals,
            heat=heat,
        )
        desk: Desk = app.state.desk
        if replay is not None:
            stack.enter_context(ReplayThread(replay))
        ways = [stack.enter_context(open_link(address, clock)) for address in links]
        guard = stack.enter_context(guarding(settings, clock))
        readers = [stack.enter_context(LinkReader(way, hub, guard=guard)) for way in ways]
        stack.enter_context(forwarding(hub, readers, listening=forward, commanding=station))
        if desk.heat is not None:
            stack.enter_context(desk.heat.running())
        if surroundings is not None:
            stack.enter_context(surroundings.running(desk.finds_for_others, desk.standing_alarms))
        if ask:
            stack.enter_context(asking(hub, readers))
        Server(app, announce, stopping or threading.Event()).run(sockets=[listening])
    return 0


@contextmanager
def serving(settings: Settings | None = None, **options: Any) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the address. Takes and raises what `serve` does."""
    outcome: Queue[str | BaseException] = Queue()
    stopping = threading.Event()

    def run() -> None:
        try:
            serve(settings or Settings(port=0), announce=outcome.put, stopping=stopping, **options)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            outcome.put(error)

    thread = threading.Thread(target=run, name="service", daemon=True)
    thread.start()
    try:
        first = outcome.get()
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        stopping.set()
        thread.join()


def bound_socket(host: str, port: int) -> socket.socket:
    """A TCP socket that listens there.

    Raises LinkError where the port is taken or not ours, SettingsError where the host is no address.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SettingsError(
            f"{host!r} is no address of this machine", where="host", remedy="Give 127.0.0.1"
        ) from error
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        made.bind(place)
        made.listen()
    except OSError as error:
        made.close()
        raise LinkError(
            f"port {port} cannot be used ({error.strerror})",
            where=host,
            remedy="Stop what listens there, or choose another port with --port; 0 takes a free one",
        ) from error
    return made


def address_of(listening: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"


class Server(uvicorn.Server):
    """uvicorn that says when it listens, ends in order, and lets go of clients that read nothing."""

    def __init__(self, app: FastAPI, announce: Callable[[str], None], stopping: threading.Event) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                ws="websockets-sansio",
                ws_max_size=LONGEST_CLIENT_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._app = app
        self._announce = announce
        self._stopping = stopping
        self._closing_ticks: dict[Any, int] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        for listening in sockets or []:
            self._announce(address_of(listening))

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; whether to stop."""
        self._abort_stuck()
        return self._stopping.is_set() or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, let uvicorn close the rest, and cut off what is stuck."""
        self._app.state.closing.set()
        await asyncio.sleep(GOODBYE_S)
        cut = asyncio.get_running_loop().call_later(GRACE_S, self._abort_all)
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the service in order; nothing is raised again when it has ended."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _abort_stuck(self) -> None:
        """Abort connections that have been closing for too long: their client reads nothing."""
        closing = [each for each in self.server_state.connections if each.transport.is_closing()]
        self._closing_ticks = {each: self._closing_ticks.get(each, 0) + 1 for each in closing}
        for connection, ticks in self._closing_ticks.items():
            if ticks > ABORT_AFTER_TICKS:
                connection.transport.abort()

    def _abort_all(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
