"""Stage `orthomosaic`: every photo laid on the ground and joined to one picture, block by block.

Seams and colours are settled on a coarse grid first; then each block decodes only the photos drawn in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetWriter

from imaging.accuracy import NOT_FOR_EVIDENCE
from imaging.alignment import Alignment
from imaging.footprints import (
    find_footprints,
    ground_corners,
    native_gsd_m,
)
from imaging.georeference import Georeference
from imaging.grid import Grid, grid_over
from imaging.lens import Array
from imaging.options import MosaicOptions
from imaging.painting import Decoded, Plan, Sources, paint
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from imaging.seams import find_seams
from imaging.surface import Surface
from imaging.survey import LeftOut, Survey
from missions.errors import AlignmentError, SettingsError
from missions.files import writing_whole

STAGE = "orthomosaic"
VERSION = 1
BLOCK_PX = 1024
COARSE = 8
LIMIT_PIXELS = 4_000_000_000
LIMIT_COARSE_CELLS = 16_000_000
PREVIEW_PX = 2000


@dataclass(frozen=True, slots=True)
class Orthomosaic:
    """The picture's grid, its native ground sample distance, and the share of the grid it fills."""

    grid: Grid
    native_gsd_m: float
    covered_m2: float
    drawn: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    files: dict[str, str]
    key: str


def draw(
    found: Survey,
    alignment: Alignment,
    placed: Georeference,
    surface: Surface,
    scene: Scene,
    options: MosaicOptions,
    progress: Progress,
) -> Orthomosaic:
    """Draw `orthomosaic.tif` and `preview.jpg`, or take what stands there.

    Raises SettingsError where the ground sample distance asked for gives a picture beyond reason.
    """
    sources = Sources(found, alignment.lenses, placed, surface)
    native_m = native_gsd_m(placed, alignment.lenses, surface)
    gsd_m = options.gsd_m or (2 * native_m if options.quick else native_m)
    grid = _grid(sources, gsd_m)
    key = key_of(STAGE, VERSION, surface.key, gsd_m, grid.width, grid.height)
    record = scene.kept(STAGE, key)
    if record is None:
        body = _drawn(sources, grid, native_m, scene, options, progress)
        record = scene.keep(STAGE, key, body, [scene.orthomosaic, scene.preview])
    else:
        progress.stage("orthomosaic: kept from before", 0)
    return Orthomosaic(
        grid=grid,
        native_gsd_m=native_m,
        covered_m2=float(record["covered_m2"]),
        drawn=tuple(record["drawn"]),
        left_out=tuple(LeftOut(**item) for item in record["left_out"]),
        files=dict(record["files"]),
        key=key,
    )


def _grid(sources: Sources, gsd_m: float) -> Grid:
    """The grid that covers what the photos see, a whole number of coarse cells each way."""
    placed, corners = sources.placed, _corners(sources)
    coarse = grid_over(placed.frame, placed.epsg, np.vstack(corners), gsd_m * COARSE)
    if coarse.width * coarse.height * COARSE**2 > LIMIT_PIXELS:
        raise SettingsError(
            f"a ground sample distance of {gsd_m:g} m makes a picture of "
            f"{coarse.width * coarse.height * COARSE**2 / 1e6:.0f} million pixels",
            where="gsd_m",
            remedy=f"At most {LIMIT_PIXELS / 1e6:.0f} million are drawn; ask for a coarser one",
        )
    return replace(coarse, cell_m=gsd_m, width=coarse.width * COARSE, height=coarse.height * COARSE)


def _corners(sources: Sources) -> list[Array]:
    """Where each photo's border meets the ground, (n, 2) local metres each."""
    surface, lenses = sources.surface, sources.lenses
    return [
        ground_corners(view, lenses[view.lens], float(surface.height_m(view.centre[:2])))
        for view in sources.placed.views
    ]


def _coarse_step(grid: Grid, sources: Sources) -> int:
    """Pixels in a coarse cell: 8, or more where all the footprints together would not fit in memory."""
    areas_m2 = [float(np.prod(np.ptp(corners, axis=0))) for corners in _corners(sources)]
    step, area_px = COARSE, sum(areas_m2) / grid.cell_m**2
    while area_px / step**2 > LIMIT_COARSE_CELLS:
        step *= 2
    return step


