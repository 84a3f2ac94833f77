"""The web service as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from ops.api import page, replay_routes, routes
from ops.api.desk import Desk
from ops.api.guard import Guard
from ops.config import Settings
from telemetry.clock import Clock, SystemClock
from telemetry.hub import Hub
from telemetry.replay import Replay

LOOK_AT_VEHICLES_S = 0.1
LOOK_AT_FILES_S = 2.0
_log = logging.getLogger(__name__)


def create_app(
    settings: Settings | None = None,
    *,
    operation_folder: Path | None = None,
    hub: Hub | None = None,
    clock: Clock | None = None,
    host: str | None = None,
    replay: Replay | None = None,
) -> FastAPI:
    """The service for one operation and the vehicles of one hub, either of which may be missing.

    A `replay` is shown instead of a hub; whoever serves it has it play (`telemetry.replay.ReplayThread`).
    `host` is what the service listens on, where the settings do not say it. Raises what `Operation.open`
    raises. `app.state.closing`, an asyncio.Event, ends every live stream.
    """
    settings = settings or Settings()
    desk = Desk(clock or SystemClock(), hub, operation_folder, replay)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watchers = [asyncio.create_task(each(desk)) for each in (_watch_vehicles, _watch_files)]
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
        version=routes.version_of_droneteam(),
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


def _trying(look: Callable[[], None]) -> None:
    """One look that fails, on a disk that is gone for a moment, must not be the last."""
    try:
        look()
    except Exception:  # noqa: BLE001 - whatever it was, it is logged, and the next look may do
        _log.exception("looking failed")
