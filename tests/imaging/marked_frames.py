"""Frames without a picture whose spots are told: what is asked is where they are placed and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imaging.finds import Finds
from imaging.heat import HeatOptions, finds_of, frame_spots
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.placing.spot import Spot
from imaging.thermal.posing import TrackLike
from imaging.thermal.searching import Search
from missions import catalogue
from missions.geodesy import GeoPoint, LocalFrame

CAMERA = catalogue.camera("demo-thermal")
MIDDLE = (CAMERA.image_width_px / 2, CAMERA.image_height_px / 2)
HOME = GeoPoint(52.1, 5.2)
LOCAL = LocalFrame(HOME)
BEGIN_S = 1_780_300_800.0


def spot_at(
    col: float,
    row: float,
    sides_px: tuple[float, float] = (15.0, 7.0),
    category: str = "",
    score: float = 9.0,
) -> Spot:
    """A warm spot there."""
    long_px, short_px = sides_px
    box = (round(col - short_px / 2), round(row - long_px / 2), round(short_px), round(long_px))
    area = round(long_px * short_px)
    return Spot(row, col, box, area, 5.0, 30.0, "warm", score, "told", False, sides_px, category)


@dataclass(frozen=True)
class Told:
    """A detector that says what it is told to, by the frame's name; of others that the middle is warm."""

    spots: Mapping[str, Sequence[Spot]]

    def __call__(self, frame: ThermalFrame, gsd_m: float | None) -> Sequence[Spot]:
        return self.spots.get(frame.name, (spot_at(*MIDDLE),))


def frame(number: int, exposure: Exposure) -> ThermalFrame:
    """A frame of one warmth all over."""
    name = f"f{number:03d}.tif"
    values = np.full((CAMERA.image_height_px, CAMERA.image_width_px), 10.0, np.float32)
    return ThermalFrame(Path(name), values, "degC", exposure, name, 1.0)


def searched(
    frames: Sequence[ThermalFrame],
    track: TrackLike | None = None,
    spots: Mapping[str, Sequence[Spot]] | None = None,
    **options: object,
) -> Finds:
    """The finds in these frames."""
    search = Search(track, CAMERA, HeatOptions(detector=Told(spots or {}), **options))  # type: ignore[arg-type]
    return finds_of(search, (), [frame_spots(search.add(each)) for each in frames])


def east_north_m(place: GeoPoint) -> tuple[float, float]:
    """Metres from home."""
    east, north = LOCAL.local_from_geo([[place.lon_deg, place.lat_deg]])[0]
    return float(east), float(north)
