"""The ground's heat over a frame that tells temperatures (`missions.search.ground_heat`)."""

from __future__ import annotations

import numpy as np

from imaging.thermal.frame import ThermalFrame
from missions.camera import Camera
from missions.search.ground_heat import GroundHeat

TILE_PX = 40
"""Some four metres where a pixel is a decimetre: what lies around one person, and little else."""
_STEP = 2
LEAST_SPREAD_K = 0.05
"""No camera tells less."""


def ground_heat_of(frame: ThermalFrame, camera: Camera) -> GroundHeat | None:
    """The heat of the ground in a frame of `camera`; None where the frame tells no temperatures.

    A person is too small in a tile of 40 pixels to change its median or its spread by much.
    """
    values = frame.values[::_STEP, ::_STEP]
    if not frame.radiometric or min(frame.values.shape) < TILE_PX or not np.isfinite(values).all():
        return None
    rows, columns = (side // TILE_PX for side in frame.values.shape)
    high, wide = values.shape[0] // rows, values.shape[1] // columns
    tiles = values[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    flat = tiles.swapaxes(1, 2).reshape(rows, columns, high * wide)
    low, median, up = (int(share * flat.shape[2]) for share in (0.16, 0.5, 0.84))
    ordered = np.partition(flat, (low, median, up), axis=2).astype(np.float64)
    spread = np.maximum((ordered[..., up] - ordered[..., low]) / 2, LEAST_SPREAD_K)
    above = ordered[..., median] - float(np.median(values))
    focal = camera.focal_length_mm
    return GroundHeat(
        spread, above, (camera.sensor_width_mm / 2 / focal, camera.sensor_height_mm / 2 / focal)
    )
