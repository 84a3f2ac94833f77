"""How well the chances that are promised come true, and how much sooner proposed areas find somebody.

    python tests/bench/bench_search.py calibration [--fit] [--test N] [--keep FOLDER]
    python tests/bench/bench_search.py next [--maps N] [--people N] [--seed N]

`calibration` simulates searches in more detail than the detection model knows
(tests/imaging/searched_world.py) over grounds that no figure was fitted to; with `--fit` it first fits the
figures to others, over other grounds, and prints them as missions/data/detection.toml has them. With `--keep`
searches are kept as they come, a hundred a file, and not simulated again; what chance makes of so many is
told beside each tenth (tests/imaging/searched_tenths.py). `next` searches the same maps by parallel track and
by proposed areas (tests/missions/search_cases.py). The campaign tests ask the same of the same seeds.
"""

from __future__ import annotations

import argparse
import dataclasses
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.files import write_whole
from missions.search.calibration import Cases, fit, together
from missions.search.detection import Detection, detections, toml_of
from missions.search.ground_heat import MEASURED
from tests.imaging.searched_ground import FIT_WORLDS, TEST_WORLDS
from tests.imaging.searched_tenths import TEST_SEED, TESTED, Tenth, smoothed, tenths, told_by_warmth
from tests.imaging.searched_world import SETTINGS, Search, promised, searches
from tests.missions.search_cases import CATEGORIES, Case, cases, mean_ratio

FITTED_TO = (41, FIT_WORLDS, 2800)
"""Seed, grounds and number of the searches that the shipped figures were fitted to."""
A_FILE = 100
STANDS_OUT_K = 4.0


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["calibration", "next"])
    parser.add_argument("--fit", action="store_true", help="fit the figures first; else as shipped")
    parser.add_argument("--test", type=int, default=TESTED, help="searches to test with")
    parser.add_argument("--keep", type=Path, help="a folder for the searches")
    parser.add_argument("--maps", type=int, default=4, help="maps a category")
    parser.add_argument("--people", type=int, default=45, help="people a map")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    begin_s = time.process_time()
    if asked.what == "calibration":
        calibration(asked.fit, asked.test, asked.keep)
    else:
        sooner(list(cases(asked.maps, asked.people, asked.seed)))
    sys.stdout.write(f"{time.process_time() - begin_s:.0f} processor seconds\n")


def calibration(fit_first: bool, test_count: int, keep: Path | None) -> None:
    """Tenths of what was promised, and what came true, with 95 % of what chance alone makes."""
    known = detections()
    if fit_first:
        known = fitted(simulated(*FITTED_TO, keep), known)
        names = [kind + ending for kind in SETTINGS for ending in ("", MEASURED)]
        sys.stdout.write(toml_of([known[name] for name in names]))
    tested = simulated(TEST_SEED, TEST_WORLDS, test_count, keep)
    warmth = told_by_warmth(tested, known)
    parts: list[tuple[str, list[bool], int]] = [
        ("all", [True for _ in tested], 10),
        *((kind, [each.kind == kind for each in tested], 10) for kind in SETTINGS),
        ("in the open", [each.cover == 0 for each in tested], 10),
        ("below leaves", [each.cover > 0 for each in tested], 10),
        ("who walks", [each.walks for each in tested], 1),
        ("who stays", [not each.walks for each in tested], 1),
    ]
    for ending in (MEASURED, ""):
        chance = promised(tested, known, ending)
        for title, wanted, tables in parts:
            rows = np.flatnonzero(wanted)
            some = [tested[row] for row in rows]
            told = chance[rows], some, warmth[rows], tables
            show(f"{title}{ending}", tenths(*told), smoothed(*told) if tables > 1 else None)
    at_home = np.mean([each.in_cell for each in tested if each.walks])
    sys.stdout.write(f"who walks is in the cell in {at_home:.2f} of the frames that look at it\n")
    for kind in SETTINGS:
        some = [each for each in tested if each.kind == kind]
        stands_out = np.array([abs(each.contrast_k) > STANDS_OUT_K for each in some])
        came = np.array([each.share_found for each in some])
        sys.stdout.write(
            f"{kind}: found of those who differ by more than {STANDS_OUT_K:g} K from the ground they are on "
            f"{came[stands_out].mean():.3f}, of the others {came[~stands_out].mean():.3f}\n"
        )


