"""Where a vehicle is and how it moves: a point mass with an attitude, in metres from home."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

GRAVITY_M_S2 = 9.80665


@dataclass(frozen=True, slots=True)
class Vector:
    """East, north, up: metres, or metres a second."""

    east: float = 0.0
    north: float = 0.0
    up: float = 0.0

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.east + other.east, self.north + other.north, self.up + other.up)

    def __sub__(self, other: Vector) -> Vector:
        return Vector(self.east - other.east, self.north - other.north, self.up - other.up)

    def times(self, factor: float) -> Vector:
        """The vector, `factor` times as long."""
        return Vector(self.east * factor, self.north * factor, self.up * factor)

    @property
    def horizontal(self) -> float:
        """Its length on the map."""
        return math.hypot(self.east, self.north)

    @property
    def length(self) -> float:
        """Its length in space."""
        return math.hypot(self.east, self.north, self.up)

    @property
    def bearing_rad(self) -> float:
        """Its direction on the map, clockwise from north."""
        return math.atan2(self.east, self.north)

    def limited(self, horizontal: float, vertical: float) -> Vector:
        """The vector, no longer than that on the map and upright."""
        length = self.horizontal
        scale = min(1.0, horizontal / length) if length > 0 else 1.0
        return Vector(self.east * scale, self.north * scale, clamp(self.up, -vertical, vertical))


@dataclass(slots=True)
class Motion:
    """What moves. Angles in radians: roll right and pitch up positive, yaw clockwise from north."""

    place: Vector = field(default_factory=Vector)
    velocity: Vector = field(default_factory=Vector)
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    yaw_rad: float = 0.0

    @property
    def on_ground(self) -> bool:
        """Whether it stands (or rolls) on the ground, which is flat and as high as home."""
        return self.place.up <= 0.0

    def move(self, velocity: Vector, dt_s: float) -> None:
        """Go on for `dt_s` seconds, down to the ground and no further."""
        place = self.place + (self.velocity + velocity).times(0.5 * dt_s)
        if place.up <= 0.0:
            place = Vector(place.east, place.north, 0.0)
            velocity = Vector(velocity.east, velocity.north, max(0.0, velocity.up))
        self.place = place
        self.velocity = velocity

    def rest(self) -> None:
        """Stand still on the ground."""
        self.velocity = Vector()
        self.roll_rad = self.pitch_rad = 0.0


class Guidance(Protocol):
    """One thing to do: a leg, a climb, a wait."""

    def step(self, motion: Motion, dt_s: float) -> bool:
        """Move on for `dt_s` seconds; True once it is done (and from then on it holds what it reached)."""
        ...


class Fall:
    """What happens without power."""

    def step(self, motion: Motion, dt_s: float) -> bool:
        if motion.on_ground:
            motion.rest()
            return True
        velocity = motion.velocity
        motion.move(Vector(velocity.east, velocity.north, velocity.up - GRAVITY_M_S2 * dt_s), dt_s)
        return False


class Rest:
    """Standing on the ground, disarmed or waiting."""

    def step(self, motion: Motion, dt_s: float) -> bool:  # noqa: ARG002 - it has no need of time
        motion.rest()
        return True


def clamp(value: float, low: float, high: float) -> float:
    """`value`, kept between the two."""
    return max(low, min(high, value))


def turned(angle_rad: float, towards_rad: float, at_most_rad: float) -> float:
    """The angle, turned the short way round by at most that much."""
    return angle_rad + clamp(wrapped(towards_rad - angle_rad), -at_most_rad, at_most_rad)


def wrapped(angle_rad: float) -> float:
    """The same angle within -pi to pi."""
    return math.remainder(angle_rad, math.tau)
