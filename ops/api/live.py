"""From the hub to the picture: the one place that knows both.

Links run in threads and the service in an event loop. Nothing is handed over between them call by call: the
threads note who was heard and when, and the loop looks ten times a second. A burst on a link therefore
costs the loop nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ops.api.events import Happening, TextJoiner, severity_from_mavlink
from ops.api.models import LinkReport, Place, VehicleReport
from ops.api.picture import Picture
from ops.api.report import rounded
from telemetry.clock import Clock
from telemetry.frames import Frame
from telemetry.health import LinkHealth, Loss
from telemetry.hub import Hub
from telemetry.messages import decode
from telemetry.state import VehicleState

STATUSTEXT = 253


class LiveVehicles:
    """Keeps a picture of a hub's vehicles; call `close` to hear no more."""

    def __init__(
        self,
        hub: Hub,
        picture: Picture,
        clock: Clock,
        foreign: Callable[[], Sequence[VehicleReport]] = tuple,
    ) -> None:
        self._foreign = foreign
        self._hub = hub
        self._picture = picture
        self._clock = clock
        self._lock = threading.Lock()
        self._heard_s: dict[tuple[int, int | None], float] = {}
        self._texts = TextJoiner()
        self.close = hub.subscribe(self._hear)

    def refresh(self) -> None:
        """Bring the picture up to date with the hub."""
        now_s = self._clock.now_s()
        vehicles = self._hub.vehicles()
        with self._lock:
            heard_s = {
                system: self._heard_s.setdefault((system, state.component), now_s)
                for system, state in vehicles.items()
            }
        reports = [vehicle_report(system, state, heard_s[system]) for system, state in vehicles.items()]
        foreign = self._foreign()
        self._picture.update([*reports, *foreign], now_s)
        self._picture.keep_foreign({each.key for each in foreign}, now_s)

    def _hear(self, frames: Sequence[Frame]) -> None:
        """Called in a link's thread: short, and never waits for the event loop."""
        now_s = self._clock.now_s()
        with self._lock:
            for frame in frames:
                self._heard_s[frame.system, frame.component] = now_s
        for frame in frames:
            if frame.message_id == STATUSTEXT:
                self._take_text(frame, now_s)

    def _take_text(self, frame: Frame, now_s: float) -> None:
        message = decode(frame)
        if message is None:
            return
        fields = message.fields
        key = str(frame.system)
        with self._lock:
            text = self._texts.add(
                key, fields["severity"], fields["text"], fields.get("id", 0), fields.get("chunk_seq", 0)
            )
        if text:
            severity = severity_from_mavlink(fields["severity"])
            self._picture.tell(key, Happening(severity, "status_text", text), now_s)


def vehicle_report(system: int, state: VehicleState, heard_s: float) -> VehicleReport:
    """What the service says of a vehicle; a figure that is no number counts as unknown."""
    home = state.home
    return VehicleReport(
        key=str(system),
        system=system,
        name=f"{(state.kind or 'vehicle').capitalize()} {system}",
        kind=state.kind,
        autopilot=state.autopilot,
        mode=state.mode,
        armed=state.armed,
        lat_deg=rounded(state.lat_deg, 7),
        lon_deg=rounded(state.lon_deg, 7),
        height_amsl_m=rounded(state.height_amsl_m, 2),
        height_relative_m=rounded(state.height_relative_m, 2),
        heading_deg=rounded(state.yaw_deg if state.heading_deg is None else state.heading_deg, 1),
        ground_speed_m_s=rounded(state.ground_speed_m_s, 2),
        battery_pct=rounded(state.battery_pct, 1),
        battery_v=rounded(state.battery_v, 2),
        satellites=state.satellites,
        fix=state.fix,
        mission_current=state.mission_current,
        mission_count=state.mission_count,
        home=None if home is None else Place(lat_deg=home[0], lon_deg=home[1]),
        heard_s=round(heard_s, 3),
    )


def link_reports(hub: Hub) -> tuple[LinkReport, ...]:
    """How each link fares."""
    return tuple(_link_report(health, hub.losses(address)) for address, health in sorted(hub.links().items()))


def _link_report(health: LinkHealth, losses: Mapping[tuple[int, int], Loss]) -> LinkReport:
    received = sum(each.received for each in losses.values())
    lost = sum(each.lost for each in losses.values())
    return LinkReport(
        address=health.address,
        state=health.state,
        problem=health.problem,
        frames=health.frames,
        rate_hz=round(health.rate_hz, 1),
        lost_pct=round(100 * lost / (received + lost), 2) if received + lost else 0.0,
        bad_bytes=health.bad_bytes,
        heard_s=health.heard_s,
        round_trip_s=rounded(health.round_trip_s, 4),
    )
