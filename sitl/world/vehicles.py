"""Vehicles: boxes with a profile, raised on the height map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sitl.world.canvas import Canvas, Colour, Material, Patch, Values
from sitl.world.noise import Field
from sitl.world.things import body_axes


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as a box with a profile, its front towards `heading_deg` and crumpled where `damaged`."""

    name: str
    east_m: float
    north_m: float
    heading_deg: float
    colour: Colour
    kind: str = "car"
    damaged: bool = False

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Length, width and height."""
        return {"car": (4.4, 1.8, 1.46), "police": (4.7, 1.9, 1.5), "van": (5.6, 2.05, 2.3)}[self.kind]

    @property
    def engine_en_m(self) -> tuple[float, float]:
        """Where the engine block is, metres east and north."""
        ahead = self.size_m[0] * 0.33
        turn = math.radians(self.heading_deg)
        return self.east_m + ahead * math.sin(turn), self.north_m + ahead * math.cos(turn)


def _rounded_box(ahead: Values, aside: Values, length_m: float, width_m: float, corner_m: float) -> Field:
    x = np.abs(ahead) - length_m / 2 + corner_m
    y = np.abs(aside) - width_m / 2 + corner_m
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0))
    return (outside + np.minimum(np.maximum(x, y), 0) - corner_m).astype(np.float32)


def paint_vehicle(canvas: Canvas, vehicle: Vehicle) -> None:
    """Raise the vehicle's body on the height map and colour it: bonnet, glass, roof, lamps, stripes."""
    length, width, height = vehicle.size_m
    patch = canvas.around(vehicle.east_m, vehicle.north_m, length / 2 + 0.6)
    if patch.empty:
        return
    ahead, aside = body_axes(patch, vehicle.east_m, vehicle.north_m, vehicle.heading_deg)
    crumple = patch.middle
    if vehicle.damaged:
        front = np.clip((ahead - length * 0.2) / (length * 0.3), 0, 1)
        ahead = ahead + 0.35 * front * (0.6 + 0.4 * crumple)
        aside = aside + 0.12 * front * crumple
    shape = _rounded_box(ahead, aside, length, width, 0.35)
    body = patch.soft(shape)
    x = ahead / length
    base, height_now, glass = _profile(vehicle.kind, x, np.abs(aside) / (width / 2), height)
    if vehicle.damaged:
        height_now = height_now + 0.1 * crumple * np.clip((x - 0.12) / 0.2, 0, 1)
    ground = float(np.median(patch.height))
    lifted = patch.height
    lifted[shape < 0] = (ground + np.maximum(height_now, base))[shape < 0]
    patch.lay(body, vehicle.colour, Material.METAL)
    patch.darken(body * patch.soft(np.abs(shape + 0.1) - 0.02) * np.float32(0.25))
    for seam in (0.2, -0.36) if vehicle.kind != "van" else (0.36,):
        patch.darken(body * patch.soft(np.abs(ahead - seam * length) - 0.025) * np.float32(0.5))
    patch.lay(body * glass, (34, 40, 46), Material.GLASS)
    _lamps(patch, body, ahead / (length / 2), np.abs(aside) / (width / 2))
    if vehicle.kind == "police":
        _police_livery(patch, body * (1 - glass), ahead, aside)
    if vehicle.damaged:
        dents = np.clip((x - 0.12) / 0.25, 0, 1) * np.clip(0.35 + 0.5 * crumple, 0, 0.85)
        patch.lay((body * dents).astype(np.float32), (62, 60, 58))


def _profile(kind: str, x: Values, side: Values, height_m: float) -> tuple[float, Field, Field]:
    """Least height, height over the length (x from -0.5 at the tail to 0.5), and which part is glass."""
    if kind == "van":
        knots, heights = [-0.5, 0.3, 0.4, 0.5], [height_m, height_m, 1.2, 0.9]
        pane = ((x > 0.31) & (x < 0.4) & (side < 0.85)).astype(np.float32)
        return 0.8, np.interp(x, knots, heights).astype(np.float32), pane
    knots, heights = [-0.5, -0.37, -0.27, 0.03, 0.19, 0.5], [0.85, 0.95, height_m, height_m, 0.98, 0.72]
    tumble = np.clip((side - 0.72) / 0.16, 0, 1)
    top = np.interp(x, knots, heights).astype(np.float32)
    top = top - np.where((x > -0.37) & (x < 0.19), tumble * (top - 0.92), 0).astype(np.float32)
    screens = ((x > 0.05) & (x < 0.185)) | ((x > -0.365) & (x < -0.28))
    flanks = (x > -0.34) & (x < 0.14) & (side > 0.75) & (side < 0.87) & (np.abs(x + 0.1) > 0.015)
    return 0.6, top, ((screens & (side < 0.86)) | flanks).astype(np.float32)


def _lamps(patch: Patch, body: Field, x: Values, side: Values) -> None:
    corners = (side > 0.55) & (side < 0.92)
    patch.lay(body * ((x > 0.93) & corners), (238, 238, 228))
    patch.lay(body * ((x < -0.95) & corners), (168, 22, 20))


def _police_livery(patch: Patch, body: Field, ahead: Values, aside: Values) -> None:
    """Blue and orange slanting stripes over bonnet and boot, and a bar of blue lamps."""
    slant = (ahead + np.abs(aside)) % 0.9
    ends = (ahead > 1.0) | (ahead < -1.75)
    patch.lay(body * (ends & (slant < 0.28)), (224, 92, 26))
    patch.lay(body * (ends & (slant > 0.34) & (slant < 0.62)), (32, 66, 158))
    bar = (np.abs(ahead + 0.35) < 0.16) & (np.abs(aside) < 0.62)
    patch.lay(body * (bar & (np.abs(aside) > 0.12)), (40, 92, 235))
    patch.height += np.where(bar & (body > 0.5), 0.12, 0).astype(np.float32)
