"""The thermal camera: frames rendered along the flown track, searched, and held against the truth."""

from __future__ import annotations

import math

import numpy as np

from imaging.heat import HeatOptions, heat
from imaging.thermal.detector import CLEAR_CONTRAST, both_detectors
from imaging.thermal.find import Find
from imaging.thermal.sightings import sightings_path
from missions.geodesy import GeoPoint, LocalFrame, distance_m
from missions.plan import Plan
from ops.demo.search import GROUND_AMSL_M, HEIGHT_AGL_M
from ops.demo.steps import Steps
from ops.operations import Operation
from sitl.world import Person, World, poses_every, render_thermal
from telemetry.track import Track

INTERVAL_S = 3.0
SEED = 20
MISSING = (
    Person(GeoPoint(52.09255, 5.80195), "lying", 26.0, heading_deg=70, name="lying in the heather"),
    Person(GeoPoint(52.09052, 5.80331), "sitting", 27.0, canopy=0.3, name="sitting under a birch"),
)
LEAST_SIGHTINGS = 2


def look_for_people(operation: Operation, plan: Plan, track: Track, steps: Steps) -> None:
    """Render what the camera saw of two people on the heath, look for them, say how near the finds are."""
    frames = operation.folder / "frames" / "thermal"
    world = _heath(plan)
    poses = poses_every(track, INTERVAL_S, least_relative_m=HEIGHT_AGL_M - 3)
    steps.stage(f"rendering {len(poses)} thermal frames", None)
    render_thermal(world, frames, plan.camera, poses, MISSING, night=True)
    operation.add_folder(frames, "frame", simulated=True)
    options = HeatOptions(
        detector=both_detectors(alone=CLEAR_CONTRAST),
        ground=GROUND_AMSL_M,
        least_sightings=LEAST_SIGHTINGS,
    )
    finds = heat(frames, track, camera=plan.camera, options=options, progress=steps)
    path = operation.free_path("find", "finds.geojson")
    thumbnails = finds.write(path)
    operation.add_file(path, "find")
    operation.add_file(sightings_path(path), "find", of=path.name)
    operation.add_folder(thumbnails, "find")
    people = f"{len(MISSING)} people are out there"
    steps.say(
        f"{len(poses)} frames, {len(finds.finds)} finds to look at (proposed, none confirmed); {people}"
    )
    for person in MISSING:
        steps.say(_how_near(person, finds.finds))


def _heath(plan: Plan) -> World:
    """A world wide enough for the area and what the camera sees beyond it."""
    corners = [(p.lon_deg, p.lat_deg) for part in plan.area.parts for p in part.border]
    (west, south), (east, north) = np.min(corners, axis=0), np.max(corners, axis=0)
    middle = GeoPoint(float(south + north) / 2, float(west + east) / 2)
    reach_m = float(np.hypot(*LocalFrame(middle).local_from_geo(corners).T).max())
    return World(SEED, middle, ground_amsl_m=GROUND_AMSL_M, size_m=math.ceil(2 * reach_m + 100))


def _how_near(person: Person, finds: tuple[Find, ...]) -> str:
    """Where the nearest find is, and whether its 95 % ellipse holds the person."""
    if not finds:
        return f"Person {person.name}: not found"
    nearest = min(finds, key=lambda find: distance_m(find.place, person.place))
    off = LocalFrame(person.place).local_from_geo([(nearest.place.lon_deg, nearest.place.lat_deg)])[0]
    inside = float(off @ np.linalg.solve(nearest.covariance, off)) <= 5.991  # chi-square, 2 dof, 95 %
    holds = "holds" if inside else "does not hold"
    return (
        f"Person {person.name}: {nearest.id} lies {np.hypot(*off):.1f} m away, seen in "
        f"{len(nearest.sightings)} frames; its 95 % ellipse {holds} the true place"
    )
