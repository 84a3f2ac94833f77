"""Both products beside pyOrthomosaic's and COLMAP: what each costs, and how far each lies from the truth.

    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py [SEED:HEIGHT_M ...] [--spatial]
    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py --photos FOLDER
    PYORTHOMOSAIC=VENV/bin/orthomosaic python tests/bench/bench_peers.py --all [SEED:HEIGHT_M ...]

The peer stands in a virtual environment of its own (`pip install pyorthomosaic==0.9.3`) and is never needed
by anything else; without it, it is left out and named, and `--all` still runs COLMAP. Seconds are user and
system of a command and all its processes, start of Python included, one command after the other on the same
machine.

Rendered scenes are a crash at a junction with vehicles and trees, other ones for each seed: 12 photos of
1000x750, GPS errors of 0.3 m. Survey targets are found in each picture by phase correlation with the true
one; place and direction are taken out, and told are the scale, and the rms distance with it and without.
On positions alone the scale is that of GPS, whoever draws. So each scene is made once more with one distance
of up to 20 m that was measured with a tape (3 mm), its ends clicked half a pixel off: the peer takes none.
`--spatial` runs the peer's surface and true orthophoto (`orthomosaic-3d`) on them as well. `--photos` takes a
real flight instead, whose truth nobody knows: the quick product against the peer's plane one, the full
product against its spatial one. `--all` does all of it, the real flight being that of shared/data
(`DRONETEAM_SHARED`), and besides aligns each rendered scene with COLMAP as it comes (pycolmap, every setting
its default): photos placed, and how far its cameras and ours lie from the true ones after a similarity.

Ends with 77 where the peer is not here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from imaging.control.marks import write_marks
from imaging.control.points import MarkedPoint
from imaging.similarity import Pairs, fit
from missions.camera import Camera
from missions.geodesy import LocalFrame
from sitl.world import PhotoTruth, World, grid_poses, render_photos
from telemetry.pose import Pose
from tests.bench.bench_quick import Trueness, cost, trueness
from tests.bench.skipping import skip
from tests.imaging.calibration_lots import clicks, control_of

CAMERA = Camera("bench-peer", 6.4, 4.8, 4.5, 1000, 750)
SCENES = ["1:30", "2:30", "3:30", "4:20", "5:40", "6:50", "7:25"]
OURS, PLANE, SPATIAL = "droneteam", "peer", "peer, spatial"
TAPED = "droneteam, tape"
WITHOUT = "pyorthomosaic: install it in its own environment; PYORTHOMOSAIC names its command"
COLMAP = Path(__file__).with_name("colmap_defaults.py")
START = "from ops.cli import main; main()"


def main() -> None:
    """Print a line a product."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", default=SCENES, metavar="SEED:HEIGHT_M")
    parser.add_argument(
        "--spatial", action="store_true", help="the peer's spatial product of rendered ones too"
    )
    parser.add_argument("--photos", type=Path, help="a real flight instead of rendered ones")
    parser.add_argument("--all", action="store_true", help="all of it, COLMAP's defaults and a real flight")
    asked = parser.parse_args()
    told = os.environ.get("PYORTHOMOSAIC", "")
    peer = Path(told) if told and Path(told).exists() else None
    if peer is None and not asked.all:
        skip(WITHOUT)
    if asked.photos is not None and peer is not None:
        real_flight(peer, asked.photos.resolve())
        return
    closer = Counter[str]()
    for scene in asked.scenes:
        seed, _, height_m = scene.partition(":")
        here = int(seed), float(height_m or 30)
        if peer is not None:
            closer += compared(peer, *here, spatial=asked.spatial or asked.all)
        if asked.all:
            aligned(*here)
    if peer is None:
        skip(WITHOUT)
    for what in ("but for the scale", "on positions alone", "with a tape"):
        print(f"ours closer {what} on {closer[what]} of {len(asked.scenes)}")
    if asked.all:
        root = Path(os.environ.get("DRONETEAM_SHARED") or "../shared")
        photos = (root / "data" if (root / "data").is_dir() else root) / "photos/brighton_beach"
        if not photos.is_dir():
            skip(f"{photos}: not here; set DRONETEAM_SHARED")
        real_flight(peer, photos.resolve())


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


