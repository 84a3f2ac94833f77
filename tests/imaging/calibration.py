"""Rendered crash scenes measured as an investigator would, against what the world truly holds.

    python -m tests.imaging.calibration FIRST LAST [own | colmap] [--centred] [--into FILE]
    python -m tests.imaging.calibration --sum FILE ...

The first prints one JSON object a scene: the scale's source, errors of check points, and by way of marking
and kind of figure how many intervals there are, how many hold the truth and how far off each figure is. The
second adds up such lines. The photos are aligned by our own alignment or by COLMAP. With `--centred` the
clicks that the scene is adjusted with go to the centres of their targets; what is measured is clicked as
before.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np

from imaging.accuracy import Accuracy, assess, rms
from imaging.adjustment.state import READOUT
from imaging.alignment import align
from imaging.checks import checked
from imaging.control.centred import centred_control
from imaging.control.points import Mark, MarkedPoint, Role
from imaging.control.scene import SceneControl
from imaging.dense.stage import find_dense
from imaging.georeference import georeference
from imaging.measure.derive import derive
from imaging.measure.figures import Kind
from imaging.measure.measuring import completed, placed
from imaging.measure.opened import Ground
from imaging.measure.places import Places
from imaging.options import Aligner, MosaicOptions
from imaging.photos import Pixels, decode
from imaging.progress import silent
from imaging.quick.align import align_quickly
from imaging.refinement import Refined, refine
from imaging.scene import Scene, open_scene
from imaging.surface import find_surface
from imaging.survey import Survey, survey
from missions.errors import InputError
from sitl.world import CrashOptions, PhotoTruth
from tests.imaging.calibration_lots import SOURCES, Lot, clicks, control_of, lot_of, rendered, true_place
from tests.imaging.calibration_outcome import Measured, Outcome, Way, json_from_outcome
from tests.imaging.calibration_sums import summed

FIRST, LATER = "2026-11-27T10:00:00+00:00", "2026-11-27T10:05:00+00:00"
FAR_OFF = 4.0
"""Standard deviations."""
FIGURES = 4
"""Of each kind, by each way of marking."""


def measure_scene(
    seed: int,
    folder: Path,
    *,
    photos: int | None = None,
    source: str | None = None,
    aligner: Aligner = "own",
    options: CrashOptions | None = None,
    centred: bool = False,
) -> Outcome:
    """Render the scene of a seed, align it, adjust it on what `source` names, and measure on it.

    What is None is drawn by lot; `options` take the place of the lot's, twelve photos two seconds apart.
    """
    begun_s = _cpu_s()
    lot = lot_of(seed) if options is None else Lot(SOURCES[seed % len(SOURCES)], 12, options)
    lot = replace(lot, photos=photos or lot.photos, source=source or lot.source)
    truth = rendered(seed, lot, folder / "photos")
    random = np.random.default_rng([seed, 77])
    marks = clicks(truth, random)
    control = control_of(truth, marks, lot.source, random)
    if centred:
        control, _ = centred_control(control, _pictures(truth), silent)
    scene = open_scene(folder / "scene")
    found = survey(truth.folder, scene, silent)
    align_begun_s = _cpu_s()
    way = align_quickly if aligner == "own" else align
    aligned = way(found, scene, MosaicOptions(aligner=aligner), silent)
    align_cpu_s = _cpu_s() - align_begun_s
    refined = refine(found, aligned, georeference(found, aligned, scene, silent), control, scene, silent)
    accuracy = assess(refined, control, scene, silent)
    ground = _ground(found, refined, scene, dense=lot.dense)
    whole = _clicked(truth, refined, marks, ground)
    once = _clicked_once(truth, refined, marks, ground, random)
    again = [each.point for each in completed(refined.adjusted, once, ground, _pictures(truth))]
    figures = [
        *_figures(truth, whole, random, lambda letters: "clicked"),
        *_by_one_click(truth, refined, again, ground, random),
    ]
    if len(touched := _touched(again, marks, random)) > 1:
        places = placed(refined.adjusted, touched, ground)
        figures += _figures(truth, places, random, lambda letters: "touched")
    if lot.dense:
        alone = placed(refined.adjusted, once, ground)
        figures += _figures(truth, alone, random, lambda letters: "alone")
    outcome = _outcome(seed, lot.source, truth, refined, accuracy, _scale(truth, whole), tuple(figures))
    plan_m, up_m = _true_checks(truth, refined, control)
    return replace(
        outcome,
        bar_m=control.bars[0].length_m if control.bars else None,
        true_plan_m=plan_m,
        true_up_m=up_m,
        found_again=(sum(len(point.marks) > 1 for point in again), len(again)),
        pairs=_pairs(truth, placed(refined.adjusted, again, ground)),
        align_cpu_s=align_cpu_s,
        cpu_s=_cpu_s() - begun_s,
    )


def _cpu_s() -> float:
    """User and system seconds of this process and of those that ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _true_checks(
    truth: PhotoTruth, refined: Refined, control: SceneControl
) -> tuple[float | None, float | None]:
    """Root mean squares in plan and in height of the check points, beside where they truly are."""
    true = {point.name: point for point in truth.control_points}
    points = tuple(
        replace(
            point,
            lat_deg=true[point.name].place.lat_deg,
            lon_deg=true[point.name].place.lon_deg,
            height_m=true[point.name].height_amsl_m,
        )
        for point in control.points
        if point.role is Role.CHECK
    )
    checks = checked(refined.adjusted, SceneControl(points, control.marks), refined.placed.frame)
    off_m = np.array([check.off_m for check in checks]).reshape(-1, 3)
    if not len(off_m):
        return None, None
    return rms(np.linalg.norm(off_m[:, :2], axis=1)), rms(off_m[:, 2])


