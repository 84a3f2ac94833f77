"""How the plane flies: at its airspeed, turning by banking, never standing still in the air.

Course guidance follows vector fields around lines and circles (Nelson, Barber, McLain and Beard 2007, "Vector
field path following for miniature air vehicles", sections III and IV).
"""

from __future__ import annotations

import math

from sitl.autopilot.motion import GRAVITY_M_S2, Motion, Vector, clamp, turned, wrapped
from sitl.autopilot.parameters import Parameters

_FIELD_PER_M = 0.03
_STEEPEST_APPROACH_RAD = math.radians(75)
_COURSE_GAIN_PER_S = 1.2
_ROLL_RATE_RAD_S = math.radians(70)
_SPEED_CHANGE_M_S2 = 2.0
_CLIMB_CHANGE_M_S2 = 3.0
_RUN_M_S2 = 4.0
_ROTATION_M_S = 14.0
_FLARE_HEIGHT_M = 3.0
_FLARE_SINK_M_S = 0.6
_AIM_BELOW_M = -20.0
"""Aiming under the ground makes up for the way that it floats in the flare."""


class Airframe:
    """The limits that every guidance of a plane keeps to."""

    def __init__(self, motion: Motion, parameters: Parameters) -> None:
        self.motion = motion
        self.parameters = parameters
        self.speed_m_s: float | None = None

    @property
    def cruise_m_s(self) -> float:
        """The airspeed to hold."""
        low, high = self.parameters["AIRSPEED_MIN"], self.parameters["AIRSPEED_MAX"]
        return clamp(self.speed_m_s or self.parameters["AIRSPEED_CRUISE"], low, high)

    def fly(self, course_rad: float, height_m: float, dt_s: float, *, turn_m_s2: float = 0.0) -> None:
        """Bank towards a course, climb towards a height. `turn_m_s2` is what a known curve asks for."""
        motion = self.motion
        speed_m_s = motion.velocity.horizontal
        track_rad = motion.velocity.bearing_rad if speed_m_s > 1 else motion.yaw_rad
        error_rad = wrapped(course_rad - track_rad)
        sideways_m_s2 = turn_m_s2 + speed_m_s * _COURSE_GAIN_PER_S * error_rad
        limit_rad = math.radians(self.parameters["ROLL_LIMIT_DEG"])
        wanted_rad = clamp(math.atan2(sideways_m_s2, GRAVITY_M_S2), -limit_rad, limit_rad)
        motion.roll_rad = turned(motion.roll_rad, wanted_rad, _ROLL_RATE_RAD_S * dt_s)
        rate_rad_s = GRAVITY_M_S2 * math.tan(motion.roll_rad) / max(speed_m_s, 5.0)
        climb_m_s = clamp(
            0.5 * (height_m - motion.place.up),
            -self.parameters["TECS_SINK_MAX"],
            self.parameters["TECS_CLMB_MAX"],
        )
        self.move(track_rad + rate_rad_s * dt_s, self.cruise_m_s, climb_m_s, dt_s)

    def move(self, track_rad: float, speed_m_s: float, climb_m_s: float, dt_s: float) -> None:
        """Go on that track, as soon as speed and climb can change."""
        motion = self.motion
        now = motion.velocity
        speed = now.horizontal + clamp(
            speed_m_s - now.horizontal, -_SPEED_CHANGE_M_S2 * dt_s, _SPEED_CHANGE_M_S2 * dt_s
        )
        climb = now.up + clamp(climb_m_s - now.up, -_CLIMB_CHANGE_M_S2 * dt_s, _CLIMB_CHANGE_M_S2 * dt_s)
        motion.move(Vector(speed * math.sin(track_rad), speed * math.cos(track_rad), climb), dt_s)
        motion.yaw_rad = track_rad
        motion.pitch_rad = math.atan2(climb, max(speed, 5.0))


class Leg:
    """Fly along a line to its end: done within `radius_m` of it or past it."""

    def __init__(self, airframe: Airframe, start: Vector, end: Vector, radius_m: float) -> None:
        self._airframe = airframe
        self._start = start
        self._end = end
        self._radius_m = radius_m
        self._bearing_rad = (end - start).bearing_rad
        self._length_m = max((end - start).horizontal, 1e-3)

    def step(self, motion: Motion, dt_s: float) -> bool:
        from_start = motion.place - self._start
        sin, cos = math.sin(self._bearing_rad), math.cos(self._bearing_rad)
        along_m = from_start.east * sin + from_start.north * cos
        right_m = from_start.east * cos - from_start.north * sin
        approach_rad = _STEEPEST_APPROACH_RAD * 2 / math.pi * math.atan(_FIELD_PER_M * right_m)
        share = clamp(along_m / self._length_m, 0.0, 1.0)
        height_m = self._start.up + share * (self._end.up - self._start.up)
        self._airframe.fly(self._bearing_rad - approach_rad, height_m, dt_s)
        return along_m >= self._length_m or (self._end - motion.place).horizontal < self._radius_m


