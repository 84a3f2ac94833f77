"""What a camera sees from a height, and what follows from it for a pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass

from missions.camera import Camera
from missions.errors import SettingsError

DEFAULT_HEIGHT_AGL_M = 60.0
DEFAULT_OVERLAP_SIDE_PCT = 25.0
DEFAULT_OVERLAP_FRONT_PCT = 60.0
LOWEST_M, HIGHEST_M = 5.0, 1000.0
PERSON_WIDTH_M = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """A camera that looks straight down from a height above ground, and how its pictures overlap.

    Overlaps are per cent of the footprint. Raises SettingsError for figures that make no search.
    """

    camera: Camera
    height_agl_m: float = DEFAULT_HEIGHT_AGL_M
    overlap_side_pct: float = DEFAULT_OVERLAP_SIDE_PCT
    overlap_front_pct: float = DEFAULT_OVERLAP_FRONT_PCT

    def __post_init__(self) -> None:
        height_m = self.height_agl_m
        if not (math.isfinite(height_m) and LOWEST_M <= height_m <= HIGHEST_M):
            raise SettingsError(
                f"a height of {height_m} m makes no search",
                remedy=f"Give {LOWEST_M:.0f} to {HIGHEST_M:.0f} metres",
            )
        for which, share in (("side", self.overlap_side_pct), ("front", self.overlap_front_pct)):
            if not (math.isfinite(share) and 0 <= share <= 95):
                raise SettingsError(
                    f"a {which} overlap of {share} % makes no search", remedy="Give 0 to 95 per cent"
                )

    @property
    def footprint_m(self) -> tuple[float, float]:
        """Ground seen by one picture: metres across and along the track."""
        return self.camera.footprint_m(self.height_agl_m)

    @property
    def spacing_m(self) -> float:
        """How far apart neighbouring tracks lie: the footprint across less the side overlap."""
        return self.footprint_m[0] * (1 - self.overlap_side_pct / 100)

    @property
    def trigger_m(self) -> float:
        """Metres flown between two pictures: the footprint along less the front overlap."""
        return self.footprint_m[1] * (1 - self.overlap_front_pct / 100)

    @property
    def reach_m(self) -> float:
        """How far ahead of a track's end the ground is seen for sure.

        The last picture of a track may be taken a whole trigger distance before its end.
        """
        return max(0.0, self.footprint_m[1] / 2 - self.trigger_m)

    @property
    def gsd_m(self) -> float:
        """Ground sample distance, metres a pixel."""
        return self.camera.gsd_m(self.height_agl_m)

    @property
    def person_px(self) -> float:
        """How many pixels wide a person of half a metre is."""
        return PERSON_WIDTH_M / self.gsd_m


def height_for_gsd_m(camera: Camera, gsd_m: float) -> float:
    """The height above ground for a ground sample distance. Raises SettingsError where it is none."""
    if not (math.isfinite(gsd_m) and gsd_m > 0):
        raise SettingsError(
            f"a ground sample distance of {gsd_m} m is none", remedy="Give metres a pixel, such as 0.02"
        )
    return camera.height_agl_m(gsd_m)
