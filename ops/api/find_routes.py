"""The endpoints at which a person looks at a find and decides on it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import Field

from missions.errors import DroneteamError, InputError
from ops.api.alarm_models import Name, Reason
from ops.api.desk import Desk
from ops.api.finds import live_find_report
from ops.api.folder import OperationFolder
from ops.api.models import FindReport, JsonObject, Problem
from ops.api.orders import body_of, order_of
from ops.api.report import Report
from ops.api.searched_frames import SearchedReport

router = APIRouter(prefix="/api/finds")
LONGEST_ORDER_BYTES = 8000
LONGEST_SEEN_BYTES = 400_000
MOST_SEEN = 4000
MOST_SIGHTINGS = 20_000
REFUSED: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (404, 409, 413, 415, 422)
}
PICTURE: dict[int | str, dict[str, object]] = {
    200: {"content": {"image/png": {}}},
    404: {"model": Problem},
    409: {"model": Problem},
}
KEPT_A_DAY = {"Cache-Control": "private, max-age=86400"}
IN_A_REPLAY = "this is a replay: what was found then is decided on where the operation is open"


class SightingsReport(Report):
    """The frames in which a find was seen."""

    id: str
    find: str
    source: str = Field(description="The document in the operation; it names the file that these are from")
    count: int = Field(description="Of all; `sightings` are the first `at_most` of them")
    sightings: tuple[JsonObject, ...] = Field(description="As docs/heat.md has them")


class FindOrder(Report):
    """What somebody decides of a find; it is logged with the name and the reason."""

    id: Annotated[str, Field(min_length=1, max_length=500, description="As GET /api/finds gives it")]
    state: Literal["proposed", "confirmed", "dismissed"]
    by: Name
    why: Reason


class SeenOrder(Report):
    """Somebody saw finds that call together, and says why none of them needs more."""

    vehicle: int = Field(ge=0, le=255)
    ids: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field(
        max_length=MOST_SEEN, description="Those that were looked at; what came meanwhile goes on calling"
    )
    by: Name
    why: Reason


class SeenDone(Report):
    """What was acknowledged."""

    finds: tuple[str, ...] = Field(description="Their names; not those that call alone by now")
    left: int = Field(description="How many of the vehicle's finds still call together")


def _reviewed(desk: Desk, folder: OperationFolder, order: FindOrder) -> FindReport:
    if desk.heat is not None:
        live = desk.heat.decide(order.id, order.state, order.by, order.why)
        if live is not None:
            desk.taken(live.name, order.by)
            return live_find_report(live)
    found = folder.review(order.id, order.state, order.by, order.why)
    desk.taken(found.name, order.by)
    return found


async def _order(request: Request) -> FindOrder:
    return await order_of(request, FindOrder, LONGEST_ORDER_BYTES)


@router.get("/sightings", responses=REFUSED)
def sightings(
    request: Request,
    id: Annotated[str, Query(max_length=500)],  # noqa: A002
    at_most: Annotated[int, Query(ge=1, le=MOST_SIGHTINGS)] = 1000,
) -> SightingsReport:
    """Every frame that a find was seen in, in order of time; of a live one those that are written by now."""
    desk: Desk = request.app.state.desk
    try:
        find, source, rows = desk.sightings(id)
    except DroneteamError as error:
        raise HTTPException(404 if error.where == "find" else 409, str(error)) from error
    return SightingsReport(id=id, find=find, source=source, count=len(rows), sightings=tuple(rows[:at_most]))


@router.get("/searched")
def searched(request: Request) -> tuple[SearchedReport, ...]:
    """What every search of frames says of itself, the newest first: what was not placed, and its notes.

    Ground without a find is not searched ground, and of frames that were not placed nothing is on the map.
    """
    desk: Desk = request.app.state.desk
    return () if desk.folder is None else desk.folder.searched()


@router.get("/thumbnail", responses=PICTURE, response_class=Response)
def thumbnail(request: Request, id: Annotated[str, Query(max_length=500)]) -> Response:  # noqa: A002
    """The PNG of what was seen of a find, by its id."""
    desk: Desk = request.app.state.desk
    live = None if desk.heat is None else desk.heat.finds.find(id)
    if live is not None and live.thumbnail:
        return Response(live.thumbnail, media_type="image/png", headers=KEPT_A_DAY)
    if desk.folder is None:
        raise HTTPException(404, "no operation is being served; start the service with one")
    try:
        return Response(desk.folder.thumbnail(id), media_type="image/png", headers=KEPT_A_DAY)
    except InputError as error:
        raise HTTPException(404, str(error)) from error
    except DroneteamError as error:
        raise HTTPException(409, str(error)) from error


async def _seen_order(request: Request) -> SeenOrder:
    return await order_of(request, SeenOrder, LONGEST_SEEN_BYTES)


@router.post("/acknowledge", responses=REFUSED, openapi_extra=body_of(SeenOrder))
async def acknowledge(request: Request, order: Annotated[SeenOrder, Depends(_seen_order)]) -> SeenDone:
    """Somebody saw finds that call together: it is in the operation's log when this answers.

    They stay proposals, and each calls alone once the camera sees it as one that may well be a person.
    """
    desk: Desk = request.app.state.desk
    if desk.replay is not None:
        raise HTTPException(409, IN_A_REPLAY)
    try:
        names, left = await asyncio.to_thread(desk.finds_seen, order.vehicle, order.ids, order.by, order.why)
    except InputError as error:
        raise HTTPException(404 if error.where == "find" else 422, str(error)) from error
    except DroneteamError as error:
        raise HTTPException(409, str(error)) from error
    return SeenDone(finds=names, left=left)


@router.post("/review", responses=REFUSED, openapi_extra=body_of(FindOrder))
async def review(request: Request, order: Annotated[FindOrder, Depends(_order)]) -> FindReport:
    """Somebody decides on a find: it is in the operation's log when this answers."""
    desk: Desk = request.app.state.desk
    if desk.replay is not None:
        raise HTTPException(409, IN_A_REPLAY)
    folder = desk.folder
    if folder is None:
        raise HTTPException(404, "no operation is being served; start the service with one")
    try:
        found = await asyncio.to_thread(_reviewed, desk, folder, order)
    except InputError as error:
        raise HTTPException(404 if error.where == "find" else 422, str(error)) from error
    except DroneteamError as error:
        raise HTTPException(409, str(error)) from error
    await asyncio.to_thread(desk.look)
    return found
