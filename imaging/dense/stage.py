"""Stage `dense`: the height of everything the photos see, cell by cell, as `dsm.tif` and
`dsm_uncertainty.tif`.

Trees and houses are found at half the size first; at full size the search then stays near the ground, where
vehicles stand. Pairs lay what they found into files of a scratch folder and the surface is fused tile by
tile, so memory does not grow with the number of photos.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from imaging.dense.levels import Coarse, Level, Work, find_layers
from imaging.dense.matching import Scale
from imaging.dense.model import DenseSurface
from imaging.dense.pairing import StereoPair, stereo_pairs
from imaging.dense.tiles import write_coarse, write_surface
from imaging.footprints import grid_of_views, native_gsd_m
from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.lens import Lens
from imaging.memory import MATCHED_PIXELS
from imaging.options import MosaicOptions
from imaging.pictures import Pictures
from imaging.progress import Progress
from imaging.scene import SCRATCH, Scene, key_of
from imaging.surface import Surface
from imaging.survey import Survey
from imaging.threads import one_core_each
from imaging.worked import give_back

STAGE = "dense"
VERSION = 2
FINEST_CELL_GSD = 1.25
BELOW_M = 1.0
HEADROOM = 0.5
DSM, UNCERTAINTY = "dsm.tif", "dsm_uncertainty.tif"


def find_dense(
    found: Survey,
    lenses: dict[str, Lens],
    placed: Georeference,
    surface: Surface,
    scene: Scene,
    options: MosaicOptions,
    progress: Progress,
    *,
    pictures: Pictures | None = None,
) -> DenseSurface | None:
    """Match the photos and write the dense surface, or take what stands there.

    `pictures` are photos that were decoded before. None where no two photos overlap as stereo needs; the
    ground is then all there is.
    """
    pairs = stereo_pairs(placed.views, lenses, surface)
    if not pairs:
        progress.note("no two photos overlap as depth needs: the picture is drawn on the ground alone")
        return None
    largest = max(lens.width_px * lens.height_px for lens in lenses.values())
    reduce = next(step for step in (1, 2, 4, 8) if largest <= MATCHED_PIXELS * step**2 or step == 8)
    cell_m = native_gsd_m(placed, lenses, surface) * max(reduce, FINEST_CELL_GSD)
    grid = grid_of_views(placed, lenses, surface, cell_m)
    key = key_of(STAGE, VERSION, surface.key, [(pair.first, pair.second) for pair in pairs], grid.cell_m)
    record = scene.kept(STAGE, key)
    if record is None:
        work = replace(_work(found, lenses, placed, surface, options), pictures=pictures)
        body = _made(work, pairs, grid, reduce, scene, progress)
        record = scene.keep(STAGE, key, body, [scene.folder / DSM, scene.folder / UNCERTAINTY])
    else:
        progress.stage("dense: kept from before", 0)
    return DenseSurface(
        ground=surface,
        grid=grid,
        path=scene.folder / DSM,
        uncertainty_path=scene.folder / UNCERTAINTY,
        pairs=int(record["pairs"]),
        measured_share=float(record["measured_share"]),
        typical_sigma_m=float(record["typical_sigma_m"]),
        files=dict(record["files"]),
        key=key,
    )


def _work(
    found: Survey, lenses: dict[str, Lens], placed: Georeference, surface: Surface, options: MosaicOptions
) -> Work:
    centres = np.array([view.centre for view in placed.views])
    flown_m = float(np.median(centres[:, 2] - surface.height_m(centres[:, :2])))
    low_m, high_m = float(surface.heights_m.min()), float(surface.heights_m.max())
    headroom_m = HEADROOM * flown_m
    return Work(
        found=found,
        lenses=lenses,
        views=placed.views,
        surface=surface,
        scale=Scale.over(low_m - 5 * BELOW_M, high_m + 1.2 * headroom_m),
        below_m=BELOW_M,
        headroom_m=headroom_m,
        threads=options.threads or os.cpu_count() or 1,
        memory_bytes=options.memory_mb * 1_000_000 // 2,
    )


@one_core_each()
def _made(
    work: Work, pairs: list[StereoPair], grid: Grid, reduce: int, scene: Scene, progress: Progress
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=scene.stages) as name:
        scratch = Path(name)
        half = replace(grid, cell_m=2 * grid.cell_m, width=-(-grid.width // 2), height=-(-grid.height // 2))
        rough = find_layers(work, Level(2 * reduce, half, None), pairs, scratch / "rough", progress)
        coarse = Coarse(half, write_coarse(work, rough, half, scratch / "coarse.npy", progress))
        give_back()
        layers = find_layers(work, Level(reduce, grid, coarse), pairs, scratch / "fine", progress)
        figures = write_surface(
            work,
            layers,
            grid,
            coarse,
            reduce,
            scratch,
            (scene.folder / DSM, scene.folder / UNCERTAINTY),
            progress,
        )
    return {"cell_m": grid.cell_m, "pairs": len(layers), "matched_at": 1 / reduce, **figures}
