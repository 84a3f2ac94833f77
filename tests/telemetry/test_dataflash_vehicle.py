"""An onboard log tells of the vehicle what the link would have, and nothing that was not logged."""

from __future__ import annotations

import math
from typing import Any

import pytest

from telemetry.dataflash import (
    log_of,
)
from telemetry.dataflash.vehicle import vehicle_of
from tests.telemetry.test_dataflash_rows import (
    COPTER,
    HOME,
    S,
    a_log,
    att,
    cmd,
    named,
    replayed,
    state_of,
)


class TestVehicle:
    @pytest.mark.parametrize(
        ("rows", "kind", "mav_type", "system"),
        [
            ([COPTER], "copter", 2, 1),
            ([COPTER, ("PARM", 0, "FRAME_CLASS", 2.0, 0.0)], "copter", 13, 1),
            ([COPTER, ("PARM", 0, "SYSID_THISMAV", 9.0, 1.0)], "copter", 2, 9),
            ([("PARM", 0, "MAV_SYSID", 300.0, 1.0), ("MSG", 0, "ArduPlane V4.5.4")], "plane", 1, 1),
            ([("MSG", 0, "hello"), ("MSG", 1, "APM:Copter V3.4.6")], "copter", 2, 1),
            ([("MSG", 0, "ArduRover V4.2.0")], "rover", 10, 1),
            ([("VER", 0, "Police special", 7)], "sub", 12, 1),
            ([("VER", 0, "AntennaTracker V4.5.0", 4)], None, None, 1),
            ([("MSG", 0, "no ArduCopter V4")], None, None, 1),
        ],
    )
    def test_it_is_what_the_log_says(
        self, rows: list[tuple[Any, ...]], kind: str | None, mav_type: int | None, system: int
    ) -> None:
        vehicle = vehicle_of(log_of(bytes(a_log(*rows).data)))
        assert (vehicle.kind, vehicle.mav_type, vehicle.system) == (kind, mav_type, system)

    def test_modes_and_arming_are_told_when_they_change_and_every_second(self) -> None:
        rows = [COPTER, ("MODE", 2 * S, 0, 0, 1), *(att(t) for t in range(0, 9 * S, S // 4))]
        rows += [("ARM", 4 * S + 1, 1, 0, 0, 0), ("MODE", 5 * S + 2, 3, 3, 1), ("ARM", 7 * S + 3, 0, 0, 0, 0)]
        told = [
            (message.time_us, message.custom_mode, bool(message.base_mode & 128))
            for message in named(replayed(*rows), "HEARTBEAT")
        ]
        assert told == [
            (2 * S, 0, False),
            (3 * S, 0, False),
            (4 * S, 0, False),
            (4 * S + 1, 0, True),
            (5 * S, 0, True),
            (5 * S + 2, 3, True),
            (6 * S, 3, True),
            (7 * S, 3, True),
            (7 * S + 3, 3, False),
            (8 * S, 3, False),
        ]

    def test_a_log_that_begins_in_the_air_is_armed_from_its_begin(self) -> None:
        rows = [COPTER, ("MODE", S, 3, 3, 1), ("EV", 2 * S, 17), ("EV", 9 * S, 11)]
        told = [bool(message.base_mode & 128) for message in named(replayed(*rows), "HEARTBEAT")]
        assert told == [True, True, False]

    def test_a_vehicle_of_no_known_kind_has_no_heartbeat(self) -> None:
        messages = replayed(("MODE", S, 3, 3, 1), att(S))
        assert [message.name for message in messages] == ["ATTITUDE"]

    def test_landing_and_home_and_battery_and_radio_reach_the_state(self) -> None:
        state = state_of(
            replayed(
                COPTER,
                ("MODE", S, 5, 5, 1),
                ("ORGN", S, 0, 100, 100, 100),
                ("ORGN", S, 1, 521273000, 52760000, 2010),
                ("EV", 2 * S, 28),
                ("EV", 3 * S, 17),
                ("BAT", 2 * S, 1, 99.0, 0, 9.0, 0, 0, 0, 0, 10),
                ("BAT", 2 * S, 0, 22.2, 0, 12.5, 500.0, 7.5, 3150, 0, 63),
                ("RAD", 3 * S, 180, 170, 100, 40, 50, 3, 4),
            )
        )
        assert (state.kind, state.mode, state.landed) == ("copter", "LOITER", "in air")
        assert state.home == pytest.approx((*HOME, 20.1))
        assert (state.battery_v, state.battery_a, state.battery_pct) == (22.2, 12.5, 63.0)
        assert (state.radio_rssi, state.radio_remote_rssi, state.radio_noise) == (180, 170, 40)
        assert state.sensors_healthy is None, "no log says so"

    def test_what_a_battery_s_monitor_does_not_know_is_not_told(self) -> None:
        unknown = ("BAT", S, 0, 70.0, 0, math.nan, math.nan, math.nan, 0, 0, 255)
        (battery,) = named(replayed(unknown), "BATTERY_STATUS")
        told = battery.fields
        assert told["voltages"] == (65534, 4466, *[65535] * 8)
        names = ("current_battery", "current_consumed", "energy_consumed", "battery_remaining", "temperature")
        assert [told[name] for name in names] == [-1, -1, -1, -1, 32767]
        assert state_of([battery]).battery_v == 70.0


class TestTexts:
    def test_long_ones_come_in_pieces(self) -> None:
        long = "PreArm: Check the mag field and then some more of it! 0123456789"
        messages = named(
            replayed(("MSG", S, "short"), ("MSG", 2 * S, long), ("MSG", 3 * S, long)), "STATUSTEXT"
        )
        told = named(messages, "STATUSTEXT")
        assert [(message.text, message.id, message.chunk_seq) for message in told] == [
            ("short", 0, 0),
            (long[:50], 2, 0),
            (long[50:], 2, 1),
            (long[:50], 3, 0),
            (long[50:], 3, 1),
        ]

    def test_reached_items_are_those_that_a_text_names(self) -> None:
        texts = [
            "Reached command #2",
            "Reached waypoint #3 dist 5m",
            "Passed waypoint #4 dist 9m",
            "Reached altitude",
            "Not Reached #9",
        ]
        messages = replayed(*(("MSG", S, text) for text in texts))
        assert [message.seq for message in named(messages, "MISSION_ITEM_REACHED")] == [2, 3, 4]

    def test_the_current_item_is_the_one_that_started_not_those_that_are_listed(self) -> None:
        listed = [cmd(S, number) for number in range(4)]
        rows = [*listed, cmd(2 * S, 1), cmd(3 * S, 2), cmd(3 * S, 3, command=178), *listed, cmd(5 * S, 3)]
        told = [(message.seq, message.total) for message in named(replayed(*rows), "MISSION_CURRENT")]
        assert told == [(1, 3), (2, 3), (3, 3)]

    def test_newer_logs_say_themselves_which_item_started(self) -> None:
        rows = [cmd(S, 0), cmd(S, 1), cmd(S, 3), ("MISE", 2 * S, 4, 2, 16)]
        told = [(message.seq, message.total) for message in named(replayed(*rows), "MISSION_CURRENT")]
        assert told == [(2, 3)]
