"""A scene that was made before, opened to measure on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window

from imaging.adjustment import Adjusted
from imaging.adjustment.record import adjusted_from_record
from imaging.grid import Grid
from imaging.lens import Array
from imaging.photos import Pixels, decode, hash_file
from imaging.scene import Scene, read_report
from missions.errors import FormatError, InputError
from missions.geodesy import GeoPoint, LocalFrame

DSM, UNCERTAINTY = "dsm.tif", "dsm_uncertainty.tif"
LEAST_SIGMA_M = 0.02
KEPT_PICTURES = 4
LEAST_FOR_A_PLANE = 5
"""Cells with a height; a plane takes three of them."""
UNSEEN_M = 0.02
"""What a surface with cells as large as the patch cannot tell of it: a step that the patch, its core and its
centre do not see either, as they lie on one place to `matching.SAME_CELLS`.
"""
BLOCK, KEPT_BLOCKS = 256, 128


@dataclass(frozen=True, slots=True)
class OpenedScene:
    """What measuring needs. `report` is the body of `scene.json`, `photos` the folder with the photos.

    `adjustment` is the key of the adjustment that all of it rests on.
    """

    scene: Scene
    adjusted: Adjusted
    frame: LocalFrame
    report: dict[str, Any]
    photos: Path
    surface: Ground
    adjustment: str

    @property
    def evidence(self) -> bool:
        """Whether its scale was checked from outside."""
        return bool(self.report["accuracy"]["evidence"])

    @property
    def verdict(self) -> str:
        """The words for it."""
        return str(self.report["verdict"])


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights of a scene's surface, cell by cell. A call gives height and standard deviation, metres."""

    grid: Grid
    heights: Path
    uncertainty: Path | None
    spread_m: float

    def __call__(self, east_north: Array) -> tuple[float, float]:
        """At (2,) local metres; outside the surface that of its nearest cell."""
        column, row = np.floor(self.grid.cells_from_local(east_north[None, :])[0]).astype(int)
        column, row = int(np.clip(column, 0, self.grid.width - 1)), int(np.clip(row, 0, self.grid.height - 1))
        height_m = self._read(self.heights, column, row)
        sigma_m = self._read(self.uncertainty, column, row) if self.uncertainty else self.spread_m
        if not np.isfinite(height_m):
            raise InputError(
                "the surface has no height here",
                where=f"{east_north[0]:.1f} m east, {east_north[1]:.1f} m north",
                remedy="Mark the point in two photos or more",
            )
        return height_m, max(LEAST_SIGMA_M, sigma_m if np.isfinite(sigma_m) else self.spread_m)

    def relief_m(self, east_north: Array, radius_m: float) -> float:
        """The standard deviation of the heights within a square of `radius_m` about (2,) local metres.

        Where cells are too large to tell a step within the square, it is that of the cells about it from the
        plane that fits them best, a slope being as high in its middle as on average, and a kerb's.
        """
        reach = max(1, round(radius_m / self.grid.cell_m))
        column, row = np.floor(self.grid.cells_from_local(east_north[None, :])[0]).astype(int)
        left, top = max(0, int(column) - reach), max(0, int(row) - reach)
        width = min(self.grid.width, int(column) + reach + 1) - left
        height = min(self.grid.height, int(row) + reach + 1) - top
        if width < 1 or height < 1:
            return self.spread_m
        with rasterio.open(self.heights) as file:
            heights_m = file.read(1, window=Window(left, top, width, height)).astype(float)
            known = np.isfinite(heights_m) & (heights_m != file.nodata)
        if np.count_nonzero(known) < LEAST_FOR_A_PLANE:
            return self.spread_m
        if self.grid.cell_m <= radius_m / 2:
            return float(heights_m[known].std())
        rows, columns = np.nonzero(known)
        plane = np.column_stack([rows, columns, np.ones(len(rows))])
        off_m = heights_m[known] - plane @ np.linalg.lstsq(plane, heights_m[known], rcond=None)[0]
        return float(np.hypot(UNSEEN_M, np.sqrt((off_m**2).sum() / (len(rows) - 3))))

    def _read(self, path: Path, column: int, row: int) -> float:
        block = _block(path, path.stat().st_mtime_ns, column // BLOCK, row // BLOCK)
        return float(block[row % BLOCK, column % BLOCK])


@lru_cache(maxsize=KEPT_BLOCKS)
def _block(path: Path, made_ns: int, across: int, down: int) -> Array:  # noqa: ARG001 - names the version
    """A block of a raster's cells, NaN where it has none: opening the file anew for every cell takes long."""
    with rasterio.open(path) as file:
        left, top = across * BLOCK, down * BLOCK
        size = min(BLOCK, file.width - left), min(BLOCK, file.height - top)
        cells = file.read(1, window=Window(left, top, *size)).astype(float)
        return np.where(cells == file.nodata, np.nan, cells) if file.nodata is not None else cells


def open_made(folder: Path) -> OpenedScene:
    """The scene in `folder`. Raises InputError where there is none, FormatError where a file was changed."""
    scene = Scene(folder)
    report = read_report(scene)
    record = scene.read("adjustment")
    if record is None:
        raise FormatError(
            "the scene has no adjustment", where=str(folder), remedy="Make it with `droneteam mosaic` again"
        )
    if scene.kept("adjustment", str(record.get("key"))) is None:
        raise FormatError(
            "the files of the adjustment were changed since the scene was made",
            where=str(scene.stages),
            remedy="Make the scene again from the photos",
        )
    try:
        adjusted = adjusted_from_record(record, scene.stages / "adjustment.npz")
        frame = LocalFrame(GeoPoint(**report["place"]["local_origin"]))
        spread_m = float(report["place"]["ground_spread_m"])
        epsg = int(report["place"]["epsg"])
        photos = Path(str((scene.read("photos") or {})["folder"]))
        bool(report["accuracy"]["evidence"]), str(report["verdict"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the scene's records are broken ({error})", where=str(folder)) from error
    return OpenedScene(
        scene, adjusted, frame, report, photos, _ground(scene, frame, epsg, spread_m), str(record["key"])
    )


def pictures_of(opened: OpenedScene) -> Any:
    """A function that gives a photo's pixels by name; the last few are kept.

    Raises InputError where the photos lie elsewhere now; the function raises it for a photo that was changed
    since the scene was made, and PhotoError.
    """
    if not opened.photos.is_dir():
        raise InputError(
            "the photos of the scene are not there any more",
            where=str(opened.photos),
            remedy="Put them back, or measure without matching",
        )
    hashes = {each["path"]: each["sha256"] for each in opened.report.get("photos", ())}

    @lru_cache(maxsize=KEPT_PICTURES)
    def picture(name: str) -> Pixels:
        path = opened.photos / name
        if hash_file(path) != hashes.get(name):
            raise InputError(
                "the photo was changed since the scene was made", where=str(path), remedy="Restore it"
            )
        return decode(path)

    return picture


def _ground(scene: Scene, frame: LocalFrame, epsg: int, spread_m: float) -> Ground:
    dense = scene.folder / DSM
    heights = dense if dense.exists() else scene.stages / "surface.tif"
    uncertainty = scene.folder / UNCERTAINTY
    try:
        with rasterio.open(heights) as file:
            transform = file.transform
            grid = Grid(frame, epsg, transform.c, transform.f, transform.a, file.width, file.height)
    except rasterio.RasterioIOError as error:
        raise FormatError(f"the surface cannot be read ({error})", where=str(heights)) from error
    return Ground(grid, heights, uncertainty if dense.exists() and uncertainty.exists() else None, spread_m)
