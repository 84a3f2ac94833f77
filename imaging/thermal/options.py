"""How thermal frames are searched and placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from imaging.thermal.frame import ThermalFrame
from imaging.thermal.hotspots import HotSpotOptions
from imaging.thermal.placing.errors import Sigmas
from imaging.thermal.placing.rays import Distortion, Mount
from imaging.thermal.placing.spot import Spot
from imaging.thermal.reading import Scale, VideoOptions
from missions.terrain import Terrain


class Detector(Protocol):
    """Finds spots in a frame; `gsd_m` is the ground's size of a pixel, None where it is not known."""

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> Sequence[Spot]: ...


@dataclass(frozen=True, slots=True)
class HeatOptions:
    """How frames are read, searched and placed.

    `detector` goes before the one that `hotspots` describes. `clock_offset_s` is added to the frames' times
    to give the track's (-3600 for a camera an hour ahead); `find_clock` looks for a few seconds more in
    passes of opposite directions. `ground` is a height amsl or a height model, None for level ground, which
    lies `ground_above_take_off_m` above the take-off. Things seen in fewer than `least_sightings` frames are
    not listed. `scale`, `black_hot` and `video` say how frames are read (`imaging.thermal.reading`).
    """

    hotspots: HotSpotOptions = field(default_factory=HotSpotOptions)
    detector: Detector | None = None
    sigmas: Sigmas = field(default_factory=Sigmas)
    mount: Mount = "stabilised"
    distortion: Distortion | None = None
    clock_offset_s: float = 0.0
    find_clock: bool = True
    ground: float | Terrain | None = None
    ground_above_take_off_m: float = 0.0
    least_sightings: int = 1
    scale: Scale = "auto"
    black_hot: bool = False
    video: VideoOptions = field(default_factory=VideoOptions)
