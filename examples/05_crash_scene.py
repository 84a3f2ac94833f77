"""Photos of a crash scene to one georeferenced picture, and how well it fits."""

import sys
from pathlib import Path

from imaging.mosaic import mosaic
from missions.camera import Camera
from sitl.world import World, grid_poses, render_photos

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
camera = Camera("example", 6.4, 4.8, 4.5, 800, 600)
world = World(7)
poses = grid_poses(world, camera, height_agl_m=30, width_m=24, length_m=24)
truth = render_photos(world, folder / "photos", camera, poses)

report = mosaic(folder / "photos", folder / "scene")
print(f"{len(report.used)} of {len(truth.photos)} photos in {report.orthomosaic.name}, EPSG:{report.epsg}")
print(
    f"{report.gsd_m * 100:.1f} cm a pixel, reprojection error {report.accuracy.reprojection_mean_px:.2f} px"
)
print(f"GPS residual {report.accuracy.gps_rmse_horizontal_m:.2f} m: {report.accuracy.verdict}")
for left in report.left_out:
    print(f"left out: {left.name}: {left.reason}")
