"""What the detector marks of the people in HIT-UAV, by their width, beside what is promised for one look.

    python tests/bench/bench_search_real.py [--every N]

Reads shared/data/thermal/hituav ($DRONETEAM_SHARED). A person counts as marked when a spot of the default
score has its middle in his box. Only people whom the annotators saw are in it: whom no thermal picture shows
nobody boxed, and so less may be promised than is marked here.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.thermal.hotspots import HotSpotOptions, detect
from imaging.thermal.radiometry import read_frame
from missions.search.detection import detections
from tests.bench.skipping import skip

PERSON = 0
KINDS = {"0": "thermal-day", "1": "thermal-night"}
WIDTHS_PX = (5, 8, 11, 15, 25)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=2, help="take every Nth picture")
    asked = parser.parse_args()
    root = Path(os.environ.get("DRONETEAM_SHARED") or "../shared")
    folder = (root / "data" if (root / "data").is_dir() else root) / "thermal/hituav"
    if not folder.is_dir():
        skip(f"{folder}: not here; set DRONETEAM_SHARED")
    document = json.loads((folder / "annotations.json").read_text())
    boxes = defaultdict(list)
    for note in document["annotations"]:
        if note["category_id"] == PERSON:
            boxes[note["image_id"]].append(note["bbox"])
    people: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    images = sorted(document["images"], key=lambda image: image["filename"])[:: asked.every]
    for image in images:
        spots = detect(read_frame(folder / "images" / image["filename"]), HotSpotOptions())
        for left, top, wide, high in boxes[image["id"]]:
            marked = any(left <= s.col <= left + wide and top <= s.row <= top + high for s in spots)
            people[KINDS[image["filename"].split("_")[0]]].append((min(wide, high), marked))
    known = detections()
    sys.stdout.write(f"{'kind':14}{'width px':>10}{'people':>8}{'marked':>8}{'promised':>10}\n")
    for kind, rows in sorted(people.items()):
        width, marked = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
        for low, high in itertools.pairwise(WIDTHS_PX):
            some = (width >= low) & (width < high)
            if some.any():
                promised = np.mean([known[kind].in_one_look(each) for each in width[some]])
                figures = f"{some.sum():8}{marked[some].mean():8.2f}{promised:10.2f}"
                sys.stdout.write(f"{kind:14}{f'{low} to {high}':>10}{figures}\n")


if __name__ == "__main__":
    main()
