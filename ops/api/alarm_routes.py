"""The endpoints of alarms: the lists, and what a person does to one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from missions.errors import InputError
from ops.alarms import AlarmWatch
from ops.api.alarm_models import AlarmDone, AlarmList, AlarmOrder, ShelveOrder
from ops.api.alarming import Alarming
from ops.api.desk import TOGETHER, Desk
from ops.api.models import Problem
from ops.api.orders import body_of, order_of
from ops.api.replayed_alarms import ReplayedAlarms
from telemetry.alerts import Key

router = APIRouter(prefix="/api/alarms")
LONGEST_ORDER_BYTES = 8000
NONE: dict[int | str, dict[str, object]] = {404: {"model": Problem}}
REFUSED: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (404, 409, 413, 415, 422)
}
SEEN_BY_NAME = "say which finds were seen, and why that is enough: POST /api/finds/acknowledge"
IN_A_REPLAY = "this is a replay: its alarms are those of then, and nothing can be done to them any more"


def _shown(request: Request) -> Alarming | ReplayedAlarms:
    desk: Desk = request.app.state.desk
    if desk.alarms is None:
        raise HTTPException(404, "no vehicles are heard, so there are no alarms")
    return desk.alarms


def _directed(request: Request) -> Alarming:
    shown = _shown(request)
    if isinstance(shown, ReplayedAlarms):
        raise HTTPException(409, IN_A_REPLAY)
    return shown


async def _order(request: Request) -> AlarmOrder:
    return await order_of(request, AlarmOrder, LONGEST_ORDER_BYTES)


async def _shelve_order(request: Request) -> ShelveOrder:
    return await order_of(request, ShelveOrder, LONGEST_ORDER_BYTES)


Shown = Annotated[Alarming | ReplayedAlarms, Depends(_shown)]
Directed = Annotated[Alarming, Depends(_directed)]
TheOrder = Annotated[AlarmOrder, Depends(_order)]
TheShelveOrder = Annotated[ShelveOrder, Depends(_shelve_order)]


@router.get("", responses=NONE)
def alarms(shown: Shown) -> AlarmList:
    """What is active, the gravest first and of those the oldest first, what is shelved, and the figures."""
    return AlarmList(**dict(shown.report()), measures=shown.measures())


@router.post("/acknowledge", responses=REFUSED, openapi_extra=body_of(AlarmOrder))
async def acknowledge(request: Request, directed: Directed, order: TheOrder) -> AlarmDone:
    """Somebody has seen the alarm, and has it in hand. Of finds that call together those seen are named."""
    desk: Desk = request.app.state.desk
    if order.rule == TOGETHER and desk.together(order.vehicle):
        raise HTTPException(409, SEEN_BY_NAME)
    return await _do(directed, order, lambda watch, key: watch.acknowledge(key, order.who))


@router.post("/shelve", responses=REFUSED, openapi_extra=body_of(ShelveOrder))
async def shelve(directed: Directed, order: TheShelveOrder) -> AlarmDone:
    """Somebody hides the alarm for a time, and says why."""
    most_s = directed.watch.shelve_max_s(_key(order))
    if most_s and order.for_s > most_s:
        raise HTTPException(422, f"for_s: this alarm may be shelved for at most {most_s:g} seconds")
    return await _do(directed, order, lambda watch, key: watch.shelve(key, order.who, order.why, order.for_s))


@router.post("/unshelve", responses=REFUSED, openapi_extra=body_of(AlarmOrder))
async def unshelve(directed: Directed, order: TheOrder) -> AlarmDone:
    """Somebody takes the alarm off its shelf."""
    return await _do(directed, order, lambda watch, key: watch.unshelve(key, order.who))


def _key(order: AlarmOrder) -> Key:
    return Key(order.vehicle, order.rule, order.subject)


async def _do(directed: Alarming, order: AlarmOrder, act: Callable[[AlarmWatch, Key], bool]) -> AlarmDone:
    """Do it, and wait a while until it is on the disk."""
    watch, key = directed.watch, _key(order)
    if watch.shelve_max_s(key) is None:
        raise HTTPException(404, f"there is no such alarm ({key}). Take one of GET /api/alarms")
    try:
        recorded = await asyncio.to_thread(act, watch, key)
    except InputError as error:
        raise HTTPException(422 if error.where == "alarm" else 409, str(error)) from error
    await asyncio.to_thread(directed.show)
    after = watch.alarm(key)
    return AlarmDone(state=after.state.value, who=after.who, until_s=after.until_s, recorded=recorded)