def _drawn(
    sources: Sources, grid: Grid, native_m: float, scene: Scene, options: MosaicOptions, progress: Progress
) -> dict[str, Any]:
    step = _coarse_step(grid, sources)
    coarse = replace(
        grid, cell_m=grid.cell_m * step, width=-(-grid.width // step), height=-(-grid.height // step)
    )
    progress.stage("orthomosaic: footprints", len(sources.placed.views))
    footprints = list(
        find_footprints(sources.found, sources.placed, sources.lenses, sources.surface, coarse, progress)
    )
    progress.stage("orthomosaic: seams", 1)
    if not footprints:
        raise AlignmentError("no photo looks down on the ground", remedy="Point the camera down")
    seams = find_seams(footprints, coarse)
    progress.advance()
    plan = Plan(grid, step, footprints, seams)
    reduce = next((reduce for reduce in (8, 4, 2) if reduce * native_m <= grid.cell_m), 1)
    decoded = Decoded(sources.found, reduce, options.memory_mb * 1_000_000)
    with writing_whole(scene.orthomosaic) as temporary:
        covered_px = _write(temporary, sources, plan, decoded, progress)
        with writing_whole(scene.preview) as small:
            progress.stage("orthomosaic: preview", 1)
            _preview(temporary, small)
            progress.advance()
    used = set(np.unique(seams.labels).tolist())
    drawn = [footprint.view.name for index, footprint in enumerate(footprints) if index in used]
    idle = [view.name for view in sources.placed.views if view.name not in set(drawn)]
    return {
        "gsd_m": grid.cell_m,
        "native_gsd_m": native_m,
        "covered_m2": covered_px * grid.cell_m**2,
        "drawn": drawn,
        "left_out": [
            {"name": name, "reason": "other photos show its ground from more steeply"} for name in idle
        ],
    }


def _write(path: Path, sources: Sources, plan: Plan, decoded: Decoded, progress: Progress) -> int:
    """Write the GeoTIFF with overviews; gives the number of pixels that show something."""
    grid = plan.grid
    blocks = list(grid.blocks(BLOCK_PX))
    progress.stage("orthomosaic: drawing", len(blocks))
    covered_px = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.width, height=grid.height, count=4, dtype="uint8",
        crs=f"EPSG:{grid.epsg}", transform=grid.transform, tiled=True, blockxsize=512, blockysize=512,
        compress="deflate", predictor=2, photometric="RGB", alpha="unassociated", bigtiff="IF_SAFER",
        num_threads="all_cpus",
    ) as file:  # fmt: skip
        file.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
        file.update_tags(TIFFTAG_SOFTWARE="Droneteam", TIFFTAG_IMAGEDESCRIPTION=NOT_FOR_EVIDENCE)
        for column, row, width, height in blocks:
            pixels = paint(sources, plan, decoded, column, row, width, height)
            covered_px += int(np.count_nonzero(pixels[..., 3]))
            window = rasterio.windows.Window(column, row, width, height)
            file.write(np.moveaxis(pixels, -1, 0), window=window)
            progress.advance()
        _add_overviews(file, grid)
    return covered_px


def _add_overviews(file: DatasetWriter, grid: Grid) -> None:
    factors = [2**level for level in range(1, 12) if max(grid.width, grid.height) > 256 * 2**level]
    if factors:
        file.build_overviews(factors, Resampling.average)


def _preview(orthomosaic: Path, target: Path) -> None:
    """A JPEG of at most 2000 pixels a side, white where nothing was seen."""
    with rasterio.open(orthomosaic) as file:
        shrink = max(1.0, max(file.width, file.height) / PREVIEW_PX)
        shape = (4, max(1, int(file.height / shrink)), max(1, int(file.width / shrink)))
        pixels = np.moveaxis(file.read(out_shape=shape, resampling=Resampling.average), 0, -1)
    picture = Image.fromarray(pixels)
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
    white.save(target, "JPEG", quality=88)
