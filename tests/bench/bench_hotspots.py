"""How many of the people in HIT-UAV the hot spot detector finds, and at how many false alarms.

    python tests/bench/bench_hotspots.py [--every N] [--match iou|centre] [--warm]

Reads shared/data/thermal/hituav ($DRONETEAM_SHARED). The detector's constants were chosen on the dates in
TUNED, so the other dates are the figure to quote. A spot counts when its box overlaps a person's by half
(iou) or its middle lies in it (centre); each person once; spots on a "DontCare" box are ignored, spots on
cars and bicycles are false alarms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.thermal.hotspots import HotSpot, HotSpotOptions, detect, overlap
from imaging.thermal.radiometry import read_frame

TUNED = {"20201217", "20210116", "20210120"}
PERSON, DONT_CARE = 0, 4
Box = tuple[int, int, int, int]


@dataclass
class Picture:
    """One picture: its people, what does not count, and what was found."""

    people: list[Box]
    ignored: list[Box]
    spots: list[HotSpot]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=4, help="take every Nth picture")
    parser.add_argument("--match", choices=["iou", "centre"], default="iou")
    parser.add_argument("--warm", action="store_true", help="warm spots only")
    asked = parser.parse_args()
    root = Path(os.environ.get("DRONETEAM_SHARED") or "../shared")
    folder = (root / "data" if (root / "data").is_dir() else root) / "thermal/hituav"
    if not folder.is_dir():
        sys.exit(f"{folder}: not here; set DRONETEAM_SHARED")
    document = json.loads((folder / "annotations.json").read_text())
    boxes = defaultdict(list)
    for note in document["annotations"]:
        boxes[note["image_id"], note["category_id"]].append(tuple(note["bbox"]))
    images = sorted(document["images"], key=lambda image: image["filename"])[:: asked.every]
    options = HotSpotOptions(
        least_score=0.01, most=40, polarities=("warm",) if asked.warm else ("warm", "cold")
    )

    columns = "".join(f"{name:>7}" for name in ("n", "people", "AP", "rec@1", "rec@5", "rec@10", "cpu ms"))
    sys.stdout.write(f"{'pictures':16}{columns}\n")
    everything: list[Picture] = []
    everything_s = 0.0
    for title, wanted in (("dates tuned on", True), ("other dates", False)):
        pictures: list[Picture] = []
        spent_s = 0.0
        for image in images:
            if (image["date_captured"] in TUNED) == wanted:
                frame = read_frame(folder / "images" / image["filename"])
                start_s = time.process_time()
                spots = detect(frame, options)
                spent_s += time.process_time() - start_s
                pictures.append(Picture(boxes[image["id"], PERSON], boxes[image["id"], DONT_CARE], spots))
        report(title, pictures, asked.match, spent_s)
        everything += pictures
        everything_s += spent_s
    report("all", everything, asked.match, everything_s)


def report(title: str, pictures: list[Picture], match: str, spent_s: float) -> None:
    """One line of the table."""
    hits: list[tuple[float, bool]] = []
    for picture in pictures:
        hits += judged(picture, match)
    people = sum(len(picture.people) for picture in pictures)
    hits.sort(key=lambda hit: -hit[0])
    true = np.cumsum([hit for _, hit in hits])
    false = np.arange(1, len(hits) + 1) - true
    recall, precision = true / people, true / np.maximum(true + false, 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    average = float(np.sum(np.diff(recall, prepend=0) * envelope))
    at = [recall[max(0, np.searchsorted(false, n * len(pictures), "right") - 1)] for n in (1, 5, 10)]
    figures = "".join(f"{value:7.3f}" for value in (average, *at))
    milliseconds = 1000 * spent_s / max(1, len(pictures))
    sys.stdout.write(f"{title:16}{len(pictures):7}{people:7}{figures}{milliseconds:7.1f}\n")


def judged(picture: Picture, match: str) -> list[tuple[float, bool]]:
    """Each spot's score and whether it is a person not found before; ignored ones left out."""
    free = list(picture.people)
    out = []
    for spot in picture.spots:
        fits = [(score_of(spot, box, match), box) for box in free]
        best = max(fits, default=(0.0, None), key=lambda fit: fit[0])
        if best[1] is not None and best[0] >= 0.5:
            free.remove(best[1])
            out.append((spot.score, True))
        elif not any(inside(spot, box) for box in picture.ignored):
            out.append((spot.score, False))
    return out


def score_of(spot: HotSpot, box: Box, match: str) -> float:
    """How well a spot fits a person's box, 0 to 1."""
    return overlap(spot.box, box) if match == "iou" else float(inside(spot, box))


def inside(spot: HotSpot, box: Box) -> bool:
    """Whether the spot's middle lies in the box."""
    return box[0] <= spot.col <= box[0] + box[2] and box[1] <= spot.row <= box[1] + box[3]


if __name__ == "__main__":
    main()
