"""Photos to a georeferenced picture: the whole way, stage by stage.

    photos -> alignment -> georeference -> surface -> orthomosaic, accuracy -> scene.json

Each stage writes its record into the scene folder. A second run with the same photos and settings takes
what stands there; a run that was broken off goes on after the last stage that was finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from imaging.accuracy import assess
from imaging.alignment import align
from imaging.georeference import georeference
from imaging.options import MosaicOptions
from imaging.orthomosaic import draw
from imaging.progress import Progress, silent
from imaging.scene import open_scene
from imaging.scene_report import Results, SceneReport, write_report
from imaging.surface import find_surface
from imaging.survey import survey
from missions.errors import OutputError
from telemetry.clock import Clock, SystemClock

__all__ = ["MosaicOptions", "SceneReport", "mosaic"]


def mosaic(
    photos: Path,
    scene: Path,
    *,
    options: MosaicOptions | None = None,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> SceneReport:
    """Make the mosaic of the photos below `photos` in the folder `scene` and report on it.

    Raises OutputError before any work where `scene` cannot be written, PhotoError where fewer than three
    photos can be used or none has a position, AlignmentError where they do not make one scene, SettingsError.
    """
    options, watch = options or MosaicOptions(), _Watch(clock or SystemClock())
    if scene.resolve() == photos.resolve():
        raise OutputError(
            "the scene cannot be made among the photos", where=str(scene), remedy="Choose another folder"
        )
    folder = open_scene(scene)
    with watch.timing("photos"):
        found = survey(photos, folder, progress)
    with watch.timing("alignment"):
        alignment = align(found, folder, options, progress)
    with watch.timing("georeference"):
        placed = georeference(found, alignment, folder, progress)
    with watch.timing("surface"):
        surface = find_surface(alignment, placed, folder, progress)
    with watch.timing("orthomosaic"):
        drawn = draw(found, alignment, placed, surface, folder, options, progress)
    with watch.timing("accuracy"):
        accuracy = assess(alignment, placed, folder, progress)
    results = Results(
        found=found, alignment=alignment, placed=placed, surface=surface, drawn=drawn, accuracy=accuracy
    )
    return write_report(folder, options, results, watch.timings_s, watch.now())


class _Watch:
    """Times the stages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Time the block under this name."""
        start_s = self._clock.monotonic_s()
        yield
        self.timings_s[stage] = round(self._clock.monotonic_s() - start_s, 3)

    def now(self) -> str:
        """ISO 8601, UTC."""
        return datetime.fromtimestamp(self._clock.now_s(), UTC).isoformat(timespec="seconds")
