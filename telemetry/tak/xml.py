"""Events as XML and back: TAK protocol version 0, which every TAK program reads.

An event for a stream begins with the XML declaration and a newline and ends with `</event>`, nothing behind
it; a stream is parted at `</event>`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from missions.errors import FormatError, InputError
from missions.formats.safe_xml import parse_xml
from telemetry.tak.event import UNKNOWN, CotEvent, Item

MAX_EVENT_BYTES = 65_536
DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MOST_ITEMS = 500
_SENTINELS = {UNKNOWN, 999_999.0}
"""ATAK writes seven nines; six are what the comments of the protobuf form and of the negotiation say."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?")
_REMEDY = "Send an event as the Cursor on Target schema 2.0 has it"


def xml_of(event: CotEvent) -> bytes:
    """The event in XML, with its declaration."""
    root = Element(
        "event",
        version="2.0",
        uid=event.uid,
        type=event.type,
        how=event.how,
        time=time_text(event.time_s),
        start=time_text(event.start_s),
        stale=time_text(event.stale_s),
    )
    if event.opex is not None:
        root.set("opex", event.opex)
    SubElement(
        root,
        "point",
        lat=f"{event.lat_deg:.7f}",
        lon=f"{event.lon_deg:.7f}",
        hae=_metres(event.hae_m),
        ce=_metres(event.ce_m),
        le=_metres(event.le_m),
    )
    detail = SubElement(root, "detail")
    for each in event.detail:
        detail.append(element_of(each))
    return DECLARATION + bytes(ElementTree.tostring(root, encoding="utf-8"))


def event_of(data: bytes, where: str = "CoT") -> CotEvent:
    """The event that XML holds. Raises FormatError for what is none, or more than 64 kB.

    Document types and entities are refused. `ce` and `le` below zero are taken for unknown, as are six or
    seven nines.
    """
    if len(data) > MAX_EVENT_BYTES:
        raise FormatError(f"is longer than {MAX_EVENT_BYTES} bytes", where=where, remedy=_REMEDY)
    root = parse_xml(data, where)
    point = root.find("point")
    if root.tag != "event" or point is None:
        raise FormatError("is no event with a point", where=where, remedy=_REMEDY)
    if sum(1 for _ in root.iter()) > _MOST_ITEMS:
        raise FormatError(f"holds more than {_MOST_ITEMS} elements", where=where, remedy=_REMEDY)
    detail = root.find("detail")
    try:
        return CotEvent(
            uid=_needed(root, "uid"),
            type=_needed(root, "type"),
            how=_needed(root, "how"),
            time_s=time_of(_needed(root, "time")),
            start_s=time_of(_needed(root, "start")),
            stale_s=time_of(_needed(root, "stale")),
            lat_deg=_number(point, "lat"),
            lon_deg=_number(point, "lon"),
            hae_m=known(_number(point, "hae")),
            ce_m=known(_number(point, "ce"), least=0.0),
            le_m=known(_number(point, "le"), least=0.0),
            opex=root.get("opex"),
            detail=tuple(item_of(each) for each in detail) if detail is not None else (),
        )
    except InputError as error:
        raise FormatError(error.what, where=where, remedy=_REMEDY) from error


def element_of(item: Item) -> Element:
    """An item as an element."""
    element = Element(item.name, dict(item.attributes))
    element.text = item.text or None
    for each in item.items:
        element.append(element_of(each))
    return element


def item_of(element: Element) -> Item:
    """An element as an item. Raises InputError for names that are none."""
    text = (element.text or "").strip()
    return Item(str(element.tag), tuple(element.items()), text, tuple(item_of(each) for each in element))


def time_text(time_s: float) -> str:
    """UTC with milliseconds, `2026-11-27T07:00:00.125Z`."""
    return datetime.fromtimestamp(round(time_s, 3), UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def time_of(text: str) -> float:
    """Seconds since 1970 UTC. Raises InputError for what is no time with a zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.timestamp()
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{text[:40]!r} is no time in UTC")


def known(value: float, *, least: float | None = None) -> float | None:
    """A number of metres, or None where it means that nobody knows."""
    return None if value in _SENTINELS or (least is not None and value < least) else value


def _metres(value: float | None) -> str:
    return f"{UNKNOWN if value is None else value:.2f}"


def _needed(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise InputError(f"{element.tag} lacks {name}")
    return value


def _number(element: Element, name: str) -> float:
    text = _needed(element, name).strip()
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{name} {text[:40]!r} is no number")
    return float(text)
