"""Rendered crash scenes measured as an investigator would, against what the world truly holds.

    python -m tests.imaging.calibration FIRST LAST [own | colmap]

prints one JSON object a scene: the scale's source, errors of check points, every figure with its interval.
The photos are aligned by our own alignment or by COLMAP.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from imaging.accuracy import Accuracy, assess
from imaging.adjustment.state import READOUT
from imaging.alignment import align
from imaging.control.points import Mark, MarkedPoint, Role, ScaleBar, SurveyedPoint
from imaging.control.scene import SceneControl
from imaging.georeference import georeference
from imaging.measure.derive import derive
from imaging.measure.figures import Kind
from imaging.measure.measuring import placed
from imaging.measure.places import Places
from imaging.options import Aligner, MosaicOptions
from imaging.progress import silent
from imaging.quick.align import align_quickly
from imaging.refinement import Refined, refine
from imaging.scene import open_scene
from imaging.survey import survey
from missions.geodesy import LocalFrame
from sitl.world import CrashOptions, PhotoTruth, render_crash_scene

CLICK_PX, SURVEY_M, BAR_M = 0.5, 0.008, 0.003
SOURCES = ("control", "bar", "positions")
FIGURES = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: what came out, its half interval, the truth."""

    kind: Kind
    value: float
    half_width_95: float
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        off = self.value - self.truth
        if self.kind == "angle":
            off = (off + 180) % 360 - 180
        return abs(off) <= self.half_width_95


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scene. `gsd_m` is the ground sample distance, `scale` all measured distances over the true ones.

    `ties` are the tie points of the median photo, `align_cpu_s` the processor seconds of the alignment,
    `readout_s` how long the shutter was found to take.
    """

    seed: int
    source: str
    photos: int
    used: int
    gsd_m: float
    scale: float
    sigma_px: float
    ties: int
    align_cpu_s: float
    readout_s: float
    check_plan_m: float | None
    check_up_m: float | None
    evidence: bool
    blunders: int
    figures: tuple[Measured, ...]


def measure_scene(
    seed: int,
    folder: Path,
    *,
    photos: int = 12,
    source: str | None = None,
    aligner: Aligner = "own",
    options: CrashOptions | None = None,
) -> Outcome:
    """Render the scene of a seed, align it, adjust it on what `source` names, and measure on it."""
    truth = render_crash_scene(folder / "photos", seed, photos=photos, options=options)
    random = np.random.default_rng([seed, 77])
    source = source or SOURCES[seed % len(SOURCES)]
    marks = _marks(truth, random)
    control = _control(truth, marks, source, random)
    scene = open_scene(folder / "scene")
    found = survey(truth.folder, scene, silent)
    begun_s = _cpu_s()
    way = align_quickly if aligner == "own" else align
    aligned = way(found, scene, MosaicOptions(aligner=aligner), silent)
    align_cpu_s = _cpu_s() - begun_s
    refined = refine(found, aligned, georeference(found, aligned, scene, silent), control, scene, silent)
    accuracy = assess(refined, control, scene, silent)
    places = _places(truth, refined, marks)
    figures = tuple(_figures(truth, places, random))
    outcome = _outcome(seed, source, truth, refined, accuracy, _scale(truth, places), figures)
    return replace(outcome, align_cpu_s=align_cpu_s)


def _cpu_s() -> float:
    """User and system seconds of this process and of those that ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _marks(truth: PhotoTruth, random: np.random.Generator) -> dict[str, tuple[Mark, ...]]:
    """What a person clicks: every point in every photo that shows it, half a pixel off."""
    marks: dict[str, list[Mark]] = {}
    for photo in truth.photos:
        for name, (x_px, y_px) in {**photo.control_points, **photo.measure_points}.items():
            off = random.normal(0, CLICK_PX, 2)
            marks.setdefault(name, []).append(
                Mark(photo.file, x_px + float(off[0]), y_px + float(off[1]), CLICK_PX)
            )
    return {name: tuple(seen) for name, seen in marks.items() if len(seen) >= 2}


def _control(
    truth: PhotoTruth, marks: dict[str, tuple[Mark, ...]], source: str, random: np.random.Generator
) -> SceneControl:
    names = [point.name for point in truth.control_points if point.name in marks]
    if source == "positions" or len(names) < 4:
        return SceneControl()
    if source == "bar":
        first, second = _far_apart(truth, names)
        length_m = float(np.linalg.norm(_place(truth, first) - _place(truth, second)))
        bar = ScaleBar(first, second, length_m + float(random.normal(0, BAR_M)), BAR_M)
        return SceneControl((), marks, (bar,))
    chosen = _corners(truth, names)
    points = []
    for point in truth.control_points:
        if point.name in names:
            off = random.normal(0, SURVEY_M, 3)
            place = LocalFrame(point.place).point_from_local(float(off[0]), float(off[1]))
            role = Role.CONTROL if point.name in chosen else Role.CHECK
            height_m = point.height_amsl_m + float(off[2])
            points.append(
                SurveyedPoint(
                    point.name, place.lat_deg, place.lon_deg, height_m, "nap", SURVEY_M, SURVEY_M, role
                )
            )
    return SceneControl(tuple(points), marks)


