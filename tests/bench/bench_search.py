"""How well the chances that are promised come true, and how much sooner proposed areas find somebody.

    python tests/bench/bench_search.py calibration [--fit N] [--test N]
    python tests/bench/bench_search.py next [--maps N] [--people N] [--seed N]

`calibration` simulates searches in more detail than the detection model knows
(tests/imaging/searched_world.py); with `--fit` it first fits the figures to so many others and prints them as
missions/data/detection.toml has them. `next` searches the same maps by parallel track and by proposed areas
(tests/missions/search_cases.py). The campaign tests ask the same of the same seeds.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.search.calibration import Cases, fit, reliability, together, worst_gap
from missions.search.detection import Detection, detections, toml_of
from missions.search.missed import missed_cells
from tests.imaging.searched_world import SETTINGS, Search, searches
from tests.missions.search_cases import CATEGORIES, Case, cases, mean_ratio

FIT_SEED, TEST_SEEDS = 12, (11, 13)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["calibration", "next"])
    parser.add_argument("--fit", type=int, default=0, help="searches to fit to first; 0: as shipped")
    parser.add_argument("--test", type=int, default=3200, help="searches to test with, of two seeds")
    parser.add_argument("--maps", type=int, default=4, help="maps a category")
    parser.add_argument("--people", type=int, default=45, help="people a map")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    begin_s = time.process_time()
    if asked.what == "calibration":
        calibration(asked.fit, asked.test)
    else:
        sooner(list(cases(asked.maps, asked.people, asked.seed)))
    sys.stdout.write(f"{time.process_time() - begin_s:.0f} processor seconds\n")


def calibration(fit_count: int, test_count: int) -> None:
    """Deciles of what was promised, and what came true."""
    known = detections()
    if fit_count:
        known = fitted(searches(fit_count, FIT_SEED), known)
        sys.stdout.write(toml_of([known[kind] for kind in SETTINGS]))
    tested = [each for seed in TEST_SEEDS for each in searches(test_count // len(TEST_SEEDS), seed)]
    for title, some in [
        ("all", tested),
        *((kind, [e for e in tested if e.kind == kind]) for kind in SETTINGS),
    ]:
        promised = np.array([1 - missed_cells(e.at_cell, known, e.cover)[0, 0] for e in some])
        table = reliability(promised, np.array([each.found for each in some]))
        sys.stdout.write(
            f"{title}: {len(some)} searches, largest difference {100 * worst_gap(table):.1f} points\n"
        )
        for part in table:
            sys.stdout.write(
                f"  {part.count:5} promised {100 * part.predicted:5.1f} % found {100 * part.found:5.1f} % "
                f"(chance alone {100 * part.sigma:.1f})\n"
            )


def fitted(some: list[Search], known: dict[str, Detection]) -> dict[str, Detection]:
    """The figures of each kind fitted to its searches."""
    made = dict(known)
    for kind in SETTINGS:
        own = [each for each in some if each.kind == kind]
        covers = np.concatenate([np.full(len(each.at_him), each.cover) for each in own])
        found = np.array([each.found for each in own])
        # from Johnson's criterion on: 79 % for 4 pixels where all people are alike
        start = Detection(kind, "thermal", pixels_50=2.8, slope=3.8, person_sigma=1.0)
        figures = fit(Cases(together([each.at_him for each in own]), covers, found), start)
        made[kind] = dataclasses.replace(figures, source=f"fitted: {len(own)} simulated searches")
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
