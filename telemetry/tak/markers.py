"""What is not a vehicle: operators, home points, finds and alerts, and taking any of them away again.

Finds and alerts are spot markers (`b-m-p-s-m`) in a colour, which ATAK and WinTAK draw and keep quiet about.
A marker is no `b-a-…` emergency, which sets off the alarm of every officer's phone; those are
`telemetry.tak.alarms`.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.tak.event import CotEvent, Item, clean, item
from telemetry.tak.vehicles import TakStation

MARKER_STALE_S = 3600.0
_SPOT = "b-m-p-s-m"
_RED, _ORANGE, _YELLOW, _GREEN, _WHITE = "-65536", "-35072", "-256", "-16711936", "-1"
"""Alpha, red, green and blue as one signed number, as ATAK writes colours."""
_SEVERITIES = {"warning": _RED, "caution": _ORANGE, "info": _WHITE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The pilot at the controls. Places in degrees; `hae_m` above the ellipsoid; sigma in metres."""

    id: str
    callsign: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None
    sigma_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePoint:
    """Where a vehicle comes back to. `system` is the vehicle's number."""

    system: int
    callsign: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMarker:
    """Something that was found. It is a proposal until a person confirmed it.

    `sigma_m` is the standard deviation of the place, metres.
    """

    id: str
    label: str
    lat_deg: float
    lon_deg: float
    confirmed: bool = False
    hae_m: float | None = None
    sigma_m: float | None = None
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMarker:
    """Something to look at. `severity` is "info", "caution" or "warning"."""

    id: str
    text: str
    severity: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None


def operator_event(station: TakStation, operator: Operator, now_s: float) -> CotEvent:
    """The operator as a friendly unit on the ground, `droneteam.STATION.operator.ID`."""
    return CotEvent(
        uid=station.uid("operator", operator.id),
        type="a-f-G-U-C",
        how="m-g",
        time_s=now_s,
        start_s=now_s,
        stale_s=now_s + MARKER_STALE_S,
        lat_deg=operator.lat_deg,
        lon_deg=operator.lon_deg,
        hae_m=operator.hae_m,
        ce_m=operator.sigma_m,
        opex=station.opex,
        detail=(
            item("contact", "", callsign=operator.callsign),
            item(
                "precisionlocation", "", geopointsrc="GPS", altsrc="???" if operator.hae_m is None else "GPS"
            ),
            item("remarks", "drone operator"),
        ),
    )


def home_event(station: TakStation, home: HomePoint, now_s: float) -> CotEvent:
    """A vehicle's home point, `droneteam.STATION.home.NUMBER`."""
    link = item("link", "", uid=station.uid("vehicle", home.system), relation="p-p", type="a-f-A")
    return _spot(
        station,
        ("home", home.system),
        f"{home.callsign} home",
        _WHITE,
        (home.lat_deg, home.lon_deg, home.hae_m, None),
        now_s,
        how="m-g",
        more=(link,),
    )


def find_event(station: TakStation, find: FindMarker, now_s: float) -> CotEvent:
    """A find, yellow and with "unconfirmed" in its name, or green once a person confirmed it."""
    state = "confirmed" if find.confirmed else "unconfirmed"
    return _spot(
        station,
        ("find", find.id),
        f"{find.label} ({state})",
        _GREEN if find.confirmed else _YELLOW,
        (find.lat_deg, find.lon_deg, find.hae_m, find.sigma_m),
        now_s,
        how="m-i",
        remarks=find.remarks,
    )


def alert_event(station: TakStation, alert: AlertMarker, now_s: float) -> CotEvent:
    """An alert: red a warning, orange a caution, white an information."""
    return _spot(
        station,
        ("alert", alert.id),
        alert.text,
        _SEVERITIES.get(alert.severity, _WHITE),
        (alert.lat_deg, alert.lon_deg, alert.hae_m, None),
        now_s,
        how="m-g",
        remarks=f"{alert.severity}: {alert.text}",
    )


def removal_event(station: TakStation, uid: str, now_s: float) -> CotEvent:
    """Takes the thing with that uid off all maps (`t-x-d-d`, with a link to it and `__forcedelete`)."""
    return CotEvent(
        uid=station.uid("removal", uid),
        type="t-x-d-d",
        how="m-g",
        time_s=now_s,
        start_s=now_s,
        stale_s=now_s + station.stale_s,
        lat_deg=0.0,
        lon_deg=0.0,
        opex=station.opex,
        detail=(item("link", "", uid=uid, relation="none", type="none"), item("__forcedelete")),
    )


def _spot(
    station: TakStation,
    name: tuple[str, str | int],
    callsign: str,
    colour: str,
    place: tuple[float, float, float | None, float | None],
    now_s: float,
    *,
    how: str,
    remarks: str = "",
    more: tuple[Item, ...] = (),
) -> CotEvent:
    lat_deg, lon_deg, hae_m, sigma_m = place
    return CotEvent(
        uid=station.uid(*name),
        type=_SPOT,
        how=how,
        time_s=now_s,
        start_s=now_s,
        stale_s=now_s + MARKER_STALE_S,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        hae_m=hae_m,
        ce_m=sigma_m,
        opex=station.opex,
        detail=(
            item("contact", "", callsign=clean(callsign)[:80]),
            item("color", "", argb=colour),
            item("usericon", "", iconsetpath=f"COT_MAPPING_SPOTMAP/{_SPOT}/{colour}"),
            item("remarks", remarks),
            *more,
        ),
    )
