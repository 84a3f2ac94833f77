"""The web service as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from imaging.worked import give_back
from missions.version import version_of
from ops.alarms.recorded import recorded
from ops.api import alarm_routes, find_routes, marking_routes, page, replay_routes, routes, traffic_routes
from ops.api.alarming import LOOK_FOR_ALARMS_S, alarming
from ops.api.around import Around
from ops.api.desk import Desk
from ops.api.guard import Guard
from ops.api.replayed_alarms import replayed_alarms
from ops.config import Settings
from ops.live_heat import heat_needs_an_operation
from ops.live_heat_specs import HeatSpec
from ops.replayed_traffic import ReplayedTraffic
from ops.surroundings import Surroundings
from telemetry.clock import Clock, SystemClock
from telemetry.hub import Hub
from telemetry.recorder import Recorder
from telemetry.replay import Replay

LOOK_AT_VEHICLES_S = 0.1
LOOK_AT_FILES_S = 2.0
GIVE_BACK_S = 60.0
_log = logging.getLogger(__name__)


def create_app(
    settings: Settings | None = None,
    *,
    operation_folder: Path | None = None,
    hub: Hub | None = None,
    clock: Clock | None = None,
    host: str | None = None,
    replay: Replay | None = None,
    records: Path | None = None,
    surroundings: Surroundings | None = None,
    recorder: Recorder | None = None,
    journals: Sequence[Path] = (),
    heat: Sequence[HeatSpec] = (),
) -> FastAPI:
    """The service for one operation and the vehicles of one hub, either of which may be missing.

    A `replay` is shown instead of a hub; whoever serves it has it play (`telemetry.replay.ReplayThread`).
    `surroundings` tell who else is there, and the `recorder` how it fares; whoever serves runs them.
    `host` is what the service listens on, where the settings do not say it. Changes of alarms are kept in the
    folder `records`; a replay shows those that the files `journals` tell of, or looks again, and keeps none.
    The live thermal streams `heat` are searched for the operation, once whoever serves runs `desk.heat`.
    Raises what `Operation.open` and `alarming` raise, InputError for `heat` without an operation.
    `app.state.closing`, an asyncio.Event, ends every live stream.
    """
    settings = settings or Settings()
    clock = clock or SystemClock()
    then = None if replay is None else recorded(journals, replay.begin_s, replay.end_s)
    shown = surroundings if replay is None else ReplayedTraffic(replay)
    around = Around(clock, shown, recorder)
    desk = Desk(
        clock,
        hub,
        operation_folder,
        replay,
        around=around,
        happened=() if then is None else then.chronicle.between(float("-inf"), float("inf")),
    )
    if replay is not None:
        desk.alarms = replayed_alarms(settings, replay, desk.picture, desk.now_s, desk.folder, then)
    elif hub is not None:
        desk.alarms = alarming(settings, desk.clock, hub, desk.picture, desk.folder, records)
        if surroundings is not None:
            desk.alarms.watch.traffic = surroundings.traffic_for_alerts
    if heat:
        if desk.folder is None or hub is None or replay is not None:
            raise heat_needs_an_operation()
        desk.search_streams(heat, () if settings.alert_terrain is None else (settings.alert_terrain,))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = (_watch_vehicles, _watch_files, _watch_alarms)
        watchers = [asyncio.create_task(each(desk)) for each in watching]
        watchers.append(asyncio.create_task(_give_back_memory()))
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            desk.close()

    app = FastAPI(
        title="Droneteam",
        summary="Aircraft, plans, finds and files of one operation.",
        description="The live stream is the WebSocket `/api/live?hz=1..10`; `docs/api.md` describes it.",
        version=version_of(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.state.tiles_url = settings.tiles_url
    app.state.closing = asyncio.Event()
    app.include_router(routes.router)
    app.include_router(replay_routes.router)
    app.include_router(alarm_routes.router)
    app.include_router(traffic_routes.router)
    app.include_router(find_routes.router)
    app.include_router(marking_routes.router)
    app.include_router(page.router)
    app.add_middleware(
        Guard, host=host or settings.host, tiles_url=settings.tiles_url, replay=replay is not None
    )
    return app


async def _watch_vehicles(desk: Desk) -> None:
    while True:
        _trying(desk.refresh)
        await asyncio.sleep(LOOK_AT_VEHICLES_S)


async def _watch_files(desk: Desk) -> None:
    while True:
        await asyncio.to_thread(_trying, desk.look)
        await asyncio.sleep(LOOK_AT_FILES_S)


async def _watch_alarms(desk: Desk) -> None:
    while desk.alarms is not None:
        await asyncio.to_thread(_trying, desk.alarms.look)
        await asyncio.sleep(LOOK_FOR_ALARMS_S)


async def _give_back_memory() -> None:
    """Clients that come and go leave the C library's heap full of holes: megabytes an hour."""
    while True:
        await asyncio.sleep(GIVE_BACK_S)
        await asyncio.to_thread(give_back)


def _trying(look: Callable[[], None]) -> None:
    """One look that fails, on a disk that is gone for a moment, must not be the last."""
    try:
        look()
    except Exception:  # noqa: BLE001 - whatever it was, it is logged, and the next look may do
        _log.exception("looking failed")
