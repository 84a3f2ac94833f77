"""Foreign tracks as events, so that officers see the drones of others too."""

from __future__ import annotations

from telemetry.tak.event import CotEvent, item
from telemetry.tak.vehicles import TakStation
from telemetry.traffic.foreign import ForeignReport

_TYPES = {
    "copter": "a-f-A-M-H-Q",
    "plane": "a-f-A-M-F-Q",
    "rover": "a-f-G-E-V",
    "vehicle": "a-f-G-E-V",
    "person": "a-f-G-U-C",
    "boat": "a-f-S",
    "sub": "a-f-U",
}
_UNKNOWN_TYPE = "a-f-G"


def track_event(
    station: TakStation, report: ForeignReport, undulation_m: float | None = None
) -> CotEvent | None:
    """The report as an event, `droneteam.STATION.track.KEY`; None for what came from TAK itself.

    A height above mean sea level is sent only with the undulation of the geoid there, one above take-off or
    ground only in the remarks.
    """
    if report.source == "tak":
        return None
    hae_m = report.height_m if report.height_reference == "ellipsoid" else None
    if report.height_reference == "amsl" and report.height_m is not None and undulation_m is not None:
        hae_m = report.height_m + undulation_m
    items = [
        item("contact", "", callsign=report.name or report.id),
        item("precisionlocation", "", geopointsrc="GPS", altsrc="???" if hae_m is None else "GPS"),
        item("remarks", _remarks(report)),
    ]
    if report.course_deg is not None and report.speed_m_s is not None:
        items.append(item("track", "", course=float(report.course_deg), speed=float(report.speed_m_s)))
    if report.battery_pct is not None:
        items.append(item("status", "", battery=f"{report.battery_pct:.0f}"))
    return CotEvent(
        uid=station.uid("track", report.key),
        type=_TYPES.get(report.kind, _UNKNOWN_TYPE),
        how="m-r",
        time_s=report.time_s,
        start_s=report.time_s,
        stale_s=report.time_s + station.stale_s,
        lat_deg=report.lat_deg,
        lon_deg=report.lon_deg,
        hae_m=hae_m,
        opex=station.opex,
        detail=tuple(items),
    )


def _remarks(report: ForeignReport) -> str:
    if report.height_m is None:
        return f"from {report.source}"
    names = {
        "amsl": "above mean sea level",
        "ellipsoid": "above the ellipsoid",
        "relative": "above take-off",
        "agl": "above the ground",
    }
    return f"from {report.source}, {round(report.height_m)} m {names[report.height_reference or '']}"
