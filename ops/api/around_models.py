"""What the service says of who is not ours, and of its recorder."""

from __future__ import annotations

from pydantic import Field

from ops.api.report import Report


class ForeignDetails(Report):
    """What only a foreign track says; see `docs/telemetry_tak.md`. A value that it does not say is null."""

    course_deg: float | None = Field(default=None, description="Over ground, from true north clockwise")
    height_m: float | None = None
    height_reference: str | None = Field(default=None, description="amsl, ellipsoid, relative or agl")


class TrafficReport(Report):
    """Another aircraft that was heard of in the last minute, none of ours; it may be made up."""

    key: str = Field(description="icao:4CA2D6, other:…, utm:… or rid:…")
    name: str = Field(description="Its callsign, else its address. From the air: show it as text")
    icao: str | None
    callsign: str | None
    kind: str | None
    lat_deg: float | None
    lon_deg: float | None
    height_m: float | None = Field(description="Above `height_reference`, which is seldom the sea")
    height_reference: str | None = Field(
        description="pressure_standard, pressure_qnh, geometric, ellipsoid, amsl, relative or agl"
    )
    height_amsl_m: float | None = Field(description="Where it can be compared with ours; else null")
    course_deg: float | None
    ground_speed_m_s: float | None
    climb_m_s: float | None
    squawk: str | None
    emergency: bool = Field(description="It says so, or squawks 7500, 7600 or 7700")
    on_ground: bool | None
    simulated: bool
    sources: tuple[str, ...]
    heard_s: float = Field(description="When its place was true, seconds since 1970 UTC; else last heard of")


class ReceivedReport(Report):
    """How what is no MAVLink is recorded, in lines and events from the start."""

    taken: int = Field(description="Handed to the recorder")
    safe: int = Field(description="Of these the first so many are on the disk for good, but for `dropped`")
    dropped: int = Field(description="Could not be kept")
    problem: str


class RecordingReport(Report):
    """How the recorder fares, in frames from its start."""

    taken: int = Field(description="Handed to the recorder")
    safe: int = Field(description="Of these the first so many are on the disk for good, but for `dropped`")
    dropped: int = Field(description="Could not be kept")
    problem: str
    received: ReceivedReport | None = Field(default=None, description="Of others; null: none are heard")


class TrackTaken(Report):
    """A report of a foreign track that was taken in."""

    key: str = Field(description="Its key among the vehicles")
