"""How the copter flies: along straight rails, with limited acceleration, stopping where a rail ends."""

from __future__ import annotations

import math

from sitl.autopilot.motion import GRAVITY_M_S2, Motion, Vector, clamp, turned
from sitl.autopilot.parameters import Parameters

_STIFFNESS_PER_S2 = 2.25
_DAMPING_PER_S = 3.0
_THRUST_LIMIT_M_S2 = (6.0, 4.0)
_YAW_RATE_RAD_S = math.radians(60)
_NEAR_M = 0.3
_CIRCLE_RATE_DEG_S = 20.0
_LONG_ENOUGH_TO_FACE_M = 2.0


class Rail:
    """Fly straight to a place and stop there, then wait `hold_s` seconds.

    A reference runs along the rail, speeding up and braking at `acceleration_m_s2`; the copter is pulled
    towards it by a critically damped spring, as far as its thrust allows.
    """

    def __init__(
        self,
        start: Vector,
        end: Vector,
        *,
        speed_m_s: float,
        acceleration_m_s2: float = 2.5,
        hold_s: float = 0.0,
    ) -> None:
        way = end - start
        self._start = start
        self._end = end
        self._length_m = way.length
        self._direction = way.times(1 / way.length) if way.length > 0 else Vector()
        self._speed_m_s = speed_m_s
        self._acceleration_m_s2 = acceleration_m_s2
        self._hold_s = hold_s
        self._facing_rad = way.bearing_rad if way.horizontal > _LONG_ENOUGH_TO_FACE_M else None
        self._done_m = 0.0
        self._now_m_s = 0.0

    def step(self, motion: Motion, dt_s: float) -> bool:
        self._advance(dt_s)
        reference = self._start + self._direction.times(self._done_m)
        self._pull(motion, reference, self._direction.times(self._now_m_s), dt_s)
        if self._done_m < self._length_m or (self._end - motion.place).length > _NEAR_M:
            return False
        self._hold_s -= dt_s
        return self._hold_s <= 0

    def _advance(self, dt_s: float) -> None:
        left_m = self._length_m - self._done_m
        braking_m_s = math.sqrt(2 * self._acceleration_m_s2 * max(0.0, left_m))
        self._now_m_s = min(self._now_m_s + self._acceleration_m_s2 * dt_s, self._speed_m_s, braking_m_s)
        self._done_m += self._now_m_s * dt_s
        if self._length_m - self._done_m < 0.01:
            self._done_m = self._length_m
            self._now_m_s = 0.0

    def _pull(self, motion: Motion, reference: Vector, speed: Vector, dt_s: float) -> None:
        wanted = (reference - motion.place).times(_STIFFNESS_PER_S2) + (speed - motion.velocity).times(
            _DAMPING_PER_S
        )
        thrust = wanted.limited(*_THRUST_LIMIT_M_S2)
        motion.move(motion.velocity + thrust.times(dt_s), dt_s)
        if self._facing_rad is not None:
            motion.yaw_rad = turned(motion.yaw_rad, self._facing_rad, _YAW_RATE_RAD_S * dt_s)
        forward = thrust.north * math.cos(motion.yaw_rad) + thrust.east * math.sin(motion.yaw_rad)
        right = thrust.east * math.cos(motion.yaw_rad) - thrust.north * math.sin(motion.yaw_rad)
        motion.pitch_rad = -math.atan2(forward, GRAVITY_M_S2)
        motion.roll_rad = math.atan2(right, GRAVITY_M_S2)


class Circle(Rail):
    """Fly round a place, nose to its middle, from where it is; clockwise where the radius is above 0."""

    def __init__(
        self, start: Vector, centre: Vector, radius_m: float, *, turns: float, speed_m_s: float
    ) -> None:
        super().__init__(start, start, speed_m_s=speed_m_s)
        self._centre = centre
        self._radius_m = abs(radius_m)
        self._side = math.copysign(1.0, radius_m)
        self._from_rad = math.atan2(start.east - centre.east, start.north - centre.north)
        self._wanted_rad = turns * math.tau
        self._turned_rad = 0.0

    def step(self, motion: Motion, dt_s: float) -> bool:
        if self._turned_rad < self._wanted_rad:
            self._now_m_s = min(self._now_m_s + self._acceleration_m_s2 * dt_s, self._speed_m_s)
            self._turned_rad += self._now_m_s / self._radius_m * dt_s
        else:
            self._now_m_s = 0.0
        angle = self._from_rad + self._side * min(self._turned_rad, self._wanted_rad)
        out = Vector(math.sin(angle), math.cos(angle), 0.0)
        ahead = Vector(math.cos(angle), -math.sin(angle), 0.0).times(self._side * self._now_m_s)
        self._facing_rad = angle + math.pi
        self._pull(motion, self._centre + out.times(self._radius_m), ahead, dt_s)
        return self._turned_rad >= self._wanted_rad


