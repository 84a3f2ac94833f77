"""The small vehicle in the air: how it moves, what it does on its own."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from shapely import LineString, Point

from missions.geodesy import LocalFrame
from missions.items import Command, Frame, MissionItem, MissionType
from sitl.autopilot import DEFAULT_HOME
from sitl.autopilot.pilot import GPS_READY_S
from sitl.autopilot.vehicle import STEP_S

ARM = 400
FRAME = LocalFrame(DEFAULT_HOME.place)


def item(
    command: Command, east_m: float = 0, north_m: float = 0, up_m: float = 30, **more: float
) -> MissionItem:
    point = FRAME.point_from_local(east_m, north_m)
    return MissionItem(command, Frame.GLOBAL_RELATIVE, x=point.lat_deg, y=point.lon_deg, z=up_m, **more)


HOME = item(Command.WAYPOINT)
RETURN = MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION)


class TestCopter:
    def test_it_keeps_to_random_legs_and_within_its_acceleration(self, open_desk: Any) -> None:
        chance = random.Random(3)
        places = [
            (chance.uniform(-200, 200), chance.uniform(-200, 200), chance.uniform(20, 60)) for _ in range(6)
        ]
        legs = [item(Command.WAYPOINT, *place) for place in places]
        desk = open_desk("copter")
        assert desk.fly_mission([HOME, item(Command.TAKEOFF, up_m=30), *legs, RETURN], 900)
        assert desk.reached() == list(range(1, len(places) + 2))
        way = LineString([(0, 0), *((east, north) for east, north, _ in places), (0, 0)])
        assert max(way.distance(Point(at.east, at.north)) for at in desk.track) < 1.5
        speeds = [(b - a).times(1 / STEP_S) for a, b in zip(desk.track, desk.track[1:], strict=False)]
        assert max(speed.horizontal for speed in speeds) < 10.8
        changes = [(b - a).times(1 / STEP_S) for a, b in itertools.pairwise(speeds)]
        assert max(change.horizontal for change in changes) < 6.1

    def test_it_lands_where_it_took_off_and_disarms(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        assert desk.fly_mission([HOME, item(Command.TAKEOFF), item(Command.WAYPOINT, 80, 50), RETURN], 300)
        assert desk.vehicle.pilot.motion.on_ground
        assert desk.vehicle.pilot.motion.place.horizontal < 0.5
        assert "Disarming motors" in desk.said()

    def test_it_returns_to_the_nearest_rally_point(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        points = [item(Command.RALLY_POINT, 150, 0, 25), item(Command.RALLY_POINT, -100, 0, 25)]
        assert desk.upload(points, MissionType.RALLY) == 0
        assert desk.fly_mission([HOME, item(Command.TAKEOFF), item(Command.WAYPOINT, 120, 90), RETURN], 300)
        assert desk.vehicle.pilot.motion.place.east == pytest.approx(150, abs=0.5)

    def test_a_waypoint_holds_as_long_as_asked(self, open_desk: Any) -> None:
        def seconds(hold_s: float) -> float:
            desk = open_desk("copter")
            legs = [item(Command.WAYPOINT, 50, 0, p1=hold_s), item(Command.WAYPOINT, 50, 50)]
            assert desk.fly_mission([HOME, item(Command.TAKEOFF), *legs, RETURN], 300)
            return desk.vehicle.pilot.time_s

        assert seconds(20) - seconds(0) == pytest.approx(20, abs=0.1)

    def test_a_speed_in_the_mission_is_flown(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        slow = MissionItem(Command.DO_CHANGE_SPEED, Frame.MISSION, p1=1, p2=4)
        legs = [item(Command.TAKEOFF), slow, item(Command.WAYPOINT, 200, 0)]
        desk.fly_mission([HOME, *legs, RETURN], 60)
        speed_m_s = (desk.track[-1] - desk.track[-2]).horizontal / STEP_S
        assert speed_m_s == pytest.approx(4, abs=0.1)

    def test_it_disarms_when_nothing_follows_arming(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.run(GPS_READY_S + 1)
        assert desk.command(ARM, param1=1) == 0
        assert desk.run(9.5, lambda: not desk.vehicle.pilot.armed) is False
        assert desk.run(1.0, lambda: not desk.vehicle.pilot.armed) is True

    def test_it_arms_in_auto_only_where_auto_options_allow_it(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.upload([HOME, item(Command.TAKEOFF), RETURN])
        desk.run(GPS_READY_S + 1)
        desk.set_mode("AUTO")
        assert desk.command(ARM, param1=1) != 0
        assert "Arm: AUTO mode not armable" in desk.said()
        desk.send("PARAM_SET", param_id="AUTO_OPTIONS", param_value=3, param_type=6)
        assert desk.command(ARM, param1=1) == 0
        assert desk.run(60, lambda: desk.vehicle.pilot.motion.place.up > 25)

    def test_a_forced_disarm_in_the_air_lets_it_fall(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.run(GPS_READY_S + 1)
        desk.set_mode("GUIDED")
        desk.command(ARM, param1=1)
        assert desk.command(Command.TAKEOFF, param7=20) == 0
        assert desk.run(60, lambda: desk.vehicle.pilot.motion.place.up > 19)
        assert desk.command(ARM, param1=0) != 0
        assert desk.command(ARM, param1=0, param2=21196) == 0
        desk.run(math.sqrt(2 * 20 / 9.8) + 0.5)
        assert desk.vehicle.pilot.motion.on_ground

    def test_it_goes_where_it_is_sent_in_guided(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.run(GPS_READY_S + 1)
        desk.set_mode("GUIDED")
        desk.command(ARM, param1=1)
        desk.command(Command.TAKEOFF, param7=20)
        desk.run(20)
        point = FRAME.point_from_local(30, -40)
        where = {"x": round(point.lat_deg * 1e7), "y": round(point.lon_deg * 1e7), "z": 25, "frame": 3}
        desk.send("COMMAND_INT", command=192, **where)
        desk.run(30)
        place = desk.vehicle.pilot.motion.place
        assert (place.east, place.north, place.up) == pytest.approx((30, -40, 25), abs=0.5)

    @pytest.mark.parametrize("radius_m", [40.0, -40.0])
    def test_it_circles_as_often_as_asked_nose_to_the_middle(self, open_desk: Any, radius_m: float) -> None:
        desk = open_desk("copter")
        turns = item(Command.LOITER_TURNS, 0, 100, 30, p1=1.5, p3=radius_m)
        assert desk.fly_mission([HOME, item(Command.TAKEOFF, up_m=30), turns, RETURN], 300), desk.said()
        on_circle = [at for at in desk.track if abs(math.hypot(at.east, at.north - 100) - 40) < 3]
        assert len(on_circle) * STEP_S == pytest.approx(1.5 * math.tau * 40 / math.sqrt(1.25 * 40), rel=0.2)
        quarter = desk.track[desk.track.index(on_circle[0]) + round(9 / STEP_S)]
        assert quarter.east * radius_m < 0
        assert max(at.north for at in on_circle) > 137


class TestPlane:
    LEGS = ((0, 500), (400, 500), (400, -600), (0, -600))

    def test_it_passes_every_waypoint_never_turns_on_the_spot_and_lands(self, open_desk: Any) -> None:
        desk = open_desk("plane")
        legs = [item(Command.WAYPOINT, *leg, 60) for leg in self.LEGS]
        mission = [HOME, item(Command.TAKEOFF, up_m=50), *legs, item(Command.LAND, 0, 0, 0)]
        assert desk.fly_mission(mission, 400), desk.said()
        assert desk.reached() == list(range(1, len(mission)))
        for east, north in self.LEGS:
            assert min(math.hypot(at.east - east, at.north - north) for at in desk.track) < 55
        aloft = [at for at in desk.track if at.up > 10]
        speeds = [(b - a).horizontal / STEP_S for a, b in itertools.pairwise(aloft)]
        assert min(speeds) > 10
        assert desk.vehicle.pilot.motion.place.horizontal < 120

    def test_its_turns_are_no_tighter_than_its_bank_allows(self, open_desk: Any) -> None:
        desk = open_desk("plane")
        desk.fly_mission(
            [HOME, item(Command.TAKEOFF), *(item(Command.WAYPOINT, *leg) for leg in self.LEGS)], 90
        )
        aloft = [at for at in desk.track if at.up > 25]
        courses = [(b - a).bearing_rad for a, b in itertools.pairwise(aloft)]
        rates = [abs(math.remainder(b - a, math.tau)) / STEP_S for a, b in itertools.pairwise(courses)]
        assert max(rates) < 9.81 * math.tan(math.radians(45)) / 18

    def test_it_circles_home_after_its_mission(self, open_desk: Any) -> None:
        desk = open_desk("plane")
        desk.fly_mission([HOME, item(Command.TAKEOFF), item(Command.WAYPOINT, 0, 600), RETURN], 180)
        assert desk.mode == "RTL"
        last_turn = desk.track[-round(20 / STEP_S) :]
        assert max(abs(at.horizontal - 80) for at in last_turn) < 8
        assert desk.vehicle.pilot.motion.place.up == pytest.approx(100, abs=2)

    def test_loiter_turns_are_counted(self, open_desk: Any) -> None:
        desk = open_desk("plane")
        turns = item(Command.LOITER_TURNS, 0, 500, 40, p1=2, p3=100)
        desk.fly_mission([HOME, item(Command.TAKEOFF), turns, item(Command.WAYPOINT, 0, 900)], 140)
        on_circle = [at for at in desk.track if abs(math.hypot(at.east, at.north - 500) - 100) < 15]
        around_s = 2 * math.tau * 100 / 22
        assert len(on_circle) * STEP_S == pytest.approx(around_s, rel=0.2)
        assert 2 in desk.reached()


class TestBattery:
    def test_it_drains_and_warns_and_brings_the_copter_home(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.send("PARAM_SET", param_id="BATT_CAPACITY", param_value=2000, param_type=6)
        desk.send("PARAM_SET", param_id="BATT_FS_LOW_ACT", param_value=2, param_type=2)
        legs = [item(Command.TAKEOFF), item(Command.LOITER_TIME, 20, 0, p1=1000)]
        assert desk.fly_mission([HOME, *legs, RETURN], 600)
        assert "Battery is low" in desk.said()
        assert desk.vehicle.battery.left_mah < 1500
        assert desk.vehicle.pilot.motion.place.horizontal < 1

    def test_an_empty_one_ends_the_flight(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.send("PARAM_SET", param_id="BATT_CAPACITY", param_value=300, param_type=6)
        desk.fly_mission([HOME, item(Command.TAKEOFF), item(Command.LOITER_UNLIMITED, 20, 0)], 200)
        desk.run(10)
        assert "Battery is empty" in desk.said()
        assert desk.vehicle.pilot.armed is False
        assert desk.vehicle.pilot.motion.on_ground


class TestCamera:
    def test_pictures_are_taken_each_so_many_metres_and_reported_where(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        mission = [
            HOME,
            item(Command.TAKEOFF),
            item(Command.WAYPOINT, 50, 0),
            MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION, p1=10, p3=1),
            item(Command.WAYPOINT, 50, 200),
            MissionItem(Command.DO_SET_CAM_TRIGG_DIST, Frame.MISSION, p1=0),
            RETURN,
        ]
        assert desk.fly_mission(mission, 300)
        pictures = [message for message in desk.heard if message.name == "CAMERA_FEEDBACK"]
        assert [message.img_idx for message in pictures] == list(range(len(pictures)))
        norths = [
            FRAME.local_from_geo([[message.lng / 1e7, message.lat / 1e7]])[0][1] for message in pictures
        ]
        gaps = [b - a for a, b in itertools.pairwise(norths)]
        assert len(pictures) == pytest.approx(20, abs=1)
        assert all(gap == pytest.approx(10, abs=0.4) for gap in gaps)
