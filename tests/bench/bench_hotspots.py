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

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.thermal.hotspots import HotSpotOptions, detect
from imaging.thermal.radiometry import read_frame
from tests.bench.heat_score import TEST, TRAINING, Found, hituav, read_truth, rows, scored, table


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
        print(f"{title}, {1000 * spent_s / max(1, len(pictures)):.1f} ms of processor a frame")
        print(table([row for row in listed if row["category"] == "Person"]))


if __name__ == "__main__":
    main()
