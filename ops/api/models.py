"""What the service says, typed: the endpoints and the live stream use the same models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ops.api.alarm_models import AlarmHealth, AlarmsReport
from ops.api.around_models import ForeignDetails, RecordingReport, TrafficReport
from ops.api.heat_models import HeatReport
from ops.api.report import Report

JsonObject = dict[str, Any]
TrackPoint = tuple[float, float, float | None, float]
"""Longitude and latitude in degrees, height above mean sea level in metres, seconds since 1970 UTC."""
Corner = tuple[float, float]
Corners = tuple[Corner, Corner, Corner, Corner]


class Place(Report):
    """A place on WGS84."""

    lat_deg: float
    lon_deg: float


class VehicleReport(Report):
    """One vehicle as last heard; a value that it never sent is null."""

    key: str = Field(description="What names the vehicle in this service")
    system: int | None = Field(description="Its MAVLink number; null for a foreign track")
    source: str | None = Field(
        default=None, description="Who tells of a foreign track, which is none of ours; null: ours"
    )
    name: str
    kind: str | None = Field(default=None, description="copter, plane, ...")
    autopilot: str | None = None
    mode: str | None = None
    armed: bool | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    height_amsl_m: float | None = None
    height_relative_m: float | None = None
    heading_deg: float | None = None
    ground_speed_m_s: float | None = None
    battery_pct: float | None = None
    battery_v: float | None = None
    satellites: int | None = None
    fix: str | None = Field(default=None, description="3D, RTK fixed, ... as the receiver reports it")
    mission_current: int | None = None
    mission_count: int | None = None
    home: Place | None = None
    heard_s: float = Field(
        description="When it was last heard, seconds since 1970 UTC on this server's clock"
    )
    foreign: ForeignDetails | None = Field(default=None, description="Of a foreign track; null: ours")


class TrackReport(Report):
    """Where a vehicle was, about once a second, oldest first."""

    key: str
    name: str
    source: Literal["live", "recorded", "replay"]
    points: tuple[TrackPoint, ...] = Field(description="[lon_deg, lat_deg, height_amsl_m, time_s]")


class EventReport(Report):
    """One line of the event list. `text` may come from an aircraft: show it as text, never as markup."""

    number: int
    time_s: float
    vehicle: str | None
    severity: Literal["info", "caution", "warning"]
    kind: Literal["status_text", "mode", "arming", "battery", "link", "flight", "alarm"]
    text: str


class FindingReport(Report):
    """What a check of a plan found."""

    check: str
    severity: str
    text: str
    remedy: str


class NoReturnReport(Place):
    """The point of no return: the last place from which a flight gets home with its reserve."""

    after_m: float = Field(description="Metres along the flight")
    at_s: float = Field(description="Seconds after its take-off")
    battery_pct: float = Field(description="Of a full battery, left when it is passed")


class FlightReport(Report):
    """One flight of a plan that takes several: it takes off, flies its part of the plan, and lands."""

    number: int = Field(description="From 1; what `--flight` and a feature's `flight` in the drawing name")
    vehicle: int = Field(description="Which aircraft of the team flies it, from 1")
    aircraft: str
    battery: int = Field(description="Which battery of this aircraft it flies on, from 1")
    start_s: float = Field(description="When it takes off, seconds after the plan's start")
    duration_s: float = Field(description="From take-off until its motors stop")
    lands_pct: float = Field(description="Of a full battery, left on landing if it was put in full")
    reserve_pct: float = Field(description="What must be left")
    length_m: float
    photos: int
    take_off: Place
    no_return: NoReturnReport | None


class PlanReport(Report):
    """One plan of the operation with its drawing."""

    id: str
    name: str
    created: str
    pattern: str
    aircraft: str
    camera: str
    totals: JsonObject
    findings: tuple[FindingReport, ...]
    flights: tuple[FlightReport, ...] = Field(description="Where it takes several; else empty")
    drawing: JsonObject = Field(
        description="GeoJSON FeatureCollection; `role` of each feature: area, fence, exclusion, transit, "
        "lane, no_return, stay, rally or take_off; `flight`: the number of the flight that it belongs to"
    )


class Ellipse(Report):
    """The 95 % error ellipse of a place on the ground."""

    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float = Field(description="Of the major axis, from true north clockwise")


class FindReport(Report):
    """A find; it is a proposal until a person confirms it."""

    id: str
    name: str
    source: str
    state: str
    lat_deg: float
    lon_deg: float
    ellipse95: Ellipse | None
    properties: JsonObject
    thumbnail_url: str | None = Field(default=None, description="A PNG of what was seen; null: there is none")
    vehicle: int | None = Field(
        default=None,
        description="Whose live stream shows it, or showed it and it still calls; null: it is from a file",
    )
    seen_s: float | None = Field(
        default=None, description="Of a live find, when the frame was taken that showed it last"
    )
    calls: Literal["alone", "together", ""] = Field(
        default="", description="It has an alarm of its own (a live find), one with the others, or none"
    )
    acknowledged: str = Field(
        default="", description="Who saw it among others, and why that was enough; else empty"
    )
    searched_again: str = Field(
        default="", description="The newer finds of the same frames, which hold this one not; else empty"
    )


class SceneReport(Report):
    """A mosaic of the operation: where its preview lies on the map."""

    id: str
    name: str
    corners: Corners = Field(
        description="Of the picture: top left, top right, bottom right, bottom left, as [lon_deg, lat_deg]"
    )
    preview_url: str
    report: JsonObject


class LiveSearchReport(Report):
    """What live streams looked at over a map so far, as if nobody was found. All but times are chances."""

    updated_s: float | None = Field(description="When it was counted last; null: nothing was yet")
    frames: int
    pos: float = Field(description="That all frames since the service started would have found him")
    pod: float = Field(description="Of the ground looked at, weighed with its chance")
    poa: float = Field(description="Of the ground looked at, before it was")
    cumulative_pos: float = Field(description="That these or any search before would have found him")
    left: float = Field(description="That he has not been found by all that was searched: never nought")
    problem: str = Field(description="Why nothing is counted; empty while all is well")


class PassesReport(Report):
    """What the passes over a map were worth, as if nobody was found. All but their number are chances."""

    passes: int
    pos: float = Field(description="Of the last pass")
    cumulative_pos: float = Field(description="Of all passes together")
    left: float = Field(description="Of what there was at first: never nought")


class SearchReport(Report):
    """A map of where a missing person may be."""

    id: str
    name: str
    created: str
    outside: float = Field(description="The chance that he is nowhere on the map")
    examples: tuple[str, ...] = Field(description="Categories in it whose figures are made up, for training")
    drawing: JsonObject = Field(
        description="GeoJSON FeatureCollection; `role`: search-contour, the widest first, with `share`, the "
        "chance that it holds, or last-seen"
    )
    searched: PassesReport | None = Field(default=None, description="Null before the first pass")
    live: LiveSearchReport | None = Field(default=None, description="Of a map that goes on while streams do")


class FileReport(Report):
    """A file that was entered into the operation."""

    path: str
    kind: str
    size_bytes: int
    sha256: str
    url: str


class OperationReport(Report):
    """The operation that is being served."""

    name: str
    kind: str
    created: str
    folder: str
    files: tuple[FileReport, ...]
    unreadable: tuple[str, ...] = Field(description="What in the folder could not be read, one sentence each")


class LinkReport(Report):
    """How one link fares."""

    address: str
    state: str = Field(description="open, reconnecting, ended or failed")
    problem: str
    frames: int
    rate_hz: float
    lost_pct: float = Field(description="Share of the frames sent that did not arrive")
    bad_bytes: int
    heard_s: float | None
    round_trip_s: float | None = Field(
        default=None, description="To a vehicle and back, where one was asked and answered"
    )


class Health(Report):
    """That the service runs, and what it serves."""

    status: Literal["ok"] = "ok"
    version: str
    time_s: float
    uptime_s: float
    clients: int
    vehicles: int
    operation: str | None
    replay: bool = Field(default=False, description="What is shown is a recording, and nothing of it is now")
    links: tuple[LinkReport, ...]
    recording: RecordingReport | None = Field(default=None, description="Null where nothing is recorded")
    alarms: AlarmHealth | None = Field(default=None, description="null where alarms are not looked for")
    heat: tuple[HeatReport, ...] = Field(default=(), description="How each live thermal stream fares")


class Problem(Report):
    """Why a request was refused."""

    detail: str


class Dropped(Report):
    """What a slow client missed since the message before."""

    deltas: int = Field(
        default=0, description="Messages that came due while it was not reading; this one overtook them"
    )
    events: int = Field(default=0, description="Events that left the server's memory before it took them")


class ReplayState(Report):
    """That a recording is shown and not what is now, and where in it. Times are seconds since 1970 UTC."""

    begin_s: float
    end_s: float
    now_s: float = Field(description="The time that is shown")
    speed: float = Field(description="Seconds of the recording in a second")
    playing: bool
    behind: bool = Field(description="This machine cannot keep up with that speed; it plays more slowly")


class GapReport(Report):
    """A stretch of a recording in which nothing was received."""

    begin_s: float
    end_s: float


class MomentReport(Report):
    """Something worth jumping to. `text` may come from an aircraft: show it as text, never as markup."""

    time_s: float
    vehicle: str | None
    name: str = Field(description="Of the vehicle; empty for a find")
    kind: Literal["status_text", "mode", "arming", "battery", "link", "flight", "find", "alarm"]
    severity: Literal["info", "caution", "warning"]
    text: str


class ReplayReport(ReplayState):
    """The time line of a replay."""

    loop: bool
    bounds: tuple[float, float, float, float] | None = Field(
        description="Of all tracks: west, south, east, north, in degrees"
    )
    gaps: tuple[GapReport, ...]
    moments: tuple[MomentReport, ...]


class ReplayOrder(Report):
    """What to do with a replay; what is not given stays as it is. A jump comes before playing on."""

    seek_s: float | None = Field(default=None, allow_inf_nan=False, description="Show this time")
    step_s: float | None = Field(
        default=None, allow_inf_nan=False, description="Stand still, then go on by so much, or back"
    )
    speed: float | None = Field(default=None, ge=0.1, le=60, allow_inf_nan=False)
    playing: bool | None = None
    loop: bool | None = None


class Snapshot(Report):
    """The first message of the live stream: everything as it is. Another follows a jump in a replay."""

    type: Literal["snapshot"] = "snapshot"
    protocol: Literal[1] = 1
    time_s: float
    hz: float
    operation: str | None
    vehicles: tuple[VehicleReport, ...]
    tracks: tuple[TrackReport, ...]
    plans: tuple[PlanReport, ...]
    events: tuple[EventReport, ...]
    alarms: AlarmsReport | None = Field(
        default=None, description="null where alarms are not looked for, without vehicles"
    )
    traffic: tuple[TrafficReport, ...] = Field(default=(), description="Other aircraft, none of ours")
    recording: RecordingReport | None = Field(default=None, description="Null where nothing is recorded")
    finds: tuple[FindReport, ...] = Field(default=(), description="Those of live streams alone")
    heat: tuple[HeatReport, ...] = Field(default=(), description="Live thermal streams")
    replay: ReplayState | None = Field(
        default=None, description="What is shown is a recording; null: it is what is now"
    )


class Delta(Report):
    """Every later message: what changed since the one before. Nothing changed: one a second all the same."""

    type: Literal["delta"] = "delta"
    time_s: float
    vehicles: tuple[VehicleReport, ...] = ()
    gone: tuple[str, ...] = Field(default=(), description="Keys of foreign tracks that are there no more")
    tracks: tuple[TrackReport, ...] = Field(default=(), description="New points only; append them")
    events: tuple[EventReport, ...] = ()
    alarms: AlarmsReport | None = Field(default=None, description="All of them; null where none changed")
    changed: tuple[Literal["plans", "finds", "scenes", "tracks", "volumes", "searches"], ...] = Field(
        (), description="What to fetch again from its endpoint"
    )
    dropped: Dropped = Dropped()
    traffic: tuple[TrafficReport, ...] | None = Field(
        default=None, description="All of it, at most once a second; null: as it was told last"
    )
    recording: RecordingReport | None = Field(default=None, description="Null: as it was told last")
    finds: tuple[FindReport, ...] = Field(
        default=(), description="Of live streams those that are new or changed, whole: replace by `id`"
    )
    heat: tuple[HeatReport, ...] | None = Field(
        default=None, description="All live thermal streams; null: as was told last"
    )
    replay: ReplayState | None = None


class MapSettings(Report):
    """How the page draws the ground."""

    tiles_url: str = Field(description="Tiles as https://host/{z}/{x}/{y}.png; empty: a grid")