def _ground(found: Survey, refined: Refined, scene: Scene, *, dense: bool) -> Ground:
    """The surface as measuring opens it: the dense one, or that of a quick overview."""
    surface = find_surface(refined.alignment, refined.placed, scene, silent)
    if dense:
        options = MosaicOptions(threads=1)
        made = find_dense(found, refined.alignment.lenses, refined.placed, surface, scene, options, silent)
        if made is not None:
            return Ground(made.grid, made.path, made.uncertainty_path, surface.spread_m)
    return Ground(surface.grid, scene.stages / "surface.tif", None, surface.spread_m)


def _measured_marks(
    truth: PhotoTruth, refined: Refined, marks: dict[str, tuple[Mark, ...]]
) -> dict[str, tuple[Mark, ...]]:
    """The clicks on every point to measure that is marked in two photos of the scene or more."""
    index = refined.adjusted.network.index
    seen = {
        point.name: tuple(mark for mark in marks.get(point.name, ()) if mark.photo in index)
        for point in truth.measure_points
    }
    return {name: here for name, here in seen.items() if len(here) >= 2}


def _clicked(
    truth: PhotoTruth, refined: Refined, marks: dict[str, tuple[Mark, ...]], ground: Ground
) -> Places:
    points = [MarkedPoint(name, here) for name, here in _measured_marks(truth, refined, marks).items()]
    return placed(refined.adjusted, points, ground)


def _clicked_once(
    truth: PhotoTruth,
    refined: Refined,
    marks: dict[str, tuple[Mark, ...]],
    ground: Ground,
    random: np.random.Generator,
) -> list[MarkedPoint]:
    """Each point clicked in one photo, any of those that show it, where the surface has a height."""
    once = []
    for name, here in _measured_marks(truth, refined, marks).items():
        click = replace(here[int(random.integers(len(here)))], marked_at=FIRST)
        point = MarkedPoint(name, (click,))
        try:
            placed(refined.adjusted, [point], ground)
        except InputError:
            continue  # the product says that the surface has no height there
        once.append(point)
    return once


def _touched(
    again: Sequence[MarkedPoint], marks: dict[str, tuple[Mark, ...]], random: np.random.Generator
) -> list[MarkedPoint]:
    """What was found again, one match of each point put right by hand."""
    points = []
    for point in again:
        clicks_by_photo = {mark.photo: mark for mark in marks[point.name]}
        matched = [mark.photo for mark in point.marks[1:] if mark.photo in clicks_by_photo]
        if matched:
            photo = matched[int(random.integers(len(matched)))]
            mine = replace(clicks_by_photo[photo], marked_at=LATER)
            kept = tuple(mine if mark.photo == photo else mark for mark in point.marks)
            points.append(replace(point, marks=kept))
    return points


def _by_one_click(
    truth: PhotoTruth,
    refined: Refined,
    again: Sequence[MarkedPoint],
    ground: Ground,
    random: np.random.Generator,
) -> Iterator[Measured]:
    """Figures of points that were clicked once and looked for in the other photos."""
    lonely = {point.name for point in again if len(point.marks) == 1}
    yield from _figures(
        truth,
        placed(refined.adjusted, again, ground),
        random,
        lambda letters: "unmatched" if lonely.intersection(letters) else "matched",
    )


def _pictures(truth: PhotoTruth) -> Callable[[str], Pixels]:
    @cache
    def picture(name: str) -> Pixels:
        return decode(truth.folder / name)

    return picture


def _true(truth: PhotoTruth, places: Places) -> Places:
    local_m = np.array([true_place(truth, name) for name in places.letters]).reshape(-1, 3)
    return Places(places.letters, local_m, np.zeros_like(places.covariance))


