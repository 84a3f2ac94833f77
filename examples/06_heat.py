"""Thermal frames to finds on the ground, each with the ellipse that holds it in 95 of 100 cases."""

import json
import sys
from pathlib import Path

from imaging.heat import HeatOptions, heat
from imaging.thermal.detector import detector_called
from missions import catalogue
from missions.geodesy import distance_m
from sitl.world import Person, World, grid_poses, render_thermal
from telemetry.pose import Pose

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
camera = catalogue.camera("demo-thermal")
world = World(3, size_m=150)
person = Person(world.frame.point_from_local(8.0, -12.0), "lying")
poses = grid_poses(world, camera, height_agl_m=60, width_m=30, length_m=40)
render_thermal(world, folder / "frames", camera, poses, [person])


class Flown:
    """What a recording's track gives (telemetry.track.Track.from_tlog): the pose at a frame's time."""

    start_s, end_s = poses[0].time_s, poses[-1].time_s

    def pose_at(self, time_s: float) -> Pose | None:
        """The pose that was flown within half a second of that time."""
        return next((pose for pose in poses if abs(pose.time_s - time_s) < 0.5), None)


finds = heat(
    folder / "frames",
    Flown(),
    camera=camera,
    options=HeatOptions(least_sightings=2, detector=detector_called()),
)
finds.write(folder / "finds.geojson")

best = finds.finds[0]
print(f"{len(finds.finds)} finds; the first, {best.state}, seen {len(best.sightings)} times")
print(f"{distance_m(best.place, person.place):.1f} m from where the person truly lies")
print(
    json.dumps(json.loads((folder / "finds.geojson").read_text())["features"][0]["properties"]["ellipse95"])
)
