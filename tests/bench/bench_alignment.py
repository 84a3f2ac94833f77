"""The fast alignment against COLMAP: CPU seconds, ties and how well they fit, on one folder of photos.

    python tests/bench/bench_alignment.py [--photos FOLDER] [--no-colmap]

By default shared/data/photos/brighton_beach ($DRONETEAM_SHARED). Errors are distances in pixels of the full
pictures. COLMAP drops ties beyond 4 pixels, ours those beyond five standard deviations.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.alignment import align
from imaging.options import MosaicOptions
from imaging.pictures import Pictures
from imaging.progress import silent
from imaging.quick.comparing import compare
from imaging.quick.features import Search, search_of
from imaging.quick.guesses import guesses
from imaging.quick.placing import Placement, place
from imaging.scene import open_scene
from imaging.survey import Survey, survey
from tests.bench.skipping import skip

Made = TypeVar("Made")


def main() -> None:
    """Print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--no-colmap", action="store_true", help="ours alone")
    asked = parser.parse_args()
    root = Path(os.environ.get("DRONETEAM_SHARED") or "../shared")
    photos = asked.photos or (root / "data" if (root / "data").is_dir() else root) / "photos/brighton_beach"
    if not photos.is_dir():
        skip(f"{photos}: not here; set DRONETEAM_SHARED")
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(1):
        scene = open_scene(Path(scratch))
        found, spent_s = timed(lambda: survey(photos, scene, silent))
        print(f"{'survey':16} {spent_s:6.1f} CPU-s, {len(found.photos)} photos")
        for search in (search_of(MosaicOptions(quick=True)), search_of(MosaicOptions())):
            placed, spent_s = timed(lambda search=search: quickly(found, search))
            error_px = np.linalg.norm(placed.solved.residual_px, axis=1)
            report(f"ours, {search.longest_px} px", spent_s, placed.solved.ties.view, error_px)
        if not asked.no_colmap:
            options = MosaicOptions(aligner="colmap")
            aligned, spent_s = timed(lambda: align(found, scene, options, silent))
            report("COLMAP, 2000 px", spent_s, aligned.ties.view, aligned.observation_px)


def quickly(found: Survey, search: Search) -> Placement:
    """The fast alignment, its pictures decoded anew."""
    known = guesses(found.photos)
    pictures = Pictures(search.longest_px, 10**9)
    return place(known, compare(found.photos, known, pictures, search, silent), search)


def timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """What the work gives and the CPU seconds that it and its processes took."""
    before_s = cpu_s()
    made = work()
    return made, cpu_s() - before_s


def cpu_s() -> float:
    """User and system seconds of this process and those that ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def report(title: str, spent_s: float, view: np.ndarray, error_px: np.ndarray) -> None:
    """One line."""
    ties = np.bincount(view)
    mean_px, median_px = error_px.mean(), np.median(error_px)
    print(
        f"{title:16} {spent_s:6.1f} CPU-s, {len(ties)} photos, ties a photo {ties.min()} to {ties.max()} "
        f"(median {int(np.median(ties))}), error mean {mean_px:.2f} median {median_px:.2f} px",
        flush=True,
    )


if __name__ == "__main__":
    main()
