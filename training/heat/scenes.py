"""Rendered thermal frames of people on open ground, by day and by night, at random: `sitl.world` with its
truth.

    python -m training.heat.scenes -o FOLDER [--worlds 40] [--frames 6]

They bring what the data set lacks: lying and sitting people, canopy, warm stones and animals, other heights.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from missions import catalogue
from missions.geodesy import GeoPoint
from sitl.world import Animal, Person, World, render_thermal
from sitl.world.layout import Layout, lay_out
from sitl.world.thermal import COUNTS_PER_KELVIN
from sitl.world.truth import Sighting, ThermalTruth
from telemetry.pose import Pose
from training.heat.dates import IGNORED
from training.heat.pack import Taken, write_pack

FIRST_SEED = 90_000
"""Far from the seeds of tests and of the simulated searches."""
SIZE_M = 140.0
LEAST_SHARE, LEAST_CONTRAST, LEAST_PIXELS = 0.4, 0.06, 12.0
"""Under these a person counts neither way, since nobody could tell: share in sight, contrast over the frame's
whole range, and pixels."""


def _open_ground(chances: np.random.Generator, size_m: float) -> Layout:
    """The world's junction without its vehicles: nothing tells their boxes."""
    return replace(lay_out(chances, size_m), vehicles=())


def scene(seed: int, count: int) -> list[Taken]:
    """Frames of one world."""
    chances = np.random.default_rng(seed)
    world = World(seed, size_m=SIZE_M, plan=_open_ground)
    night = bool(chances.random() < 0.5)
    warm_c = (22.0, 31.0) if night else (26.0, 38.0)

    def place() -> GeoPoint:
        east_m, north_m = chances.uniform(-0.42, 0.42, 2) * SIZE_M
        return world.frame.point_from_local(float(east_m), float(north_m))

    people = [
        Person(
            place(),
            ("standing", "lying", "sitting")[int(chances.integers(3))],
            float(chances.uniform(*warm_c)),
            canopy=float(chances.uniform(0, 0.5)) if chances.random() < 0.3 else 0.0,
            heading_deg=float(chances.uniform(0, 360)),
        )
        for _ in range(int(chances.integers(6, 14)))
    ]
    animals = [Animal(place(), "deer" if chances.random() < 0.5 else "hare") for _ in range(3)]
    poses = [_pose(world, chances, number) for number in range(count)]
    camera = catalogue.camera("demo-thermal")
    with tempfile.TemporaryDirectory() as folder:
        truth = render_thermal(
            world, Path(folder), camera, poses, people, night=night, animals=animals,
            netd_k=float(chances.uniform(0.03, 0.1)), blur_px=float(chances.uniform(0.5, 1.1)),
        )  # fmt: skip
        return _taken(truth, f"{seed}", "night" if night else "day")


def _pose(world: World, chances: np.random.Generator, number: int) -> Pose:
    height_m = float(chances.uniform(25, 110))
    pitch_deg = -90.0 if chances.random() < 0.5 else float(chances.uniform(-90, -50))
    yaw_deg = float(chances.uniform(0, 360))
    back_m = height_m / np.tan(np.radians(-pitch_deg)) if pitch_deg > -90 else 0.0
    aim = chances.uniform(-0.25, 0.25, 2) * SIZE_M
    east_m, north_m = aim - back_m * np.array([np.sin(np.radians(yaw_deg)), np.cos(np.radians(yaw_deg))])
    return Pose(
        time_s=1_750_000_000.0 + number,
        place=world.frame.point_from_local(float(east_m), float(north_m)),
        height_amsl_m=world.ground_amsl_m + height_m,
        height_relative_m=height_m,
        roll_deg=0.0,
        pitch_deg=0.0,
        yaw_deg=yaw_deg,
        gimbal_pitch_deg=pitch_deg,
        gimbal_yaw_deg=yaw_deg,
        gimbal_roll_deg=0.0,
    )


def _taken(truth: ThermalTruth, world: str, light: str) -> list[Taken]:
    out = []
    for frame in truth.frames:
        with Image.open(truth.folder / frame.file) as file:
            counts = np.asarray(file).astype(np.float32)
        low, high = np.percentile(counts, [0.05, 99.95])
        grey = np.clip((counts - low) / max(high - low, 1.0) * 230 + 12, 0, 255).astype(np.uint8)
        boxes = [
            (*each.box, 0 if _told(each, float(high - low)) else IGNORED)
            for each in frame.sightings
            if each.kind.startswith(("person", "animal"))
        ]
        name = f"world_{world}_{light}_{frame.file}"
        out.append(Taken(name, "rendered", grey, np.array(boxes, np.float32).reshape(-1, 5)))
    return out


def _told(sighting: Sighting, range_counts: float) -> bool:
    contrast = abs(sighting.contrast_k) * COUNTS_PER_KELVIN / range_counts
    seen = sighting.visible_share >= LEAST_SHARE and sighting.pixels >= LEAST_PIXELS
    return sighting.kind.startswith("person") and seen and contrast >= LEAST_CONTRAST


def main() -> None:
    """Render worlds into one pack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--frames", type=int, default=6)
    asked = parser.parse_args()
    taken: list[Taken] = []
    for number in range(asked.worlds):
        taken += scene(FIRST_SEED + number, asked.frames)
        print(f"{len(taken)} frames", end="\r", flush=True)
    asked.output.mkdir(parents=True, exist_ok=True)
    write_pack(asked.output / "scenes.npz", taken)


if __name__ == "__main__":
    main()
