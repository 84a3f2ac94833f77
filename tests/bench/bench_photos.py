"""What a mosaic costs against the number of its photos: processor seconds by stage, wall, peak memory.

    python tests/bench/bench_photos.py [20 50 100 200] [--quick | --full] [--width 1000] [--keep FOLDER]

One rendered world, photos of 4:3 from 30 m, 75 % and 65 % overlap; the smaller numbers are part of the same
flight. The product runs in a process of its own. Seconds are user and system, start of Python included, as
the kernel counts them; stages and their peaks (largest resident set; the alignment's own process after a
slash, where it has one) are those of `scene.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.camera import Camera
from sitl.world import World, grid_poses, render_photos
from telemetry.pose import Pose
from tests.bench.bench_quick import cost

HEIGHT_M, FRONT_PCT, SIDE_PCT = 30.0, 75.0, 65.0
SHAPES = {20: (4, 5), 50: (5, 10), 100: (10, 10), 200: (10, 20), 400: (20, 20)}
"""Lanes and photos a lane."""
MB = 1e6


def main() -> None:
    """Print a line a run and one a stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=[20, 50, 100])
    parser.add_argument("--quick", action="store_true", help="quick overviews alone")
    parser.add_argument("--full", action="store_true", help="full products alone")
    parser.add_argument("--width", type=int, default=1000, help="pixels of a photo's longer side")
    parser.add_argument("--keep", type=Path, help="render here and leave the photos and scenes")
    asked = parser.parse_args()
    unknown = sorted(set(asked.counts) - set(SHAPES))
    if unknown:
        sys.exit(f"no flight of {unknown} photos; there are those of {sorted(SHAPES)}")
    ways = [way for way, only in (("quick", asked.quick), ("full", asked.full)) if only] or ["quick", "full"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        flights = {count: folder / f"photos_{count}" for count in asked.counts}
        rendered(flights, asked.width)
        for way in ways:
            for count, photos in flights.items():
                run(way, count, photos, folder / f"{way}_{count}")


def rendered(flights: dict[int, Path], width_px: int) -> None:
    """Render the photos of each flight that is not there yet."""
    wanted = {count: folder for count, folder in flights.items() if not (folder / "truth.json").exists()}
    if not wanted:
        return
    camera = Camera("bench-wide", 6.4, 4.8, 4.5, width_px, width_px * 3 // 4)
    lanes, stops = (max(SHAPES[count][axis] for count in flights) for axis in (0, 1))
    size_m = max(*steps_m(camera, lanes, stops), *camera.footprint_m(HEIGHT_M))
    size_m += max(camera.footprint_m(HEIGHT_M)) + 15
    world = World(seed=5, size_m=round(size_m), texel_m=max(0.05, size_m / 4000))
    for count, folder in wanted.items():
        render_photos(world, folder, camera, flown(world, camera, *SHAPES[count]), gps_sigma_m=0.3)
        print(f"rendered {count} photos of {camera.image_width_px}x{camera.image_height_px}", flush=True)


def flown(world: World, camera: Camera, lanes: int, stops: int) -> Sequence[Pose]:
    """The poses of a flight of so many lanes over the middle of the world."""
    width_m, length_m = steps_m(camera, lanes, stops)
    return grid_poses(
        world,
        camera,
        height_agl_m=HEIGHT_M,
        overlap_front_pct=FRONT_PCT,
        overlap_side_pct=SIDE_PCT,
        width_m=width_m,
        length_m=length_m,
        centre_en_m=(0.0, 0.0),
        heading_deg=0.0,
    )[: lanes * stops]


def steps_m(camera: Camera, lanes: int, stops: int) -> tuple[float, float]:
    """Metres from the first lane to the last, and from a lane's first photo to its last."""
    across_m, along_m = camera.footprint_m(HEIGHT_M)
    return (lanes - 1) * across_m * (1 - SIDE_PCT / 100), (stops - 1) * along_m * (1 - FRONT_PCT / 100)


def run(way: str, count: int, photos: Path, scene: Path) -> None:
    """Make the product and print what it took."""
    start = "from ops.cli import main; main()"
    command = [sys.executable, "-c", start, "mosaic", str(photos), "-o", str(scene)]
    cpu_s, wall_s = cost([*command, "--quick"] if way == "quick" else command)
    body = json.loads((scene / "scene.json").read_text())
    used = sum(photo["pose"] is not None for photo in body["photos"])
    stages = body["stages"]
    each = f"{cpu_s:7.1f} CPU-s {1000 * cpu_s / count:6.0f} ms a photo"
    print(f"{way:5} {count:4} photos, {used} used: {each} {peaks(*stages.values())}, {wall_s:.0f} s")
    for name, stage in stages.items():
        cpu_s = stage["cpu_s"] + stage["worker_cpu_s"]
        each = f"{cpu_s:7.1f} CPU-s {1000 * cpu_s / count:6.0f} ms a photo"
        print(f"      {name:13}{each} {peaks(stage)}", flush=True)


def peaks(*stages: dict[str, Any]) -> str:
    """The most memory of these stages, MB."""
    mine, workers = (max(each[part] for each in stages) / MB for part in ("peak_bytes", "worker_peak_bytes"))
    return f"{mine:6.0f}{f' / {workers:.0f}' if workers else ''} MB"


if __name__ == "__main__":
    main()
