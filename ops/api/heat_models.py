"""What the service says of live thermal streams."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from ops.api.report import Report
from ops.live_heat_stream import HeatStream


class HeatReport(Report):
    """How one live thermal stream fares. What was dropped, broken and not placed was searched by nobody."""

    vehicle: int = Field(description="Whose camera it is")
    tag: str = Field(description="What its finds are called by: live-TAG-001")
    address: str
    camera: str = Field(description="Its name; empty where the stream tells its own field of view")
    state: str = Field(description="opening, open, reconnecting, failed or closed")
    problem: str
    opened: int = Field(description="How often it was opened")
    state_s: float = Field(description="For how long it has been in this state")
    frames: int = Field(description="That came, of those that are wanted: five a second")
    rate_hz: float
    late_s: float = Field(
        description="How late the last frame came: by the time that it tells, else against the promptest"
    )
    dropped: int = Field(description="Frames left out, the oldest first, to keep up with the stream")
    broken: int = Field(description="Gaps of frames that could not be decoded")
    searched: int
    placed: int = Field(description="Searched frames of which it is known where they lie on the ground")
    waiting: int = Field(description="Frames that wait for the aircraft's telemetry of their moment")
    why: str = Field(description="Why the last frame could not be placed; empty where it was")
    finds: int
    keeping: str = Field(description="What is wrong with writing the finds; empty while all is well")


def heat_report(stream: HeatStream) -> HeatReport:
    """What the service says of a stream."""
    spec = stream.spec
    return HeatReport(
        vehicle=spec.vehicle,
        tag=spec.tag,
        address=spec.shown,
        camera="" if spec.camera is None else spec.camera.name,
        **asdict(stream.state),
    )
