"""A rendered crash scene as an investigator has it: photos, surveyed points, marks; and its truth."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sitl.world import CrashOptions, crash_scene
from sitl.world.truth import PhotoTruth

CHECKS = {"C2", "C6", "C9", "C11"}
LETTERS = {
    "A": "skid-1-start", "B": "skid-1-end", "C": "skid-2-start", "D": "skid-2-end", "E": "wheel-A-front-left",
    "F": "wheel-A-rear-right", "G": "wheel-B-front-right", "H": "kerb-near", "I": "dash--9",
}  # fmt: skip
"""What is measured, by the letters of its marks; I is marked in one photo only."""
CLICK_PX = 0.3
MAKE = (
    "mosaic", "photos", "-o", "scene", "--control", "points.csv", "--marks", "marks.json", "--threads", "1",
    "--operation", "operation",
)  # fmt: skip
FIGURES = (
    "--distance", "A-B", "--distance", "C-D", "--level", "A-B", "--path", "A-B-H", "--area", "E-F-G",
    "--angle", "E-F-G", "--height", "A-H",
)  # fmt: skip
MEASURE = ("measure", "scene", "--marks", "measure.json", "-o", "measurement.json", *FIGURES)
"""What makes and measures the scene, in the folder of it all."""


@dataclass(frozen=True)
class Surveyed:
    """Where it all lies. `true_m` is each letter's east, north and up."""

    folder: Path
    true_m: Mapping[str, tuple[float, float, float]]
    lon_lat_deg: Mapping[str, tuple[float, float]]

    @property
    def scene(self) -> Path:
        """The scene that was made of it."""
        return self.folder / "scene"

    @property
    def measurement(self) -> Path:
        """What was measured on it."""
        return self.folder / "measurement.json"

    @property
    def marks(self) -> Path:
        """The marks to measure."""
        return self.folder / "measure.json"

    def distance_m(self, *letters: str) -> float:
        """The true length from mark to mark."""
        places = [self.true_m[letter] for letter in letters]
        return sum(math.dist(a, b) for a, b in pairwise(places))


def lay_out(folder: Path) -> None:
    """Render twelve small photos into `folder`, and write what was surveyed and marked, and the truth."""
    options = CrashOptions(width_px=640, height_agl_m=28, movers=False)
    truth = crash_scene(7, photos=12, options=options).render(folder / "photos")
    (folder / "photos" / "truth.json").rename(folder / "truth.json")
    rng = np.random.default_rng(1)
    rows = [
        f"{point.name},{point.place.lon_deg:.9f},{point.place.lat_deg:.9f},{point.height_amsl_m:.4f},0.01,0.015,"
        f"{'check' if point.name in CHECKS else 'control'}"
        for point in truth.control_points
    ]
    heads = "name,lon,lat,height,sigma_horizontal_m,sigma_up_m,role"
    (folder / "points.csv").write_text("\n".join(["# EPSG:4979", heads, *rows]) + "\n")
    names = {point.name: point.name for point in truth.control_points}
    write_points(folder / "marks.json", _marked(truth, names, rng))
    marked = _marked(truth, LETTERS, rng)
    marked[-1]["marks"] = marked[-1]["marks"][:1]
    write_points(folder / "measure.json", marked)


def surveyed_in(folder: Path) -> Surveyed:
    """What was laid out there."""
    points = {
        each["name"]: each for each in json.loads((folder / "truth.json").read_text())["measure_points"]
    }
    mine = {letter: points[name] for letter, name in LETTERS.items()}
    return Surveyed(
        folder,
        {letter: (each["east_m"], each["north_m"], each["up_m"]) for letter, each in mine.items()},
        {letter: (each["place"]["lon_deg"], each["place"]["lat_deg"]) for letter, each in mine.items()},
    )


def write_points(path: Path, points: Iterable[Mapping[str, Any]]) -> None:
    """Marks as `marks.json`."""
    path.write_text(json.dumps({"format": "droneteam-marks", "version": 1, "points": list(points)}))


def _marked(truth: PhotoTruth, names: Mapping[str, str], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Clicks near where each point is seen, in every photo that shows it."""
    return [
        {
            "name": name,
            "marks": [
                {
                    "photo": photo.file,
                    "x_px": seen[0] + float(rng.normal(0, CLICK_PX)),
                    "y_px": seen[1] + float(rng.normal(0, CLICK_PX)),
                    "sigma_px": 0.5,
                }
                for photo in truth.photos
                if (seen := {**photo.control_points, **photo.measure_points}.get(point)) is not None
            ],
        }
        for name, point in names.items()
    ]
