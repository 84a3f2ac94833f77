"""Where a point will be seen in each photo, given all that is known: the adjustment and every mark since.

The unknowns of the adjustment (poses, lenses, named points) and the points that were marked since are taken
as one normal distribution; each new mark narrows it as one step of an extended Kalman filter does (Kalman
1960; Jazwinski 1970, 8.3). So the first point that is marked twice already takes out what all photos' GPS
shares, and the ellipse of the next point tells how far to look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imaging.adjustment import Adjusted, indices
from imaging.adjustment.network import Indices
from imaging.adjustment.projection import Projection, project
from imaging.adjustment.witnesses import spots, velocities
from imaging.control.points import Mark
from imaging.lens import Array, Lens
from imaging.marking.sights import Sight, sights

FARTHEST = 41.0
"""The squared distance, in standard deviations, from which on a mark is not believed: 6.4 of them."""
BENT = 0.04
"""What a step along tangents leaves out, as a share of how far it moved a pixel; taken for one sigma."""
LEAST_SIGMA_PX = 0.3
"""Of a prediction: no ellipse is finer than what a mark is good for."""
WITHIN_95 = 2.4477
"""Semi-axes of an ellipse that holds 95 % of a normal distribution in the plane, in standard deviations:
the root of -2 ln 0.05."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where one photo shows a point. The ellipse holds 95 %: semi-axes in pixels, the longer one turned
    `ellipse_deg` from x towards y (clockwise as seen). The rest is as in `Sight`.
    """

    photo: str
    x_px: float
    y_px: float
    inside: bool
    ellipse_px: tuple[float, float]
    ellipse_deg: float
    from_above_deg: float
    pixels_per_m: float


class Expected:
    """What is expected of points, `start` giving each (3,) place and (3, 3) covariance before any mark.

    `marked` are marks that the adjustment does not have yet. Points that it has by name stand in it already.
    A mark that contradicts all the rest is not believed.
    """

    def __init__(
        self,
        adjusted: Adjusted,
        start: Mapping[str, tuple[Array, Array]],
        marked: Mapping[str, Sequence[Mark]],
    ) -> None:
        self._adjusted, self._size = adjusted, adjusted.layout.size
        named = adjusted.layout.named_names
        self._added = [name for name in start if name not in named and marked.get(name)]
        self._places = {name: np.asarray(place, float) for name, (place, _) in start.items()}
        self._spreads = {name: spread for name, (_, spread) in start.items()}
        whole = self._size + 3 * len(self._added)
        self._mean, self._covariance = np.zeros(whole), np.zeros((whole, whole))
        self._covariance[: self._size, : self._size] = adjusted.covariance
        for name in self._added:
            columns = self._columns_added(name)
            self._covariance[np.ix_(columns, columns)] = self._spreads[name]
        for name in self._added:
            self._take(name, marked[name])

    def knows(self, name: str) -> bool:
        """Whether anything is known of where this point lies."""
        return name in self._places or name in self._adjusted.layout.named_names

    def place(self, name: str) -> tuple[Array, Array]:
        """(3,) where the point is expected, and its (3, 3) covariance."""
        columns = self._columns(name)
        if columns is None:
            return self._places[name], np.asarray(self._spreads[name], float)
        return self._begin(name) + self._mean[columns], self._covariance[np.ix_(columns, columns)]

    def pixels(self, name: str) -> tuple[Array, Array]:
        """(views, 2) pixels of all the photos and their (views, 2, 2) covariances; NaN behind a camera."""
        views = indices(range(len(self._adjusted.views)))
        seen = self._project(name, views)
        by = self._derivatives(name, views, seen)
        columns = self._columns(name)
        covariance = np.einsum("kai,ij,kbj->kab", by, self._covariance, by, optimize=True)
        if columns is None:
            covariance += seen.by_point @ self._spreads[name] @ np.transpose(seen.by_point, (0, 2, 1))
        moved_px = np.linalg.norm(seen.px - self._unmoved(name, views), axis=1)
        covariance += (LEAST_SIGMA_PX**2 + (BENT * moved_px[:, None, None]) ** 2) * np.eye(2)
        px = np.where(seen.behind[:, None], np.nan, seen.px)
        return px, covariance

    def predictions(self, name: str) -> tuple[Prediction, ...]:
        """The point in every photo that has it before its lens, the best seen first."""
        place, _ = self.place(name)
        px, covariance = self.pixels(name)
        views, lenses, index = self._adjusted.views, self._adjusted.lenses, self._adjusted.network.index
        made = []
        for sight in sights(place, views, lenses):
            number = index[sight.photo]
            if np.isfinite(px[number]).all():
                lens = lenses[views[number].lens]
                made.append(_prediction(sight, lens, px[number], covariance[number]))
        return tuple(made)

    def shown_in(self, name: str) -> tuple[str, ...]:
        """The photos within which it is expected, by name."""
        views, lenses = self._adjusted.network.views, self._adjusted.network.lenses
        seen = self._project(name, indices(range(len(views))))
        return tuple(
            view.name
            for view, px, behind in zip(views, seen.px, seen.behind, strict=True)
            if not behind and _within(lenses[view.lens], px)
        )

    def _take(self, name: str, marks: Sequence[Mark]) -> None:
        index = self._adjusted.network.index
        for mark in (each for each in marks if each.photo in index):
            view = indices([index[mark.photo]])
            seen = self._project(name, view, np.array([[mark.x_px, mark.y_px]]))
            if seen.behind[0]:
                continue
            by = self._derivatives(name, view, seen)[0]
            off = np.array([mark.x_px, mark.y_px]) - seen.px[0]
            crossed = self._covariance @ by.T
            spread = by @ crossed + mark.sigma_px**2 * np.eye(2)
            if float(off @ np.linalg.solve(spread, off)) > FARTHEST:
                continue
            gain = np.linalg.solve(spread, crossed.T).T
            self._mean = self._mean + gain @ off
            self._covariance = self._covariance - gain @ crossed.T
            self._covariance = (self._covariance + self._covariance.T) / 2

    def _project(self, name: str, views: Indices, px: Array | None = None) -> Projection:
        adjusted = self._adjusted
        state = adjusted.state.moved(adjusted.layout, self._mean[: self._size], np.zeros((1, 3)))
        place = np.broadcast_to(self.place(name)[0], (len(views), 3))
        speed = velocities(adjusted.network, views)
        spot = np.zeros((len(views), 2)) if px is None else spots(adjusted.network, views, px)
        seen = project(state, adjusted.layout, views, place, spot, speed)
        if px is None:
            spot = np.clip(spots(adjusted.network, views, seen.px), -0.5, 0.5)
            seen = project(state, adjusted.layout, views, place, spot, speed)
        return seen

    def _unmoved(self, name: str, views: Indices) -> Array:
        """(k, 2) pixels as they were expected before any mark."""
        adjusted = self._adjusted
        place = np.broadcast_to(self._begin(name), (len(views), 3))
        speed, spot = velocities(adjusted.network, views), np.zeros((len(views), 2))
        return project(adjusted.state, adjusted.layout, views, place, spot, speed).px

    def _derivatives(self, name: str, views: Indices, seen: Projection) -> Array:
        """(k, 2, unknowns)."""
        layout = self._adjusted.layout
        by = np.zeros((len(views), 2, len(self._mean)))
        rows, pair = np.arange(len(views))[:, None, None], np.arange(2)[None, :, None]
        by[rows, pair, layout.view(views)[:, None, :]] = seen.by_view
        by[rows, pair, layout.lens(views)[:, None, :]] = seen.by_lens
        columns = self._columns(name)
        if columns is not None:
            by[:, :, columns] = seen.by_point
        return by

    def _columns(self, name: str) -> Indices | None:
        """The point's places among the unknowns."""
        if name in self._adjusted.layout.named_names:
            return self._adjusted.layout.named(self._adjusted.layout.named_names.index(name))
        return self._columns_added(name) if name in self._added else None

    def _columns_added(self, name: str) -> Indices:
        return np.asarray(self._size + 3 * self._added.index(name) + np.arange(3))

    def _begin(self, name: str) -> Array:
        names = self._adjusted.layout.named_names
        return self._adjusted.state.named[names.index(name)] if name in names else self._places[name]


def _prediction(sight: Sight, lens: Lens, px: Array, covariance: Array) -> Prediction:
    values, vectors = np.linalg.eigh(covariance)
    minor, major = WITHIN_95 * np.sqrt(np.maximum(values, 0))
    return Prediction(
        photo=sight.photo,
        x_px=float(px[0]),
        y_px=float(px[1]),
        inside=_within(lens, px),
        ellipse_px=(float(major), float(minor)),
        ellipse_deg=math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180,
        from_above_deg=sight.from_above_deg,
        pixels_per_m=sight.pixels_per_m,
    )


def _within(lens: Lens, px: Array) -> bool:
    return bool(0 <= px[0] <= lens.width_px and 0 <= px[1] <= lens.height_px)
