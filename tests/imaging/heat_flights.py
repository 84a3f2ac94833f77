"""Rendered flights over people, and what a drone with its errors believes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.placing.errors import DRIFT_TIME_S, Sigmas
from missions import catalogue
from missions.camera import Camera
from sitl.world import Person, World
from sitl.world.bodies import bodies_of, warm_things
from sitl.world.lens import Lens
from sitl.world.overlay import draw_body
from sitl.world.raster import Raster
from sitl.world.temperature import ground_temperature
from sitl.world.thermal import scene_of
from sitl.world.view import camera_axes
from telemetry.pose import Pose

CAMERA = catalogue.camera("demo-thermal")
BEGIN_S = 1_780_300_800.0
NOISE_K, BLUR_PX = 0.05, 0.7
Posture = Literal["standing", "lying", "sitting"]
POSTURES: tuple[Posture, ...] = ("standing", "lying", "sitting")
Place = tuple[float, float]


@dataclass(frozen=True)
class Somebody:
    """A person by time: metres east and north in the world's frame, seconds from the flight's begin."""

    name: str
    at: Callable[[float], Place]
    posture: Posture = "standing"
    temperature_c: float = 27.0
    heading_deg: float = 0.0

    @staticmethod
    def still(name: str, place: Place, posture: Posture = "lying", temperature_c: float = 27.0) -> Somebody:
        """Somebody who stays."""
        return Somebody(name, lambda _: place, posture, temperature_c)

    @staticmethod
    def walking(name: str, start: Place, velocity_m_s: Place) -> Somebody:
        """Somebody who walks straight on."""
        (east, north), (ve, vn) = start, velocity_m_s
        return Somebody(name, lambda t: (east + ve * t, north + vn * t))


@dataclass(frozen=True)
class Flight:
    """Lanes there and back, the camera at a pitch, its yaw along the course; true poses at any time."""

    world: World
    height_m: float = 60.0
    speed_m_s: float = 6.0
    lanes_m: tuple[float, ...] = (-12.0, 12.0)
    reach_m: float = 30.0
    heading_deg: float = 0.0
    pitch_deg: float = -90.0
    turn_s: float = 12.0
    yaw_from_course_deg: float = 0.0

    @property
    def lane_s(self) -> float:
        """Time on one lane."""
        return 2 * self.reach_m / self.speed_m_s

    @property
    def end_s(self) -> float:
        """Length of the flight."""
        return len(self.lanes_m) * (self.lane_s + self.turn_s) - self.turn_s

    def pose(self, time_s: float) -> Pose:
        """The true pose so long after the begin; during a turn it drifts over to the next lane."""
        number = min(max(int(time_s // (self.lane_s + self.turn_s)), 0), len(self.lanes_m) - 1)
        into = time_s - number * (self.lane_s + self.turn_s)
        share = min(into / self.lane_s, 1.0) if time_s >= 0 else time_s / self.lane_s
        sign = 1 if number % 2 == 0 else -1
        along, across = sign * (2 * share - 1) * self.reach_m, self.lanes_m[number]
        turning = into > self.lane_s and number + 1 < len(self.lanes_m)
        if turning:
            over = (into - self.lane_s) / self.turn_s
            across += over * (self.lanes_m[number + 1] - across)
        turn = math.radians(self.heading_deg)
        east = along * math.sin(turn) + across * math.cos(turn)
        north = along * math.cos(turn) - across * math.sin(turn)
        course = (self.heading_deg + (0 if sign > 0 else 180)) % 360
        return Pose(
            time_s=BEGIN_S + time_s,
            place=self.world.frame.point_from_local(east, north),
            height_amsl_m=self.world.ground_amsl_m + self.height_m,
            height_relative_m=self.height_m,
            roll_deg=0.0, pitch_deg=0.0, yaw_deg=course,
            gimbal_pitch_deg=self.pitch_deg,
            gimbal_yaw_deg=(course + self.yaw_from_course_deg) % 360,
            gimbal_roll_deg=0.0,
            speed_m_s=self.speed_m_s,
        )  # fmt: skip

    def times(self, interval_s: float) -> list[float]:
        """When frames are taken: on the lanes."""
        every = np.arange(0.0, self.end_s + 1e-6, interval_s).tolist()
        return [t for t in every if t % (self.lane_s + self.turn_s) <= self.lane_s + 1e-6]


@dataclass
class Rendered:
    """A flight's frames in memory and, by frame, where each person truly shows (column, row)."""

    flight: Flight
    frames: list[ThermalFrame] = field(default_factory=list)
    pixels: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    people: dict[str, Somebody] = field(default_factory=dict)

    def truth(self, name: str, time_s: float) -> np.ndarray:
        """Where somebody was at a frame's time: metres east and north in the world's frame."""
        return np.array(self.people[name].at(time_s - BEGIN_S))