def _place(truth: PhotoTruth, name: str) -> np.ndarray:
    points = [*truth.control_points, *truth.measure_points]
    point = next(each for each in points if each.name == name)
    return np.array([point.east_m, point.north_m, point.height_amsl_m])


def _far_apart(truth: PhotoTruth, names: list[str]) -> tuple[str, str]:
    """Two targets as far apart as a tape of 20 m reaches."""
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    apart = {pair: float(np.linalg.norm(_place(truth, pair[0]) - _place(truth, pair[1]))) for pair in pairs}
    within = [pair for pair in pairs if apart[pair] <= 20] or [min(pairs, key=lambda pair: apart[pair])]
    return max(within, key=lambda pair: apart[pair])


def _corners(truth: PhotoTruth, names: list[str]) -> set[str]:
    """Four targets that lie as far out as any."""
    chosen = [max(names, key=lambda name: float(np.linalg.norm(_place(truth, name)[:2])))]
    while len(chosen) < 4:
        chosen.append(
            max(
                (name for name in names if name not in chosen),
                key=lambda name: min(
                    float(np.linalg.norm(_place(truth, name) - _place(truth, other))) for other in chosen
                ),
            )
        )
    return set(chosen)


def _places(truth: PhotoTruth, refined: Refined, marks: dict[str, tuple[Mark, ...]]) -> Places:
    """Every point to measure that is marked in two photos of the scene or more."""
    index = refined.adjusted.network.index
    seen = {
        name: tuple(mark for mark in marks[name] if mark.photo in index)
        for name in (point.name for point in truth.measure_points)
        if name in marks
    }
    points = [MarkedPoint(name, here) for name, here in seen.items() if len(here) >= 2]
    return placed(refined.adjusted, points, NO_SURFACE)


def _true(truth: PhotoTruth, places: Places) -> Places:
    local_m = np.array([_place(truth, name) for name in places.letters]).reshape(-1, 3)
    return Places(places.letters, local_m, np.zeros_like(places.covariance))


def _scale(truth: PhotoTruth, places: Places) -> float:
    apart = [
        np.linalg.norm(each.local_m[:, None] - each.local_m[None, :], axis=-1).sum()
        for each in (places, _true(truth, places))
    ]
    return float(apart[0] / apart[1])


def _figures(truth: PhotoTruth, places: Places, random: np.random.Generator) -> Iterator[Measured]:
    true = _true(truth, places)
    for _ in range(FIGURES):
        drawn = tuple(str(name) for name in random.choice(places.letters, 3, replace=False))
        kinds: list[tuple[Kind, int]] = [
            ("distance", 2), ("horizontal distance", 2), ("height difference", 2), ("area", 3), ("angle", 3),
        ]  # fmt: skip
        for kind, count in kinds:
            figure = derive(kind, drawn[:count], places)
            yield Measured(kind, figure.value, figure.half_width_95, derive(kind, drawn[:count], true).value)


class _NoSurface:
    """Every point is marked twice or more, so that no surface is asked."""

    def __call__(self, east_north: np.ndarray) -> tuple[float, float]:
        return 0.0, 1.0

    def relief_m(self, east_north: np.ndarray, radius_m: float) -> float:
        return 0.0


NO_SURFACE = _NoSurface()


def _outcome(
    seed: int,
    source: str,
    truth: PhotoTruth,
    refined: Refined,
    accuracy: Accuracy,
    scale: float,
    figures: tuple[Measured, ...],
) -> Outcome:
    ground_m = float(np.median(refined.placed.points[:, 2]))
    heights_m = [view.centre[2] - ground_m for view in refined.adjusted.views]
    focal_px = next(iter(refined.adjusted.lenses.values())).focal_px
    return Outcome(
        seed=seed,
        source=source,
        photos=len(truth.photos),
        used=len(refined.adjusted.views),
        gsd_m=float(np.median(heights_m)) / focal_px,
        scale=scale,
        sigma_px=refined.adjusted.sigma_px,
        ties=int(np.median([view.points for view in refined.placed.views])),
        align_cpu_s=0.0,
        readout_s=float(refined.adjusted.state.lenses[0, READOUT]),
        check_plan_m=accuracy.check_rmse_plan_m,
        check_up_m=accuracy.check_rmse_up_m,
        evidence=accuracy.evidence,
        blunders=len(accuracy.blunders),
        figures=figures,
    )


def json_from_outcome(outcome: Outcome) -> dict[str, Any]:
    """Plain values."""
    body = asdict(outcome)
    body["held"] = [figure.holds for figure in outcome.figures]
    return body


def main(first: int, last: int, folder: Path, aligner: Aligner) -> None:
    """Measure the scenes of seeds `first` to `last`, one line of JSON each."""
    for seed in range(first, last + 1):
        try:
            line = json_from_outcome(measure_scene(seed, folder / str(seed), aligner=aligner))
        except Exception as error:  # noqa: BLE001 - one scene's failure is a result too
            line = {"seed": seed, "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        shutil.rmtree(folder / str(seed), ignore_errors=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asked = cast("Aligner", sys.argv[3] if len(sys.argv) > 3 else "own")
        main(int(sys.argv[1]), int(sys.argv[2]), Path(scratch), asked)
