"""Events as TAK protocol version 1: protobuf, the form that ATAK speaks by itself on a mesh.

A datagram is `bf 01 bf` and one TakMessage (protocol.txt of ATAK's commoncommo). An element of the detail
that the message has fields for, and that holds nothing else, goes into them; all others as XML into
`xmlDetail`. Every message also says that we can read version 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from google.protobuf.message import DecodeError

from missions.errors import FormatError, InputError
from missions.formats.safe_xml import parse_xml
from telemetry.tak.event import UNKNOWN, CotEvent, Item, item
from telemetry.tak.messages import TakMessage
from telemetry.tak.xml import MAX_EVENT_BYTES, element_of, event_of, item_of, known

MESH_HEADER = b"\xbf\x01\xbf"
VERSION = 1
_Fields = dict[str, Callable[[str], str | int | float]]
_TYPED: dict[str, tuple[str, _Fields]] = {
    "contact": ("contact", {"callsign": str, "endpoint": str}),
    "__group": ("group", {"name": str, "role": str}),
    "precisionlocation": ("precisionLocation", {"geopointsrc": str, "altsrc": str}),
    "status": ("status", {"battery": int}),
    "takv": ("takv", {"device": str, "platform": str, "os": str, "version": str}),
    "track": ("track", {"course": float, "speed": float}),
}
"""Element: the message's field for it, and its attributes."""


def mesh_of(event: CotEvent) -> bytes:
    """The event as a datagram of version 1."""
    message: Any = TakMessage()
    message.takControl.minProtoVersion = VERSION
    message.takControl.maxProtoVersion = VERSION
    told = message.cotEvent
    told.uid, told.type, told.how = event.uid, event.type, event.how
    told.sendTime = round(event.time_s * 1000)
    told.startTime = round(event.start_s * 1000)
    told.staleTime = round(event.stale_s * 1000)
    told.lat, told.lon = event.lat_deg, event.lon_deg
    told.hae = UNKNOWN if event.hae_m is None else event.hae_m
    told.ce = UNKNOWN if event.ce_m is None else event.ce_m
    told.le = UNKNOWN if event.le_m is None else event.le_m
    if event.opex is not None:
        told.opex = event.opex
    told.detail.SetInParent()
    rest = [each for each in event.detail if not _into_fields(told.detail, each)]
    told.detail.xmlDetail = "".join(
        ElementTree.tostring(element_of(each), encoding="unicode") for each in rest
    )
    return MESH_HEADER + bytes(message.SerializeToString())


def event_of_datagram(data: bytes, where: str = "CoT") -> CotEvent | None:
    """The event in a datagram of either version; None where it holds only control. Raises FormatError."""
    if len(data) > MAX_EVENT_BYTES:
        raise FormatError(f"is longer than {MAX_EVENT_BYTES} bytes", where=where)
    if not data.startswith(MESH_HEADER):
        return event_of(data, where)
    message: Any = TakMessage()
    try:
        message.ParseFromString(data[len(MESH_HEADER) :])
        return _event(message.cotEvent) if message.HasField("cotEvent") else None
    except DecodeError as error:
        raise FormatError("is no TAK message", where=where) from error
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(error.what, where=where) from error


def _event(told: Any) -> CotEvent:
    return CotEvent(
        uid=told.uid,
        type=told.type,
        how=told.how,
        time_s=told.sendTime / 1000,
        start_s=told.startTime / 1000,
        stale_s=told.staleTime / 1000,
        lat_deg=told.lat,
        lon_deg=told.lon,
        hae_m=known(told.hae),
        ce_m=known(told.ce, least=0.0),
        le_m=known(told.le, least=0.0),
        opex=told.opex or None,
        detail=_detail(told.detail),
    )


def _into_fields(detail: Any, each: Item) -> bool:
    """Whether the element went into its fields: only whole, once, and when every value fits."""
    field, types = _TYPED.get(each.name, ("", {}))
    if not field or each.text or each.items or detail.HasField(field):
        return False
    if {name for name, _ in each.attributes} - types.keys():
        return False
    try:
        values = {name: types[name](value) for name, value in each.attributes}
        getattr(detail, field).SetInParent()
        for name, value in values.items():
            setattr(getattr(detail, field), name, value)
    except ValueError:
        detail.ClearField(field)
        return False
    return True


def _detail(detail: Any) -> tuple[Item, ...]:
    """The elements of the detail; one that is in `xmlDetail` counts before the same in a field."""
    inner = b"<detail>" + detail.xmlDetail.encode() + b"</detail>"
    items = [item_of(each) for each in parse_xml(inner, "xmlDetail")]
    there = {each.name for each in items}
    for name, (field, types) in _TYPED.items():
        if detail.HasField(field) and name not in there:
            values = {key: getattr(getattr(detail, field), key) for key in types}
            items.append(item(name, "", **{key: value for key, value in values.items() if value != ""}))
    return tuple(items)
