"""Targets as a drone's photo shows them: laid on the ground, seen aslant, blurred, noisy, kept as JPEG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from imaging.lens import Array
from imaging.photos import Pixels

Kind = Literal["quarters", "maltese", "cross", "disc", "ring", "dot"]
KINDS: tuple[Kind, ...] = ("quarters", "maltese", "cross", "disc", "ring", "dot")
SIDE_PX, FINER = 112, 6
MIDDLE_PX = SIDE_PX / 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture, and where in it the target's centre truly is; (0.5, 0.5): the first pixel's middle."""

    picture: Pixels
    centre_px: Array


def asphalt(random: np.random.Generator, contrast: float = 9.0) -> Array:
    """(n, n, 3) grey values of ground that is rough at several scales."""
    ground = np.full((SIDE_PX, SIDE_PX), float(random.uniform(80, 130)))
    for sigma_px in (0.7, 2.0, 6.0):
        grain = cv2.GaussianBlur(random.normal(0, 1, ground.shape), (0, 0), sigma_px)
        ground += contrast * grain / grain.std() / 1.7
    return np.repeat(ground[..., None], 3, axis=2)


def target(
    kind: Kind,
    size_px: float,
    random: np.random.Generator,
    ground: Array | None = None,
    *,
    aslant_deg: float = 40,
) -> Seen:
    """A target `size_px` across near the middle, seen from up to `aslant_deg` off its normal."""
    centre = MIDDLE_PX + random.uniform(-0.5, 0.5, 2)
    across, up = _on_plane(centre, size_px / 2, random, aslant_deg)
    white, inside = _painted(kind, across, up)
    dark, light = random.uniform(15, 60), random.uniform(175, 250)
    cover = _coarser(inside.astype(float))
    paint = _coarser(np.where(inside, dark + (light - dark) * white, 0.0))
    ground = asphalt(random) if ground is None else ground
    return Seen(taken(ground * (1 - cover[..., None]) + paint[..., None], random), centre)


def line_end(random: np.random.Generator, width_px: float) -> Seen:
    """The end of a white line or bar that is no target; what is to be marked is the middle of its end."""
    turn = random.uniform(0, 2 * math.pi)
    y, x = (np.mgrid[0 : SIDE_PX * FINER, 0 : SIDE_PX * FINER] + 0.5) / FINER - MIDDLE_PX
    along, aside = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    cover = _coarser(((along > 0) & (np.abs(aside) < width_px / 2)).astype(float))[..., None]
    return Seen(taken(asphalt(random) * (1 - cover) + 220 * cover, random), np.full(2, MIDDLE_PX))


def taken(light: Array, random: np.random.Generator) -> Pixels:
    """What the camera makes of it."""
    smeared = cv2.GaussianBlur(light, (0, 0), random.uniform(0.4, 1.0))
    noisy = smeared + random.normal(0, random.uniform(1, 3), light.shape)
    kept = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        kept, "JPEG", quality=int(random.integers(82, 96))
    )
    return np.asarray(Image.open(kept))


def _on_plane(
    centre: Array, half_px: float, random: np.random.Generator, aslant_deg: float
) -> tuple[Array, Array]:
    """Where on the target each fine pixel looks, in halves of its size."""
    focal_px, tilt = random.uniform(700, 4000), math.radians(random.uniform(0, aslant_deg))
    towards, turn = random.uniform(0, 2 * math.pi, 2)
    y, x = (np.mgrid[0 : SIDE_PX * FINER, 0 : SIDE_PX * FINER] + 0.5) / FINER
    x, y = x - centre[0], y - centre[1]
    ahead, aside = (
        x * math.cos(towards) + y * math.sin(towards),
        y * math.cos(towards) - x * math.sin(towards),
    )
    ahead = ahead * focal_px / (focal_px * math.cos(tilt) - ahead * math.sin(tilt))
    aside = aside * (focal_px + ahead * math.sin(tilt)) / focal_px
    across, up = (
        ahead * math.cos(turn) + aside * math.sin(turn),
        aside * math.cos(turn) - ahead * math.sin(turn),
    )
    return across / half_px, up / half_px


def _painted(kind: Kind, across: Array, up: Array) -> tuple[Array, Array]:
    """Where the target is white, and where it is at all."""
    round_, square = np.hypot(across, up), np.maximum(np.abs(across), np.abs(up))
    if kind == "quarters":
        return across * up > 0, square < 1
    if kind == "maltese":
        return np.abs(across) > np.abs(up), round_ < 1
    if kind == "cross":
        return np.full(across.shape, True), (np.minimum(np.abs(across), np.abs(up)) < 0.13) & (square < 1)
    if kind == "disc":
        return np.full(across.shape, True), round_ < 1
    if kind == "ring":
        return (round_ > 0.66) | (round_ < 0.3), round_ < 1
    return round_ > 0.6, square < 1


def _coarser(fine: Array) -> Array:
    return np.asarray(fine.reshape(SIDE_PX, FINER, SIDE_PX, FINER).mean(axis=(1, 3)))
