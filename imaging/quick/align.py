"""Stage `alignment`: our own, in a fraction of COLMAP's time; of a quick mosaic at reduced size.

    features -> links -> rotations -> triangulation -> adjustment, resection -> adjustment

What comes out lies in the local frame already, metres east, north and up about the middle of the photos.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from imaging.alignment import STAGE, Alignment, alignment_from_record
from imaging.array_file import ArrayFile
from imaging.lens import View, json_from_lens, json_from_view
from imaging.memory import MB, SHARE_OF_MEMORY
from imaging.options import MosaicOptions
from imaging.pictures import Pictures
from imaging.progress import Progress
from imaging.quick.comparing import compare
from imaging.quick.features import search_of
from imaging.quick.guesses import guesses
from imaging.quick.placing import Placement, place
from imaging.quick.remembered import remember, remembered
from imaging.scene import Scene, key_of
from imaging.survey import LeftOut, Survey
from missions.files import writing_whole

VERSION = 3
BY_GPS_ALONE = "it fits no other photo; only its own GPS and gimbal say where it belongs"


def pictures_of(options: MosaicOptions, scratch: Path | None = None) -> Pictures:
    """Where a mosaic keeps its decoded pictures until its photos are aligned, from the survey on.

    A quick one is drawn from them too. What is too much for memory lies in the folder `scratch`.
    """
    limit_bytes = int(SHARE_OF_MEMORY * options.memory_mb * MB)
    return Pictures(search_of(options).longest_px, limit_bytes, scratch, colours=options.quick)


def align_quickly(
    found: Survey,
    scene: Scene,
    options: MosaicOptions,
    progress: Progress,
    *,
    pictures: Pictures | None = None,
) -> Alignment:
    """Align the photos and write `stages/alignment.json` and `.npz`, or take what stands there.

    The views lie in metres east, north and up of the frame about the middle of the photos. `pictures` are
    those that the survey decoded. A photo that fits no other is left out, also where its GPS and gimbal would
    place it; the record's `by_gps` tells its view. Raises AlignmentError where fewer than three photos fit
    together.
    """
    search = search_of(options)
    key = key_of(STAGE, "own", VERSION, found.key, asdict(search))
    record = scene.kept(STAGE, key)
    if record is None:
        record = _kept(scene, key, _placed(found, scene, options, progress, pictures))
    else:
        progress.stage("alignment: kept from before", 0)
    return alignment_from_record(record, scene)


def _placed(
    found: Survey, scene: Scene, options: MosaicOptions, progress: Progress, pictures: Pictures | None
) -> Placement:
    search, known = search_of(options), guesses(found.photos)
    pictures = pictures or pictures_of(options)
    # Matrices are small here: threads of the linear algebra would only wait for each other.
    with threadpool_limits(1), ArrayFile(scene.stages) as file:
        compared = compare(
            found.photos, known, pictures, search, progress,
            before=remembered(scene, search), threads=options.threads, file=file,
        )  # fmt: skip
        if not options.quick:
            pictures.set_aside()
        remember(scene, search, found.photos, compared.features)
        progress.stage("alignment: poses", 1)
        placement = place(known, compared, search)
        progress.advance()
    return placement


def _kept(scene: Scene, key: str, placement: Placement) -> dict[str, Any]:
    solved = placement.solved
    error_px = np.linalg.norm(solved.residual_px, axis=1)
    seen = np.bincount(solved.ties.point, minlength=len(solved.points))
    arrays = scene.stages / f"{STAGE}.npz"
    with writing_whole(arrays) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            xyz=solved.points,
            error_px=np.bincount(solved.ties.point, error_px, len(solved.points)) / np.maximum(seen, 1),
            views=seen,
            observation_px=error_px,
            tie_view=solved.ties.view,
            tie_point=solved.ties.point,
            tie_px=solved.ties.px,
        )
    alone = [LeftOut(view.name, BY_GPS_ALONE) for view in placement.by_gps]
    body = {
        "views": [json_from_view(view) for view in _views(placement, error_px)],
        "by_gps": [json_from_view(view) for view in placement.by_gps],
        "lenses": {name: json_from_lens(lens) for name, lens in placement.lenses.items()},
        "left_out": [asdict(item) for item in (*placement.left_out, *alone)],
    }
    return scene.keep(STAGE, key, json.loads(json.dumps(body)), [arrays])


def _views(placement: Placement, error_px: np.ndarray[Any, np.dtype[np.float64]]) -> list[View]:
    """The adjusted views, told of all their ties rather than of those that were adjusted."""
    solved = placement.solved
    count = np.bincount(solved.ties.view, minlength=len(solved.members))
    total_px = np.bincount(solved.ties.view, error_px, len(solved.members))
    return [
        View(view.name, view.lens, view.rotation, view.centre, int(points), float(total / max(1, points)))
        for view, points, total in zip(solved.adjusted.views, count, total_px, strict=True)
    ]
