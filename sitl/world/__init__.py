"""A synthetic world with known truth: a crash at a junction, and people in the fields, by day and by heat.

The conventions that pictures, poses and truth share:

- World frame: metres east and north of the world's origin (LocalFrame) and up from its `ground_amsl_m`. It
  is flat, so that it differs from the round earth by 3 mm at 200 m.
- Camera frame: x right, y down, z forward.
- Pixels (x, y): (0, 0) is the top left corner of the picture and (0.5, 0.5) the centre of its first pixel,
  so the principal point is (width / 2, height / 2) unless the lens is decentred. Distortion is Brown's k1,
  k2, p1, p2 on x/z, y/z (COLMAP's OPENCV).
- A pose is where the camera was as the middle row of its picture was exposed.
- Camera angles are in the earth frame: pitch -90 looks straight down and 0 at the horizon, yaw clockwise
  from true north, roll positive with the camera's right side down. Looking straight down, yaw is the
  bearing of the top of the picture.
- A pose without a gimbal pitch means a stabilised camera that looks straight down with the top of the
  picture (row 0) towards the aircraft's heading. A gimbal pitch without a gimbal yaw takes the aircraft's
  yaw, without roll none.
- The camera sits exactly at the pose's position: there is no lever arm.
"""

from sitl.world.bodies import Animal, Person
from sitl.world.crash import CrashOptions, CrashScene, crash_scene, render_crash_scene
from sitl.world.crash_plan import CrashPlan
from sitl.world.lens import Lens, resized
from sitl.world.marks import Mark, MeasurePoint
from sitl.world.metadata import Metadata
from sitl.world.movers import Mover
from sitl.world.photos import render_photos
from sitl.world.poses import TrackLike, grid_poses, poses_every
from sitl.world.positioning import GpsErrors
from sitl.world.shutter import Motion, RollingView, motions_of
from sitl.world.terrain import Terrain
from sitl.world.thermal import render_thermal
from sitl.world.truth import BodyPlace, FrameTaken, MoverSeen, PhotoTaken, PhotoTruth, Sighting, ThermalTruth
from sitl.world.view import View, camera_angles_deg, camera_axes
from sitl.world.world import ControlPoint, Orthomosaic, World

__all__ = [
    "Animal",
    "BodyPlace",
    "ControlPoint",
    "CrashOptions",
    "CrashPlan",
    "CrashScene",
    "FrameTaken",
    "GpsErrors",
    "Lens",
    "Mark",
    "MeasurePoint",
    "Metadata",
    "Motion",
    "Mover",
    "MoverSeen",
    "Orthomosaic",
    "Person",
    "PhotoTaken",
    "PhotoTruth",
    "RollingView",
    "Sighting",
    "Terrain",
    "ThermalTruth",
    "TrackLike",
    "View",
    "World",
    "camera_angles_deg",
    "camera_axes",
    "crash_scene",
    "grid_poses",
    "motions_of",
    "poses_every",
    "render_crash_scene",
    "render_photos",
    "render_thermal",
    "resized",
]
