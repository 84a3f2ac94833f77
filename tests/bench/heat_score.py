"""Score boxes of a thermal detector against HIT-UAV: average precision, and people found by false alarms.

    python tests/bench/heat_score.py BOXES.json [--annotations FILE] [--dates test|training|all]
                                     [--fallback Person] [--overlap 0.5] [--breakdown] [--json]

BOXES is COCO's list of results, or a document with `annotations`: `file_name` (or `image_id`), `bbox` (left,
top, width, height), `category` (or `category_id`) and `score`. A category that the data set does not know,
such as "warm spot", counts as `--fallback`. Pictures without a box count; boxes of pictures that are not
scored do not.

Matching is COCO's at one threshold, IoU 0.5 unless another is asked for: a picture's boxes of a category,
best score first and at most 100, each take the free box of the truth that they overlap most. "DontCare"
counts as a crowd of every category: a box that lies by as much in one is left out of the count. Average
precision is given in two ways: at 101 recalls (COCO since 2014) and the whole area under the envelope (PASCAL
VOC since 2010).

The constants of `imaging.thermal.hotspots` and the training of any learned detector use dates of TRAINING
alone; the first were chosen without 20210120.
Neighbouring pictures of a flight look alike, so a split by picture, as the data set's own is, flatters.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

TRAINING = frozenset({"20201217", "20210114", "20210116", "20210118", "20210120"})
TEST = frozenset({"20210121", "20210123"})
"""No constant of a detector was chosen on these dates and no network saw them."""
CATEGORIES = ("Person", "Car", "Bicycle", "OtherVehicle")
IGNORED = "DontCare"
LEAST_IOU = 0.5
MOST_BOXES = 100
FALSE_ALARMS = (1, 5, 10)
SIZES_PX = ((0, 10), (10, 14), (14, 18), (18, 24), (24, 1000))
"""Classes of the square root of a person's box area."""

Array = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]


class Found(NamedTuple):
    """One box that a detector gave."""

    category: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Picture:
    """One annotated picture: its boxes by category. The name holds day (0) or night (1), height and tilt."""

    name: str
    date: str
    truth: dict[str, list[Box]]

    def part(self, number: int) -> str:
        """A part of the name: 0 day or night, 1 height in metres, 2 the camera's angle in degrees."""
        return self.name.split("_")[number]


class Hit(NamedTuple):
    """A box that counts: whether it is right, and how large the thing is that it found (0 for none)."""

    score: float
    right: bool
    size_px: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Recall, precision and false alarms a picture as the least score falls."""

    scores: Array
    recall: Array
    precision: Array
    false_a_picture: Array

    def average_101(self) -> float:
        """COCO: the mean over recalls 0, 0.01 .. 1 of the best precision at that recall or a higher one."""
        envelope = self._envelope()
        at = np.searchsorted(self.recall, np.linspace(0, 1, 101), side="left")
        return float(
            np.where(at < len(envelope), np.append(envelope, 0)[np.minimum(at, len(envelope))], 0).mean()
        )

    def average_all(self) -> float:
        """PASCAL VOC since 2010: the area under the envelope."""
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self._envelope()))

    def least_score(self, false_alarms: float) -> float:
        """The lowest score at which there are no more false alarms a picture than these."""
        within = int(np.searchsorted(self.false_a_picture, false_alarms, side="right"))
        return float(self.scores[within - 1]) if within else float("inf")

    def recall_at(self, false_alarms: float) -> float:
        """The share found at no more false alarms a picture than these."""
        within = int(np.searchsorted(self.false_a_picture, false_alarms, side="right"))
        return float(self.recall[within - 1]) if within else 0.0

    def _envelope(self) -> Array:
        return np.maximum.accumulate(self.precision[::-1])[::-1]


def overlaps(boxes: Array, others: Array, *, of_first: bool = False) -> Array:
    """Intersection over union of two sets of boxes (n, 4) and (m, 4), or over the first's area: (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (others[:, :2] + others[:, 2:])[None])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    area = np.prod(boxes[:, 2:], axis=1)[:, None]
    union = area if of_first else area + np.prod(others[:, 2:], axis=1)[None] - both
    return np.asarray(both / np.maximum(union, 1e-9), np.float64)


