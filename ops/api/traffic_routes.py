"""The endpoints of who is not ours: other aircraft out, reports of foreign tracks in."""

from __future__ import annotations

import asyncio
import hmac
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from missions.errors import InputError
from ops.api.around_models import TrackTaken, TrafficReport
from ops.api.desk import Desk
from ops.api.models import Problem
from ops.api.orders import json_of
from ops.surroundings import Surroundings
from telemetry.traffic.foreign import MAX_REPORT_BYTES

router = APIRouter(prefix="/api")
REFUSED: dict[int | str, dict[str, object]] = {
    code: {"model": Problem} for code in (401, 403, 404, 413, 415, 422)
}
BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "description": "One report, as docs/telemetry_tak.md describes it",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def _surroundings(request: Request) -> Surroundings:
    desk: Desk = request.app.state.desk
    if not isinstance(desk.around.surroundings, Surroundings):
        raise HTTPException(404, "nothing is taken in here: what is shown is a recording, or there is no hub")
    return desk.around.surroundings


def _allowed(request: Request, around: Annotated[Surroundings, Depends(_surroundings)]) -> Surroundings:
    """Programs on this machine, or where the settings have a token those that show it, and no others."""
    if around.token:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(shown.encode(), around.token.encode()):
            raise HTTPException(
                401, "show the token, as Authorization: Bearer …", {"WWW-Authenticate": "Bearer"}
            )
    elif request.client is None or not _is_here(request.client.host):
        raise HTTPException(403, "only this machine may report tracks; the setting tracks_token lets others")
    return around


@router.get("/traffic")
def traffic(request: Request) -> tuple[TrafficReport, ...]:
    """Other aircraft heard of in the last minute, none of ours."""
    desk: Desk = request.app.state.desk
    return desk.around.traffic()


@router.post("/tracks", responses=REFUSED, openapi_extra=BODY)
async def report_track(request: Request, around: Annotated[Surroundings, Depends(_allowed)]) -> TrackTaken:
    """Take in where something is that speaks no MAVLink: an aircraft of another maker, an officer, a car."""
    data = await json_of(request, "a report", MAX_REPORT_BYTES)
    sender = "" if request.client is None else f"{request.client.host}:{request.client.port}"
    try:
        report = await asyncio.to_thread(around.posted, data, sender)
    except InputError as error:
        raise HTTPException(422, str(error)) from error
    return TrackTaken(key=report.key)


def _is_here(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
