"""Which photos to compare: those whose pictures can overlap on the ground."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from imaging.lens import Array
from imaging.photos import Photo
from missions.geodesy import GeoPoint, LocalFrame

NEIGHBOURS = 20
SECTORS, WIDER = 8, 6
"""Where the nearest all lie on one lane, one more is taken from each other direction, out of so many times
as many.
"""
STRIP = 0.15


def frame_of(photos: dict[str, Photo]) -> LocalFrame:
    """A local frame in the middle of the photos' positions, anywhere where none tells one."""
    places = [photo.place for photo in photos.values() if photo.place is not None] or [GeoPoint(0.0, 0.0)]
    lat_deg, lon_deg = (np.median([getattr(p, axis) for p in places]) for axis in ("lat_deg", "lon_deg"))
    return LocalFrame(GeoPoint(float(lat_deg), float(lon_deg)))


def positions_m(photos: dict[str, Photo], frame: LocalFrame) -> tuple[Array, str]:
    """(n, 3) camera positions east, north, up in metres, and what the height is measured from.

    "relative" (to take-off) where most placed photos tell it, else "amsl", else "unknown" with every height
    zero. A photo without a place is NaN. One without that height has it from its other height and how far the
    two lie apart in the others, else their median (`told_height_m` is None then).
    """
    positions = np.full((len(photos), 3), np.nan)
    rows = [row for row, photo in enumerate(photos.values()) if photo.place is not None]
    placed = [photo for photo in photos.values() if photo.place is not None]
    places = [photo.place for photo in placed if photo.place is not None]
    if not placed:
        return positions, "unknown"
    positions[rows, :2] = frame.local_from_geo([[place.lon_deg, place.lat_deg] for place in places])
    relative_m = np.array([each.height_relative_m for each in placed], float)
    amsl_m = np.array([each.height_amsl_m for each in placed], float)
    for reference, heights_m, others_m in (("relative", relative_m, amsl_m), ("amsl", amsl_m, relative_m)):
        if 2 * np.isfinite(heights_m).sum() > len(placed):
            positions[rows, 2] = _filled(heights_m, others_m)
            return positions, reference
    positions[rows, 2] = 0.0
    return positions, "unknown"


def told_height_m(photo: Photo, reference: str) -> float | None:
    """The height that the photo itself tells above this reference."""
    return {"relative": photo.height_relative_m, "amsl": photo.height_amsl_m}.get(reference)


def _filled(heights_m: Array, others_m: Array) -> Array:
    """(n,) heights, most of them known, with a figure for each that is not (NaN)."""
    apart_m = heights_m - others_m
    if np.isfinite(apart_m).any():
        heights_m = np.where(np.isfinite(heights_m), heights_m, others_m + np.nanmedian(apart_m))
    return np.where(np.isfinite(heights_m), heights_m, np.nanmedian(heights_m))


def on_a_line(positions: Array) -> bool:
    """Whether (n, 2 or 3) positions lie on a line in plan; those that are not known (NaN) do not count."""
    level = positions[np.isfinite(positions[:, 0]), :2]
    if len(level) < 2:
        return True
    spread = np.linalg.svd(level - level.mean(axis=0), compute_uv=False)
    return bool(spread[1] < STRIP * spread[0])


def overlapping_pairs(photos: dict[str, Photo], *, neighbours: int = NEIGHBOURS) -> list[tuple[str, str]]:
    """Pairs of names to compare: each photo with its nearest ones, out to where the pictures part.

    Where photos lie close on their lanes the nearest are all of the same lane, so the nearest of each eighth
    of the horizon is one of them too. The reach is twice the footprint's diagonal where height and focal
    length are known, as for a level picture; where they are not, or the camera looks aside, only the number
    of neighbours bounds it. A photo without a place is compared with all.
    """
    names = list(photos)
    if all(photo.place is None for photo in photos.values()):
        return [(first, second) for n, second in enumerate(names) for first in names[:n]]
    positions, _ = positions_m(photos, frame_of(photos))
    placed = np.flatnonzero(np.isfinite(positions[:, 0]))
    tree = KDTree(positions[placed, :2])
    count = min(WIDER * neighbours + 1, len(placed))
    distances_m, indices = tree.query(positions[placed, :2], k=count)
    pairs: set[tuple[int, int]] = set()
    for row, i in enumerate(placed.tolist()):
        others = placed[np.atleast_2d(indices)[row]]
        away_m = np.atleast_2d(distances_m)[row]
        there = (others != i) & (away_m <= _reach_m(photos[names[i]]))
        ways = positions[others[there], :2] - positions[i, :2]
        pairs |= {(min(i, j), max(i, j)) for j in others[there][_around(ways, neighbours)].tolist()}
    for i in sorted(set(range(len(names))) - set(placed.tolist())):
        pairs |= {(min(i, j), max(i, j)) for j in range(len(names)) if j != i}
    return [(names[i], names[j]) for i, j in sorted(pairs)]


def _around(ways: Array, neighbours: int) -> list[int]:
    """Which of (n, 2) ways, the shortest first: so many, and the first of each other sector."""
    turns = np.arctan2(ways[:, 1], ways[:, 0]) / (2 * np.pi)
    sector = np.floor(SECTORS * (turns + 0.5)).astype(int) % SECTORS
    chosen = list(range(min(neighbours, len(ways))))
    seen = set(sector[chosen].tolist())
    for number in range(len(chosen), len(ways)):
        if sector[number] not in seen:
            seen.add(int(sector[number]))
            chosen.append(number)
    return chosen


def _reach_m(photo: Photo) -> float:
    height_m, focal_px = photo.height_relative_m, photo.focal_length_px
    looks_aside = photo.gimbal_pitch_deg is not None and photo.gimbal_pitch_deg > -70
    if height_m is None or focal_px is None or height_m < 5 or looks_aside:
        return float("inf")
    # The ground may lie as far below the take-off point as the aircraft is above it: reach twice as far.
    return 2 * height_m * float(np.hypot(photo.width_px, photo.height_px)) / focal_px
