"""The full product beside pyOrthomosaic's on rendered scenes: how far each picture lies from the truth.

    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py [SEED ...]

The peer stands in a virtual environment of its own and is never needed by anything else; without it this ends
with the reason. Rendered scenes of photos of 1000x750 from 30 m, GPS errors of 0.3 m. Survey
targets are found in each picture by phase correlation with the true one; a similarity in plan takes out place
and direction, and what is left are its scale and the rms distance.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.camera import Camera
from sitl.world import World, grid_poses, render_photos
from tests.bench.bench_quick import cost, trueness

CAMERA = Camera("bench-peer", 6.4, 4.8, 4.5, 1000, 750)


def main() -> None:
    """Print a line a picture."""
    told = os.environ.get("PYORTHOMOSAIC", "")
    if not told or not Path(told).exists():
        sys.exit("no peer: install pyorthomosaic in its own environment; PYORTHOMOSAIC names its command")
    start = "from ops.cli import main; main()"
    closer = 0
    seeds = [int(seed) for seed in sys.argv[1:]] or [1, 2, 3]
    for seed in seeds:
        with tempfile.TemporaryDirectory() as scratch:
            here = Path(scratch)
            world = World(seed=seed, size_m=90, texel_m=0.06)
            poses = grid_poses(
                world, CAMERA, height_agl_m=30, width_m=24, length_m=24, overlap_front_pct=75,
                overlap_side_pct=65,
            )  # fmt: skip
            taken = render_photos(world, here / "photos", CAMERA, poses, gps_sigma_m=0.3)
            pictures = {"droneteam": here / "ours" / "orthomosaic.tif", "pyOrthomosaic": here / "peer.tif"}
            photos = str(here / "photos")
            commands = {
                "droneteam": [sys.executable, "-c", start, "mosaic", photos, "-o", str(here / "ours")],
                "pyOrthomosaic": [told, photos, "-o", str(here / "peer.tif")],
            }
            rms: dict[str, float] = {}
            for name, command in commands.items():
                cpu_s, _ = cost(command)
                scale, rms[name], count = trueness(world, taken, pictures[name])
                figures = f"scale {scale:.4f}, rms in plan {100 * rms[name]:.1f} cm of {count} targets"
                print(f"seed {seed} {name:14} {cpu_s:6.1f} CPU-s  {figures}", flush=True)
            closer += rms["droneteam"] < rms["pyOrthomosaic"]
    print(f"ours closer on {closer} of {len(seeds)}")


if __name__ == "__main__":
    main()
