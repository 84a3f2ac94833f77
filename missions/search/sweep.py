"""How to fly over ground to find the most in a minute: height, speed, lane spacing, and what a pass is worth.

The sweep rate is POD of one pass x lane spacing x speed: square metres in which he would have been found, a
second (Koopman, Search and Screening, 1946, with a lateral range curve of our own looks). Lower, a person has
more pixels; higher, a lane is wider; faster, he is in fewer frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.camera import Camera
from missions.errors import SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.search.detection import Detection
from missions.search.grid import Cells, SearchGrid
from missions.search.looks import Viewpoint, looks_of
from missions.search.missed import missed_cells
from missions.search.seen_ground import SeenGround
from missions.view import View

Floats = npt.NDArray[np.float64]
NEEDED_PX = 4.0
"""On a person's width: what Johnson asks for detection with a chance of 79 %."""
HEIGHTS_M = (25.0, 30.0, 35.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0)
SPEED_SHARES = (1.0, 0.75, 0.5)
OVERLAP_SIDE_PCT = 10.0
COVERS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)
MOST_PASSES = 5
_PLACES = 6
_LATER_S = 3600.0
_LANE_S = 60.0
_FRAME = LocalFrame(GeoPoint(0.0, 0.0))
_DOWN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
_ACROSS = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class Sweep:
    """A way to fly lanes: `view` at its height, `speed_m_s`, a frame each `every_s`.

    `missed` (covers, passes + 1) is the chance that somebody on the ground is missed by so many passes below
    leaves of the COVERS.
    """

    view: View
    speed_m_s: float
    every_s: float
    detection: Detection
    missed: tuple[tuple[float, ...], ...]

    @property
    def pod(self) -> float:
        """POD of one pass in the open."""
        return 1 - self.missed[0][1]

    @property
    def pixels(self) -> float:
        """Pixels on a person's width straight below."""
        return self.view.person_px

    @property
    def ground_m2_s(self) -> float:
        """Ground flown over in a second of a lane."""
        return self.view.spacing_m * self.speed_m_s

    @property
    def rate_m2_s(self) -> float:
        """The sweep rate in the open."""
        return self.pod * self.ground_m2_s

    def next_pod(self, cover: Cells, missed_so_far: Cells) -> Cells:
        """(rows, columns) POD of one more pass, given that all looks before it would have missed him so.

        Looks at the same person are not independent: where much was looked at already one more pass finds
        less. What was looked at counts as so many passes of this kind, a fraction of one too.
        """
        table = np.log(np.maximum(np.array(self.missed), 1e-9))
        cover = np.broadcast_to(np.asarray(cover, float), missed_so_far.shape)
        at = np.interp(cover, COVERS, np.arange(len(COVERS)))
        low = np.minimum(at.astype(int), len(COVERS) - 2)
        share = (at - low)[..., None]
        curve = table[low] * (1 - share) + table[low + 1] * share
        so_far = np.log(np.clip(missed_so_far, 1e-9, 1.0))
        flown = _passes(curve, so_far)
        later = _at_passes(curve, flown + 1)
        now = _at_passes(curve, flown)
        return np.asarray(-np.expm1(np.minimum(later - now, 0.0)), float)


def best_sweep(
    aircraft: Aircraft,
    camera: Camera,
    detection: Detection,
    *,
    needed_px: float = NEEDED_PX,
    heights_m: Sequence[float] = HEIGHTS_M,
    cover: float = 0.0,
) -> Sweep:
    """The way with the highest sweep rate below leaves of this cover that gives a person `needed_px`.

    Raises SettingsError where no height does.
    """
    fit = [height for height in heights_m if View(camera, height).person_px >= needed_px]
    if not fit:
        raise SettingsError(
            f"camera {camera.name} gives a person {needed_px:g} pixels from none of the heights "
            f"{min(heights_m):g} to {max(heights_m):g} m",
            remedy="Ask for fewer pixels or lower heights, or take a camera with a longer lens",
        )
    ways = [
        sweep_at(View(camera, height, OVERLAP_SIDE_PCT), share * aircraft.cruise_speed_m_s, detection)
        for height in fit
        for share in (SPEED_SHARES if aircraft.kind == "copter" else (1.0,))
    ]
    none = np.ones((1, 1))
    return max(
        ways, key=lambda way: float(way.next_pod(np.full((1, 1), cover), none)[0, 0]) * way.ground_m2_s
    )


@lru_cache(maxsize=512)
def sweep_at(view: View, speed_m_s: float, detection: Detection) -> Sweep:
    """What lanes with this view at this speed are worth, pictures no further apart than the view says."""
    every_s = max(view.camera.min_interval_s, min(view.trigger_m / speed_m_s, 2.0))
    grid = SearchGrid(_FRAME, -view.spacing_m / 2, view.spacing_m / 2, view.spacing_m, 1, 1)
    ground = SeenGround.level(_FRAME, 0.0)
    views = [
        each for number in range(MOST_PASSES) for each in _pass(view, speed_m_s, every_s, detection, number)
    ]
    looks = looks_of(views, grid, ground, per_side=_PLACES)
    number_of = np.array([int(frame.source) for frame in looks.frames])
    missed = []
    for cover in COVERS:
        some = [looks.of_frames(number_of < passes) for passes in range(MOST_PASSES + 1)]
        missed.append(
            tuple(float(missed_cells(each, {detection.name: detection}, cover)[0, 0]) for each in some)
        )
    return Sweep(view, speed_m_s, every_s, detection, tuple(missed))


def _pass(view: View, speed_m_s: float, every_s: float, detection: Detection, number: int) -> list[Viewpoint]:
    """Frames of three neighbouring lanes around the origin; every second pass flies across the first."""
    _, along_m = view.footprint_m
    reach_s = (along_m + view.spacing_m) / 2 / speed_m_s + every_s
    # the lattice of pictures starts anywhere: a different phase for each lane
    seconds = np.arange(-reach_s, reach_s, every_s)
    made = []
    for lane in (-1, 0, 1):
        for second in seconds + (lane + 1) * every_s / 3:
            along, across = speed_m_s * second, lane * view.spacing_m
            eye = (along, across) if number % 2 else (across, along)
            made.append(
                Viewpoint(
                    name=f"{number} {lane} {second:.3f}",
                    time_s=number * _LATER_S + lane * _LANE_S + float(second),
                    eye_m=np.array([*eye, view.height_agl_m]),
                    ned_from_camera=_ACROSS if number % 2 else _DOWN,
                    camera=view.camera,
                    kind=detection.name,
                    speed_m_s=speed_m_s,
                    source=str(number),
                )
            )
    return made


def _passes(curve: Floats, so_far: Cells) -> Cells:
    """How many passes are worth what was done, from curves (..., passes + 1) of falling logarithms."""
    flown = np.zeros(so_far.shape)
    for number in range(MOST_PASSES):
        high, low = curve[..., number], curve[..., number + 1]
        flown += np.clip((high - so_far) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    return np.minimum(flown, MOST_PASSES - 1.0)


def _at_passes(curve: Floats, passes: Cells) -> Cells:
    whole = np.minimum(passes.astype(int), MOST_PASSES - 1)[..., None]
    part = passes - whole[..., 0]
    low, high = (np.take_along_axis(curve, whole + step, axis=-1)[..., 0] for step in (0, 1))
    return np.asarray(low * (1 - part) + high * part, float)
