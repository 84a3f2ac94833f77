"""Events of others as foreign tracks: officers with ATAK, their vehicles, other people's drones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from missions.errors import InputError
from telemetry.clock import Clock
from telemetry.tak.event import CotEvent
from telemetry.traffic.foreign import ForeignReport
from telemetry.traffic.picture import TrafficPicture

_IDENTITY = re.compile(r"[!-~]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def report_of_event(event: CotEvent, now_s: float) -> ForeignReport | None:
    """Where someone or something is, or None for what is no position: chat, markers, control, what is stale.

    `kind` comes from the type. A height is above the ellipsoid, and left out where it is unknown. A uid that
    is longer than 64 characters or has blanks becomes its hash.
    """
    atoms = event.type.partition(";")[0].split("-")
    if len(atoms) < 3 or atoms[0] != "a" or event.stale_s <= now_s:
        return None
    hae_m = event.hae_m if event.hae_m is not None and -1_000 <= event.hae_m <= 50_000 else None
    name = _CONTROL.sub("", event.callsign or "").strip()[:64]
    try:
        return ForeignReport(
            source="tak",
            id=_identity(event.uid),
            kind=_kind(atoms),
            time_s=event.time_s,
            lat_deg=event.lat_deg,
            lon_deg=event.lon_deg,
            name=name or None,
            height_m=hae_m,
            height_reference="ellipsoid" if hae_m is not None else None,
            course_deg=_number(event, "track", "course", 360),
            speed_m_s=_number(event, "track", "speed", 1_000),
            battery_pct=_number(event, "status", "battery", 100),
        )
    except InputError:
        return None


def reports_into(picture: TrafficPicture, clock: Clock) -> Callable[[CotEvent], None]:
    """What a `TakLink` may call with each event, so that positions become tracks of the picture."""

    def take(event: CotEvent) -> None:
        report = report_of_event(event, clock.now_s())
        if report is not None:
            picture.report(report)

    return take


def _kind(atoms: list[str]) -> str:
    """Dimension first: air (rotary or fixed wing), ground (equipment or people), sea, below it."""
    dimension, rest = atoms[2], atoms[3:]
    if dimension == "A":
        return {"H": "copter", "F": "plane"}.get(rest[1] if len(rest) > 1 else "", "other")
    if dimension == "G":
        return {"E": "vehicle", "U": "person"}.get(rest[0] if rest else "", "other")
    return {"S": "boat", "U": "sub"}.get(dimension, "other")


def _identity(uid: str) -> str:
    if _IDENTITY.fullmatch(uid):
        return uid
    return "sha256." + hashlib.sha256(uid.encode()).hexdigest()[:40]


def _number(event: CotEvent, name: str, attribute: str, most: float) -> float | None:
    item = event.find(name)
    text = item.get(attribute) if item else None
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value <= most else None
