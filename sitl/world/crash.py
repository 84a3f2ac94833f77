"""A whole random crash scene from a seed: world, camera, flight, movers, errors, rendered with its truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from missions.camera import Camera
from missions.errors import InputError
from sitl.world.crash_plan import CrashPlan, path_clear
from sitl.world.lens import Lens
from sitl.world.metadata import Metadata
from sitl.world.movers import Mover
from sitl.world.photos import render_photos
from sitl.world.poses import grid_poses
from sitl.world.positioning import GpsErrors
from sitl.world.road import Road
from sitl.world.truth import PhotoTruth
from sitl.world.vehicles import Vehicle
from sitl.world.world import World
from telemetry.pose import Pose

FRONT_STEP, SIDE_STEP = 0.22, 0.32
RING_PITCH_DEG = -55.0
RING_RADIUS = 0.7
RING_REACH = 1.35
INTERVAL_S = 2.0
TRIALS = 8


@dataclass(frozen=True, slots=True)
class CrashOptions:
    """How a scene is photographed. What is None is drawn by lot.

    Pictures are `width_px` wide, 4:3. `height_agl_m` is 20 to 50 m by lot. `ring` photos, of all those asked
    for, look at the crash obliquely from a circle. `texel_m` is the grain of the world, else about 0.7 of
    a pixel. The camera's focal length is off its nominal one by `focal_sigma_pct` (one standard deviation).
    """

    plan: CrashPlan = field(default_factory=CrashPlan)
    width_px: int = 800
    height_agl_m: float | None = None
    ring: int = 0
    texel_m: float | None = None
    distorted: bool = True
    focal_sigma_pct: float = 1.0
    readout_s: float = 0.0
    exposure_s: float = 0.0
    movers: bool = True
    gps: GpsErrors = field(default_factory=GpsErrors)
    metadata: Metadata = field(default_factory=lambda: Metadata(focal_rounded=True))
    exposure_stops: float = 0.3


@dataclass(frozen=True)
class CrashScene:
    """A scene before its photos are taken."""

    world: World
    camera: Camera
    lens: Lens
    poses: tuple[Pose, ...]
    movers: tuple[Mover, ...]
    options: CrashOptions

    def render(self, folder: Path) -> PhotoTruth:
        """Take the photos into `folder`, with `truth.json`. Raises OutputError."""
        return render_photos(
            self.world,
            folder,
            self.camera,
            self.poses,
            lens=self.lens,
            readout_s=self.options.readout_s,
            exposure_s=self.options.exposure_s,
            movers=self.movers,
            gps=self.options.gps,
            metadata=self.options.metadata,
            exposure_stops=self.options.exposure_stops,
        )


def render_crash_scene(
    folder: Path, seed: int, *, photos: int = 12, options: CrashOptions | None = None
) -> PhotoTruth:
    """Render a scene's photos into `folder`, with `truth.json`: the same bytes for the same input."""
    return crash_scene(seed, photos=photos, options=options).render(folder)


def crash_scene(seed: int, *, photos: int = 12, options: CrashOptions | None = None) -> CrashScene:
    """Draw a scene by lot. Raises InputError for fewer than four photos looking down."""
    options = options or CrashOptions()
    looking_down = photos - options.ring
    if looking_down < 4:
        raise InputError(f"{looking_down} photos straight down are too few", remedy="Take four or more")
    rng = np.random.default_rng([seed, 101])
    height_m = float(rng.uniform(20, 50)) if options.height_agl_m is None else options.height_agl_m
    camera = Camera("crash-wide", 6.4, 4.8, 4.5, options.width_px, round(options.width_px * 0.75))
    lens = _lens(camera, rng, options)
    lanes = 2 if looking_down < 9 else 3
    stops = math.ceil(looking_down / lanes)
    size_m = _size_m(camera, height_m, lanes, stops, ring=options.ring > 0)
    texel_m = options.texel_m or max(0.03, 0.7 * camera.gsd_m(height_m), size_m / 1600)
    reach_m = min(options.plan.reach_m, 0.3 * size_m)
    world = World(
        seed,
        ground_amsl_m=round(float(rng.uniform(-2, 60)), 2),
        size_m=size_m,
        texel_m=texel_m,
        plan=replace(options.plan, reach_m=reach_m),
    )
    across_m, along_m = camera.footprint_m(height_m)
    down = grid_poses(
        world,
        camera,
        height_agl_m=height_m,
        overlap_front_pct=100 * (1 - FRONT_STEP),
        overlap_side_pct=100 * (1 - SIDE_STEP),
        width_m=(lanes - 1) * SIDE_STEP * across_m,
        length_m=(stops - 1) * FRONT_STEP * along_m,
        centre_en_m=(0.0, 0.0),
        heading_deg=world.layout.road.bearing_deg + float(rng.normal(0, 12)),
        interval_s=INTERVAL_S,
    )[:looking_down]
    poses = (*down, *_ring(world, height_m, options.ring, down[-1], rng))
    movers = crash_movers(world, len(poses), rng) if options.movers else ()
    return CrashScene(world, camera, lens, poses, movers, options)


