"""The endpoint at which a person decides on a find."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import Field

from missions.errors import DroneteamError, InputError
from ops.api.alarm_models import Name, Reason
from ops.api.desk import Desk
from ops.api.models import FindReport, Problem
from ops.api.orders import body_of, order_of
from ops.api.report import Report

router = APIRouter(prefix="/api/finds")
LONGEST_ORDER_BYTES = 8000
REFUSED: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (404, 409, 413, 415, 422)
}
IN_A_REPLAY = "this is a replay: what was found then is decided on where the operation is open"


class FindOrder(Report):
    """What somebody decides of a find; it is logged with the name and the reason."""

    id: Annotated[str, Field(min_length=1, max_length=500, description="As GET /api/finds gives it")]
    state: Literal["proposed", "confirmed", "dismissed"]
    by: Name
    why: Reason


async def _order(request: Request) -> FindOrder:
    return await order_of(request, FindOrder, LONGEST_ORDER_BYTES)


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
        found = await asyncio.to_thread(folder.review, order.id, order.state, order.by, order.why)
    except InputError as error:
        raise HTTPException(404 if error.where == "find" else 422, str(error)) from error
    except DroneteamError as error:
        raise HTTPException(409, str(error)) from error
    await asyncio.to_thread(desk.look)
    return found