class Studio:
    """A world with its warmth worked out once, for many flights."""

    def __init__(self, world: World, *, night: bool = True, camera: Camera = CAMERA) -> None:
        self.world, self.night, self.camera = world, night, camera
        self._ground = Raster(ground_temperature(world, night=night)[None], world.texel_m)
        self._things = warm_things(world, night=night)

    def render(
        self, flight: Flight, people: list[Somebody], interval_s: float = 1.0, seed: int = 0
    ) -> Rendered:
        """Frames along a flight, degrees Celsius as a camera of 0.05 K shows them."""
        made = Rendered(flight, people={p.name: p for p in people})
        rng = np.random.default_rng([self.world.seed, seed])
        for number, time_s in enumerate(flight.times(interval_s)):
            pose = flight.pose(time_s)
            values, pixels = self.frame(pose, [(p, p.at(time_s)) for p in people], rng)
            name = f"f{number:04d}.tif"
            made.frames.append(frame_of(name, values, pose.time_s, seed))
            made.pixels[name] = pixels
        return made

    def frame(
        self, pose: Pose, people: list[tuple[Somebody, Place]], rng: np.random.Generator
    ) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
        """One frame's values and where people show in it."""
        view = self.world.view(Lens.of(self.camera), pose)
        celsius = scene_of(self.world, view, self._ground)
        for body in self._things:
            draw_body(self.world, view, celsius, body, night=self.night)
        beings = [
            Person(
                self.world.frame.point_from_local(*at), p.posture, p.temperature_c, 0.0, p.heading_deg, p.name
            )
            for p, at in people
        ]
        pixels = {}
        for body in bodies_of(self.world, beings):
            seen = draw_body(self.world, view, celsius, body, night=self.night)
            if seen is not None and seen.visible_share > 0.5:
                pixels[seen.name] = seen.pixel
        soft = ndimage.gaussian_filter(celsius, BLUR_PX) + NOISE_K * rng.standard_normal(celsius.shape)
        return np.asarray(soft, np.float32), pixels

    def open_places(
        self, count: int, rng: np.random.Generator, reach_m: float, apart_m: float = 6.0
    ) -> list[Place]:
        """Places on flat ground away from what is tall or warm, and from each other."""
        layout = self.world.layout
        taken = [(s.east_m, s.north_m) for s in layout.stones] + [(t[0], t[1]) for t in layout.trees]
        around = np.stack(np.meshgrid(np.linspace(-2, 2, 7), np.linspace(-2, 2, 7)), -1).reshape(-1, 2)
        places: list[Place] = []
        while len(places) < count:
            east, north = rng.uniform(-reach_m, reach_m, 2)
            flat = (
                np.ptp(self.world.surface_height((around + np.array([east, north])).astype(np.float32))) < 0.5
            )
            if flat and all(math.dist((east, north), other) > apart_m for other in [*taken, *places]):
                places.append((float(east), float(north)))
        return places


def frame_of(name: str, values: np.ndarray, time_s: float, seed: int = 0) -> ThermalFrame:
    """A frame that tells its time and nothing else."""
    return ThermalFrame(Path(name), values, "degC", Exposure(time_s=time_s), f"{seed}/{name}", 1.0)