class Circle:
    """Fly round a place, clockwise for a positive radius; done after so many turns or seconds."""

    def __init__(
        self,
        airframe: Airframe,
        centre: Vector,
        radius_m: float,
        *,
        turns: float | None = None,
        seconds: float | None = None,
    ) -> None:
        self._airframe = airframe
        self._centre = centre
        self._radius_m = max(abs(radius_m), 10.0)
        self._sense = -1.0 if radius_m < 0 else 1.0
        self._left_rad = None if turns is None else turns * math.tau
        self._left_s = seconds
        self._last_rad: float | None = None

    def step(self, motion: Motion, dt_s: float) -> bool:
        out = motion.place - self._centre
        too_far = (out.horizontal - self._radius_m) / self._radius_m
        course_rad = out.bearing_rad + self._sense * (math.pi / 2 + math.atan(2.0 * too_far))
        there = abs(too_far) < 0.3
        turn_m_s2 = self._sense * motion.velocity.horizontal**2 / self._radius_m if there else 0.0
        self._airframe.fly(course_rad, self._centre.up, dt_s, turn_m_s2=turn_m_s2)
        return self._count(out.bearing_rad, dt_s) if there else False

    def _count(self, bearing_rad: float, dt_s: float) -> bool:
        passed_rad = 0.0 if self._last_rad is None else abs(wrapped(bearing_rad - self._last_rad))
        self._last_rad = bearing_rad
        if self._left_rad is not None:
            self._left_rad -= passed_rad
            return self._left_rad <= 0
        if self._left_s is not None:
            self._left_s -= dt_s
            return self._left_s <= 0
        return False


class TakeOff:
    """Run along the ground, rotate, climb straight ahead."""

    def __init__(self, airframe: Airframe, height_m: float) -> None:
        self._airframe = airframe
        self._height_m = height_m
        self._heading_rad = airframe.motion.yaw_rad

    def step(self, motion: Motion, dt_s: float) -> bool:
        if motion.velocity.horizontal < _ROTATION_M_S:
            speed_m_s = motion.velocity.horizontal + _RUN_M_S2 * dt_s
            motion.move(
                Vector(speed_m_s * math.sin(self._heading_rad), speed_m_s * math.cos(self._heading_rad)), dt_s
            )
            return False
        self._airframe.fly(self._heading_rad, self._height_m + 5.0, dt_s)
        return motion.place.up >= self._height_m - 1.0


class Landing:
    """Come down along the line to a place, flare, roll out; done when it stands."""

    def __init__(self, airframe: Airframe, start: Vector, end: Vector) -> None:
        self._airframe = airframe
        self._leg = Leg(airframe, start, Vector(end.east, end.north, _AIM_BELOW_M), 0.0)

    def step(self, motion: Motion, dt_s: float) -> bool:
        if motion.on_ground:
            speed_m_s = max(0.0, motion.velocity.horizontal - 3.0 * dt_s)
            motion.roll_rad = motion.pitch_rad = 0.0
            yaw = motion.yaw_rad
            motion.move(Vector(speed_m_s * math.sin(yaw), speed_m_s * math.cos(yaw)), dt_s)
            return speed_m_s == 0.0
        if motion.place.up < _FLARE_HEIGHT_M:
            motion.roll_rad = turned(motion.roll_rad, 0.0, _ROLL_RATE_RAD_S * dt_s)
            self._airframe.move(motion.yaw_rad, self._airframe.cruise_m_s * 0.7, -_FLARE_SINK_M_S, dt_s)
            return False
        self._leg.step(motion, dt_s)
        return False


class Straight:
    """Keep course and height: what a plane does when nobody says anything."""

    def __init__(self, airframe: Airframe) -> None:
        self._airframe = airframe
        self._course_rad = airframe.motion.yaw_rad
        self._height_m = airframe.motion.place.up

    def step(self, motion: Motion, dt_s: float) -> bool:  # noqa: ARG002 - the airframe holds the motion
        self._airframe.fly(self._course_rad, self._height_m, dt_s)
        return False


class PlaneFlight:
    """What a plane can be told to do; each gives the guidance that does it from where it is now."""

    def __init__(self, airframe: Airframe) -> None:
        self._airframe = airframe

    def take_off(self, height_m: float) -> TakeOff:
        """Run, rotate, climb straight ahead to that height above home."""
        return TakeOff(self._airframe, height_m)

    def fly_to(self, end: Vector, *, start: Vector | None = None) -> Leg:
        """Along the line from `start`, or from here."""
        radius_m = self._airframe.parameters["WP_RADIUS"]
        return Leg(self._airframe, start or self._airframe.motion.place, end, radius_m)

    def circle(
        self,
        centre: Vector,
        radius_m: float = 0.0,
        *,
        turns: float | None = None,
        seconds: float | None = None,
    ) -> Circle:
        """Round a place; radius 0 takes WP_LOITER_RAD."""
        radius = radius_m or self._airframe.parameters["WP_LOITER_RAD"]
        return Circle(self._airframe, centre, radius, turns=turns, seconds=seconds)

    def land(self, end: Vector) -> Landing:
        """Down along the line from here."""
        return Landing(self._airframe, self._airframe.motion.place, end)

    def straight(self) -> Straight:
        """Keep course and height."""
        return Straight(self._airframe)
