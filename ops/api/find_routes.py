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
from ops.api.models import FindReport, Problem
from ops.api.orders import body_of, order_of
from ops.api.report import Report

router = APIRouter(prefix="/api/finds")
LONGEST_ORDER_BYTES = 8000
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


class FindOrder(Report):
    """What somebody decides of a find; it is logged with the name and the reason."""

    id: Annotated[str, Field(min_length=1, max_length=500, description="As GET /api/finds gives it")]
    state: Literal["proposed", "confirmed", "dismissed"]
    by: Name
    why: Reason


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