def show(title: str, table: tuple[Tenth, ...], curve: tuple[Tenth, ...] | None) -> None:
    """A table of tenths, with what a smooth curve makes of them all."""
    within = sum(abs(part.off) <= 0.05 for part in table)
    chi2 = sum((1.96 * part.off / part.noise) ** 2 for part in table)
    sys.stdout.write(
        f"{title}: {sum(part.count for part in table)} searches, largest difference "
        f"{100 * max(abs(part.off) for part in table):.1f} points, {within} of {len(table)} within five, "
        f"chi-squared {chi2:.1f}\n"
    )
    for part, smooth in zip(table, curve or [None] * len(table), strict=True):
        told = "" if smooth is None else f"; smoothed {100 * smooth.found:5.1f} % ({100 * smooth.noise:.1f})"
        sys.stdout.write(
            f"  {part.count:5} promised {100 * part.promised:5.1f} % found {100 * part.found:5.1f} % "
            f"(95 % of chance alone {100 * part.noise:.1f}){told}\n"
        )


def simulated(seed: int, worlds: range, count: int, keep: Path | None) -> list[Search]:
    """So many searches of a seed over these grounds, read where they were kept."""
    made: list[Search] = []
    for first in range(0, count, A_FILE):
        path = None if keep is None else keep / f"searches-{seed}-{first:05d}.pickle"
        if path is not None and path.is_file():
            made += pickle.loads(path.read_bytes())  # noqa: S301 - written here
            continue
        some = searches(min(A_FILE, count - first), seed, worlds=worlds, first=first)
        if path is not None and len(some) == A_FILE:
            write_whole(path, pickle.dumps(some))
        made += some
        sys.stderr.write(f"\r{seed}: {len(made)} of {count}")
    return made[:count]


def fitted(some: list[Search], known: dict[str, Detection]) -> dict[str, Detection]:
    """The figures of each kind fitted to its searches, for frames that tell of the ground's heat and others.

    Of clothes no more is fitted than how much they matter: their warmth is what the searches were made with.
    """
    made = dict(known)
    for kind, (warmer_k, sigma_k) in SETTINGS.items():
        own = [each for each in some if each.kind == kind]
        looks = together([each.as_mapped for each in own])
        covers = np.array([each.cover for each in own])[looks.cell]
        cases = Cases(looks, covers, np.array([each.share_found for each in own]))
        # from Johnson's criterion on: 79 % for 4 pixels where all people are alike
        start = Detection(kind, "thermal", pixels_50=2.8, slope=3.8, person_sigma=1.0, unseen=0.2)
        contrast = {"contrast_k": warmer_k, "contrast_sigma_k": sigma_k, "contrast_weight": 4.0}
        measured = dataclasses.replace(start, **contrast, contrast_50_k=2.0, spread_power=0.5, unseen=0.02)  # type: ignore[arg-type]
        for ending, begin in (("", start), (MEASURED, measured)):
            found = dataclasses.replace(fit(cases, begin), name=kind + ending)
            made[kind + ending] = dataclasses.replace(found, source=f"fitted: {len(own)} simulated searches")
    return made


def sooner(everyone: list[Case]) -> None:
    """Minutes until found by both ways, by category and by who was sought.

    Whom neither way finds has no time to be found at, and is left out; the last column has him given up
    when both do.
    """
    heads = ("people", "found", "whole", "areas", "ratio", "all")
    sys.stdout.write(f"{'':14}{''.join(f'{head:>8}' for head in heads)}\n")
    rows: list[tuple[str, Callable[[Case], bool]]] = [
        *((name, lambda case, name=name: case.category == name) for name in CATEGORIES),  # type: ignore[misc]
        ("from the map", lambda case: case.from_map),
        ("from elsewhere", lambda case: not case.from_map),
        ("walking", lambda case: case.walks),
        ("staying", lambda case: not case.walks),
        ("all", lambda _: True),
    ]
    for title, wanted in rows:
        some = [case for case in everyone if wanted(case)]
        found = [case for case in some if case.findable]
        whole, ours = (
            np.mean([getattr(case, name) for case in found]) / 60 for name in ("whole_s", "ours_s")
        )
        sys.stdout.write(
            f"{title:14}{len(some):8}{len(found):8}{whole:8.1f}{ours:8.1f}{mean_ratio(found):8.2f}"
            f"{mean_ratio(some):8.2f}\n"
        )


if __name__ == "__main__":
    main()
