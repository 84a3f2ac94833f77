"""Our vehicles as events: where each is, how it moves, what its camera sees.

Types follow MIL-STD-2525 as CoT writes it (MITRE's CoTtypes.xml): `a-f-A-M-H-Q` a rotary-wing drone,
`a-f-A-M-F-Q` a fixed-wing one, `f` for friendly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from missions.errors import SettingsError
from telemetry.state import VehicleState
from telemetry.tak.event import CotEvent, Item, clean, item

STALE_S = 15.0
_TYPES = {
    "copter": "a-f-A-M-H-Q",
    "plane": "a-f-A-M-F-Q",
    "rover": "a-f-G-E-V",
    "sub": "a-f-U",
}
_UNKNOWN_TYPE = "a-f-A"
_STATION = re.compile(r"[A-Za-z0-9_-]{1,40}")
_OPEX = {None, "o", "e", "s"}


@dataclass(frozen=True, slots=True)
class TakStation:
    """Who sends: `name` is this station's, one of its own, and part of every uid, so that they never change.

    `group` is a colour and a role of TAK's teams ("Cyan", "Team Member"); ATAK then draws a dot of that team
    and no symbol of an aircraft. `opex` says that all is an operation "o", an exercise "e" or a simulation
    "s". `stale_s` is how long an event holds. Raises SettingsError.
    """

    name: str
    group: tuple[str, str] | None = None
    opex: str | None = None
    stale_s: float = STALE_S

    def __post_init__(self) -> None:
        if not _STATION.fullmatch(self.name):
            raise SettingsError(
                f"the station's name {self.name[:40]!r} cannot be used",
                where="TAK",
                remedy="Use 1 to 40 letters, digits, - and _, another at each station",
            )
        if self.opex not in _OPEX:
            raise SettingsError(f"opex {self.opex!r} is none of o, e and s", where="TAK")
        if not 1 <= self.stale_s <= 3600:
            raise SettingsError(f"{self.stale_s} s is no time for an event to hold", where="TAK")

    def uid(self, *parts: str | int) -> str:
        """The uid of something of this station, always the same for the same parts."""
        return ".".join(["droneteam", self.name, *map(str, parts)])


@dataclass(frozen=True, slots=True)
class Lens:
    """What a camera sees: `fov_deg` across and `vfov_deg` down, from edge to edge, drawn `range_m` far."""

    fov_deg: float
    vfov_deg: float
    range_m: float = 200.0
    model: str | None = None


@dataclass(frozen=True, slots=True)
class CameraView:
    """Where a camera looks: azimuth from true north clockwise, elevation above the horizon (-90 is down)."""

    azimuth_deg: float
    elevation_deg: float
    lens: Lens
    roll_deg: float = 0.0


def camera_view(state: VehicleState, lens: Lens | None) -> CameraView | None:
    """Where the camera of a vehicle looks, or None while its gimbal says nothing."""
    if lens is None or state.gimbal_yaw_deg is None or state.gimbal_pitch_deg is None:
        return None
    return CameraView(state.gimbal_yaw_deg, state.gimbal_pitch_deg, lens, state.gimbal_roll_deg or 0.0)


@dataclass(frozen=True, slots=True)
class VehicleExtras:
    """What a VehicleState does not hold: name, course over ground, undulation, camera, pilot.

    `undulation_m` is how far the geoid lies above the ellipsoid there; without it no height is sent.
    `operator_uid` is the uid of the operator's own event.
    """

    callsign: str | None = None
    course_deg: float | None = None
    undulation_m: float | None = None
    camera: CameraView | None = None
    operator_uid: str | None = None


def vehicle_event(
    station: TakStation, state: VehicleState, extras: VehicleExtras | None = None
) -> CotEvent | None:
    """The vehicle as an event, true when it was last heard; None while its number, place or time is unknown.

    The uid is `droneteam.STATION.vehicle.NUMBER`. `hae` is the height above mean sea level plus the
    undulation, and unknown without one; the remarks then give the height with its reference.
    """
    extras = extras or VehicleExtras()
    if state.system is None or state.lat_deg is None or state.lon_deg is None or state.last_s is None:
        return None
    hae_m = None
    if state.height_amsl_m is not None and extras.undulation_m is not None:
        hae_m = state.height_amsl_m + extras.undulation_m
    callsign = extras.callsign or f"{station.name} {state.system}"
    return CotEvent(
        uid=station.uid("vehicle", state.system),
        type=_TYPES.get(state.kind or "", _UNKNOWN_TYPE),
        how="m-g",
        time_s=state.last_s,
        start_s=state.last_s,
        stale_s=state.last_s + station.stale_s,
        lat_deg=state.lat_deg,
        lon_deg=state.lon_deg,
        hae_m=hae_m,
        ce_m=state.sigma_horizontal_m,
        le_m=state.sigma_vertical_m if hae_m is not None else None,
        opex=station.opex,
        detail=tuple(_detail(station, state, extras, callsign, hae_m)),
    )


def _detail(
    station: TakStation, state: VehicleState, extras: VehicleExtras, callsign: str, hae_m: float | None
) -> list[Item]:
    source = "GPS" if hae_m is not None else "???"
    items = [
        item("contact", "", callsign=callsign),
        item("precisionlocation", "", geopointsrc="GPS", altsrc=source),
        item("remarks", remarks_of(state)),
    ]
    course_deg = extras.course_deg if extras.course_deg is not None else state.heading_deg
    if course_deg is not None and state.ground_speed_m_s is not None:
        items.append(item("track", "", course=round(course_deg, 1), speed=round(state.ground_speed_m_s, 2)))
    if state.battery_pct is not None:
        items.append(item("status", "", battery=f"{min(max(state.battery_pct, 0), 100):.0f}"))
    if station.group is not None:
        items.append(item("__group", "", name=station.group[0], role=station.group[1]))
    if extras.camera is not None:
        items.append(_sensor(extras.camera))
    if extras.operator_uid is not None:
        items.append(item("link", "", uid=extras.operator_uid, relation="p-p", type="a-f-G-U-C"))
    return items


def _sensor(camera: CameraView) -> Item:
    return item(
        "sensor",
        "",
        azimuth=round(camera.azimuth_deg % 360, 1),
        elevation=round(camera.elevation_deg, 1),
        roll=round(camera.roll_deg, 1),
        fov=round(camera.lens.fov_deg, 1),
        vfov=round(camera.lens.vfov_deg, 1),
        range=round(camera.lens.range_m),
        model=camera.lens.model,
    )


def remarks_of(state: VehicleState) -> str:
    """What people read about a vehicle: mode, whether it is armed, its heights with their references."""
    parts = [state.mode or "mode unknown"]
    if state.armed is not None:
        parts.append("armed" if state.armed else "disarmed")
    if state.height_relative_m is not None:
        parts.append(f"{round(state.height_relative_m)} m above take-off")
    if state.height_amsl_m is not None:
        parts.append(f"{round(state.height_amsl_m)} m above mean sea level")
    return clean(", ".join(parts))