def judged(picture: Picture, found: Iterable[Found], category: str, overlap: float = LEAST_IOU) -> list[Hit]:
    """The boxes of one category in one picture that count, the best first."""
    ours = sorted((f for f in found if f.category == category), key=lambda f: -f.score)[:MOST_BOXES]
    if not ours:
        return []
    boxes = _array([f.box for f in ours])
    truth = _array(picture.truth.get(category, []))
    fits = overlaps(boxes, truth)
    unclear = overlaps(boxes, _array(picture.truth.get(IGNORED, [])), of_first=True)
    ignored = (unclear >= overlap).any(axis=1)
    hits = []
    for number, one in enumerate(ours):
        best = int(fits[number].argmax()) if len(truth) else -1
        if best >= 0 and fits[number, best] >= overlap:
            fits[:, best] = -1
            hits.append(Hit(one.score, True, float(np.sqrt(np.prod(truth[best, 2:])))))
        elif not ignored[number]:
            hits.append(Hit(one.score, False, 0.0))
    return hits


def _array(boxes: list[Box]) -> Array:
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def curve(hits: list[Hit], things: int, pictures: int) -> Curve:
    """The curve of `hits` where there are so many things to find in so many pictures."""
    ordered = sorted(hits, key=lambda hit: -hit.score)
    right = np.cumsum([hit.right for hit in ordered], dtype=np.float64)
    wrong = np.arange(1, len(ordered) + 1) - right
    scores = np.array([hit.score for hit in ordered], np.float64)
    return Curve(
        scores, right / max(things, 1), right / np.maximum(right + wrong, 1), wrong / max(pictures, 1)
    )


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything that was judged of some pictures, so that any group of them can be summed up."""

    pictures: list[Picture]
    hits: dict[tuple[str, str], list[Hit]]

    def curve(self, category: str, wanted: Callable[[Picture], bool] = lambda _: True) -> Curve:
        """The curve of one category over the pictures wanted."""
        chosen = [picture for picture in self.pictures if wanted(picture)]
        hits = [hit for picture in chosen for hit in self.hits.get((picture.name, category), [])]
        return curve(hits, self.things(category, wanted), len(chosen))

    def things(self, category: str, wanted: Callable[[Picture], bool] = lambda _: True) -> int:
        """How many of a category there are to find."""
        return sum(len(picture.truth.get(category, [])) for picture in self.pictures if wanted(picture))

    def mean_average(self) -> float:
        """The mean of the four categories' average precision at 101 recalls."""
        return float(np.mean([self.curve(category).average_101() for category in CATEGORIES]))


def scored(pictures: list[Picture], found: dict[str, list[Found]], overlap: float = LEAST_IOU) -> Scores:
    """Judge the boxes of every picture; `found` is by the picture's name."""
    hits = {
        (picture.name, category): judged(picture, found.get(picture.name, []), category, overlap)
        for picture in pictures
        for category in CATEGORIES
    }
    return Scores(pictures, hits)


def read_truth(document: dict[str, Any], dates: frozenset[str]) -> list[Picture]:
    """The annotated pictures of some dates (of all, where `dates` is empty), by name."""
    names = {kind["id"]: kind["name"] for kind in document["categories"]}
    boxes: dict[int, dict[str, list[Box]]] = defaultdict(lambda: defaultdict(list))
    for note in document["annotations"]:
        boxes[note["image_id"]][names[note["category_id"]]].append(tuple(note["bbox"]))
    pictures = [
        Picture(image["filename"], image["date_captured"], dict(boxes[image["id"]]))
        for image in document["images"]
        if not dates or image["date_captured"] in dates
    ]
    return sorted(pictures, key=lambda picture: picture.name)


def read_found(results: Any, truth: dict[str, Any], fallback: str = "Person") -> dict[str, list[Found]]:
    """Boxes by picture from COCO results. `truth` gives names to bare numbers; raises KeyError on no name."""
    listed = results["annotations"] if isinstance(results, dict) else results
    own = results.get("images", []) if isinstance(results, dict) else []
    images = {image["id"]: image["filename"] for image in truth["images"]}
    images |= {image["id"]: image["file_name"] for image in own}
    kinds = {kind["id"]: kind["name"] for kind in truth["categories"]}
    known = {name.lower(): name for name in (*CATEGORIES, IGNORED)}
    found: dict[str, list[Found]] = defaultdict(list)
    for one in listed:
        name = one["file_name"] if "file_name" in one else images[one["image_id"]]
        kind = one["category"] if "category" in one else kinds[one["category_id"]]
        found[Path(name).name].append(
            Found(known.get(str(kind).lower(), fallback), tuple(one["bbox"]), float(one["score"]))
        )
    return found


