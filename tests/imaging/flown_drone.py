"""A search that a real ArduPilot flies, and where its camera truly was while the recording said otherwise.

The recording is what the drone believes; the truth lies off it by the errors of a common drone, drawn as
`imaging.thermal.placing.errors.Sigmas` sizes them, a receiver's as it tells them of itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from imaging.thermal.placing.errors import Sigmas
from missions import catalogue
from missions.area import Area, Part
from missions.camera import Camera
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.plan import Plan
from missions.search_plan import plan_search
from missions.wind import Wind
from sitl.proof.flight import GROUND_AMSL_M, fly_plan
from telemetry.pose import Pose
from telemetry.track import Track
from tests.imaging.heat_flights import drift, turned_angles

CENTRE = GeoPoint(52.1700, 4.4400)
HEIGHT_M = 60.0
RECEIVER_M, BAROMETER_M = 1.5, 2.0
"""What a common receiver says of itself, one standard deviation. SITL's says 0.3 m of both."""
_OFF_GROUND_M = 1.0


@dataclass(frozen=True)
class FlownSearch:
    """A plan that was flown, and the recording of it. A `TrackLike` that tells a common receiver's errors."""

    plan: Plan
    recording: Path
    autopilot: str

    @cached_property
    def track(self) -> Track:
        """The recording, with what SITL's receiver says of itself."""
        return Track.from_tlog(self.recording)

    @property
    def start_s(self) -> float:
        return self.track.start_s

    @property
    def end_s(self) -> float:
        return self.track.end_s

    @cached_property
    def take_off_s(self) -> float:
        """When the aircraft left the ground."""
        return float(self.track.time_s[np.flatnonzero(self.track.height_relative_m > _OFF_GROUND_M)[0]])

    def pose_at(self, time_s: float) -> Pose | None:
        """What the recording says, its errors those of a common receiver."""
        pose = self.track.pose_at(time_s)
        if pose is None:
            return None
        return replace(pose, sigma_horizontal_m=RECEIVER_M, sigma_vertical_m=BAROMETER_M)

    def frame_times(self, interval_s: float, reach_m: float) -> list[float]:
        """When frames are taken: at the search's height, no farther than `reach_m` from the centre."""
        times = np.arange(self.take_off_s, self.end_s, interval_s).tolist()
        poses = [(t, self.track.pose_at(t)) for t in times]
        return [
            t
            for t, pose in poses
            if pose is not None
            and pose.height_relative_m > HEIGHT_M - 2
            and distance_m(pose.place, CENTRE) <= reach_m
        ]


def search_plan(side_m: float, turned_deg: float, wind: Wind | None = None) -> Plan:
    """Parallel tracks over a square around `CENTRE`, for the thermal camera at 60 m."""
    frame, half, turn = LocalFrame(CENTRE), side_m / 2, math.radians(turned_deg)
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    ring = [
        frame.point_from_local(
            e * math.cos(turn) + n * math.sin(turn), n * math.cos(turn) - e * math.sin(turn)
        )
        for e, n in corners
    ]
    return plan_search(
        Area("square", (Part(tuple(ring)),)),
        catalogue.aircraft("ardupilot-copter"),
        catalogue.camera("demo-thermal"),
        created="2026-01-01T00:00:00Z",
        height_agl_m=HEIGHT_M,
        wind=wind,
    )


def fly_search(plan: Plan, folder: Path, speedup: float = 10.0) -> FlownSearch:
    """Have ArduPilot fly it. Raises SimulatorError where none is installed."""
    (flown,) = fly_plan(plan, folder, speedup=speedup)
    assert flown.result.completed, flown.result.reason
    return FlownSearch(plan, flown.recording, flown.autopilot)


class TrueCamera:
    """Where the camera of one such drone truly was; the seed decides on its errors."""

    def __init__(self, flown: FlownSearch, seed: int, sigmas: Sigmas) -> None:
        rng = np.random.default_rng([seed, 977])
        self.flown = flown
        self._frame = LocalFrame(CENTRE)
        receiver = [RECEIVER_M, RECEIVER_M, math.hypot(BAROMETER_M, sigmas.ground_m)]
        self._place = np.array(receiver) * rng.standard_normal(3)
        angles = [sigmas.boresight_deg, sigmas.boresight_deg, sigmas.azimuth_deg]
        self._angles = np.radians(angles) * rng.standard_normal(3)
        self._focal = math.exp(sigmas.focal_pct / 100 * rng.standard_normal())
        self.ahead_s = float(sigmas.time_s * rng.standard_normal())
        """How far the frames' clock is ahead of the recording's."""
        self._times = np.arange(flown.start_s, flown.end_s, 0.2)
        degrees = np.radians([sigmas.tilt_deg, sigmas.tilt_deg, sigmas.turn_deg])
        self._drifts = drift(self._times, rng) * [sigmas.drift_m, sigmas.drift_m, *degrees]
        self._sigmas, self._rng = sigmas, rng

    @property
    def camera(self) -> Camera:
        """The camera as it truly is."""
        known = self.flown.plan.camera
        return replace(known, focal_length_mm=known.focal_length_mm * self._focal)

    def frame_pose(self, time_s: float) -> Pose:
        """The true pose of a frame that is taken at a time of the recording's clock.

        Its `time_s` is that of the frames' clock, with its jitter.
        """
        said = self.flown.track.pose_at(time_s)
        assert said is not None
        drifted = np.array([np.interp(time_s, self._times, column) for column in self._drifts.T])
        shake = math.radians(self._sigmas.shake_deg) * self._rng.standard_normal(3)
        east, north = self._frame.local_from_geo([[said.place.lon_deg, said.place.lat_deg]])[0]
        east, north = np.array([east, north]) + self._place[:2] + drifted[:2]
        up_m = float(said.height_relative_m + self._place[2])
        yaw_deg, pitch_deg, roll_deg = turned_angles(
            said,
            self._angles[:2],
            np.array([drifted[2], drifted[3], 0.0]) + shake,
            float(self._angles[2] + drifted[4]),
        )
        return replace(
            said,
            time_s=float(time_s + self.ahead_s + self._sigmas.jitter_s * self._rng.standard_normal()),
            place=self._frame.point_from_local(float(east), float(north)),
            height_amsl_m=GROUND_AMSL_M + up_m,
            height_relative_m=up_m,
            gimbal_yaw_deg=yaw_deg,
            gimbal_pitch_deg=pitch_deg,
            gimbal_roll_deg=roll_deg,
        )
