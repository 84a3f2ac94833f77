"""A scene opened to mark in it: the newest adjustment, and the picture that was drawn under an older one.

Marks belong to photos. A place on the orthomosaic is taken back to the photo through the poses that it was
drawn with; where a thing lies is then told by the newest adjustment. Between the two stands the similarity
that lays the tie points of the one on those of the other (least squares, Umeyama 1991).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio

from imaging.adjustment.record import adjusted_from_record
from imaging.control.gathering import kept_control
from imaging.control.scene import SceneControl
from imaging.grid import Grid
from imaging.lens import Array
from imaging.marking.again import again_in
from imaging.measure.opened import OpenedScene, open_made
from imaging.measure.repeated import Relief
from imaging.scene import Scene
from imaging.similarity import Pairs, Similarity, fit
from missions.errors import FormatError, InputError

STILL = Similarity(1.0, np.eye(3), np.zeros(3))
MOST_POINTS = 4000


@dataclass(frozen=True, slots=True)
class MarkingScene:
    """`made` is the scene as it was made and drawn, `now` the same with the newest adjustment.

    `control` is what that was adjusted with. `moved` lays places of `made` where they are in `now`;
    `spread_m` is how far tie points still lie apart then, one standard deviation of a coordinate.
    """

    made: OpenedScene
    now: OpenedScene
    control: SceneControl
    moved: Similarity
    spread_m: float
    grid: Grid

    @property
    def surface(self) -> Relief:
        """The ground where it is in `now`."""
        return self.made.surface if self.moved is STILL else _MovedGround(self)

    def drawn_place(self, column_px: float, row_px: float) -> Array:
        """(3,) what the orthomosaic shows at a pixel, where it was when it was drawn.

        Raises InputError beside the picture or where the surface has no height.
        """
        if not (0 <= column_px <= self.grid.width and 0 <= row_px <= self.grid.height):
            raise InputError("this lies beside the orthomosaic", remedy="Click in the picture")
        flat = self.grid.local_from_cells(np.array([column_px]), np.array([row_px]))[0]
        return np.array([flat[0], flat[1], self.made.surface(flat)[0]])

    def picture_px(self, local_m: Array) -> Array:
        """(k, 2) pixels of the orthomosaic that show (k, 3) places of `now`."""
        places = np.asarray(local_m, float).reshape(-1, 3)
        if self.moved is not STILL:
            places = _back(self.moved, places)
        return self.grid.cells_from_local(places[:, :2])


@dataclass(frozen=True, slots=True)
class _MovedGround:
    """The drawn scene's ground, moved along with its tie points."""

    scene: MarkingScene

    def __call__(self, east_north: Array) -> tuple[float, float]:
        moved, place = self.scene.moved, np.array([*east_north, 0.0])
        for _ in range(3):
            before = _back(moved, place[None, :])[0]
            before[2], sigma_m = self.scene.made.surface(before[:2])
            place[2] = moved.local_from_model(before[None, :])[0, 2]
        return float(place[2]), float(np.hypot(sigma_m, self.scene.spread_m))

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        """The standard deviation of the heights about a place, metres."""
        before = _back(self.scene.moved, np.array([[*east_north, self(east_north)[0]]]))[0]
        return self.scene.made.surface.relief_m(before[:2], radius_m)


def open_marking(folder: Path) -> MarkingScene:
    """The scene in `folder` with the newest adjustment. Raises what `open_made` raises."""
    made = open_made(folder)
    grid = _grid(made)
    later = again_in(made.scene)
    if later is None:
        return MarkingScene(made, made, kept_control(made.scene), STILL, 0.0, grid)
    record, accuracy = later.read("adjustment"), later.read("accuracy")
    try:
        if record is None or accuracy is None or later.kept("adjustment", str(record.get("key"))) is None:
            raise ValueError("it was changed")  # noqa: TRY301 - one error for whatever is wrong
        adjusted = adjusted_from_record(record, later.stages / "adjustment.npz")
        figures = accuracy["figures"]
        report = {**made.report, "accuracy": figures, "verdict": str(figures["verdict"])}
        report["place"] = {**report["place"], "height_reference": record["height_reference"]}
        moved, spread_m = _moved(made.scene, later)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the later adjustment cannot be read ({error})",
            where=str(later.folder),
            remedy="Remove that folder and adjust again",
        ) from error
    now = replace(made, adjusted=adjusted, report=report, adjustment=str(record["key"]))
    return MarkingScene(made, now, kept_control(later), moved, spread_m, grid)


def _moved(scene: Scene, later: Scene) -> tuple[Similarity, float]:
    """From tie points as they were to where they are; those that moved unlike the rest are left out."""
    before, after = (_points(each) for each in (scene, later))
    if len(before) != len(after):
        raise ValueError("it has other tie points")
    step = max(1, len(before) // MOST_POINTS)
    before, after = before[::step], after[::step]
    told = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    pairs = Pairs(before[told], after[told], np.zeros((0, 3)), np.zeros((0, 3)))
    weights = np.ones(len(pairs.model))
    for _ in range(4):
        found = fit(pairs, weights)
        apart_m = np.linalg.norm(found.local_from_model(pairs.model) - pairs.local, axis=1)
        weights = (apart_m <= 3 * max(1e-6, float(np.median(apart_m)))).astype(float)
    kept = apart_m[weights > 0]
    return found, float(np.sqrt((kept**2).mean() / 3))


def _points(scene: Scene) -> Array:
    with np.load(scene.stages / "adjustment.npz", allow_pickle=False) as arrays:
        return np.asarray(arrays["points"], float)


def _back(moved: Similarity, places: Array) -> Array:
    return np.asarray((places - moved.shift) @ moved.rotation / moved.scale)


def _grid(made: OpenedScene) -> Grid:
    try:
        with rasterio.open(made.scene.orthomosaic) as file:
            place = file.transform
            return Grid(
                made.frame,
                int(made.report["place"]["epsg"]),
                place.c,
                place.f,
                place.a,
                file.width,
                file.height,
            )
    except rasterio.errors.RasterioError as error:
        raise FormatError(
            "the orthomosaic cannot be read", where=str(made.scene.orthomosaic), remedy="Make the scene again"
        ) from error