def rows(scores: Scores, *, breakdown: bool) -> list[dict[str, Any]]:
    """One row a category and, on request, one a group of pictures and a size of person."""
    out = [_row(category, scores, category) for category in CATEGORIES]
    if not breakdown:
        return out
    groups: list[tuple[str, Callable[[Picture], str]]] = [
        ("date", lambda picture: picture.date),
        ("", lambda picture: ("day", "night")[int(picture.part(0))]),
        ("height m", lambda picture: f"{int(picture.part(1)):3d}"),
        ("angle deg", lambda picture: picture.part(2)),
    ]
    for title, key in groups:
        for value in sorted({key(picture) for picture in scores.pictures}):
            wanted = partial(_in_group, key, value)
            out.append(_row(f"{title} {value}".strip(), scores, "Person", wanted))
    return out + _sizes(scores)


def _in_group(key: Callable[[Picture], str], value: str, picture: Picture) -> bool:
    return key(picture) == value


def _row(
    title: str, scores: Scores, category: str, wanted: Callable[[Picture], bool] = lambda _: True
) -> dict[str, Any]:
    drawn = scores.curve(category, wanted)
    return {
        "group": title,
        "category": category,
        "pictures": sum(map(wanted, scores.pictures)),
        "things": scores.things(category, wanted),
        "ap50_101": drawn.average_101(),
        "ap50_all": drawn.average_all(),
    } | {f"recall_at_{n}": drawn.recall_at(n) for n in FALSE_ALARMS}


def _sizes(scores: Scores) -> list[dict[str, Any]]:
    """People by size; a false alarm has no size, so each class is read at the least scores of the whole."""
    whole = scores.curve("Person")
    out = []
    for low, high in SIZES_PX:
        sizes = [np.sqrt(b[2] * b[3]) for p in scores.pictures for b in p.truth.get("Person", [])]
        things = sum(low <= size < high for size in sizes)
        people = [hit for (_, kind), some in scores.hits.items() if kind == "Person" for hit in some]
        hits = [hit for hit in people if low <= hit.size_px < high]
        row: dict[str, Any] = {"group": f"size {low}-{high} px", "category": "Person"}
        row |= {"pictures": len(scores.pictures), "things": things, "ap50_101": None, "ap50_all": None}
        for n in FALSE_ALARMS:
            least = whole.least_score(n)
            row[f"recall_at_{n}"] = sum(h.right and h.score >= least for h in hits) / max(things, 1)
        out.append(row)
    return out


def table(listed: list[dict[str, Any]]) -> str:
    """The rows as text."""
    columns = ("pictures", "things", "ap50_101", "ap50_all", *(f"recall_at_{n}" for n in FALSE_ALARMS))
    lines = [f"{'':20}" + "".join(f"{name:>13}" for name in columns)]
    for row in listed:
        cells = (row[name] for name in columns)
        shown = ("-" if c is None else f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells)
        lines.append(f"{row['group']:20}" + "".join(f"{cell:>13}" for cell in shown))
    return "\n".join(lines)


def hituav() -> Path:
    """The folder of the data set; exits where it is absent."""
    root = Path(os.environ.get("DRONETEAM_SHARED") or Path(__file__).parents[3] / "shared")
    folder = (root / "data" if (root / "data").is_dir() else root) / "thermal/hituav"
    if not folder.is_dir():
        sys.exit(f"{folder}: not here; set DRONETEAM_SHARED")
    return folder


def main() -> None:
    """Print one table, or JSON."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("boxes", type=Path)
    parser.add_argument("--annotations", type=Path)
    parser.add_argument("--dates", default="test", help="test, training, all, or dates with commas between")
    parser.add_argument("--fallback", choices=CATEGORIES, default="Person")
    parser.add_argument("--overlap", type=float, default=LEAST_IOU, help="IoU from which a box is right")
    parser.add_argument("--breakdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    truth = json.loads((asked.annotations or hituav() / "annotations.json").read_text())
    named = {"test": TEST, "training": TRAINING, "all": frozenset[str]()}
    dates = named[asked.dates] if asked.dates in named else frozenset(asked.dates.split(","))
    found = read_found(json.loads(asked.boxes.read_text()), truth, asked.fallback)
    scores = scored(read_truth(truth, dates), found, asked.overlap)
    listed = rows(scores, breakdown=asked.breakdown)
    if asked.json:
        document = {"dates": asked.dates, "map50_101": scores.mean_average(), "rows": listed}
        print(json.dumps(document, indent=1))
        return
    print(f"{asked.dates} dates, IoU {asked.overlap:g}, mAP of four categories {scores.mean_average():.3f}")
    print(table(listed))


if __name__ == "__main__":
    main()
