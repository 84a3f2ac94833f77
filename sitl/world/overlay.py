"""Bodies drawn into a thermal frame, as the leaves and obstacles between leave them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from sitl.world.bodies import Body
from sitl.world.lens import Floats
from sitl.world.noise import octave
from sitl.world.temperature import LEAVES_C
from sitl.world.truth import Sighting
from sitl.world.view import View
from sitl.world.world import World

FINER = 4
CANOPY_UP_M = 6.0
CANOPY_RADIUS_M = 2.6
LEAF_M = 0.22
LEAF_CELLS = 128

Field = npt.NDArray[np.float32]


def draw_body(world: World, view: View, celsius: Field, body: Body, *, night: bool) -> Sighting | None:
    """Draw `body` into `celsius` (rows, columns) in place. None where the frame does not show it."""
    middle = view.project(body.centre)
    depth = float((body.centre - view.position) @ view.axes[2])
    margin_px = (body.reach_m + 0.3) * view.lens.focal_length_px / max(depth, 1e-6)
    if depth <= 0.5 or not _near(view, middle[0], margin_px):
        return None
    if body.canopy > 0:
        _draw_canopy(world, view, celsius, body, night=night)
    box = _box(middle[0], margin_px, celsius.shape)
    if box is None:
        return None
    rows, columns = box
    cover, warmth = _outline(view, body, rows, columns)
    whole = float(cover.sum())
    if whole <= 0:
        return None
    seen = world.line_of_sight(view.position, body.centre, clearance_m=0.3)
    clear = cover * (1 - _leaves(world, view, body, rows, columns)) if seen else np.zeros_like(cover)
    patch = celsius[rows, columns]
    around = float(np.median(patch[cover == 0])) if np.any(cover == 0) else float(patch.mean())
    patch += clear * (warmth - patch)
    share = float(clear.sum()) / whole
    contrast = float(((patch - around) * cover).sum()) / whole
    return _sighting(body, cover, rows, columns, share, contrast)


def _near(view: View, pixel: Floats, margin_px: float) -> bool:
    size = np.array([view.lens.width_px, view.lens.height_px])
    return bool(np.all((pixel > -margin_px) & (pixel < size + margin_px)))


def _box(middle: Floats, reach_px: float, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    left, top = np.floor(middle - reach_px - 3).astype(int)
    right, bottom = np.ceil(middle + reach_px + 4).astype(int)
    rows = slice(max(0, int(top)), min(shape[0], int(bottom)))
    columns = slice(max(0, int(left)), min(shape[1], int(right)))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _outline(view: View, body: Body, rows: slice, columns: slice) -> tuple[Field, Field]:
    """How much of each pixel the body covers, and how warm that part of it is.

    A capsule is seen as the pixels nearer to its projected axis than its projected radius; later (higher)
    capsules lie over earlier ones.
    """
    step = 1 / FINER
    y = np.arange(rows.start + step / 2, rows.stop, step)[:, None]
    x = np.arange(columns.start + step / 2, columns.stop, step)[None, :]
    cover = np.zeros((y.size, x.size), np.float32)
    warmth = np.full_like(cover, body.temperature_c)
    for capsule in body.capsules:
        ends = body.ends(capsule)
        start, end = view.project(ends)
        depth = float((ends.mean(axis=0) - view.position) @ view.axes[2])
        radius = capsule.radius_m * view.lens.focal_length_px / depth
        along = end - start
        share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along @ along), 1e-12)
        share = np.clip(share, 0, 1)
        inside = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]) <= radius
        cover[inside] = 1
        warmth[inside] = body.temperature_c + capsule.warmer_k
    shape = (y.size // FINER, FINER, x.size // FINER, FINER)
    coarse = cover.reshape(shape).mean(axis=(1, 3))
    heat = (cover * warmth).reshape(shape).mean(axis=(1, 3))
    return coarse, np.divide(heat, coarse, out=np.full_like(coarse, body.temperature_c), where=coarse > 0)


def _leaves(world: World, view: View, body: Body, rows: slice, columns: slice) -> Field:
    """Share of each pixel that leaves above the body hide: fixed in the world, seen with their parallax."""
    pixels = np.stack(
        np.meshgrid(np.arange(columns.start, columns.stop) + 0.5, np.arange(rows.start, rows.stop) + 0.5),
        axis=-1,
    )
    if body.canopy <= 0:
        return np.zeros(pixels.shape[:2], np.float32)
    level = float(body.foot[2]) + CANOPY_UP_M
    above = view.back_project(pixels.reshape(-1, 2), level)[:, :2] - body.foot[:2]
    rng = np.random.default_rng([world.seed, round(abs(float(body.foot[0])) * 100), 61])
    pattern = octave(rng, LEAF_CELLS, 3.0)
    hidden = (pattern < np.quantile(pattern, body.canopy)).astype(np.float32)
    cells = np.nan_to_num(above.T / LEAF_M * 3 + LEAF_CELLS / 2, nan=-1e6)
    leaves = ndimage.map_coordinates(hidden, cells, order=1, mode="grid-wrap")
    leaves = leaves * (np.hypot(above[:, 0], above[:, 1]) < CANOPY_RADIUS_M)
    return np.asarray(np.nan_to_num(leaves).reshape(pixels.shape[:2]), np.float32)


def _draw_canopy(world: World, view: View, celsius: Field, body: Body, *, night: bool) -> None:
    """The leaves of the crown above the body, at their own temperature."""
    crown = np.array([body.foot[0], body.foot[1], body.foot[2] + CANOPY_UP_M])
    depth = float((crown - view.position) @ view.axes[2])
    if depth <= 0.5:
        return
    box = _box(
        view.project(crown)[0], CANOPY_RADIUS_M * 1.2 * view.lens.focal_length_px / depth, celsius.shape
    )
    if box is None:
        return
    patch = celsius[box]
    patch += _leaves(world, view, body, *box) * (LEAVES_C[night] - patch)


def _sighting(
    body: Body, cover: Field, rows: slice, columns: slice, share: float, contrast_k: float
) -> Sighting:
    y, x = np.nonzero(cover > 0)
    weight = cover[y, x]
    pixel = (
        float(columns.start + np.average(x + 0.5, weights=weight)),
        float(rows.start + np.average(y + 0.5, weights=weight)),
    )
    box = (
        float(columns.start + x.min()),
        float(rows.start + y.min()),
        float(columns.start + x.max() + 1),
        float(rows.start + y.max() + 1),
    )
    return Sighting(body.name, body.kind, pixel, box, float(cover.sum()), share, contrast_k)
