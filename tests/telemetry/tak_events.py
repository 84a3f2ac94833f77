"""One event of every kind, for the tests of Cursor on Target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.state import VehicleState
from telemetry.tak import (
    AlarmMarker,
    AlertMarker,
    CameraView,
    CotEvent,
    FindMarker,
    HomePoint,
    Lens,
    Operator,
    TakStation,
    VehicleExtras,
    alarm_event,
    alarm_over_event,
    alert_event,
    find_event,
    home_event,
    operator_event,
    removal_event,
    track_event,
    vehicle_event,
)
from telemetry.traffic import ForeignReport

NOW_S = 1_772_000_000.125
STATION = TakStation("van-3")
STATE = VehicleState(
    system=4,
    kind="copter",
    mode="AUTO",
    armed=True,
    lat_deg=52.0907123,
    lon_deg=5.1214567,
    height_amsl_m=84.2,
    height_relative_m=80.0,
    heading_deg=271.46,
    ground_speed_m_s=7.418,
    battery_pct=62.6,
    sigma_horizontal_m=1.25,
    sigma_vertical_m=2.5,
    last_s=NOW_S,
)
ALARM = AlarmMarker(
    system=4,
    rule="contingency_volume",
    subject="",
    text="12 m outside <the> volume",
    priority="high",
    callsign="van-3 4",
    lat_deg=52.1,
    lon_deg=5.2,
    hae_m=130.5,
)
EXTRAS = VehicleExtras(
    callsign="Valk & <1>",
    undulation_m=43.5,
    camera=CameraView(370.0, -35.0, Lens(60.0, 34.0, 500.0, "H30T")),
    operator_uid="droneteam.van-3.operator.ann",
)


def event(**changes: Any) -> CotEvent:
    made = vehicle_event(STATION, replace(STATE, **changes), EXTRAS)
    assert made is not None
    return made


def everything() -> list[CotEvent]:
    find = FindMarker(id="7", label="Person", lat_deg=52.1, lon_deg=5.2, sigma_m=6.5, remarks="warm\x00 spot")
    alert = AlertMarker(id="a1", text="Battery low", severity="warning", lat_deg=52.1, lon_deg=5.2)
    report = ForeignReport(
        source="dji",
        id="M30",
        kind="copter",
        time_s=NOW_S,
        lat_deg=-52.1,
        lon_deg=-5.2,
        course_deg=3,
        speed_m_s=4,
    )
    track = track_event(STATION, report)
    assert track is not None
    return [
        event(),
        event(kind="plane", height_amsl_m=None),
        operator_event(
            STATION, Operator(id="ann", callsign="Ann", lat_deg=52.0, lon_deg=5.0, hae_m=0.0), NOW_S
        ),
        home_event(STATION, HomePoint(system=4, callsign="Valk 1", lat_deg=52.0, lon_deg=5.0), NOW_S),
        find_event(STATION, find, NOW_S),
        find_event(STATION, replace(find, confirmed=True), NOW_S),
        alert_event(STATION, alert, NOW_S),
        removal_event(STATION, "droneteam.van-3.find.7", NOW_S),
        alarm_event(STATION, ALARM, NOW_S),
        alarm_event(STATION, replace(ALARM, rule="traffic", subject="484ABC", hae_m=None), NOW_S),
        alarm_over_event(STATION, ALARM, NOW_S),
        track,
    ]
