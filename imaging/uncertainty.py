"""How sure each pose and lens is, out of the covariance of the adjustment.

A pose's turn is told about three axes that stand at right angles at any pitch: the vertical (yaw), the level
line to the right of the picture (pitch), and the level line at right angles to both (roll). For a camera that
looks straight down these are the aircraft's own, with the top of the picture ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imaging.adjustment import Adjusted, indices
from imaging.lens import Array

LENS_PARAMETERS = (
    "focal_px", "centre_x_px", "centre_y_px", "radial", "radial2", "tangential_x", "tangential_y",
    "readout_s",
)  # fmt: skip
UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseSigma:
    """One standard deviation of a photo's place, metres, and of its attitude, degrees."""

    east_m: float
    north_m: float
    up_m: float
    roll_deg: float
    pitch_deg: float
    yaw_deg: float


def pose_sigmas(adjusted: Adjusted) -> dict[str, PoseSigma]:
    """How sure each view is, by name: J C J^T with the turn in the camera's axes taken to the level ones."""
    layout = adjusted.layout
    numbers = indices(range(len(adjusted.views)))
    found = {}
    for view, places in zip(adjusted.views, layout.view(numbers)[:, :6], strict=True):
        block = adjusted.spread.block(places, places)
        axes = _level_axes(view.rotation)
        # A turn v in the camera's axes is R^T v in the local frame, R being camera from local.
        to_level = axes @ view.rotation.T
        turns = np.degrees(np.sqrt(np.maximum(np.diag(to_level @ block[:3, :3] @ to_level.T), 0.0)))
        place_m = np.sqrt(np.maximum(np.diag(block)[3:], 0.0))
        found[view.name] = PoseSigma(
            east_m=float(place_m[0]),
            north_m=float(place_m[1]),
            up_m=float(place_m[2]),
            roll_deg=float(turns[0]),
            pitch_deg=float(turns[1]),
            yaw_deg=float(turns[2]),
        )
    return found


def lens_sigmas(adjusted: Adjusted) -> dict[str, dict[str, float]]:
    """One standard deviation of each of LENS_PARAMETERS, by the lens's name; 0 where it was held."""
    layout = adjusted.layout
    found = {}
    for number, name in enumerate(layout.lens_names):
        seen = np.flatnonzero(layout.lens_of_view == number)
        if not len(seen):
            continue
        places = layout.lens(indices(seen[:1]))[0]
        sigma = np.sqrt(np.maximum(np.diag(adjusted.spread.block(places, places)), 0.0))
        found[name] = dict(zip(LENS_PARAMETERS, sigma.tolist(), strict=True))
    return found


def _level_axes(rotation: Array) -> Array:
    """(3, 3) unit vectors in rows: level ahead, level to the right, up."""
    right = rotation[0] - rotation[0] @ UP * UP
    length = float(np.linalg.norm(right))
    # A picture that stands on its side has no level line to the right: the optical axis serves.
    right = np.cross(rotation[2], UP) if length < 1e-6 else right / length
    right = right / max(1e-12, float(np.linalg.norm(right)))
    return np.array([np.cross(UP, right), right, UP])
