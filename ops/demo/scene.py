"""The crash scene: real drone photos where there are some, else photos rendered with known truth."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from imaging.mosaic import MosaicOptions, mosaic
from missions import catalogue
from ops.demo.steps import Steps
from ops.operations import Operation
from sitl.world import World, grid_poses, render_photos, resized

PHOTO_SET = Path("photos") / "brighton_beach"
PHOTO_GSD_M = 0.03
PHOTO_WIDTH_PX = 1200
SEED = 7


def make_the_overview(operation: Operation, steps: Steps) -> None:
    """Photos to a georeferenced picture in the operation, with what was used and how well it fits."""
    with tempfile.TemporaryDirectory(prefix="droneteam-photos-") as scratch:
        photos = _real_photos()
        simulated = photos is None
        if photos is None:
            photos = Path(scratch)
            _render(photos, steps)
        else:
            steps.say(f"Real photos from {photos.name}")
        kept = [operation.add_file(path, "photo", simulated=simulated) for path in _pictures(photos)]
    scene = operation.folder / "scenes" / "crash"
    options = MosaicOptions(gsd_m=PHOTO_GSD_M, quick=True)
    report = mosaic(operation.folder / "photos", scene, options=options, progress=steps)
    for path in report.files:
        operation.add_file(path, "scene", simulated=simulated)
    accuracy = report.accuracy
    steps.say(
        f"{len(report.used)} of {len(kept)} photos used, {report.covered_m2:.0f} m² at "
        f"{report.gsd_m * 100:.1f} cm a pixel; reprojection error {accuracy.reprojection_mean_px:.2f} px, "
        f"GPS residual {accuracy.gps_rmse_horizontal_m:.2f} m; {accuracy.verdict}"
    )
    for left in report.left_out:
        steps.say(f"Left out: {left.name}: {left.reason}")


def _real_photos() -> Path | None:
    """The photo set of the shared data: $DRONETEAM_SHARED, else `shared` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    shared = Path(os.environ.get("DRONETEAM_SHARED") or beside)
    found = (folder / PHOTO_SET for folder in (shared / "data", shared))
    return next((folder for folder in found if folder.is_dir()), None)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg"})


def _render(folder: Path, steps: Steps) -> None:
    world = World(SEED)
    camera = resized(catalogue.camera("demo-wide"), PHOTO_WIDTH_PX)
    poses = grid_poses(world, camera)
    steps.say("No real photo set is here: the photos are rendered, with known truth")
    steps.stage(f"rendering {len(poses)} photos", None)
    render_photos(world, folder, camera, poses)