class CopterFlight:
    """What a copter can be told to do; each gives the guidance that does it from where it is now."""

    def __init__(self, motion: Motion, parameters: Parameters) -> None:
        self._motion = motion
        self._parameters = parameters
        self.speed_m_s: float | None = None

    def hold(self, hold_s: float = 0.0) -> Rail:
        """Stop here; braking takes its way."""
        motion = self._motion
        ahead = motion.velocity.times(motion.velocity.length / 6.0)
        stop = motion.place + Vector(ahead.east, ahead.north, 0.0)
        return self.fly_to(stop, hold_s=hold_s)

    def take_off(self, height_m: float) -> Rail:
        """Straight up to that height above home."""
        place = self._motion.place
        return self.fly_to(Vector(place.east, place.north, height_m))

    def fly_to(self, end: Vector, *, hold_s: float = 0.0, start: Vector | None = None) -> Rail:
        """Straight to a place, from `start` or from here."""
        start = start or self._motion.place
        way = end - start
        limits = [self.speed_m_s or self._parameters["WPNAV_SPEED"] / 100]
        if way.length > 0:
            climb = self._parameters["WPNAV_SPEED_UP" if way.up > 0 else "WPNAV_SPEED_DN"] / 100
            level, upright = way.horizontal / way.length, abs(way.up) / way.length
            limits = [limits[0] / max(level, 1e-6), climb / max(upright, 1e-6)]
        speed_m_s = clamp(min(limits), 0.1, 50.0)
        return Rail(
            start,
            end,
            speed_m_s=speed_m_s,
            acceleration_m_s2=self._parameters["WPNAV_ACCEL"] / 100,
            hold_s=hold_s,
        )

    def edge_of(self, centre: Vector, radius_m: float) -> Rail:
        """To the nearest place of a circle; from its very middle to the south."""
        here = self._motion.place
        out = Vector(here.east - centre.east, here.north - centre.north, 0.0)
        out = out.times(1 / out.length) if out.length > 0 else Vector(0.0, -1.0, 0.0)
        return self.fly_to(centre + out.times(abs(radius_m)))

    def circle(self, centre: Vector, radius_m: float, turns: float) -> Circle:
        """Round a place from here, as fast as half the acceleration and CIRCLE_RATE's default allow."""
        size_m = abs(radius_m)
        acceleration_m_s2 = self._parameters["WPNAV_ACCEL"] / 100
        limits = (
            self.speed_m_s or self._parameters["WPNAV_SPEED"] / 100,
            math.sqrt(0.5 * acceleration_m_s2 * size_m),
            math.radians(_CIRCLE_RATE_DEG_S) * size_m,
        )
        return Circle(self._motion.place, centre, radius_m, turns=turns, speed_m_s=min(limits))

    def land(self) -> list[Rail]:
        """Straight down: quickly to 10 m, then slowly."""
        place = self._motion.place
        slow_from = Vector(place.east, place.north, min(place.up, 10.0))
        ground = Vector(place.east, place.north, -0.5)
        slow_m_s = self._parameters["LAND_SPEED"] / 100
        quick_m_s = self._parameters["WPNAV_SPEED_DN"] / 100
        return [Rail(place, slow_from, speed_m_s=quick_m_s), Rail(slow_from, ground, speed_m_s=slow_m_s)]

    def return_to(self, place: Vector) -> list[Rail]:
        """Up to RTL_ALT, over the place, a short wait."""
        here = self._motion.place
        height_m = max(here.up, place.up, self._parameters["RTL_ALT"] / 100)
        climbed = Vector(here.east, here.north, height_m)
        above = Vector(place.east, place.north, height_m)
        wait_s = self._parameters["RTL_LOIT_TIME"] / 1000
        return [self.fly_to(climbed), self.fly_to(above, hold_s=wait_s, start=climbed)]
