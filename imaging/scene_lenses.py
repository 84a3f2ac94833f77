"""The lenses of a scene that was made, for the next one by the same camera."""

from __future__ import annotations

from pathlib import Path

from imaging.adjustment.record import adjusted_from_record
from imaging.lens_file import KeptLens, kept_lenses
from imaging.refinement import STAGE
from imaging.scene import Scene, read_report
from imaging.survey import kept_survey
from missions.errors import FormatError


def lenses_of(folder: Path) -> tuple[KeptLens, ...]:
    """What the adjustment of a scene found of its lenses. Raises InputError, FormatError for a broken one."""
    scene = Scene(folder)
    report, found, record = read_report(scene), kept_survey(scene), scene.read(STAGE)
    file = scene.stages / f"{STAGE}.npz"
    try:
        if record is None:
            raise ValueError("there is none")  # noqa: TRY301 - one error for whatever is wrong
        return kept_lenses(
            adjusted_from_record(record, file),
            found.photos,
            folder.resolve().name,
            str(report["created"]),
            str(report["verdict"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the record of the adjustment is broken ({error})",
            where=str(file),
            remedy="Make the scene again",
        ) from error