def _scale(truth: PhotoTruth, places: Places) -> float:
    apart = [
        np.linalg.norm(each.local_m[:, None] - each.local_m[None, :], axis=-1).sum()
        for each in (places, _true(truth, places))
    ]
    return float(apart[0] / apart[1])


def _figures(
    truth: PhotoTruth, places: Places, random: np.random.Generator, way: Callable[[tuple[str, ...]], Way]
) -> Iterator[Measured]:
    """Figures between points drawn by lot, of all kinds."""
    true = _true(truth, places)
    kinds: tuple[tuple[Kind, int], ...] = (
        ("distance", 2), ("horizontal distance", 2), ("height difference", 2), ("angle", 3), ("path", 4),
        ("area", 5),
    )  # fmt: skip
    for _ in range(FIGURES):
        for kind, count in kinds:
            drawn = random.choice(places.letters, min(count, len(places.letters)), replace=False)
            letters = tuple(str(name) for name in drawn)
            letters = _outline(letters, true) if kind == "area" else letters
            try:
                figure = derive(kind, letters, places)
            except InputError:
                continue  # the product refuses an outline that crosses itself where it was measured
            truly = derive(kind, letters, true).value
            yield Measured(kind, way(letters), figure.value, figure.half_width_95, truly)


def _pairs(truth: PhotoTruth, places: Places) -> tuple[int, int]:
    """How many distances and height differences there are between all places, and how many are far off."""
    true = _true(truth, places)
    kinds: tuple[Kind, ...] = ("distance", "horizontal distance", "height difference")
    measured = [
        Measured(kind, "matched", figure.value, figure.half_width_95, derive(kind, letters, true).value)
        for letters in combinations(places.letters, 2)
        for kind in kinds
        for figure in [derive(kind, letters, places)]
    ]
    return len(measured), sum(abs(each.off) > FAR_OFF for each in measured)


def _outline(letters: tuple[str, ...], true: Places) -> tuple[str, ...]:
    """The marks in the order in which they lie about their middle, so that the outline crosses nowhere."""
    apart = true.of(letters)[0][:, :2]
    turned = np.arctan2(*(apart - apart.mean(axis=0)).T)
    return tuple(letters[number] for number in np.argsort(turned))


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
        scale_95_pct=accuracy.scale_95_pct,
        bar_m=None,
        sigma_px=refined.adjusted.sigma_px,
        ties=int(np.median([view.points for view in refined.placed.views])),
        cpu_s=0.0,
        align_cpu_s=0.0,
        readout_s=float(refined.adjusted.state.lenses[0, READOUT]),
        true_readout_s=truth.readout_s,
        steps=refined.adjusted.steps,
        check_plan_m=accuracy.check_rmse_plan_m,
        check_up_m=accuracy.check_rmse_up_m,
        true_plan_m=None,
        true_up_m=None,
        evidence=accuracy.evidence,
        blunders=len(accuracy.blunders),
        found_again=(0, 0),
        pairs=(0, 0),
        figures=figures,
    )


def main(first: int, last: int, aligner: Aligner, into: Path | None, *, centred: bool) -> None:
    """Measure the scenes of seeds `first` to `last`, downwards where that is less, one line of JSON each.

    Lines are appended to `into` where it is given; seeds that stand there are left out.
    """
    done = {line["seed"] for line in _lines([into])} if into is not None and into.exists() else set()
    step = 1 if last >= first else -1
    for seed in range(first, last + step, step):
        if seed in done:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                line = json_from_outcome(measure_scene(seed, Path(scratch), aligner=aligner, centred=centred))
            except Exception as error:  # noqa: BLE001 - one scene's failure is a result too
                line = {"seed": seed, "error": f"{type(error).__name__}: {error}"}
        text = json.dumps(line) + "\n"
        if into is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            with into.open("a") as file:
                file.write(text)


def _lines(files: Iterable[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.imaging.calibration")
    parser.add_argument("first", nargs="?", type=int)
    parser.add_argument("last", nargs="?", type=int)
    parser.add_argument("aligner", nargs="?", choices=get_args(Aligner), default="own")
    parser.add_argument("--centred", action="store_true")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--sum", type=Path, nargs="+", metavar="FILE")
    asked = parser.parse_args()
    if not asked.sum and asked.last is None:
        parser.error("give the first and the last seed, or --sum and files")
    return asked


if __name__ == "__main__":
    asked = _asked()
    if asked.sum:
        sys.stdout.write(summed(_lines(asked.sum)))
    else:
        main(asked.first, asked.last, asked.aligner, asked.into, centred=asked.centred)