def _size_m(camera: Camera, height_m: float, lanes: int, stops: int, *, ring: bool) -> float:
    """A world large enough that its edge is in no picture, whole metres."""
    across_m, along_m = camera.footprint_m(height_m)
    offset_m = math.hypot((lanes - 1) * SIDE_STEP * across_m, (stops - 1) * FRONT_STEP * along_m) / 2
    half_m = offset_m + 0.55 * math.hypot(across_m, along_m)
    return float(math.ceil(2 * max(half_m, RING_REACH * height_m if ring else 0.0)))


def _lens(camera: Camera, rng: np.random.Generator, options: CrashOptions) -> Lens:
    """A lens like those of small drones: some barrel, a little decentred."""
    focal_px = camera.focal_length_px * (1 + options.focal_sigma_pct / 100 * float(rng.normal()))
    k1, k2 = rng.uniform((-0.12, -0.01), (0.03, 0.03)).tolist()
    p1, p2 = rng.normal(0, 3e-4, 2).tolist()
    offsets = rng.normal(0, 0.006 * camera.image_width_px, 2).tolist()
    if not options.distorted:
        return Lens(camera.image_width_px, camera.image_height_px, focal_px)
    return Lens(camera.image_width_px, camera.image_height_px, focal_px, k1, k2, p1, p2, *offsets)


def _ring(
    world: World, height_m: float, count: int, last: Pose, rng: np.random.Generator
) -> tuple[Pose, ...]:
    """Photos from a circle around the crash, looking at it, on from the last one straight down."""
    poses = []
    for number, bearing in enumerate(np.linspace(0, 360, count, endpoint=False) + rng.uniform(0, 360), 1):
        turn, jitter = math.radians(bearing), rng.normal(0, 1.0, 4).tolist()
        radius_m = RING_RADIUS * height_m + 0.2 * jitter[0]
        place = world.frame.point_from_local(radius_m * math.sin(turn), radius_m * math.cos(turn))
        yaw_deg = float((bearing + 180 + jitter[1]) % 360)
        poses.append(
            Pose(
                time_s=last.time_s + number * INTERVAL_S,
                place=place,
                height_amsl_m=world.ground_amsl_m + height_m + 0.1 * jitter[2],
                height_relative_m=height_m + 0.1 * jitter[2],
                roll_deg=0.0,
                pitch_deg=0.0,
                yaw_deg=yaw_deg,
                gimbal_pitch_deg=RING_PITCH_DEG + 0.5 * jitter[3],
                gimbal_yaw_deg=yaw_deg,
                gimbal_roll_deg=0.0,
            )
        )
    return tuple(poses)


def crash_movers(world: World, photos: int, rng: np.random.Generator) -> tuple[Mover, ...]:
    """Two people walking, a car that creeps, one that passes in one photo only, and one that leaves half way.

    Whoever would run into a vehicle that stands is left out.
    """
    road, vehicles = world.layout.road, world.layout.vehicles
    end_s = (photos - 1) * INTERVAL_S
    movers = []
    for number in range(2):
        walks = [_walking(road, number, end_s, rng) for _ in range(TRIALS)]
        movers += _first_clear(vehicles, walks, 0.5)
    creeping = 0.35 * (end_s + 2)
    movers += _first_clear(
        vehicles,
        [
            Mover(
                "creeping",
                ((-1.0, *road.place(at, 1.8)), (end_s + 1, *road.place(at + creeping, 1.8))),
                colour=(40, 62, 104),
            )
            for at in (13.0, -30.0, 20.0)
        ],
        2.4,
    )
    moment_s = INTERVAL_S * int(rng.integers(1, photos - 1))
    spots = [(at, side) for at in (9.0, 16.0, 23.0) for side in (-1.8, 1.8)]
    movers += _first_clear(vehicles, [_passing(road, *spot, moment_s) for spot in spots], 2.4)
    leaves_s = end_s / 2 + 0.5 * INTERVAL_S
    for at in (17.0, -11.0, 23.0):
        stood, away = road.place(at, -1.9), road.place(at - 4, -1.9)
        path = ((-1.0, *stood), (leaves_s - 0.8, *stood), (leaves_s, *away))
        found = _first_clear(vehicles, [Mover("leaving", path, colour=(118, 34, 32))], 2.4)
        if found:
            return (*movers, *found)
    return tuple(movers)


def _walking(road: Road, number: int, end_s: float, rng: np.random.Generator) -> Mover:
    """Somebody who crosses the scene from before the first photo until after the last."""
    start, end = (road.place(*rng.normal((0, 3), (6, 2)).tolist()) for _ in range(2))
    colour = ((38.0, 44.0, 72.0), (214.0, 222.0, 40.0))[number]
    return Mover(f"walker-{number}", ((-1.0, *start), (end_s + 1, *end)), "person", colour)


def _passing(road: Road, at_m: float, across_m: float, moment_s: float) -> Mover:
    """A car at 8 m/s, keeping right, that is there for one photo."""
    at, forth = math.copysign(at_m, across_m), math.copysign(4.0, across_m)
    path = (
        (moment_s - 0.5, *road.place(at - forth, across_m)),
        (moment_s + 0.5, *road.place(at + forth, across_m)),
    )
    return Mover("passing", path, colour=(222, 222, 218))


def _first_clear(vehicles: Sequence[Vehicle], movers: Sequence[Mover], margin_m: float) -> list[Mover]:
    """The first that touches no vehicle that stands, if any."""
    clear = (m for m in movers if path_clear(vehicles, [stop[1:] for stop in m.path], margin_m))
    return list(islice(clear, 1))
