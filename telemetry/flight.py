"""One flight: arm, fly the mission that the vehicle holds, wait until it is over.

A copter is armed in GUIDED and its mission started (MAV_CMD_MISSION_START takes off without a throttle
stick); a plane is put in AUTO and armed. The flight is over when the vehicle has landed and disarmed, or,
for a plane, when it circles above home after its mission.

Whatever goes wrong once the motors run, Ctrl-C too, sends the vehicle home (RTL) before it is raised,
unless a pilot has taken over: then nothing is sent at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from missions.errors import DroneteamError, LinkError, NoAnswer, Refused
from missions.geodesy import GeoPoint, distance_m
from telemetry.client import ACCEPTED, VehicleClient
from telemetry.state import VehicleState

STALL_S = 90.0
REPORT_S = 0.25
_TAKEOFF, _SET_MISSION_CURRENT, _MISSION_START = 22, 224, 300
_HOMEWARD = {"RTL", "SMART_RTL", "AUTO_RTL", "LAND", "QRTL", "QLAND", "AUTOLAND", "BRAKE"}
_AVOIDING = {"AVOID_ADSB"}
_MOVED_M = 1.0
_ABOVE_HOME_M = 300.0
_HEIGHT_REACHED = 0.9


@dataclass(frozen=True, slots=True)
class FlightProgress:
    """A flight under way.

    `phase` is "arming", "take-off", "mission", "return" or "landed"; `waypoint` of `waypoint_count` is the
    item being flown, `distance_m` how far it is, `flown_m` the ground distance flown.
    """

    phase: str
    elapsed_s: float
    waypoint: int
    waypoint_count: int
    distance_m: float | None
    flown_m: float
    state: VehicleState


@dataclass(frozen=True, slots=True)
class FlightResult:
    """A flight that is over.

    `completed`: every item of the mission was flown. `landed`: on the ground and disarmed; a plane may be
    circling above home instead. `reason` says in words why it ended.
    """

    completed: bool
    landed: bool
    reason: str
    last_waypoint: int
    waypoint_count: int
    duration_s: float
    flown_m: float


class PilotTookOver(LinkError):
    """A pilot changed the mode: the flight is theirs."""


def fly(
    client: VehicleClient,
    *,
    take_off_relative_m: float | None = None,
    timeout_s: float = 3600.0,
    arm_timeout_s: float = 120.0,
    stall_s: float = STALL_S,
    on_progress: Callable[[FlightProgress], None] | None = None,
) -> FlightResult:
    """Fly the vehicle's mission, from the ground to the ground.

    `take_off_relative_m` has a copter take off to that height before its mission starts; without it the
    mission's own take-off counts. Raises Refused, NoAnswer where nothing changes for `stall_s` or the flight
    takes longer than `timeout_s`, and PilotTookOver.
    """
    flight = _Flight(client, timeout_s, stall_s, on_progress)
    try:
        flight.start(take_off_relative_m, arm_timeout_s)
        return flight.follow()
    except PilotTookOver:
        raise
    except BaseException:
        if client.state.armed:
            with contextlib.suppress(DroneteamError):
                client.set_mode("RTL")
        raise


class _Flight:
    """What is remembered from one moment of the flight to the next."""

    def __init__(
        self,
        client: VehicleClient,
        timeout_s: float,
        stall_s: float,
        on_progress: Callable[[FlightProgress], None] | None,
    ) -> None:
        self._client = client
        self._stall_s = stall_s
        self._on_progress = on_progress
        self._began_s = client.clock.monotonic_s()
        self._deadline_s = self._began_s + timeout_s
        self._told_s = -REPORT_S
        self._changed_s = self._began_s
        self._seen: tuple[object, ...] = ()
        self._place: GeoPoint | None = None
        self._flown_m = 0.0
        self._last_waypoint = 0
        self._reached_before = client.state.mission_reached

    def start(self, take_off_relative_m: float | None, arm_timeout_s: float) -> None:
        """On the ground to on its way."""
        client = self._client
        client.request_message_rate("NAV_CONTROLLER_OUTPUT", 2)
        client.command(_SET_MISSION_CURRENT, 0)
        self._tell("arming", now=True)
        ready_s = client.clock.monotonic_s() + arm_timeout_s
        if client.state.kind == "plane":
            if client.state.mode == "AUTO":
                # after a landing in AUTO an ArduPlane arms again only once the mode has changed
                self._enter("FBWA", ready_s)
            self._enter("AUTO", ready_s)
            client.arm(arm_timeout_s)
            return
        if client.state.armed is not True:
            self._enter("GUIDED", ready_s)
            client.arm(arm_timeout_s)
        if take_off_relative_m is not None:
            self._take_off(take_off_relative_m)
        client.texts.clear()
        result = client.command(_MISSION_START)
        if result != ACCEPTED:
            raise client.refusal("the start of the mission", result)
        if not client.wait_for(lambda: client.state.mode == "AUTO", 5.0):
            raise NoAnswer("the vehicle did not change to mode AUTO", where=client.link.address)

    def follow(self) -> FlightResult:
        """On its way to the end of the flight."""
        client = self._client
        while True:
            client.pump(0.1)
            state = client.state
            self._note(state)
            self._check_pilot(state)
            if state.armed is False:
                self._tell("landed", now=True)
                return self._result(landed=True, reason="landed and disarmed")
            if self._circles_home(state):
                self._tell("return", now=True)
                return self._result(landed=False, reason=self._why_home(state))
            self._tell(self._phase(state))
            self._check_time()

    def _enter(self, mode: str, ready_s: float) -> None:
        """Change the mode, asking again until `ready_s`: some vehicles want to know their place first."""
        while True:
            try:
                self._client.set_mode(mode)
            except Refused:
                if self._client.clock.monotonic_s() >= ready_s:
                    raise
                self._client.wait_for(lambda: False, 1.0)
            else:
                return

    def _take_off(self, height_m: float) -> None:
        client = self._client
        client.texts.clear()
        result = client.command(_TAKEOFF, p7=height_m)
        if result != ACCEPTED:
            raise client.refusal("take-off", result)
        while (client.state.height_relative_m or 0.0) < _HEIGHT_REACHED * height_m:
            client.pump(0.1)
            self._note(client.state)
            self._tell("take-off")
            self._check_time()
            if client.state.armed is False:
                raise NoAnswer("the vehicle disarmed during take-off", where=client.link.address)

    def _note(self, state: VehicleState) -> None:
        """Distance, the last item, and whether anything changed."""
        now_s = self._client.clock.monotonic_s()
        if state.armed and state.mission_current:
            self._last_waypoint = max(self._last_waypoint, state.mission_current)
        self._note_reached(state)
        moved = self._moved(state)
        seen = (state.mode, state.armed, state.mission_current, round(state.height_relative_m or 0.0))
        if moved or seen != self._seen:
            self._seen, self._changed_s = seen, now_s

    def _note_reached(self, state: VehicleState) -> None:
        """Who has reached an item is on its way to the next, though that may pass between two reports."""
        if state.mission_reached == self._reached_before:
            return  # of the flight before this one
        self._reached_before = None
        if state.armed and state.mission_reached is not None and state.mission_count:
            self._last_waypoint = max(
                self._last_waypoint, min(state.mission_reached + 1, state.mission_count)
            )

    def _moved(self, state: VehicleState) -> bool:
        if state.lat_deg is None or state.lon_deg is None:
            return False
        here = GeoPoint(state.lat_deg, state.lon_deg)
        step_m = distance_m(self._place, here) if self._place else 0.0
        if self._place is not None and step_m < _MOVED_M:
            return False
        self._flown_m += step_m
        self._place = here
        return True

    def _check_time(self) -> None:
        now_s = self._client.clock.monotonic_s()
        if now_s > self._deadline_s:
            raise NoAnswer("the flight takes longer than allowed", where=self._client.link.address)
        if now_s - self._changed_s > self._stall_s:
            raise NoAnswer(
                f"nothing has changed for {self._stall_s:.0f} s at item {self._last_waypoint}",
                where=self._client.link.address,
                remedy="Look at the vehicle: it may wait for a pilot, or the link may be lost",
            )

    def _check_pilot(self, state: VehicleState) -> None:
        if state.armed and state.mode not in {"AUTO", None} | _HOMEWARD | _AVOIDING:
            raise PilotTookOver(
                f"the mode was changed to {state.mode} at item {self._last_waypoint}",
                where=self._client.link.address,
                remedy="The pilot has the aircraft; nothing was sent to it",
            )

    def _circles_home(self, state: VehicleState) -> bool:
        if state.kind != "plane" or state.home is None or self._place is None or state.mode != "RTL":
            return False
        home = GeoPoint(state.home[0], state.home[1])
        return distance_m(home, self._place) < _ABOVE_HOME_M

    def _why_home(self, state: VehicleState) -> str:
        if self._completed(state):
            return "circling above home after the mission"
        said = "; ".join(self._client.texts)
        at = f"item {self._last_waypoint} of {state.mission_count}"
        return f"circling above home, sent there at {at}; it said: {said or 'nothing'}"

    def _completed(self, state: VehicleState) -> bool:
        return self._last_waypoint >= (state.mission_count or 1)

    def _phase(self, state: VehicleState) -> str:
        if state.mode in _HOMEWARD or self._completed(state):
            return "return"
        return "mission" if self._last_waypoint > 1 else "take-off"

    def _tell(self, phase: str, *, now: bool = False) -> None:
        elapsed_s = self._client.clock.monotonic_s() - self._began_s
        if self._on_progress is None or (not now and elapsed_s - self._told_s < REPORT_S):
            return
        self._told_s = elapsed_s
        state = self._client.state
        self._on_progress(
            FlightProgress(
                phase=phase,
                elapsed_s=elapsed_s,
                waypoint=state.mission_current or 0,
                waypoint_count=state.mission_count or 0,
                distance_m=state.waypoint_distance_m,
                flown_m=self._flown_m,
                state=state,
            )
        )

    def _result(self, *, landed: bool, reason: str) -> FlightResult:
        state = self._client.state
        return FlightResult(
            completed=self._completed(state),
            landed=landed,
            reason=reason,
            last_waypoint=self._last_waypoint,
            waypoint_count=state.mission_count or 0,
            duration_s=self._client.clock.monotonic_s() - self._began_s,
            flown_m=self._flown_m,
        )
