"""Two photos turned to one picture plane, so that a point lies in the same row of both.

The rows run along the base and the plane faces the mean of both optical axes (Fusiello, Trucco and Verri
2000). Then disparity = focal length x base / distance. The second picture is sheared along the rows so that
the lowest plane has none: the search stays short on slopes too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from imaging.lens import Array, Lens, View
from imaging.sampling import border_px

NODE_PX = 16
MOST_DISPARITIES = 256
LEAST_SIDE_PX = 48
LEAST_DROP_M = 1.0


@dataclass(frozen=True, slots=True)
class Rectified:
    """Geometry of a pair on one plane.

    A point p of the world is at X = `rotation` (p - `centre`), metres, as the first camera sees it, and in
    column u - `left_px`, row v - `top_px` of the first canvas (`height`, `width`) with u = f X/Z, v = f Y/Z.
    A second canvas holds at (u, v) what the second photo shows at (u - `lowest` (u, v, 1), v): `lowest` is
    the disparity of the lowest plane, which is linear in u and v. So a match r columns further left has
    disparity r + `lowest` (u - r, v, 1), and r lies between 0 and `disparities`.
    """

    rotation: Array
    centre: Array
    second_centre: Array
    focal_px: float
    base_m: float
    left_px: float
    top_px: float
    width: int
    height: int
    lowest: Array
    disparities: int


@dataclass(frozen=True, slots=True)
class Slab:
    """Where to search: from `low_m` to `high_m` above the plane a east + b north + c, `plane` (3,)."""

    plane: Array
    low_m: float
    high_m: float


def rectify(first: View, second: View, lenses: dict[str, Lens], slab: Slab, scale: float) -> Rectified | None:
    """The plane of both for what lies within a slab, `scale` times as fine as the photos.

    None where the two see too little in common.
    """
    rotation = _rotation(first, second)
    base_m = float(np.linalg.norm(second.centre - first.centre))
    focal_px = scale * (lenses[first.lens].focal_px + lenses[second.lens].focal_px) / 2
    a, b = (_extent(view, lenses[view.lens], rotation) for view in (first, second))
    low, high = (_shift(first, rotation, base_m, slab, height_m) for height_m in (slab.low_m, slab.high_m))
    if low is None or high is None:
        return None
    corners = np.array([[x, y, 1.0] for x in a[:2] for y in a[2:]])
    shifts, range_ = corners @ low, float((corners @ (high - low)).max())
    left, right = max(a[0], b[0] + float(shifts.min())), min(a[1], b[1] + float(shifts.max()) + range_)
    top, bottom = max(a[2], b[2]), min(a[3], b[3])
    focal_px *= min(1.0, MOST_DISPARITIES / max(1.0, focal_px * range_ + 18))
    disparities = 16 * int(np.ceil((focal_px * range_ + 2) / 16))
    # The matcher gives nothing in its first columns, as many as there are disparities.
    left_px = np.floor(focal_px * left) - disparities
    width, height = int(focal_px * right - left_px), int(focal_px * (bottom - top))
    if min(width - disparities, height) < LEAST_SIDE_PX:
        return None
    return Rectified(
        rotation, first.centre, second.centre, focal_px, base_m, float(left_px), float(np.floor(focal_px *
        top)), width, height, low * [1, 1, focal_px] - [0, 0, 1], disparities,
    )  # fmt: skip


def _shift(view: View, rotation: Array, base_m: float, slab: Slab, height_m: float) -> Array | None:
    """(3,) base / distance of the plane at a height of the slab, linear in (X/Z, Y/Z, 1)."""
    a, b, c = slab.plane
    normal = np.array([-a, -b, 1.0])
    drop_m = float(normal @ view.centre) - c - height_m
    if drop_m < LEAST_DROP_M:
        return None
    return np.asarray(-base_m * (rotation @ normal) / drop_m)


def _rotation(first: View, second: View) -> Array:
    """(3, 3) camera from world: x along the base, z as near the mean optical axis as that allows."""
    x = (second.centre - first.centre) / np.linalg.norm(second.centre - first.centre)
    mean = first.direction + second.direction
    z = mean - (mean @ x) * x
    z /= np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z])


def _extent(view: View, lens: Lens, rotation: Array) -> tuple[float, float, float, float]:
    """Least and most X/Z, least and most Y/Z of the picture's border on the plane."""
    rays = lens.rays(border_px(lens, 9)) @ view.rotation @ rotation.T
    flat = rays[:, :2] / np.maximum(rays[:, 2:], 0.2)
    return float(flat[:, 0].min()), float(flat[:, 0].max()), float(flat[:, 1].min()), float(flat[:, 1].max())


def canvas(
    pair: Rectified, view: View, lens: Lens, picture: npt.NDArray[np.uint8], *, second: bool
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """The (height, width) grey photo on the pair's plane, and where it shows anything.

    Its coordinates are worked out every 16 pixels and are linear between them: a lens bends by less than 0.01
    pixel over that.
    """
    # Enlarging puts node k half a pixel before pixel 16 k.
    columns = np.arange(0, pair.width + 2 * NODE_PX, NODE_PX) - 0.5
    rows = np.arange(0, pair.height + 2 * NODE_PX, NODE_PX) - 0.5
    u, v = np.meshgrid(columns + pair.left_px, rows + pair.top_px)
    lowest_px = pair.lowest[0] * u + pair.lowest[1] * v + pair.lowest[2]
    if second:
        u = u - lowest_px
    x, y = u / pair.focal_px, v / pair.focal_px
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ pair.rotation
    if view.motion_m.any():
        # What a moving camera shows there depends on the distance: here that of the lowest plane.
        rays *= (pair.focal_px * pair.base_m / np.maximum(lowest_px + 1.0, 1.0))[..., None]
    pixels = view.pixels(lens, view.centre + rays)
    scale = np.array([picture.shape[1] / lens.width_px, picture.shape[0] / lens.height_px])
    nodes = np.nan_to_num(pixels * scale - 0.5, nan=-1e6).astype(np.float32)
    size = (nodes.shape[1] * NODE_PX, nodes.shape[0] * NODE_PX)
    half = NODE_PX // 2
    where = cv2.resize(nodes, size, interpolation=cv2.INTER_LINEAR)[
        half : half + pair.height, half : half + pair.width
    ]
    where = np.ascontiguousarray(where)
    shown = cv2.remap(picture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    inside = (
        (where[..., 0] >= 0)
        & (where[..., 1] >= 0)
        & (where[..., 0] <= picture.shape[1] - 1)
        & (where[..., 1] <= picture.shape[0] - 1)
    )
    return np.asarray(shown, np.uint8), inside
