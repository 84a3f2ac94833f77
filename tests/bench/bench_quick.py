"""What a quick overview costs and how true it is, against pyOrthomosaic's 2D run.

    python tests/bench/bench_quick.py [--peer VENV/bin/orthomosaic] [--photos FOLDER]

CPU seconds are user and system of the command and all its processes, start of Python included. The real
flight is shared/data/photos/brighton_beach ($DRONETEAM_SHARED). Rendered photos (12 of 1600 x 1200, 30 m, GPS
sigma 0.3 m) tell how true: survey targets are found in the picture by phase correlation with the true one; a
similarity in plan takes out place and direction, and what is left are its scale (that of the GPS, at best)
and the rms distance.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import rasterio
from pyproj import Transformer

sys.path.insert(0, str(Path(__file__).parents[2]))

from missions.camera import Camera
from sitl.world import PhotoTruth, World, grid_poses, render_photos

CAMERA = Camera("bench-wide", 6.4, 4.8, 4.5, 1600, 1200)
PATCH_PX = 64


def main() -> None:
    """Print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peer", type=Path, help="pyOrthomosaic's command, from a virtual environment of its own"
    )
    parser.add_argument("--photos", type=Path, help="a real flight; by default the one in shared/data")
    asked = parser.parse_args()
    root = Path(os.environ.get("DRONETEAM_SHARED") or "../shared")
    photos = asked.photos or (root / "data" if (root / "data").is_dir() else root) / "photos/brighton_beach"
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        if photos.is_dir():
            run_all("real flight", photos, here / "real", asked.peer)
        world = World(seed=3, size_m=90, texel_m=0.06)
        poses = grid_poses(
            world, CAMERA, height_agl_m=30, width_m=24, length_m=24, overlap_front_pct=75, overlap_side_pct=68
        )
        taken = render_photos(world, here / "photos", CAMERA, poses, gps_sigma_m=0.3)
        for name, picture in run_all("rendered", here / "photos", here / "rendered", asked.peer):
            true = trueness(world, taken, picture)
            shape_cm = 100 * true.shape_m
            print(f"{name:16} {true.targets} targets, scale {true.scale:.4f}, rms in plan {shape_cm:.1f} cm")


def run_all(title: str, photos: Path, out: Path, peer: Path | None) -> list[tuple[str, Path]]:
    """Run ours and the peer; gives their names and pictures."""
    out.mkdir()
    start = "from ops.cli import main; main()"
    ours = [sys.executable, "-c", start, "mosaic", str(photos), "--quick", "-o", str(out / "ours")]
    runs = [("droneteam", ours, out / "ours" / "orthomosaic.tif")]
    if peer is not None:
        target = out / "peer.tif"
        runs.append(("pyOrthomosaic", [str(peer), str(photos), "-o", str(target)], target))
    made = []
    for name, command, picture in runs:
        cpu_s, wall_s = cost(command)
        with rasterio.open(picture) as file:
            size = f"{file.width} x {file.height}, {100 * file.transform.a:.1f} cm"
        print(f"{title:12} {name:14} {cpu_s:7.1f} CPU-s {wall_s:7.1f} s   {size}", flush=True)
        made.append((name, picture))
    return made


def cost(command: list[str]) -> tuple[float, float]:
    """CPU seconds of a command with its children, and seconds on the wall."""
    start_s = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]}: ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start_s


class Trueness(NamedTuple):
    """How a picture lies on the truth: its scale, and root mean square distances of survey targets, metres:
    after a similarity in plan, and after a move and a turn alone, so that the scale counts.
    """

    scale: float
    shape_m: float
    whole_m: float
    targets: int


def trueness(world: World, taken: PhotoTruth, picture: Path) -> Trueness:
    """Find the survey targets in a picture and compare."""
    with rasterio.open(picture) as file:
        pixels, transform = file.read(), file.transform
        utm = Transformer.from_crs("EPSG:4326", file.crs, always_xy=True)
    gsd_m = transform.a
    truth = world.truth_orthomosaic(gsd_m)
    true, found = [], []
    for target in taken.control_points:
        east_m, north_m = utm.transform(target.place.lon_deg, target.place.lat_deg)
        columns = int((east_m - transform.c) / gsd_m) + np.arange(-PATCH_PX // 2, PATCH_PX // 2)
        rows = int((transform.f - north_m) / gsd_m) + np.arange(-PATCH_PX // 2, PATCH_PX // 2)
        if columns[0] < 0 or rows[0] < 0 or columns[-1] >= pixels.shape[2] or rows[-1] >= pixels.shape[1]:
            continue
        drawn = pixels[:3, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        x, y = np.meshgrid(columns + 0.5, rows + 0.5)
        lon, lat = utm.transform(
            transform.c + x.ravel() * gsd_m, transform.f - y.ravel() * gsd_m, direction="INVERSE"
        )
        local = world.frame.local_from_geo(np.column_stack([lon, lat]))
        u = ((local[:, 0] - truth.west_m) / gsd_m - 0.5).reshape(x.shape).astype(np.float32)
        v = ((truth.north_m - local[:, 1]) / gsd_m - 0.5).reshape(x.shape).astype(np.float32)
        here = cv2.remap(truth.rgb, u, v, cv2.INTER_LINEAR).astype(np.float32).mean(axis=2)
        there = drawn.astype(np.float32).mean(axis=0)
        window = cv2.createHanningWindow((PATCH_PX, PATCH_PX), cv2.CV_32F)
        (right, down), response = cv2.phaseCorrelate(here - here.mean(), there - there.mean(), window)
        if response > 0.1:
            true.append(target.east_m + 1j * target.north_m)
            found.append(true[-1] + gsd_m * (right - 1j * down))
    a, b = np.array(true) - np.mean(true), np.array(found) - np.mean(found)
    factor = np.vdot(a, b) / np.vdot(a, a)
    shape_m, whole_m = (
        float(np.sqrt(np.mean(abs(b - each * a) ** 2))) for each in (factor, factor / abs(factor))
    )
    return Trueness(float(abs(factor)), shape_m, whole_m, len(true))


if __name__ == "__main__":
    main()
