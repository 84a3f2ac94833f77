"""A scene adjusted again with other marks, beside what was made: `SCENE/marking/`.

The scene as it was made stays as it is: its picture, its report and their hashes. Beside it lies what a new
adjustment says, with the key of the one that it was begun from, so that it counts for nothing once the scene
itself is made again.

    SCENE/marking/stages/   control.json, adjustment.json and .npz, accuracy.json, marking.json
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imaging.accuracy import Accuracy, assess
from imaging.alignment import kept_alignment
from imaging.control.gathering import keep_control
from imaging.control.scene import SceneControl
from imaging.georeference import kept_georeference
from imaging.progress import Progress
from imaging.refinement import STAGE as ADJUSTMENT
from imaging.refinement import Refined, refine
from imaging.scene import Scene, key_of
from imaging.survey import kept_survey
from missions.errors import OutputError

STAGE, FOLDER = "marking", "marking"
SCRATCH = ".marking-"


def readjust(
    scene: Scene, control: SceneControl, into: Scene, progress: Progress
) -> tuple[Refined, Accuracy]:
    """Adjust `scene` with this control and say how well it fits, written into the folder of `into`.

    Photos are not looked at. Raises FormatError for a scene whose records are broken, AlignmentError where
    something is not determined.
    """
    into.stages.mkdir(parents=True, exist_ok=True)
    found, alignment = kept_survey(scene), kept_alignment(scene)
    laid = kept_georeference(alignment, scene)
    keep_control(control, into)
    refined = refine(found, alignment, laid, control, into, progress)
    accuracy = assess(refined, control, into, progress)
    into.keep(STAGE, key_of(STAGE, base_of(scene)), {"control": control.key})
    return refined, accuracy


def base_of(scene: Scene) -> str:
    """The key of the adjustment with which the scene was made; empty where it has none."""
    return str((scene.read(ADJUSTMENT) or {}).get("key", ""))


def again_in(scene: Scene) -> Scene | None:
    """The later adjustment beside the scene, None where there is none of the scene as it is."""
    later = Scene(scene.folder / FOLDER)
    record = later.read(STAGE)
    return later if record is not None and record.get("key") == key_of(STAGE, base_of(scene)) else None


@contextmanager
def replacing(scene: Scene) -> Iterator[Scene]:
    """A new folder for a later adjustment, which takes the old one's place when the block ends well.

    Raises OutputError.
    """
    for left in scene.folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=scene.folder))
        scratch.chmod(0o755)
        try:
            yield Scene(scratch / "new")
            target = scene.folder / FOLDER
            with suppress(FileNotFoundError):
                target.rename(scratch / "old")
            (scratch / "new").rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"the adjustment cannot be written ({error.strerror or error})",
            where=str(scene.folder),
            remedy="Make room on the disk",
        ) from error