@dataclass(frozen=True)
class Drawn:
    """The errors of one flight, and the track that a drone with them reports. A `TrackLike`.

    They are drawn as `Sigmas` says, the receiver's `horizontal_m` and the height's `vertical_m` being those
    that the track tells. `clock_s` is how far the frames' clock is ahead.
    """

    flight: Flight
    sigmas: Sigmas
    seed: int
    horizontal_m: float = 1.5
    vertical_m: float = 2.0
    clock_s: float | None = None

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 977])
        s = self.sigmas
        degrees = [s.boresight_deg, s.boresight_deg, s.azimuth_deg]
        own = {
            "place": np.array([self.horizontal_m, self.horizontal_m, self.vertical_m])
            * rng.standard_normal(3),
            "angles": np.radians(degrees) * rng.standard_normal(3),
            "ground": s.ground_m * rng.standard_normal(),
            "focal": math.exp(s.focal_pct / 100 * rng.standard_normal()),
            "ahead": s.time_s * rng.standard_normal() if self.clock_s is None else self.clock_s,
        }
        times = np.arange(-10.0, self.flight.end_s + 10, 0.2)
        drifts = drift(times, rng) * [
            s.drift_m,
            s.drift_m,
            *np.radians([s.tilt_deg, s.tilt_deg, s.turn_deg]),
        ]
        shakes = np.radians(s.shake_deg) * rng.standard_normal((len(times), 3))
        object.__setattr__(self, "_own", own)
        object.__setattr__(self, "_poses", {})
        object.__setattr__(self, "_times", times)
        object.__setattr__(self, "_drifts", drifts)
        object.__setattr__(self, "_shakes", shakes)

    @property
    def camera(self) -> Camera:
        """The camera as it is believed to be."""
        return replace(CAMERA, focal_length_mm=CAMERA.focal_length_mm * self._own["focal"])  # type: ignore[attr-defined]

    @property
    def ahead_s(self) -> float:
        """How far the frames' clock is ahead of the track's."""
        return float(self._own["ahead"])  # type: ignore[attr-defined]

    @property
    def start_s(self) -> float:
        return BEGIN_S - 5

    @property
    def end_s(self) -> float:
        return BEGIN_S + self.flight.end_s + 5

    def frames(self, rendered: Rendered) -> list[ThermalFrame]:
        """The rendered frames with the time that their clock shows."""
        return [
            replace(f, exposure=Exposure(time_s=(f.exposure.time_s or 0.0) + self.ahead_s))
            for f in rendered.frames
        ]

    def pose_at(self, time_s: float) -> Pose | None:
        """The reported pose at a time of the track's clock."""
        if not self.start_s <= time_s <= self.end_s:
            return None
        kept: dict[float, Pose] = self._poses  # type: ignore[attr-defined]
        if time_s not in kept:
            kept[time_s] = self._believed(time_s)
        return kept[time_s]

    def _believed(self, time_s: float) -> Pose:
        own: dict[str, np.ndarray] = self._own  # type: ignore[attr-defined]
        true = self.flight.pose(time_s - BEGIN_S)
        drifted = [np.interp(time_s - BEGIN_S, self._times, column) for column in self._drifts.T]  # type: ignore[attr-defined]
        row = int(np.argmin(np.abs(self._times - (time_s - BEGIN_S))))  # type: ignore[attr-defined]
        shake = self._shakes[row]  # type: ignore[attr-defined]
        east, north = self.flight.world.frame.local_from_geo([[true.place.lon_deg, true.place.lat_deg]])[0]
        east += own["place"][0] + drifted[0]
        north += own["place"][1] + drifted[1]
        up = own["place"][2] + own["ground"]
        yaw, pitch, roll = turned_angles(
            true,
            own["angles"][:2],
            np.array([drifted[2], drifted[3], 0.0]) + shake,
            float(own["angles"][2] + drifted[4]),
        )
        return replace(
            true,
            time_s=time_s,
            place=self.flight.world.frame.point_from_local(float(east), float(north)),
            height_amsl_m=true.height_amsl_m + up,
            height_relative_m=true.height_relative_m + up,
            gimbal_yaw_deg=yaw, gimbal_pitch_deg=pitch, gimbal_roll_deg=roll,
            sigma_horizontal_m=self.horizontal_m, sigma_vertical_m=self.vertical_m, gap_s=0.2,
        )  # fmt: skip


def turned_angles(
    pose: Pose, boresight_rad: np.ndarray, level_rad: np.ndarray, azimuth_rad: float
) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the camera after small turns in its own frame and in the earth's."""
    assert pose.gimbal_yaw_deg is not None
    assert pose.gimbal_pitch_deg is not None
    axes = camera_axes(pose.gimbal_yaw_deg, pose.gimbal_pitch_deg, pose.gimbal_roll_deg or 0.0)
    earth = Rotation.from_rotvec(level_rad - np.array([0, 0, azimuth_rad])).as_matrix()
    camera = Rotation.from_rotvec([boresight_rad[0], boresight_rad[1], 0.0]).as_matrix()
    right, down, forward = (earth @ axes.T @ camera).T
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, forward[2]))))
    # forward, right and down of the picture as body axes: yaw, pitch, roll (z-y-x) from north-east-down
    yaw = math.degrees(math.atan2(forward[0], forward[1]))
    roll = math.degrees(math.atan2(-right[2], -down[2]))
    return yaw % 360, pitch, roll


def drift(times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """First-order Gauss-Markov processes of one standard deviation, (n, 5), at n times in order."""
    kept = np.exp(-np.diff(times_s)[:, None] / DRIFT_TIME_S)
    shocks = rng.standard_normal((len(times_s), 5))
    out = np.empty_like(shocks)
    out[0] = shocks[0]
    for number, keep in enumerate(kept, 1):
        out[number] = keep * out[number - 1] + np.sqrt(1 - keep**2) * shocks[number]
    return out
