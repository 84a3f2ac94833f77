"""The search: plan it, fly it with the best autopilot there is, and hold the track against the plan."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path

from missions import catalogue
from missions.errors import DroneteamError
from missions.flown import deviation_from_plan
from missions.formats import read_area
from missions.plan import Plan
from missions.plan_file import write_plan
from missions.search_plan import plan_search
from ops.demo.steps import Steps
from ops.operations import Operation
from ops.reports.plan_picture import draw_plan
from ops.times import utc_text
from sitl.clock import HurriedClock
from sitl.home import Home
from sitl.scenarios import open_vehicle
from telemetry.client import VehicleClient
from telemetry.clock import SystemClock
from telemetry.flight import FlightProgress, fly
from telemetry.links import open_link
from telemetry.recorder import Recorder
from telemetry.track import Track
from telemetry.transfer import upload_plan

SPEEDUP = 10.0
HEIGHT_AGL_M = 60.0
GROUND_AMSL_M = 42.0
TOLERANCE_M = 5.0


def plan_the_search(operation: Operation, steps: Steps) -> Plan:
    """A parallel-track search of the heath for a thermal camera, as a plan and a picture in the operation."""
    with resources.as_file(resources.files("ops") / "data" / "demo_heath.geojson") as path:
        area = read_area(path)
    plan = plan_search(
        area,
        catalogue.aircraft("ardupilot-copter"),
        catalogue.camera("demo-thermal"),
        created=utc_text(SystemClock()),
        height_agl_m=HEIGHT_AGL_M,
    )
    plan_path = operation.free_path("plan", "search.plan.json")
    write_plan(plan, plan_path)
    operation.add_file(plan_path, "plan")
    picture = operation.free_path("picture", "search.png")
    draw_plan(plan, picture)
    operation.add_file(picture, "picture")
    totals = plan.totals
    steps.say(
        f"{totals.lanes} lanes {totals.lane_spacing_m:.0f} m apart, {totals.length_m / 1000:.1f} km, "
        f"{totals.duration_s / 60:.0f} min, {totals.photos} frames, "
        f"{totals.battery_pct:.0f} % of the battery, {totals.covered_pct:.1f} % of the area seen"
    )
    return plan


def fly_the_search(operation: Operation, plan: Plan, steps: Steps) -> Track:
    """Upload with read-back, fly, record and compare. Raises DroneteamError where the track left the plan."""
    home = Home(plan.take_off.lat_deg, plan.take_off.lon_deg, GROUND_AMSL_M)
    clock = HurriedClock(SPEEDUP)
    folder = operation.folder / "telemetry"
    with (
        tempfile.TemporaryDirectory(prefix="droneteam-sitl-") as scratch,
        open_vehicle("copter", home, SPEEDUP, Path(scratch)) as vehicle,
    ):
        steps.say(f"Vehicle: {vehicle.description}, {SPEEDUP:g} times as fast as real time")
        with (
            Recorder(folder, clock) as recorder,
            VehicleClient(open_link(vehicle.address, clock), clock, listener=recorder) as client,
        ):
            _upload(client, plan, steps)
            _fly(client, plan, steps)
    for segment in recorder.segments:
        operation.add_file(segment, "telemetry", vehicle=vehicle.description, simulated=True)
    track = Track.from_tlog(recorder.segments[0])
    deviation = deviation_from_plan(plan, track.lonlat_deg)
    operation.record(
        "flight.compared",
        max_m=round(deviation.max_m, 2),
        p95_m=round(deviation.p95_m, 2),
        missed=list(deviation.missed),
    )
    steps.say(
        f"The recorded track lies within {deviation.max_m:.1f} m of the plan "
        f"(95 % within {deviation.p95_m:.1f} m, {deviation.points} positions)"
    )
    if not deviation.within(TOLERANCE_M):
        raise DroneteamError(
            f"the flight left its plan by {deviation.max_m:.1f} m or missed {list(deviation.missed)}",
            where=str(recorder.segments[0]),
            remedy=f"{TOLERANCE_M:g} m are allowed; look at the recording",
        )
    return track


def _upload(client: VehicleClient, plan: Plan, steps: Steps) -> None:
    client.connect()
    held = upload_plan(
        client, plan, lambda kind, count: steps.stage(f"uploading: {kind.name.lower()}", count)
    )
    different = [difference for each in held for difference in each.differences]
    if different:
        raise DroneteamError(f"the autopilot holds another plan: {different[0]}", remedy="Upload it again")
    counts = ", ".join(f"{each.kind.name.lower()} {each.items}" for each in held)
    steps.say(f"Uploaded and read back, equal item by item: {counts}")


def _fly(client: VehicleClient, plan: Plan, steps: Steps) -> None:
    phases: list[str] = []

    def on_progress(progress: FlightProgress) -> None:
        if progress.phase not in phases[-1:]:
            phases.append(progress.phase)
            steps.stage(f"flying: {progress.phase}", progress.waypoint_count or None)
        steps.reach(progress.waypoint)

    result = fly(client, on_progress=on_progress, timeout_s=4 * plan.totals.duration_s + 600)
    steps.say(f"Flown: {result.reason}, {result.flown_m / 1000:.1f} km in {result.duration_s / 60:.0f} min")
    if not (result.completed and result.landed):
        raise DroneteamError(f"the flight did not end as planned: {result.reason}")