def compared(peer: Path, seed: int, height_m: float, *, spatial: bool) -> Counter[str]:
    """Run all products of one rendered scene; in what ours is closer to the truth than the peer's."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        world, taken = rendered(here / "photos", seed, height_m)
        photos = str(here / "photos")
        tape = taped(taken, seed, here)
        runs = {
            OURS: (ours(here / "photos", here / "ours"), here / "ours" / "orthomosaic.tif"),
            TAPED: (ours(here / "photos", here / "taped", *tape), here / "taped" / "orthomosaic.tif"),
            PLANE: ([str(peer), photos, "-o", str(here / "peer.tif")], here / "peer.tif"),
        }
        if spatial:
            command = [str(spatial_of(peer)), photos, "-o", str(here / "peer")]
            runs[SPATIAL] = command, here / "peer" / "orthophoto.tif"
        found: dict[str, Trueness] = {}
        for name, (command, picture) in runs.items():
            cpu_s, _ = cost(command)
            true = found[name] = trueness(world, taken, picture)
            figures = (
                f"scale {true.scale:.4f}, rms in plan {100 * true.whole_m:.1f} cm, "
                f"{100 * true.shape_m:.1f} but for the scale, of {true.targets} targets"
            )
            print(f"seed {seed} {height_m:.0f} m {name:16} {cpu_s:6.1f} CPU-s  {figures}", flush=True)
    theirs = [true for name, true in found.items() if name not in (OURS, TAPED)]
    return Counter(
        {
            "but for the scale": int(found[OURS].shape_m < min(true.shape_m for true in theirs)),
            "on positions alone": int(found[OURS].whole_m < min(true.whole_m for true in theirs)),
            "with a tape": int(found[TAPED].whole_m < min(true.whole_m for true in theirs)),
        }
    )


def taped(taken: PhotoTruth, seed: int, folder: Path) -> list[str]:
    """The options that name one measured distance and where its ends were clicked, in files of a folder."""
    random = np.random.default_rng([seed, 20])
    marks = clicks(taken, random)
    (bar,) = control_of(taken, marks, "bar", random).bars
    write_marks(folder / "marks.json", [MarkedPoint(name, marks[name]) for name in (bar.first, bar.second)])
    lines = ["first,second,length_m,sigma_m,role"]
    lines.append(f"{bar.first},{bar.second},{bar.length_m:.4f},{bar.sigma_m:.4f},control")
    (folder / "tape.csv").write_text("\n".join(lines) + "\n")
    return ["--marks", str(folder / "marks.json"), "--bars", str(folder / "tape.csv")]


def aligned(seed: int, height_m: float) -> None:
    """Align one rendered scene with COLMAP's defaults and quickly with ours; a line each."""
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        world, taken = rendered(here / "photos", seed, height_m)
        (here / "photos" / "truth.json").unlink()
        true = {photo.file: true_centre(world.frame, photo.pose) for photo in taken.photos}
        cpu_s, _ = cost([sys.executable, str(COLMAP), str(here / "photos"), str(here / "colmap.json")])
        told_alignment(
            f"seed {seed} {height_m:.0f} m COLMAP",
            cpu_s,
            json.loads((here / "colmap.json").read_text()),
            true,
        )
        cpu_s, _ = cost(ours(here / "photos", here / "ours", "--quick"))
        report = json.loads((here / "ours" / "scene.json").read_text())
        placed = {each["path"]: each["pose"]["centre"] for each in report["photos"] if each["pose"]}
        told_alignment(f"seed {seed} {height_m:.0f} m quick ", cpu_s, placed, true)


def true_centre(frame: LocalFrame, pose: Pose) -> np.ndarray:
    """(3,) east, north and up of a photo in metres."""
    level_m = frame.local_from_geo([[pose.place.lon_deg, pose.place.lat_deg]])[0]
    return np.append(level_m, pose.height_relative_m)


def told_alignment(
    name: str, cpu_s: float, placed: dict[str, list[float]], true: dict[str, np.ndarray]
) -> None:
    """Print how far the cameras lie from the true ones after a similarity."""
    names = sorted(placed)
    model, local = (np.array([where[each] for each in names], float) for where in (placed, true))
    nothing = np.zeros((0, 3))
    lay = fit(Pairs(model, local, nothing, nothing), np.ones(len(names)))
    off_m = lay.local_from_model(model) - local
    rms_m = np.sqrt((off_m**2).sum(axis=1).mean())
    print(
        f"{name:24} {cpu_s:6.1f} CPU-s  {len(names)} of {len(true)} photos, cameras {100 * rms_m:.1f} cm rms",
        flush=True,
    )


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
