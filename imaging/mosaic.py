"""Photos to a georeferenced picture: the whole way, stage by stage.

    photos -> alignment -> georeference -> adjustment, accuracy -> surface -> dense
           -> orthomosaic, cloud, overlay -> scene.json

Each stage writes its record into the scene folder. A second run with the same photos and settings takes
what stands there; a run that was broken off goes on after the last stage that was finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import rasterio
from threadpoolctl import threadpool_limits

from imaging.accuracy import Accuracy, assess
from imaging.alignment import align
from imaging.control.centred import NotCentred, centred_control
from imaging.control.gathering import ControlFiles, gather, keep_control
from imaging.control.scene import NO_CONTROL, SceneControl
from imaging.control_places import placed_by_control
from imaging.dense.cloud import write_cloud
from imaging.dense.stage import find_dense
from imaging.georeference import georeference
from imaging.memory import MB, RASTER_CACHE_MB, roughly_within_limit, within_limit
from imaging.options import MosaicOptions
from imaging.orthomosaic import draw
from imaging.overlay import write_overlay
from imaging.photos import decode
from imaging.pictures import Pictures
from imaging.priors import NO_PRIORS, Priors
from imaging.progress import Progress, silent
from imaging.quick.align import align_quickly, pictures_of
from imaging.refinement import Refined, refine
from imaging.scene import SCRATCH, Scene, alone_in, open_scene
from imaging.scene_report import Results, SceneReport, write_report
from imaging.surface import Surface, find_surface
from imaging.survey import Survey, survey
from imaging.usage import Meter
from imaging.worked import one_heap
from missions.errors import OutputError
from telemetry.clock import Clock, SystemClock

__all__ = ["MosaicOptions", "SceneReport", "mosaic"]


def mosaic(
    photos: Path,
    scene: Path,
    *,
    options: MosaicOptions | None = None,
    control: SceneControl | ControlFiles = NO_CONTROL,
    priors: Priors = NO_PRIORS,
    files: Sequence[Path] | None = None,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> SceneReport:
    """Make the mosaic of the photos below `photos`, or only of `files` there, in the folder `scene`.

    `control` is what was measured on the ground, with its marks in the photos, or the files that say so: then
    InputError is raised for what contradicts itself. `priors` are the flight's recording and known lenses.

    Raises OutputError before any work where `scene` cannot be written or another run is at work in it,
    PhotoError where fewer than three photos can be used or neither they nor control tell a position,
    AlignmentError where they do not make one scene, SettingsError.
    """
    if scene.resolve() == photos.resolve():
        raise OutputError(
            "the scene cannot be made among the photos", where=str(scene), remedy="Choose another folder"
        )
    one_heap()
    # GDAL keeps a twentieth of the machine's memory in blocks of rasters unless told otherwise.
    # Matrices are small here: threads of the linear algebra would only wait for each other.
    with (
        alone_in(scene),
        rasterio.Env(GDAL_CACHEMAX=RASTER_CACHE_MB * MB),
        threadpool_limits(1, "blas"),
    ):
        meter = Meter(open_scene(scene), progress, clock or SystemClock())
        return _made(photos, meter, options or MosaicOptions(), control, priors, files)


def _made(
    photos: Path,
    meter: Meter,
    options: MosaicOptions,
    control: SceneControl | ControlFiles,
    priors: Priors,
    chosen: Sequence[Path] | None,
) -> SceneReport:
    folder, progress = meter.scene, meter.progress
    options = roughly_within_limit(options)
    with TemporaryDirectory(prefix=SCRATCH, dir=folder.stages) as scratch:
        pictures = pictures_of(options, Path(scratch)) if options.aligner == "own" else None
        with meter.stage("photos"):
            found = survey(
                photos, folder, progress, files=chosen, priors=priors, pictures=pictures, unplaced=True,
                by_control=bool(control.points),
            )  # fmt: skip
            options = within_limit(options, found.photos)
            known = _control(control, found, folder, progress)
            found = placed_by_control(found, known, folder, options, progress, pictures)
        return drawn_from(found, known, meter, options, pictures=pictures)


def drawn_from(
    found: Survey,
    known: SceneControl,
    meter: Meter,
    options: MosaicOptions,
    *,
    pictures: Pictures | None = None,
    again: Mapping[str, str] | None = None,
) -> SceneReport:
    """Every stage after the photos were read and the control gathered; each is kept where nothing changed.

    `pictures` are those that were decoded before; `again` names the scene that is drawn anew.
    """
    folder, progress = meter.scene, meter.progress
    if pictures is None and options.quick:
        pictures = pictures_of(options)
    refined, accuracy, surface = _settled(found, known, meter, options, pictures)
    alignment, placed = refined.alignment, refined.placed
    dense = None
    if not options.quick:
        with meter.stage("dense"):
            dense = find_dense(
                found, alignment.lenses, placed, surface, folder, options, progress, pictures=pictures
            )
        if pictures is not None:
            pictures.forget()
    with meter.stage("orthomosaic"):
        drawn = draw(
            found, alignment, placed, dense or surface, folder, options, accuracy.verdict, progress,
            pictures=pictures if options.quick else None,
        )  # fmt: skip
    files = dict(drawn.files)
    if dense is not None:
        with meter.stage("cloud"):
            files |= dense.files | write_cloud(dense, drawn, folder, progress)["files"]
    with meter.stage("overlay"):
        files |= write_overlay(drawn, folder, folder.folder.resolve().name, accuracy.verdict, progress)
    results = Results(
        found=found,
        refined=refined,
        surface=surface,
        dense=dense,
        drawn=drawn,
        accuracy=accuracy,
        files=files,
        again=again,
    )
    report = write_report(folder, options, results, meter)
    folder.drop_all_but(files)
    return report


def _settled(
    found: Survey, known: SceneControl, meter: Meter, options: MosaicOptions, pictures: Pictures | None
) -> tuple[Refined, Accuracy, Surface]:
    """Where the photos lie, how well, and the ground below them; tie points end here."""
    folder, progress = meter.scene, meter.progress
    with meter.stage("alignment"):
        if options.aligner == "own":
            alignment = align_quickly(found, folder, options, progress, pictures=pictures)
        else:
            alignment = align(found, folder, options, progress)
    if pictures is not None and not options.quick:
        pictures.set_aside()
    meter.worker("alignment", alignment.worked)
    with meter.stage("georeference"):
        laid = georeference(found, alignment, folder, progress)
    with meter.stage("adjustment"):
        refined = refine(found, alignment, laid, known, folder, progress)
        del alignment, laid
    with meter.stage("accuracy"):
        accuracy = assess(refined, known, folder, progress)
    with meter.stage("surface"):
        surface = find_surface(refined.alignment, refined.placed, folder, progress)
    return refined.without_points(), accuracy, surface


def _control(
    control: SceneControl | ControlFiles, found: Survey, folder: Scene, progress: Progress
) -> SceneControl:
    sources = None
    stay: tuple[NotCentred, ...] = ()
    doubts: tuple[str, ...] = ()
    of_files: Mapping[str, Sequence[str]] = {}
    if isinstance(control, ControlFiles):
        sources = control.sources
        gathered = gather(control, found.photos, others=[each.name for each in found.left_out])
        doubts, of_files = gathered.doubts, gathered.of_files
        for finding in gathered.findings:
            progress.note(" ".join(part for part in (finding.text, finding.remedy) if part))
        centre, control = control.centre, gathered.control
        if centre:
            control, stay = centred_control(control, lambda name: decode(found.photos[name].path), progress)
    keep_control(control, folder, sources, stay, doubts, of_files)
    return control
