"""How many of the people in HIT-UAV the contrast detector finds, at how many false alarms and at what cost.

    python tests/bench/bench_hotspots.py [--every N] [--breakdown] [--warm]

Reads shared/data/thermal/hituav ($DRONETEAM_SHARED). The detector's constants were chosen on the training
dates of `heat_score`, so the test dates are the figure to quote; cars and bicycles are false alarms.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.thermal.hotspots import HotSpotOptions, detect
from imaging.thermal.radiometry import read_frame
from tests.bench.heat_score import (
    LEAST_IOU,
    TEST,
    TRAINING,
    Found,
    Picture,
    hituav,
    overlaps,
    read_truth,
    rows,
    scored,
    table,
)


def main() -> None:
    """Print one table a set of dates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every Nth picture")
    parser.add_argument("--breakdown", action="store_true")
    parser.add_argument("--warm", action="store_true", help="warm spots only")
    asked = parser.parse_args()
    folder = hituav()
    document = json.loads((folder / "annotations.json").read_text())
    polarities = ("warm",) if asked.warm else ("warm", "cold")
    options = HotSpotOptions(least_score=0, most=100, polarities=polarities)
    detect(read_frame(next((folder / "images").glob("*.jpg"))), options)
    for title, dates in (("training dates", TRAINING), ("test dates", TEST)):
        pictures = read_truth(document, dates)[:: asked.every]
        found: dict[str, list[Found]] = {}
        spent_s = 0.0
        for picture in pictures:
            frame = read_frame(folder / "images" / picture.name)
            start_s = time.process_time()
            spots = detect(frame, options)
            spent_s += time.process_time() - start_s
            found[picture.name] = [Found("Person", spot.box, spot.score) for spot in spots]
        listed = rows(scored(pictures, found), breakdown=asked.breakdown)
        fit, seen = reached(pictures, found)
        print(f"{title}, {1000 * spent_s / max(1, len(pictures)):.1f} ms of processor a frame; at any score")
        print(f"{fit:.3f} of the people have a box that fits by half, {seen:.3f} one with its middle there")
        print(table([row for row in listed if row["category"] == "Person"]))


def reached(pictures: list[Picture], found: dict[str, list[Found]]) -> tuple[float, float]:
    """The shares of all people that any box fits by half, and that the middle of any box lies in."""
    fit = seen = people = 0
    for picture in pictures:
        truth = np.reshape(picture.truth.get("Person", []), (-1, 4)).astype(np.float64)
        boxes = np.reshape([one.box for one in found[picture.name]], (-1, 4)).astype(np.float64)
        people += len(truth)
        fit += int((overlaps(truth, boxes) >= LEAST_IOU).any(axis=1).sum())
        middles = (boxes[:, :2] + boxes[:, 2:] / 2)[None]
        within = (middles >= truth[:, None, :2]) & (middles <= (truth[:, :2] + truth[:, 2:])[:, None])
        seen += int(within.all(axis=2).any(axis=1).sum())
    return fit / max(1, people), seen / max(1, people)


if __name__ == "__main__":
    main()
