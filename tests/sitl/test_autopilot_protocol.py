"""The small vehicle's side of the mission protocol when things go wrong."""

from __future__ import annotations

import math
import random
from typing import Any, ClassVar

import pytest

from missions.items import Command, Frame, MissionItem, MissionType
from sitl.autopilot import DEFAULT_HOME
from sitl.autopilot.pilot import GPS_READY_S
from telemetry.transfer.items import fields_from_item


def item(command: Command) -> MissionItem:
    return MissionItem(command, x=DEFAULT_HOME.lat_deg, y=DEFAULT_HOME.lon_deg, z=30)


HOME = item(Command.WAYPOINT)
RETURN = MissionItem(Command.RETURN_TO_LAUNCH, Frame.MISSION)


class TestMissionProtocol:
    MISSION: ClassVar = [HOME, item(Command.TAKEOFF), item(Command.WAYPOINT), RETURN]

    def test_an_item_that_does_not_come_is_asked_for_again_and_at_last_given_up(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        asked = desk.send("MISSION_COUNT", count=4, mission_type=0)
        assert [message.name for message in asked] == ["MISSION_REQUEST_INT"]
        asked_again = 0
        for tenth in range(1, 100):
            desk.channel.transfer.tick(tenth / 10)
            for message in desk.take():
                if message.name == "MISSION_ACK":
                    assert message.type == 15
                    assert 8 < tenth / 10 < 9
                    assert asked_again >= 6
                    assert desk.upload(self.MISSION) == 0
                    return
                asked_again += 1
                assert message.seq == 0
        pytest.fail("it never gave up")

    def test_a_refused_upload_leaves_the_old_list(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        assert desk.upload(self.MISSION) == 0
        assert desk.upload([*self.MISSION, item(Command.SPLINE_WAYPOINT)]) == 3
        assert len(desk.vehicle.store.items(MissionType.MISSION)) == len(self.MISSION)

    def test_a_doubled_item_is_answered_and_does_no_harm(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.send("MISSION_COUNT", count=4, mission_type=0)
        first = fields_from_item(self.MISSION[0], 0, MissionType.MISSION)
        assert desk.send("MISSION_ITEM_INT", **first)[-1].seq == 1
        assert desk.send("MISSION_ITEM_INT", **first)[-1].type == 13
        for number in (1, 2, 3):
            fields = fields_from_item(self.MISSION[number], number, MissionType.MISSION)
            answers = desk.send("MISSION_ITEM_INT", **fields)
        assert (answers[-1].name, answers[-1].type) == ("MISSION_ACK", 0)

    def test_a_second_station_cannot_break_into_an_upload(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        other = open_desk("copter", desk.vehicle)
        desk.send("MISSION_COUNT", count=4, mission_type=0)
        assert other.send("MISSION_COUNT", count=2, mission_type=0)[-1].type == 14
        assert desk.upload(self.MISSION) == 0

    @pytest.mark.parametrize(
        ("kind", "count"), [(MissionType.MISSION, 725), (MissionType.FENCE, 256), (MissionType.RALLY, 86)]
    )
    def test_more_than_fits_is_refused(self, open_desk: Any, kind: MissionType, count: int) -> None:
        assert open_desk("copter").send("MISSION_COUNT", count=count, mission_type=int(kind))[-1].type == 4

    @pytest.mark.parametrize(
        ("bad", "result"),
        [
            ({"x": 91.0}, 10),
            ({"y": -181.0}, 11),
            ({"z": math.nan}, 12),
            ({"z": 1e6}, 12),
            ({"frame": 8}, 2),
            ({"command": 31_990}, 3),
        ],
        ids=str,
    )
    def test_an_item_that_makes_no_sense_is_refused(
        self, open_desk: Any, bad: dict[str, Any], result: int
    ) -> None:
        wrong = MissionItem(
            **{"command": Command.WAYPOINT, "frame": 3, "x": 52.0, "y": 5.0, "z": 10.0, **bad}
        )
        assert open_desk("copter").upload([HOME, wrong]) == result

    def test_old_float_items_are_taken_and_given(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.send("MISSION_COUNT", count=2, mission_type=0)
        for number, item_ in enumerate(self.MISSION[:2]):
            fields = fields_from_item(item_, number, MissionType.MISSION) | {"x": item_.x, "y": item_.y}
            answers = desk.send("MISSION_ITEM", **fields)
        assert answers[-1].type == 0
        held = desk.send("MISSION_REQUEST", seq=1, mission_type=0)[-1]
        assert held.name == "MISSION_ITEM"
        assert held.x == pytest.approx(self.MISSION[1].x, abs=1e-5)
        no_place = fields_from_item(HOME, 0, MissionType.MISSION) | {"x": math.nan, "y": math.inf}
        desk.send("MISSION_COUNT", count=1, mission_type=0)
        assert desk.send("MISSION_ITEM", **no_place)[-1].type == 10

    def test_clearing_all_clears_all_three(self, open_desk: Any) -> None:
        desk = open_desk("copter")
        desk.upload(self.MISSION)
        desk.upload([item(Command.RALLY_POINT)], MissionType.RALLY)
        assert desk.send("MISSION_CLEAR_ALL", mission_type=255)[-1].type == 0
        assert all(desk.vehicle.store.items(kind) == () for kind in MissionType)

    def test_random_messages_never_break_it(self, open_desk: Any) -> None:
        chance = random.Random(11)
        desk = open_desk("plane")
        desk.run(GPS_READY_S + 1)
        names = [
            "MISSION_COUNT",
            "MISSION_ITEM_INT",
            "MISSION_ITEM",
            "MISSION_REQUEST_INT",
            "MISSION_CLEAR_ALL",
        ]
        for _ in range(3000):
            number = chance.choice([0.0, -1.0, 1e30, math.nan, math.inf, chance.uniform(-200, 200)])
            parameters = {f"param{n}": number for n in (1, 2, 3, 4)}
            whole = chance.choice([0, 1, 2, 7, 255])
            match chance.randrange(3):
                case 0:
                    desk.send(
                        "COMMAND_LONG",
                        command=chance.choice([16, 17, 20, 22, 176, 192, 224, 300, 400, 511, 512]),
                        param5=number,
                        param6=number,
                        param7=number,
                        **parameters,
                    )
                case 1:
                    name = chance.choice(names)
                    fields = {"mission_type": chance.choice([0, 1, 2, 3, 255])}
                    if name.startswith("MISSION_ITEM"):
                        fields |= {
                            "seq": whole,
                            "command": chance.choice([16, 22, 31_990]),
                            "current": whole % 4,
                        }
                    desk.send(name, **fields)
                case _:
                    desk.send("PARAM_SET", param_id="WP_RADIUS", param_value=number, param_type=9)
            desk.run(0.1)
            assert math.isfinite(desk.vehicle.pilot.motion.place.length)
