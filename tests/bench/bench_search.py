"""How well the chances that are promised come true, and how much sooner proposed areas find somebody.

    python tests/bench/bench_search.py calibration [--fit] [--test N] [--keep FOLDER]
    python tests/bench/bench_search.py next [--maps N] [--people N] [--seed N]

`calibration` simulates searches in more detail than the detection model knows
(tests/imaging/searched_world.py) over grounds that no figure was fitted to; with `--fit` it first fits the
figures to others, over other grounds, and prints them as missions/data/detection.toml has them. With `--keep`
searches are kept as they come, a hundred a file, and not simulated again. `next` searches the same
maps by parallel track and by proposed areas (tests/missions/search_cases.py). The campaign tests ask the same
of the same seeds.
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
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.files import write_whole
from missions.search.calibration import Cases, fit, reliability, together, worst_gap
from missions.search.detection import Detection, detections, toml_of
from missions.search.ground_heat import MEASURED
from tests.imaging.searched_ground import TEST_WORLDS
from tests.imaging.searched_world import SETTINGS, Search, promised, searches
from tests.missions.search_cases import CATEGORIES, Case, cases, mean_ratio

Floats = npt.NDArray[np.float64]
FITTED_TO = ((21, range(12), 1400), (22, range(24, 36), 400))
"""Seed, grounds and number of the searches that the shipped figures were fitted to."""
TEST_SEED, TESTED, A_FILE = 31, 1500, 100
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
    """Deciles of what was promised, and what came true, with 95 % of what chance alone makes."""
    known = detections()
    if fit_first:
        known = fitted([each for part in FITTED_TO for each in simulated(*part, keep)], known)
        names = [kind + ending for kind in SETTINGS for ending in ("", MEASURED)]
        sys.stdout.write(toml_of([known[name] for name in names]))
    tested = simulated(TEST_SEED, TEST_WORLDS, test_count, keep)
    walking = [each for each in tested if each.walks]
    kinds = [(kind, [each for each in tested if each.kind == kind]) for kind in SETTINGS]
    for ending in (MEASURED, ""):
        for title, some in [("all", tested), *kinds]:
            show(f"{title}{ending}", promised(some, known, ending), np.array([e.found for e in some]))
        for title, some in [("who walks", walking), ("who stays", [e for e in tested if not e.walks])]:
            chance, came = promised(some, known, ending).mean(), np.mean([e.found for e in some])
            sys.stdout.write(f"{title}{ending}: {len(some)}, promised {chance:.3f}, found {came:.3f}\n")
    for kind, some in kinds:
        stands_out = np.array([abs(each.contrast_k) > STANDS_OUT_K for each in some])
        came = np.array([each.found for each in some])
        sys.stdout.write(
            f"{kind}: found of those who differ by more than {STANDS_OUT_K:g} K from the ground they are on "
            f"{came[stands_out].mean():.3f}, of the others {came[~stands_out].mean():.3f}\n"
        )


def show(title: str, chance: Floats, came: npt.NDArray[np.bool_]) -> None:
    """A table of tenths."""
    table = reliability(chance, came)
    within = sum(abs(part.predicted - part.found) <= 0.05 for part in table)
    chi2 = sum(((part.predicted - part.found) / part.sigma) ** 2 for part in table)
    told = np.where(came, chance, 1 - chance)
    sys.stdout.write(
        f"{title}: {len(chance)} searches, largest difference {100 * worst_gap(table):.1f} points, "
        f"{within} of {len(table)} within five, chi-squared {chi2:.1f}, "
        f"mean log likelihood {np.log(np.maximum(told, 1e-9)).mean():.4f}\n"
    )
    for part in table:
        sys.stdout.write(
            f"  {part.count:5} promised {100 * part.predicted:5.1f} % found {100 * part.found:5.1f} % "
            f"(95 % of chance alone {196 * part.sigma:.1f})\n"
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
        covers = np.concatenate([np.full(len(each.at_him), each.cover) for each in own])
        cases = Cases(together([each.at_him for each in own]), covers, np.array([each.found for each in own]))
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
