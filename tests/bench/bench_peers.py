"""Both products beside pyOrthomosaic's: what each costs, and how far each picture lies from the truth.

    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py [SEED:HEIGHT_M ...] [--spatial]
    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py --photos FOLDER

The peer stands in a virtual environment of its own (`pip install pyorthomosaic==0.9.3`) and is never needed
by anything else; without it this ends with the reason. Seconds are user and system of a command and all its
processes, start of Python included, one command after the other on the same machine.

Rendered scenes are a crash at a junction with vehicles and trees, other ones for each seed: 12 photos of
1000x750, GPS errors of 0.3 m. Survey targets are found in each picture by phase correlation with the true
one; a similarity in plan takes out place and direction, and what is left are its scale and the rms distance.
`--spatial` runs the peer's surface and true orthophoto (`orthomosaic-3d`) on them as well. `--photos` takes a
real flight instead, whose truth nobody knows: the quick product against the peer's plane one, the full
product against its spatial one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.camera import Camera
from sitl.world import PhotoTruth, World, grid_poses, render_photos
from tests.bench.bench_quick import cost, trueness

CAMERA = Camera("bench-peer", 6.4, 4.8, 4.5, 1000, 750)
SCENES = ["1:30", "2:30", "3:30", "4:20", "5:40", "6:50", "7:25"]
OURS, PLANE, SPATIAL = "droneteam", "peer", "peer, spatial"
START = "from ops.cli import main; main()"


def main() -> None:
    """Print a line a product."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", default=SCENES, metavar="SEED:HEIGHT_M")
    parser.add_argument(
        "--spatial", action="store_true", help="the peer's spatial product of rendered ones too"
    )
    parser.add_argument("--photos", type=Path, help="a real flight instead of rendered ones")
    asked = parser.parse_args()
    told = os.environ.get("PYORTHOMOSAIC", "")
    if not told or not Path(told).exists():
        sys.exit("no peer: install pyorthomosaic in its own environment; PYORTHOMOSAIC names its command")
    if asked.photos is not None:
        real_flight(Path(told), asked.photos.resolve())
        return
    closer = 0
    for scene in asked.scenes:
        seed, _, height_m = scene.partition(":")
        closer += compared(Path(told), int(seed), float(height_m or 30), spatial=asked.spatial)
    print(f"ours closer on {closer} of {len(asked.scenes)}")


def real_flight(peer: Path, photos: Path) -> None:
    """What the four products of a real flight cost, and how ours compare."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        commands = {
            "quick": ours(photos, here / "quick", "--quick"),
            "peer, plane": [str(peer), str(photos), "-o", str(here / "peer.tif")],
            "full": ours(photos, here / "full"),
            SPATIAL: [str(spatial_of(peer)), str(photos), "-o", str(here / "peer")],
        }
        cpu_s = {}
        for name, command in commands.items():
            cpu_s[name], wall_s = cost(command)
            print(f"{name:14} {cpu_s[name]:7.1f} CPU-s {wall_s:7.1f} s", flush=True)
    for mine, other in (("quick", "peer, plane"), ("full", SPATIAL)):
        print(f"{mine} is {cpu_s[mine] / cpu_s[other]:.2f} of the {other}")


def ours(photos: Path, scene: Path, *more: str) -> list[str]:
    """The command of our product."""
    return [sys.executable, "-c", START, "mosaic", str(photos), "-o", str(scene), *more]


def spatial_of(peer: Path) -> Path:
    """The peer's command for surface and true orthophoto, beside the one for plane pictures."""
    return peer.with_name(f"{peer.name}-3d")


def compared(peer: Path, seed: int, height_m: float, *, spatial: bool) -> bool:
    """Run all products of one rendered scene; whether ours lies closest to the truth."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        world, taken = rendered(here / "photos", seed, height_m)
        photos = str(here / "photos")
        runs = {
            OURS: (ours(here / "photos", here / "ours"), here / "ours" / "orthomosaic.tif"),
            PLANE: ([str(peer), photos, "-o", str(here / "peer.tif")], here / "peer.tif"),
        }
        if spatial:
            command = [str(spatial_of(peer)), photos, "-o", str(here / "peer")]
            runs[SPATIAL] = command, here / "peer" / "orthophoto.tif"
        rms: dict[str, float] = {}
        for name, (command, picture) in runs.items():
            cpu_s, _ = cost(command)
            scale, rms[name], count = trueness(world, taken, picture)
            figures = f"scale {scale:.4f}, rms in plan {100 * rms[name]:.1f} cm of {count} targets"
            print(f"seed {seed} {height_m:.0f} m {name:14} {cpu_s:6.1f} CPU-s  {figures}", flush=True)
    return rms[OURS] == min(rms.values())


def rendered(folder: Path, seed: int, height_m: float) -> tuple[World, PhotoTruth]:
    """The photos of a scene, and what made them."""
    ground_m = max(90.0, 3 * height_m)
    world = World(seed=seed, size_m=ground_m, texel_m=min(0.06, 0.002 * height_m))
    side_m = 0.8 * height_m
    poses = grid_poses(
        world, CAMERA, height_agl_m=height_m, width_m=side_m, length_m=side_m, overlap_front_pct=75,
        overlap_side_pct=65,
    )  # fmt: skip
    return world, render_photos(world, folder, CAMERA, poses, gps_sigma_m=0.3)


if __name__ == "__main__":
    main()
