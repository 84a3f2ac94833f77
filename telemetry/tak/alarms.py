"""Alarms of ours as emergencies on officers' maps, and the word that takes each away again.

ATAK knows emergencies by their type (its `EmergencyType`): `b-a-g` is "Geo-fence Breached", `b-a-o-c`
"Custom". Both say in `<emergency>` what they are and whose, link to who is in trouble, and have the uid of
the thing with `-9-1-1` behind it. `b-a-o-can` with the same uid and `<emergency cancel="true">` ends either.
A TAK server repeats an emergency until that comes. "911" (`b-a-o-tbl`), that an officer needs help, is never
sent.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from telemetry.tak.event import CotEvent, Item, clean, item
from telemetry.tak.vehicles import TakStation

STALE_S = 30.0
OVER_STALE_S = 10.0
GEOFENCE, CUSTOM, CANCEL = "b-a-g", "b-a-o-c", "b-a-o-can"
_NAMES = {GEOFENCE: "Geo-fence Breached", CUSTOM: "Custom"}
_LEFT = frozenset({"fence_breach", "flight_geography", "contingency_volume"})
"""Rules whose alarm says that an aircraft left where it may be."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMarker:
    """An alarm that stands: of which vehicle, by which rule, about what, and where the vehicle is.

    `hae_m` is above the ellipsoid, metres, None where it is not known.
    """

    system: int
    rule: str
    subject: str
    text: str
    priority: str
    callsign: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None

    @property
    def type(self) -> str:
        """GEOFENCE or CUSTOM."""
        return GEOFENCE if self.rule in _LEFT else CUSTOM


def alarm_event(station: TakStation, alarm: AlarmMarker, now_s: float) -> CotEvent:
    """The alarm as an emergency at the vehicle's place; send it again before it is stale, 30 s."""
    what = clean(alarm.rule.replace("_", " "))
    link = item("link", "", uid=station.uid("vehicle", alarm.system), relation="p-p", type="a-f-A")
    return _event(
        station,
        alarm,
        alarm.type,
        now_s,
        STALE_S,
        (
            link,
            item("contact", "", callsign=f"{alarm.callsign}-Alert"),
            item("emergency", alarm.callsign, type=_NAMES[alarm.type]),
            item("remarks", f"{alarm.priority.upper()} {what}: {alarm.text}"),
        ),
    )


def alarm_over_event(station: TakStation, alarm: AlarmMarker, now_s: float) -> CotEvent:
    """The word that the alarm is over: the same uid, cancelled."""
    told = (item("emergency", alarm.callsign, cancel="true"),)
    return _event(station, alarm, CANCEL, now_s, OVER_STALE_S, told)


def _event(
    station: TakStation, alarm: AlarmMarker, kind: str, now_s: float, stale_s: float, detail: tuple[Item, ...]
) -> CotEvent:
    parts = [alarm.rule, alarm.subject] if alarm.subject else [alarm.rule]
    return CotEvent(
        uid=station.uid("alarm", alarm.system, *map(_plain, parts)) + "-9-1-1",
        type=kind,
        how="m-g",
        time_s=now_s,
        start_s=now_s,
        stale_s=now_s + stale_s,
        lat_deg=alarm.lat_deg,
        lon_deg=alarm.lon_deg,
        hae_m=alarm.hae_m,
        opex=station.opex,
        detail=detail,
    )


def _plain(text: str) -> str:
    """The text where it can be part of a uid, else its hash."""
    return text if _PLAIN.fullmatch(text) else "sha256." + hashlib.sha256(text.encode()).hexdigest()[:24]
