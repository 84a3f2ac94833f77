"""The endpoint of a replay: its time line, and what to do with it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import ValidationError

from ops.api.desk import Desk
from ops.api.models import Problem, ReplayOrder, ReplayReport, ReplayState
from ops.api.replaying import replay_report, replay_state
from telemetry.replay import Replay

router = APIRouter(prefix="/api")
LONGEST_ORDER_BYTES = 2000
NO_REPLAY: dict[int | str, dict[str, object]] = {404: {"model": Problem}}
REFUSED: dict[int | str, dict[str, object]] = {
    **NO_REPLAY,
    413: {"model": Problem},
    415: {"model": Problem},
    422: {"model": Problem},
}
BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": ReplayOrder.model_json_schema()}},
    }
}


def _replay(request: Request) -> Replay:
    desk: Desk = request.app.state.desk
    if desk.replay is None:
        raise HTTPException(404, "this is no replay: what is shown is live")
    return desk.replay


async def _order(request: Request) -> ReplayOrder:
    """The order in a request, which is read no further than an order can be long."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "an order is JSON: send it with Content-Type application/json")
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > LONGEST_ORDER_BYTES:
            raise HTTPException(413, f"an order is at most {LONGEST_ORDER_BYTES} bytes long")
    try:
        return ReplayOrder.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"])
        raise HTTPException(422, f"{where}: {first['msg']}" if where else str(first["msg"])) from error


TheReplay = Annotated[Replay, Depends(_replay)]
TheOrder = Annotated[ReplayOrder, Depends(_order)]


@router.get("/replay", responses=NO_REPLAY)
def replay(request: Request, shown: TheReplay) -> ReplayReport:
    """The time line: begin, end, where it is, gaps, and moments worth jumping to."""
    desk: Desk = request.app.state.desk
    return replay_report(shown, () if desk.folder is None else desk.folder.finds())


@router.post("/replay", responses=REFUSED, openapi_extra=BODY)
async def direct(shown: TheReplay, order: TheOrder) -> ReplayState:
    """Play, stand still, jump, or change the speed; all who watch see the same."""
    await asyncio.to_thread(_follow, shown, order)
    return replay_state(shown)


def _follow(shown: Replay, order: ReplayOrder) -> None:
    if order.loop is not None:
        shown.loop = order.loop
    if order.speed is not None:
        shown.set_speed(order.speed)
    if order.step_s is not None:
        shown.step(order.step_s)
    if order.seek_s is not None:
        shown.seek(order.seek_s)
    if order.playing is not None:
        shown.play() if order.playing else shown.pause()
