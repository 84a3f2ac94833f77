"""What the photos say of themselves before any is compared: lens, place, direction, what they may share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.adjustment.network import Indices
from imaging.alignment import lens_name, lens_of
from imaging.lens import Array, Lens
from imaging.pairs import frame_of, positions_m
from imaging.photos import Photo
from imaging.quick.rotations import camera_from_gimbal

MARGIN = 0.15
LEAST_HEIGHT_M = 5.0


@dataclass(frozen=True, slots=True)
class Guess:
    """One photo: lens, (3, 3) camera from local and (3,) metres, None where the photo does not tell.

    `on_ground` says that the height counts from the ground, so that what the picture shows can be foretold.
    """

    name: str
    lens_name: str
    lens: Lens
    rotation: Array | None
    centre: Array | None
    on_ground: bool

    @property
    def foretold(self) -> bool:
        """Whether all of its pose is known, roughly."""
        return self.rotation is not None and self.centre is not None and self.on_ground

    def ground(self, rays: Array) -> Array:
        """(n, 3) rays of the camera to (n, 3) points on level ground, NaN where a ray goes up or far."""
        assert self.rotation is not None and self.centre is not None  # noqa: S101, PT018 - asked by the caller
        local = rays @ self.rotation
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = -self.centre[2] / local[:, 2]
        depth = np.where((depth > 0) & (depth < 6 * self.centre[2]), depth, np.nan)
        return np.asarray(self.centre + local * depth[:, None])

    def sees(self, points: Array, margin: float = MARGIN) -> npt.NDArray[np.bool_]:
        """(n,) whether the picture, with a margin as a share of its sides, can show the (n, 3) points."""
        assert self.rotation is not None and self.centre is not None  # noqa: S101, PT018 - asked by the caller
        seen = (points - self.centre) @ self.rotation.T
        with np.errstate(invalid="ignore", divide="ignore"):
            aside = np.abs(seen[:, :2] / seen[:, 2:]) * self.lens.focal_px
            half = (0.5 + margin) * np.array([self.lens.width_px, self.lens.height_px])
            return np.asarray((seen[:, 2] > 0) & np.all(aside <= half, axis=1))


def guesses(photos: dict[str, Photo]) -> list[Guess]:
    """A guess a photo, in the frame about the middle of them (`frame_of`)."""
    positions, reference = positions_m(photos, frame_of(photos))
    found = []
    for (name, photo), position in zip(photos.items(), positions, strict=True):
        rotation = None
        if photo.gimbal_pitch_deg is not None and photo.gimbal_yaw_deg is not None:
            rotation = camera_from_gimbal(
                photo.gimbal_yaw_deg, photo.gimbal_pitch_deg, photo.gimbal_roll_deg or 0.0
            )
        placed = bool(np.isfinite(position[0]))
        on_ground = reference == "relative" and placed and position[2] >= LEAST_HEIGHT_M
        found.append(
            Guess(name, lens_name(photo), _lens(photo), rotation, position if placed else None, on_ground)
        )
    return found


def _lens(photo: Photo) -> Lens:
    """As its maker measured it where the photo tells that, else without distortion."""
    factory = photo.factory_lens
    return lens_of(photo) if factory is None else factory.lens(photo.width_px, photo.height_px)


def shared(first: Guess, second: Guess, ground_first: Array, ground_second: Array) -> tuple[Indices, Indices]:
    """Which features of two pictures the other one can show; all where either pose is not known."""
    if not (first.foretold and second.foretold):
        return np.arange(len(ground_first)), np.arange(len(ground_second))
    return np.flatnonzero(second.sees(ground_first)), np.flatnonzero(first.sees(ground_second))
