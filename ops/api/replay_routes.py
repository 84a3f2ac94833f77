"""The endpoint of a replay: its time line, and what to do with it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from ops.api.desk import Desk
from ops.api.models import Problem, ReplayOrder, ReplayReport, ReplayState
from ops.api.orders import body_of, order_of
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


def _replay(request: Request) -> Replay:
    desk: Desk = request.app.state.desk
    if desk.replay is None:
        raise HTTPException(404, "this is no replay: what is shown is live")
    return desk.replay


async def _order(request: Request) -> ReplayOrder:
    return await order_of(request, ReplayOrder, LONGEST_ORDER_BYTES)


TheReplay = Annotated[Replay, Depends(_replay)]
TheOrder = Annotated[ReplayOrder, Depends(_order)]


@router.get("/replay", responses=NO_REPLAY)
def replay(request: Request, shown: TheReplay) -> ReplayReport:
    """The time line: begin, end, where it is, gaps, and moments worth jumping to."""
    desk: Desk = request.app.state.desk
    return replay_report(shown, () if desk.folder is None else desk.folder.finds(), desk.happened)


@router.post("/replay", responses=REFUSED, openapi_extra=body_of(ReplayOrder))
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
