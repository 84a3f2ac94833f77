"""A folder that fills while the drone flies: the overview grows with it, one quick run after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imaging.arrivals import Arrivals
from imaging.control.gathering import ControlFiles
from imaging.control.scene import NO_CONTROL, SceneControl
from imaging.mosaic import mosaic
from imaging.options import MosaicOptions
from imaging.priors import NO_PRIORS, Priors
from imaging.progress import Progress, silent
from imaging.scene_report import SceneReport
from imaging.survey import LEAST_PHOTOS
from missions.errors import DroneteamError, OutputError, PhotoError, SettingsError
from telemetry.clock import Clock, SystemClock

POLL_S = 1.0
NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: the photos that were there, how long it took, and what came of it.

    `report` is None where the photos make no scene yet, which `problem` explains.
    """

    at_s: float
    photos: int
    seconds: float
    report: SceneReport | None
    problem: str = ""

    @property
    def used(self) -> int:
        """How many photos are in the picture."""
        return 0 if self.report is None else len(self.report.used)

    @property
    def left_out(self) -> int:
        """How many are not."""
        return self.photos - self.used


def watch(
    photos: Path,
    scene: Path,
    *,
    stop: Callable[[], bool],
    told: Callable[[Run], None],
    options: MosaicOptions,
    control: SceneControl | ControlFiles = NO_CONTROL,
    priors: Priors = NO_PRIORS,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> SceneReport | None:
    """Make the scene again whenever new photos are whole, until `stop` says so; gives the last report.

    A run that has begun is finished, so that what stands in the scene is whole. Each run is `told`. Photos
    that make no scene yet are waited on; a folder that cannot be written and a setting that makes no sense
    are raised (OutputError, SettingsError). At the end photos that the last picture was not made of are
    named.
    """
    if not photos.is_dir():
        raise PhotoError("this is no folder of photos", where=str(photos), remedy="Check the path")
    clock = clock or SystemClock()
    arrivals = Arrivals(photos, scene, clock)
    made: dict[Path, tuple[int, int]] = {}
    drawn = made
    last: SceneReport | None = None
    while not stop():
        there = arrivals.look()
        for path, reason in arrivals.given_up():
            progress.note(f"{path.relative_to(photos)} never became whole: {reason}")
        if len(there) < LEAST_PHOTOS or there == made:
            clock.sleep(POLL_S)
            continue
        made = there
        start_s = clock.monotonic_s()
        report, problem = None, ""
        try:
            report = last = mosaic(
                photos,
                scene,
                options=options,
                control=control,
                priors=priors,
                files=tuple(there),
                progress=progress,
                clock=clock,
            )
            drawn = there
        except (OutputError, SettingsError):
            raise
        except DroneteamError as error:
            problem = error.what
        told(
            Run(
                at_s=clock.now_s(),
                photos=len(there),
                seconds=clock.monotonic_s() - start_s,
                report=report,
                problem=problem,
            )
        )
    missing = arrivals.missing_from(drawn) if last is not None else []
    if missing:
        names = ", ".join(str(path.relative_to(photos)) for path in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        why = "arrived too late or are not whole" if drawn is made else "made no picture or arrived too late"
        progress.note(f"Not in the picture, as they {why}: {names}{more}")
    return last
