"""Stage `orthomosaic`: every photo laid on the ground and joined to one picture, block by block.

Seams and colours are settled on a coarse grid first; then each block decodes only the photos drawn in it. On
a dense surface it is a true orthomosaic: what stands up is drawn over its foot, and a photo is drawn only
where nothing hides the place from it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from imaging.alignment import Alignment
from imaging.brightness import balanced, find_lights
from imaging.cog import INTEGERS, PlainPicture, cog_from_tiff, shrunk
from imaging.consistency import without_passers
from imaging.dense.model import AnySurface, DenseSurface, plainly
from imaging.footprint_file import FootprintFile
from imaging.footprints import Flags, Floats, corners_of_views, find_footprints, grid_of_views, native_gsd_m
from imaging.georeference import Georeference
from imaging.grid import Grid
from imaging.options import MosaicOptions
from imaging.painting import Painted, Plan, Sources, paint
from imaging.photos import Pixels
from imaging.pictures import Decoded, Pictures
from imaging.progress import Progress
from imaging.scene import SCRATCH, Scene, key_of
from imaging.seams import find_seams
from imaging.survey import LeftOut, Survey
from imaging.threads import in_order, one_core_each
from imaging.unseen import heights_across
from missions.errors import AlignmentError, SettingsError
from missions.files import writing_whole

STAGE = "orthomosaic"
VERSION = 6
BLOCK_PX, QUICK_BLOCK_PX = 1024, 512
"""Smaller blocks hold less; where each pixel takes its time they cost a twentieth more."""
COARSE = 8
FEWEST_CELLS = 4
LIMIT_PIXELS = 4_000_000_000
PREVIEW_PX, OVERLAY_PX = 2000, 2048
QUICK_GSD = 4
"""A quick overview is drawn so many times coarser: what stands and lies on a road is told apart at 6 cm."""
TALL_M, TREES_M, BESIDE_TREES_M = 0.4, 3.0, 1.5


@dataclass(frozen=True, slots=True)
class Orthomosaic:
    """The picture's grid, its native ground sample distance, and the ground it covers, square metres.

    `filled_m2` of that no photo sees, narrow strips beside things that stand up and pits of the surface;
    `passers_m2` is what was left out of photos because it stood there in few of them. `small` is the picture
    at most `OVERLAY_PX` a side, (h, w, 4), where it was drawn just now and quickly: else it is read again.
    """

    grid: Grid
    native_gsd_m: float
    covered_m2: float
    filled_m2: float
    passers_m2: float
    drawn: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    files: dict[str, str]
    key: str
    small: Pixels | None = None


def draw(
    found: Survey,
    alignment: Alignment,
    placed: Georeference,
    surface: AnySurface,
    scene: Scene,
    options: MosaicOptions,
    verdict: str,
    progress: Progress,
    *,
    pictures: Pictures | None = None,
) -> Orthomosaic:
    """Draw `orthomosaic.tif` and `preview.jpg`, or take what stands there.

    `verdict` is written into the GeoTIFF, so that it goes wherever the picture goes; `pictures` are photos
    that were decoded before. Raises SettingsError where the ground sample distance asked for gives a picture
    beyond reason, or none.
    """
    sources = Sources(found, alignment.lenses, placed, surface, pictures)
    native_m = native_gsd_m(placed, alignment.lenses, surface.ground)
    gsd_m = options.gsd_m or (QUICK_GSD * native_m if options.quick else native_m)
    if options.gsd_m is not None:
        _check_not_too_coarse(sources, options.gsd_m)
    grid = _grid(sources, gsd_m)
    step = _coarse_step(grid, options.coarse_cells)
    key = key_of(STAGE, VERSION, surface.key, gsd_m, grid.width, grid.height, step, verdict)
    record, small = scene.kept(STAGE, key), None
    if record is None:
        with plainly(surface, scene.stages) as read:
            from_it = replace(sources, surface=read)
            body, small = _drawn(from_it, grid, step, native_m, scene, options, verdict, progress)
        record = scene.keep(STAGE, key, body, [scene.orthomosaic, scene.preview])
    else:
        progress.stage("orthomosaic: kept from before", 0)
    return Orthomosaic(
        grid=grid,
        native_gsd_m=native_m,
        covered_m2=float(record["covered_m2"]),
        filled_m2=float(record["filled_m2"]),
        passers_m2=float(record["passers_m2"]),
        drawn=tuple(record["drawn"]),
        left_out=tuple(LeftOut(**item) for item in record["left_out"]),
        files=dict(record["files"]),
        key=key,
        small=small if options.quick else None,
    )


def _check_not_too_coarse(sources: Sources, gsd_m: float) -> None:
    """Which photo goes where is told by coarse cells: a picture has some of them each way."""
    corners = corners_of_views(sources.placed, sources.lenses, sources.surface.ground)
    wide_m, high_m = np.ptp(np.vstack(corners), axis=0)[:2]
    most_m = float(min(wide_m, high_m)) / (FEWEST_CELLS * COARSE)
    if gsd_m > most_m:
        raise SettingsError(
            f"a ground sample distance of {gsd_m:g} m is too coarse for photos that show {wide_m:.0f} x "
            f"{high_m:.0f} m",
            where="gsd_m",
            remedy=f"Ask for {100 * most_m:.2g} cm or less",
        )


def _grid(sources: Sources, gsd_m: float) -> Grid:
    """The grid that covers what the photos see, a whole number of coarse cells each way."""
    coarse = grid_of_views(sources.placed, sources.lenses, sources.surface.ground, gsd_m * COARSE)
    if coarse.width * coarse.height * COARSE**2 > LIMIT_PIXELS:
        raise SettingsError(
            f"a ground sample distance of {gsd_m:g} m makes a picture of "
            f"{coarse.width * coarse.height * COARSE**2 / 1e6:.0f} million pixels",
            where="gsd_m",
            remedy=f"At most {LIMIT_PIXELS / 1e6:.0f} million are drawn; ask for a coarser one",
        )
    return replace(coarse, cell_m=gsd_m, width=coarse.width * COARSE, height=coarse.height * COARSE)


def _coarse_step(grid: Grid, most_cells: int) -> int:
    """Pixels in a coarse cell: 8, or more where so many cells would be too many to hold."""
    step = COARSE
    while grid.width * grid.height / step**2 > most_cells:
        step *= 2
    return step


@one_core_each()
def _drawn(
    sources: Sources,
    grid: Grid,
    step: int,
    native_m: float,
    scene: Scene,
    options: MosaicOptions,
    verdict: str,
    progress: Progress,
) -> tuple[dict[str, Any], Pixels]:
    coarse = replace(
        grid, cell_m=grid.cell_m * step, width=-(-grid.width // step), height=-(-grid.height // step)
    )
    threads = options.threads or os.cpu_count() or 1
    reduce = next((reduce for reduce in (8, 4, 2) if reduce * native_m <= grid.cell_m), 1)
    decoded = Decoded(sources.found.photos, reduce, options.memory_mb * 1_000_000, sources.pictures)
    with FootprintFile(scene.stages) as kept, writing_whole(scene.orthomosaic) as temporary:
        plan, passers = _plan(sources, kept, decoded, grid, coarse, step, threads, progress)
        covered_px, filled_px, small = _write(
            temporary, sources, plan, decoded, scene, options, verdict, progress
        )
    used = set(np.unique(plan.seams.labels).tolist())
    drawn = [footprint.view.name for index, footprint in enumerate(plan.footprints) if index in used]
    idle = [view.name for view in sources.placed.views if view.name not in set(drawn)]
    body = {
        "gsd_m": grid.cell_m,
        "native_gsd_m": native_m,
        "covered_m2": covered_px * grid.cell_m**2,
        "filled_m2": filled_px * grid.cell_m**2,
        "passers_m2": passers * coarse.cell_m**2,
        "drawn": drawn,
        "left_out": [
            {"name": name, "reason": "other photos show its ground from more steeply"} for name in idle
        ],
    }
    return body, small


def _plan(
    sources: Sources,
    kept: FootprintFile,
    decoded: Decoded,
    grid: Grid,
    coarse: Grid,
    step: int,
    threads: int,
    progress: Progress,
) -> tuple[Plan, int]:
    """Which photo goes where, and how many coarse cells of photos show a passer-by."""
    progress.stage("orthomosaic: footprints", len(sources.placed.views))
    found, placed, lenses = sources.found, sources.placed, sources.lenses
    # Where the picture is drawn from reduced photos they serve here too: one decoding instead of two.
    small = decoded if decoded.reduce > 1 else None
    seen = find_footprints(found, placed, lenses, sources.surface, coarse, progress, threads, small)
    footprints = [kept.keep(each) for each in seen]
    if not footprints:
        raise AlignmentError("no photo looks down on the ground", remedy="Point the camera down")
    progress.stage("orthomosaic: seams", 3)
    relief = _relief(sources.surface, coarse)
    exposures = [found.photos[one.view.name].exposure for one in footprints]
    lights = find_lights(footprints, coarse, relief.ground_m, exposures)
    footprints = balanced(footprints, lights, coarse, relief.heights_m)
    progress.advance()
    footprints, passers = without_passers(footprints, coarse, relief.trees)
    progress.advance()
    seams = find_seams(footprints, coarse, relief.tall)
    progress.advance()
    across = heights_across(footprints, coarse, relief.heights_m)
    return Plan(grid, step, footprints, seams, lights, relief.shown, across), passers


@dataclass(frozen=True, slots=True)
class _Relief:
    """Heights of the coarse cells and of the ground there, the cells with something that stands up, with
    trees or houses, and those drawn even where hidden: what lies beside trees, whose edges are not sharp, and
    what no height is known of.
    """

    heights_m: Floats
    ground_m: Floats
    tall: Flags
    trees: Flags
    shown: Flags


def _relief(surface: AnySurface, coarse: Grid) -> _Relief:
    window = 0, 0, coarse.width, coarse.height
    none = np.zeros((coarse.height, coarse.width), bool)
    ground_m = surface.ground.heights_on(coarse, *window)
    if not isinstance(surface, DenseSurface):
        return _Relief(ground_m, ground_m, none, none, none)
    heights_m = surface.heights_on(coarse, *window)
    above_m = heights_m - ground_m
    tall, trees = above_m > TALL_M, above_m > TREES_M
    side = 2 * max(1, round(BESIDE_TREES_M / coarse.cell_m)) + 1
    beside = cv2.dilate(trees.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return _Relief(heights_m, ground_m, tall, trees, beside | ~surface.known_on(coarse, *window))


def _write(
    path: Path,
    sources: Sources,
    plan: Plan,
    decoded: Decoded,
    scene: Scene,
    options: MosaicOptions,
    verdict: str,
    progress: Progress,
) -> tuple[int, int, Pixels]:
    """Write the Cloud Optimized GeoTIFF and the preview, white where nothing was seen.

    Gives how many pixels show something, how many were filled, and the picture at most `OVERLAY_PX` a side.
    """
    grid, threads = plan.grid, options.threads or os.cpu_count() or 1
    block_px = QUICK_BLOCK_PX if options.quick else BLOCK_PX
    blocks = list(grid.blocks(block_px))
    progress.stage("orthomosaic: drawing", len(blocks))
    covered_px, filled_px = 0, 0

    def work(block: tuple[int, int, int, int]) -> Painted:
        return paint(sources, plan, decoded, *block)

    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=scene.stages) as scratch:
        plain = Path(scratch) / "plain.tif"
        with PlainPicture(
            plain, grid.width, grid.height, block_px, crs=f"EPSG:{grid.epsg}", transform=grid.transform
        ) as file:
            file.tag(
                TIFFTAG_SOFTWARE="Droneteam",
                TIFFTAG_IMAGEDESCRIPTION=verdict,
                GSD_M=f"{grid.cell_m:g}",
            )
            for block, painted in zip(blocks, in_order(work, blocks, threads), strict=True):
                covered_px += int(np.count_nonzero(painted.pixels[..., 3]))
                filled_px += painted.filled_px
                file.write(painted.pixels, *block[:2])
                progress.advance()
        decoded.forget()
        progress.stage("orthomosaic: overviews", 1)
        cog_from_tiff(plain, path, predictor=INTEGERS)
        progress.advance()
        progress.stage("orthomosaic: preview", 1)
        shown, small = shrunk(plain, PREVIEW_PX, OVERLAY_PX)
    with writing_whole(scene.preview) as preview:
        Image.fromarray(_on_white(shown)).save(preview, "JPEG", quality=88)
    progress.advance()
    return covered_px, filled_px, small


def _on_white(picture: Pixels) -> Pixels:
    """(h, w, 3) of RGBA (h, w, 4), white where nothing was seen."""
    alpha = cv2.extractChannel(picture, 3)
    white = np.full((*alpha.shape, 3), 255, np.uint8)
    shown = cv2.copyTo(cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), alpha, white)
    rim = np.flatnonzero((alpha > 0) & (alpha < 255))
    share, flat = alpha.ravel()[rim, None].astype(np.float32) / 255, shown.reshape(-1, 3)
    flat[rim] = (255 * (1 - share) + flat[rim] * share + 0.5).astype(np.uint8)
    return np.asarray(shown, np.uint8)
