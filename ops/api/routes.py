"""The endpoints, each a thin question to the desk."""

from __future__ import annotations

import asyncio
import gzip
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, WebSocket
from fastapi.responses import FileResponse

from missions.errors import EvidenceError, InputError
from missions.version import version_of
from ops.api.desk import Desk
from ops.api.drawing import volumes_drawing
from ops.api.folder import OperationFolder
from ops.api.models import (
    FindReport,
    Health,
    JsonObject,
    MapSettings,
    OperationReport,
    PlanReport,
    Problem,
    SceneReport,
    SearchReport,
    TrackReport,
    VehicleReport,
)
from ops.api.stream import stream

router = APIRouter(prefix="/api")
NOT_FOUND: dict[int | str, dict[str, object]] = {404: {"model": Problem}}
GONE: dict[int | str, dict[str, object]] = {**NOT_FOUND, 409: {"model": Problem}}
WEBP: dict[int | str, dict[str, object]] = {200: {"content": {"image/webp": {}}}, **GONE}
JSON = "application/json"
A_DAY = "max-age=86400"


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _folder(desk: Annotated[Desk, Depends(_desk)]) -> OperationFolder:
    if desk.folder is None:
        raise HTTPException(404, "no operation is being served; start the service with one")
    return desk.folder


TheDesk = Annotated[Desk, Depends(_desk)]
TheFolder = Annotated[OperationFolder, Depends(_folder)]


@router.get("/health")
def health(desk: TheDesk) -> Health:
    """That the service runs, and what it serves."""
    return Health(
        version=version_of(),
        time_s=desk.clock.now_s(),
        uptime_s=desk.clock.monotonic_s() - desk.started_s,
        clients=desk.clients,
        vehicles=len(desk.vehicles()),
        operation=None if desk.folder is None else desk.folder.name,
        replay=desk.replay is not None,
        links=desk.links(),
        recording=desk.around.recording(),
        alarms=None if desk.alarms is None else desk.alarms.health(),
        heat=tuple(desk.around.heat()),
    )


@router.get("/map")
def map_settings(request: Request) -> MapSettings:
    """How the page draws the ground: tiles, or a grid where there are none."""
    return MapSettings(tiles_url=request.app.state.tiles_url)


@router.get("/vehicles")
def vehicles(desk: TheDesk) -> tuple[VehicleReport, ...]:
    """Every vehicle heard since the service started, as it is now."""
    return desk.vehicles()


@router.get("/tracks")
def tracks(
    desk: TheDesk, source: Annotated[Literal["live", "recorded", "replay"] | None, Query()] = None
) -> tuple[TrackReport, ...]:
    """Where vehicles were: live since the service started and recorded in the operation, or as replayed."""
    shown = source is None or source == desk.picture.source
    live = desk.live_tracks() if shown else ()
    recorded = desk.recorded_tracks() if source in (None, "recorded") else ()
    return (*live, *recorded)


@router.get("/plans")
def plans(desk: TheDesk) -> tuple[PlanReport, ...]:
    """The plans of the operation, each with its drawing."""
    return desk.plans()


@router.get("/finds", response_model=tuple[FindReport, ...])
def finds(request: Request, desk: TheDesk) -> Response:
    """The finds of the operation and of live streams, the first to look at first: confirmed ones, then the
    surest and vehicles after them, dismissed ones last. Each is a proposal until a person confirms it.
    """
    packed, vary = desk.finds_json(), {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=JSON, headers={**vary, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=JSON, headers=vary)


@router.get("/volumes")
def volumes(desk: TheDesk) -> JsonObject:
    """The volumes of air that the flights of the operation must stay in, as GeoJSON."""
    return volumes_drawing(() if desk.folder is None else desk.folder.volumes())


@router.get("/searches")
def searches(desk: TheDesk) -> tuple[SearchReport, ...]:
    """The maps of where a missing person may be, the newest last."""
    return desk.searches()


@router.get("/scenes")
def scenes(desk: TheDesk) -> tuple[SceneReport, ...]:
    """The mosaics of the operation: where each lies and its picture."""
    return () if desk.folder is None else desk.folder.scenes()


@router.get("/scenes/{scene:path}/picture", responses=WEBP, response_class=Response)
def scene_picture(scene: str, folder: TheFolder) -> Response:
    """The mosaic as WebP of at most 2048 pixels a side, transparent where it shows nothing."""
    try:
        picture = folder.scene_picture(scene)
    except (InputError, EvidenceError) as error:
        raise _refused(error) from error
    return Response(picture, media_type="image/webp", headers={"Cache-Control": A_DAY})


@router.get("/operation", responses=NOT_FOUND)
def operation(folder: TheFolder) -> OperationReport:
    """The operation with every file that entered it."""
    return folder.report()


@router.get("/files/{path:path}", responses=GONE, response_class=FileResponse)
def file(path: str, folder: TheFolder) -> FileResponse:
    """A file that entered the operation, as it is, to be saved."""
    try:
        found = folder.file(path)
    except (InputError, EvidenceError) as error:
        raise _refused(error) from error
    return FileResponse(found, media_type="application/octet-stream", filename=found.name)


@router.websocket("/live")
async def live(socket: WebSocket, hz: Annotated[float, Query(ge=1, le=10)] = 5.0) -> None:
    """A snapshot, then what changed, 1 to 10 times a second."""
    desk: Desk = socket.app.state.desk
    closing: asyncio.Event = socket.app.state.closing
    desk.clients += 1
    try:
        await stream(socket, desk, hz, closing)
    finally:
        desk.clients -= 1


def _refused(error: InputError | EvidenceError) -> HTTPException:
    return HTTPException(409 if isinstance(error, EvidenceError) else 404, str(error))
