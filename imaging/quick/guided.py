"""More matches once the poses are known: only what can lie together is compared, and nearly all of it found.

A feature's ray meets the ground, and the ground point the other picture: its match lies near there, on the
epipolar line. So few candidates are left that faint features and those of a pattern that comes again are told
apart too, and so little is compared that it costs next to nothing beside the first search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.spatial import KDTree

from imaging.adjustment.network import Indices
from imaging.lens import Array, Lens, View
from imaging.quick.features import Features
from imaging.quick.levelled import off_line
from imaging.quick.solving import Solved
from imaging.surface import fit_plane

CANDIDATES = 24
RELIEF = 0.12
"""How far what stands on the ground may lie above or below its plane, as a share of the flying height."""
NEAR_SHARE = 0.01
"""How far off a foretold place may be on a level plane, as a share of the picture's longer side."""
RATIO, NEAREST = 0.8, 0.7
TOLERANCE = 0.375
"""How far off its line a match may lie, as a share of what is allowed before the poses are known."""
LEAST_MATCHES = 14


def rematch(
    pairs: Iterable[tuple[int, int]], solved: Solved, features: list[Features], tolerance_px: float
) -> Iterator[tuple[int, int, Indices]]:
    """Pairs with the (m, 2) features that they share, by where the photos were found to lie; by number.

    `tolerance_px` is how far off its epipolar line a match might lie at first, in pixels of the full picture.
    Pairs that share next to nothing are passed over.
    """
    lenses = solved.adjusted.lenses
    placed = {
        number: (view, plane)
        for number, view, plane in zip(solved.members, solved.adjusted.views, _planes(solved), strict=True)
    }
    del solved  # its ties would be held as long as pairs are asked for
    asked = [pair for pair in pairs if pair[0] in placed and pair[1] in placed]
    last = {number: turn for turn, pair in enumerate(asked) for number in pair}
    lookers: dict[int, _Looker] = {}
    for turn, pair in enumerate(asked):
        for number in pair:
            if number not in lookers:
                view, plane = placed[number]
                lookers[number] = _Looker(view, lenses[view.lens], features[number], plane)
        first, second = pair
        found = lookers[first].shared(lookers[second], TOLERANCE * tolerance_px)
        # What no later pair needs goes: all photos' rays and trees would weigh as much as their features.
        for number in pair:
            if last[number] == turn:
                del lookers[number]
        if len(found) >= LEAST_MATCHES:
            yield first, second, found


def _planes(solved: Solved) -> Iterator[Array]:
    """(3,) a, b, c of the ground a east + b north + c below each view: one slope, its own height."""
    plane = fit_plane(solved.points)
    above_m = solved.points[:, 2] - solved.points[:, :2] @ plane[:2] - plane[2]
    for number in range(len(solved.members)):
        mine = solved.ties.point[solved.ties.view == number]
        yield np.array([plane[0], plane[1], plane[2] + np.median(above_m[mine])])


class _Looker:
    """A placed photo with its features on the ground."""

    def __init__(self, view: View, lens: Lens, features: Features, plane: Array) -> None:
        self.view, self.lens, self.features = view, lens, features
        self.rays = lens.rays(features.pixels)
        local = self.rays @ view.rotation
        a, b, c = plane
        drop_m = a * view.centre[0] + b * view.centre[1] + c - view.centre[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = drop_m / (local[:, 2] - a * local[:, 0] - b * local[:, 1])
            self.ground = view.centre + local * np.where(depth > 0, depth, np.nan)[:, None]
        self.tree = KDTree(features.pixels)
        self.lengths = np.linalg.norm(features.descriptors.astype(np.float32), axis=1)

    def shared(self, other: _Looker, tolerance_px: float) -> Indices:
        """(m, 2) features that are each other's best and clear."""
        there = self._nearest(other, tolerance_px)
        back = other._nearest(self, tolerance_px)
        mine = np.flatnonzero(there >= 0)
        good = mine[back[there[mine]] == mine]
        return np.column_stack([good, there[good]])

    def _nearest(self, other: _Looker, tolerance_px: float) -> Indices:
        """(n,) the other's feature that is most like each of these where they can meet, -1 for none."""
        best = np.full(len(self.features), -1)
        with np.errstate(invalid="ignore"):
            foretold = other.view.pixels(other.lens, self.ground)
            size = (other.lens.width_px, other.lens.height_px)
            asked = np.flatnonzero(np.all((foretold > 0) & (foretold < size), axis=1))
        if not len(asked) or len(other.features) < 2:
            return best
        base = float(np.linalg.norm(other.view.centre - self.view.centre))
        away = np.linalg.norm(self.ground[asked] - self.view.centre, axis=1)
        reach_px = RELIEF * base * other.lens.focal_px / np.maximum(away, 1e-6) + NEAR_SHARE * max(size)
        count = min(CANDIDATES, len(other.features))
        furthest_px = float(reach_px.max())
        apart_px, places = other.tree.query(foretold[asked], k=count, distance_upper_bound=furthest_px)
        around = apart_px <= reach_px[:, None]
        row, column = np.asarray(np.nonzero(around)[0]), np.asarray(places)[around]
        rotation = other.view.rotation @ self.view.rotation.T
        baseline = other.view.rotation @ (self.view.centre - other.view.centre)
        rays = self.rays[asked[row]], other.rays[column]
        off_px = other.lens.focal_px * off_line(rays, rotation, baseline / max(base, 1e-9))
        near = np.abs(off_px) <= tolerance_px
        row, column = row[near], column[near]
        likeness = self._likeness(asked[row], other, column)
        return _clear(best, asked, row, column, likeness)

    def _likeness(self, mine: Indices, other: _Looker, theirs: Indices) -> Array:
        """(k,) cosines of descriptors; only those compared become floats: all of all photos would weigh."""
        first = self.features.descriptors[mine].astype(np.float32)
        second = other.features.descriptors[theirs].astype(np.float32)
        lengths = np.maximum(self.lengths[mine] * other.lengths[theirs], 1e-6)
        return np.asarray(np.einsum("ij,ij->i", first, second) / lengths, float)


def _clear(best: Indices, asked: Indices, row: Indices, column: Indices, likeness: Array) -> Indices:
    """The most alike of each row's candidates, where it is clearly more alike than the next."""
    order = np.lexsort((-likeness, row))
    row, column, likeness = row[order], column[order], likeness[order]
    first = np.flatnonzero(np.diff(row, prepend=-1) > 0)
    second = np.minimum(first + 1, len(row) - 1)
    alone = (second == first) | (row[second] != row[first])
    next_like = np.where(alone, 0.0, likeness[second])
    apart, next_apart = 2 - 2 * likeness[first], 2 - 2 * next_like
    good = (apart < RATIO**2 * next_apart) & (apart < NEAREST**2)
    best[asked[row[first[good]]]] = column[first[good]]
    return best
