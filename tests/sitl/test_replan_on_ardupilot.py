"""What a real autopilot's recording says was flown: by its pictures, by its mission, and broken off."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from missions.catalogue import aircraft, camera
from missions.fleet import seen_of
from missions.geodesy import GeoPoint, LocalFrame
from missions.local import area_from_local
from missions.plan import Plan
from missions.search_plan import plan_search
from ops.replanning import BY_MISSION, BY_PICTURES, Flown, flown_in, one_track
from sitl.ardupilot import find
from sitl.proof import fly_plan
from telemetry.dialect import BY_NAME
from telemetry.tlog import read_tlog

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(find("copter") is None, reason="no ArduPilot copter: droneteam sitl install"),
]
FRAME = LocalFrame(GeoPoint(52.12, 5.27))
PICTURE = BY_NAME["CAMERA_FEEDBACK"].message_id


def left_m(plan: Plan, parts: tuple[Flown, ...]) -> float:
    return seen_of(plan, one_track(parts))[1].left_m


def test_a_flight_of_ardupilot_is_known_by_pictures_and_by_its_mission_alike(tmp_path: Path) -> None:
    area = area_from_local(shapely.box(0, 0, 200, 110), FRAME, "Heath")
    home = FRAME.point_from_local(5, 5)
    plan = plan_search(
        area, aircraft("ardupilot-copter"), camera("demo-thermal"), created="2026-01-01", take_off=home
    )
    whole = fly_plan(plan, tmp_path / "flight", speedup=10.0)[0].recording
    flown = flown_in(whole, plan)
    assert flown[0].camera == BY_PICTURES
    assert abs(flown[0].pictures - plan.totals.photos) <= 3
    assert left_m(plan, flown) == 0.0
    assert 0.2 < np.mean(flown[0].recorded) < 0.8
    torn = tmp_path / "torn.tlog"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2 + 5])
    by_pictures = flown_in(torn, plan)
    rows = [frame for frame in read_tlog(torn) if frame.message_id != PICTURE]
    without = tmp_path / "without.tlog"
    without.write_bytes(b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in rows))
    by_mission = flown_in(without, plan)
    assert by_mission[0].camera == BY_MISSION
    assert 50 < left_m(plan, by_pictures) < 600
    assert left_m(plan, by_mission) == pytest.approx(left_m(plan, by_pictures), abs=40)
