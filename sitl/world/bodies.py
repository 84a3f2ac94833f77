"""Warm and cold bodies for the thermal picture: people, animals, stones and engines, made of capsules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from missions.errors import InputError
from missions.geodesy import GeoPoint
from sitl.world.layout import Stone
from sitl.world.lens import Floats
from sitl.world.world import World

Posture = Literal["standing", "lying", "sitting"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the ground. `temperature_c` is the clothes' surface, the head is 2 degrees warmer.

    `canopy` is the share of the outline that leaves 6 m up would hide on average, 0 to 1. `heading_deg` is
    where the head points (lying) or the face (standing, sitting).
    """

    place: GeoPoint
    posture: Posture = "standing"
    temperature_c: float = 27.0
    canopy: float = 0.0
    heading_deg: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if self.posture not in ("standing", "lying", "sitting"):
            raise InputError(
                f"posture {self.posture!r} is unknown", remedy="Choose standing, lying or sitting"
            )
        if not 0 <= self.canopy <= 1:
            raise InputError(f"a canopy of {self.canopy} is not possible", remedy="Choose 0 to 1")


@dataclass(frozen=True, slots=True)
class Animal:
    """A deer or a hare: smaller than a person seen from above."""

    place: GeoPoint
    species: Literal["deer", "hare"] = "deer"
    temperature_c: float = 22.0
    heading_deg: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Capsule:
    """A rod with round ends (ahead, right, up; metres from the body's foot), and how much warmer it is."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius_m: float
    warmer_k: float = 0.0


@dataclass(frozen=True)
class Body:
    """Something with a temperature of its own. `foot` is east, north, up in the world's frame."""

    name: str
    kind: str
    foot: Floats
    heading_deg: float
    temperature_c: float
    capsules: tuple[Capsule, ...]
    canopy: float = 0.0

    @cached_property
    def centre(self) -> Floats:
        """(3,) the middle of the capsules' ends."""
        return np.asarray(np.mean([self.ends(capsule) for capsule in self.capsules], axis=(0, 1)))

    @cached_property
    def reach_m(self) -> float:
        """No part of the body is further from its centre."""
        return max(
            math.dist(self.centre, end) + capsule.radius_m
            for capsule in self.capsules
            for end in self.ends(capsule)
        )

    def ends(self, capsule: Capsule) -> Floats:
        """(2, 3) east, north, up of a capsule's two ends."""
        sine, cosine = math.sin(math.radians(self.heading_deg)), math.cos(math.radians(self.heading_deg))
        local = np.array([capsule.start, capsule.end])
        east = local[:, 0] * sine + local[:, 1] * cosine
        north = local[:, 0] * cosine - local[:, 1] * sine
        return np.asarray(self.foot + np.column_stack([east, north, local[:, 2]]))


POSTURES: dict[Posture, tuple[Capsule, ...]] = {
    "standing": (
        Capsule((0, -0.1, 0.1), (0, -0.1, 0.8), 0.08, -1.0),
        Capsule((0, 0.1, 0.1), (0, 0.1, 0.8), 0.08, -1.0),
        Capsule((0, -0.13, 1.2), (0, 0.13, 1.2), 0.15),
        Capsule((0, 0, 0.9), (0, 0, 1.35), 0.16),
        Capsule((0.02, 0, 1.62), (0.02, 0, 1.68), 0.11, 2.0),
    ),
    "sitting": (
        Capsule((0, 0, 0.15), (-0.05, 0, 0.6), 0.18),
        Capsule((0, -0.12, 0.12), (0.5, -0.12, 0.2), 0.08, -1.0),
        Capsule((0, 0.12, 0.12), (0.5, 0.12, 0.2), 0.08, -1.0),
        Capsule((-0.03, 0, 0.82), (-0.03, 0, 0.88), 0.11, 2.0),
    ),
    "lying": (
        Capsule((0.1, 0, 0.12), (0.55, 0, 0.12), 0.2),
        Capsule((-0.85, -0.12, 0.08), (0.0, -0.1, 0.1), 0.08, -1.0),
        Capsule((-0.85, 0.12, 0.08), (0.0, 0.1, 0.1), 0.08, -1.0),
        Capsule((0.84, 0, 0.12), (0.9, 0, 0.12), 0.11, 2.0),
    ),
}
SPECIES: dict[str, tuple[Capsule, ...]] = {
    "deer": (
        Capsule((-0.35, 0, 0.65), (0.35, 0, 0.65), 0.18),
        Capsule((0.45, 0, 0.8), (0.6, 0, 1.0), 0.08, 2.0),
    ),
    "hare": (
        Capsule((-0.12, 0, 0.1), (0.12, 0, 0.1), 0.08),
        Capsule((0.18, 0, 0.14), (0.22, 0, 0.16), 0.04, 1.0),
    ),
}


def bodies_of(world: World, beings: Sequence[Person | Animal]) -> tuple[Body, ...]:
    """People and animals put on the ground of a world."""
    bodies = []
    for number, being in enumerate(beings, 1):
        foot = world.point(being.place)
        if isinstance(being, Person):
            name = being.name or f"person-{number}"
            shape, kind, canopy = POSTURES[being.posture], f"person {being.posture}", being.canopy
        else:
            name, canopy = being.name or f"animal-{number}", 0.0
            shape, kind = SPECIES[being.species], f"animal {being.species}"
        bodies.append(Body(name, kind, foot, being.heading_deg, being.temperature_c, shape, canopy))
    return tuple(bodies)


def warm_things(world: World, *, night: bool) -> tuple[Body, ...]:
    """What is warm without being alive: stones that the sun has heated, and engines that ran a while ago."""
    rng = np.random.default_rng([world.seed, 41])
    stones = [
        _stone(number, stone, world, float(rng.normal(13.0, 1.0) if night else rng.normal(37.0, 2.0)))
        for number, stone in enumerate(world.layout.stones, 1)
    ]
    engines = []
    for vehicle in world.layout.vehicles:
        cooled = float(rng.uniform(2, 9)) if vehicle.name.startswith("parked") else float(rng.uniform(32, 48))
        east_m, north_m = vehicle.engine_en_m
        foot = np.array([east_m, north_m, float(world.surface_height([[east_m, north_m]])[0])])
        block = Capsule((-0.1, -0.25, 0.02), (-0.1, 0.25, 0.02), 0.3)
        warm = max(cooled, 44.0) if not night else cooled
        engines.append(Body(f"engine-{vehicle.name}", "engine", foot, vehicle.heading_deg, warm, (block,)))
    return (*stones, *engines)


def _stone(number: int, stone: Stone, world: World, temperature_c: float) -> Body:
    ground = float(world.surface_height([[stone.east_m, stone.north_m]])[0])
    foot = np.array([stone.east_m, stone.north_m, ground])
    blob = Capsule((0, 0, -0.02), (0, 0.01, -0.02), stone.radius_m * 0.85)
    return Body(f"stone-{number}", "stone", foot, 0.0, temperature_c, (blob,))
