"""A scene drawn anew from what is kept of it: its photos, alignment and control, with the marks as they are
now.

    OLD (as it was made and sealed) + marks.json, roles.json  ->  NEW, a scene of its own

OLD is read and never written. How its photos lie to each other is taken over, and where it was adjusted again
with these very marks that adjustment too; heights, picture and report are made anew from it, so that picture,
marks and figures come from one adjustment.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import rasterio
from threadpoolctl import threadpool_limits

from imaging.accuracy import STAGE as ACCURACY
from imaging.alignment import STAGE as ALIGNMENT
from imaging.control.centred import NotCentred, centred_control
from imaging.control.gathering import STAGE as CONTROL
from imaging.control.gathering import (
    ControlFiles,
    Gathered,
    doubts_of_before,
    gather,
    keep_control,
    kept_control,
)
from imaging.control.marks import read_marks, write_marks
from imaging.control.points import MarkedPoint
from imaging.control.roles import FILE as ROLES
from imaging.control.roles import read_roles
from imaging.control.scene import SceneControl
from imaging.georeference import STAGE as GEOREFERENCE
from imaging.marking.again import again_in
from imaging.memory import MB, RASTER_CACHE_MB
from imaging.mosaic import drawn_from
from imaging.options import MosaicOptions
from imaging.photos import decode, hash_file
from imaging.progress import Progress, silent
from imaging.refinement import STAGE as ADJUSTMENT
from imaging.scene import REPORT, Scene, alone_in, key_of, open_scene, read_report
from imaging.scene_report import SceneReport
from imaging.survey import STAGE as PHOTOS
from imaging.survey import Survey, keep_survey, kept_survey
from imaging.usage import STAGE as USAGE
from imaging.usage import Meter
from imaging.worked import one_heap
from missions.errors import FormatError, OutputError, PhotoError
from telemetry.clock import Clock, SystemClock

MARKS = "marks.json"
STAGE = "again"
GOES_ALONG = ("measure.json", "figures.json")
"""What was marked and asked to be measured; it is the same in the new scene."""
TAKEN_OVER = (ALIGNMENT, GEOREFERENCE, ADJUSTMENT, ACCURACY)
"""Stages that are not made anew as long as nothing changed for them."""
NO_FILES = ControlFiles()
Locate = Callable[[str], Path]
"""Where a photo of the scene lies now, by its name; raises DroneteamError where it is gone or changed."""


def redraw(
    old: Path,
    into: Path,
    *,
    locate: Locate | None = None,
    known: SceneControl | None = None,
    control: ControlFiles = NO_FILES,
    threads: int | None = None,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> SceneReport:
    """Draw the scene in `old` anew in the folder `into`, which is new, empty or holds what a run left half.

    Points, distances, marks and roles are those of `old`, its marks as they stand in it now; `control` names
    files that take their place, checks, and whether marks are centred. `locate` says where photos lie; else
    in the folder they came from.

    Raises OutputError before any work where `into` is something else, InputError where there is no scene or
    control contradicts itself, FormatError for a scene whose records are broken or a photo that was changed,
    PhotoError for one that is gone, and what the stages of a mosaic raise.
    """
    before = Scene(old)
    read_report(before)
    again = {"scene": old.resolve().name, "report_sha256": hash_file(before.report)}
    _check_free(into, again)
    options = options_of(old)
    found = kept_survey(before)
    gathered = gather(
        control,
        found.photos,
        others=[each.name for each in found.left_out],
        kept=known or control_now(before),
    )
    one_heap()
    with (
        alone_in(into),
        rasterio.Env(GDAL_CACHEMAX=RASTER_CACHE_MB * MB),
        threadpool_limits(1, "blas"),
    ):
        scene = open_scene(into)
        scene.keep(STAGE, key_of(STAGE, again), again)
        _carry(before, scene)
        meter = Meter(scene, progress, clock or SystemClock())
        with meter.stage(PHOTOS):
            progress.stage(PHOTOS, len(found.photos))
            found = _located(found, before, locate or _in_folder(found.folder), progress)
            keep_survey(found, scene)
        for finding in gathered.findings:
            progress.note(" ".join(part for part in (finding.text, finding.remedy) if part))
        used, stay = gathered.control, tuple[NotCentred, ...]()
        if control.centre:
            used, stay = centred_control(used, lambda name: decode(found.photos[name].path), progress)
        _keep(replace(gathered, control=used), stay, control, before, scene)
        _go_along(old, into)
        options = replace(options, threads=threads or options.threads)
        return drawn_from(found, used, meter, options, again=again)


def control_now(scene: Scene) -> SceneControl:
    """What was measured on the ground, as it was used last, with the marks and roles as they are now.

    Raises InputError for a file of marks or roles that is broken.
    """
    control = kept_control(again_in(scene) or scene)
    marks, roles = scene.folder / MARKS, scene.folder / ROLES
    if marks.exists():
        control = replace(control, marks={point.name: point.marks for point in read_marks(marks)})
    return control.with_roles(read_roles(roles)) if roles.exists() else control


def _check_free(into: Path, again: Mapping[str, str]) -> None:
    """Nothing is drawn over: not over another scene, and not over one that was finished."""
    if not into.exists() or (into.is_dir() and not any(into.iterdir())):
        return
    begun = Scene(into).read(STAGE) if into.is_dir() else None
    if begun is None or begun.get("key") != key_of(STAGE, again) or (into / REPORT).exists():
        raise OutputError(
            "something is there already", where=str(into), remedy="Choose a folder that is new or empty"
        )


def options_of(old: Path) -> MosaicOptions:
    """How the scene in `old` was made. Raises InputError where there is none, FormatError."""
    try:
        return MosaicOptions(**read_report(Scene(old))["options"])
    except (KeyError, TypeError) as error:
        raise FormatError(
            f"tells no options that can be used ({error})",
            where=str(old / REPORT),
            remedy="Make the scene again from its photos",
        ) from error


def _carry(before: Scene, scene: Scene) -> None:
    """Bring along what does not change: how the photos lie to each other, and a later adjustment.

    Each record names the key it was made under; where that is another now, it is made again all the same.
    """
    found = [(before, (ALIGNMENT, GEOREFERENCE, USAGE)), (again_in(before) or before, (ADJUSTMENT, ACCURACY))]
    for source, stages in found:
        for stage in stages:
            for suffix in (".npz", ".json"):
                file, target = (each.stages / f"{stage}{suffix}" for each in (source, scene))
                if file.exists() and not target.exists():
                    _copied(file, target)


def _copied(file: Path, target: Path) -> None:
    try:
        shutil.copyfile(file, target)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})", where=str(target), remedy="Make room"
        ) from error


def _in_folder(folder: Path) -> Locate:
    return lambda name: folder / name


def _located(found: Survey, before: Scene, locate: Locate, progress: Progress) -> Survey:
    """The survey with every photo where it lies now; those that are in the picture must be what they were."""
    posed = {view["name"] for view in (before.read(ALIGNMENT) or {}).get("views", ())}
    photos = {}
    for name, photo in found.photos.items():
        path = locate(name) if name in posed else found.folder / name
        photos[name] = replace(photo, path=path)
        if name in posed and _digest(path) != photo.sha256:
            raise FormatError(
                "the photo was changed since the scene was made", where=str(path), remedy="Restore it"
            )
        progress.advance()
    return replace(found, photos=photos)


def _digest(path: Path) -> str:
    try:
        return hash_file(path)
    except PhotoError as error:
        raise PhotoError(
            f"a photo of the scene {error.what}",
            where=str(path),
            remedy="Put it back, or name the folder where the photos lie now",
        ) from error


def _keep(
    gathered: Gathered,
    stay: Sequence[NotCentred],
    files: ControlFiles,
    before: Scene,
    scene: Scene,
) -> None:
    """Write the control into the new scene, its marks as people go on with them, with the files' digests.

    What only the files showed that it was made with before is as doubtful as it was.
    """
    control, of_files = gathered.control, dict(gathered.of_files)
    for file, said in doubts_of_before(before, files).items():
        of_files[file] = tuple(dict.fromkeys([*said, *of_files.get(file, ())]))
    doubts = tuple(dict.fromkeys([*itertools.chain(*of_files.values()), *gathered.doubts]))
    old = files.marks or before.folder / MARKS
    notes = {point.name: point.note for point in read_marks(old)} if old.exists() else {}
    sources = {**(before.read(CONTROL) or {}).get("sources", {}), **files.sources}
    if control.marks:
        points = [MarkedPoint(name, marks, notes.get(name, "")) for name, marks in control.marks.items()]
        write_marks(scene.folder / MARKS, points)
        sources[MARKS] = hash_file(scene.folder / MARKS)
    keep_control(control, scene, sources, stay, doubts, of_files)


def _go_along(old: Path, into: Path) -> None:
    for name in GOES_ALONG:
        if (old / name).exists():
            _copied(old / name, into / name)
