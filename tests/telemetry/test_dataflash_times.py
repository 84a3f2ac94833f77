"""When what an onboard log tells of happened."""

from __future__ import annotations

import random

import numpy as np
import pytest

from telemetry.dataflash import (
    boot_times,
    log_of,
    utc_of_boot_us,
)
from tests.telemetry.test_dataflash_rows import (
    BOOT_US,
    COPTER,
    S,
    a_log,
    att,
    gps,
    named,
    replayed,
)


class TestTime:
    def test_utc_is_gps_time_less_the_leap_seconds(self) -> None:
        log = log_of(bytes(a_log(*(gps(t * S) for t in range(20, 40))).data))
        assert utc_of_boot_us(log) == pytest.approx(BOOT_US, abs=1000)

    def test_receivers_that_are_wrong_now_and_then_do_not_matter(self) -> None:
        random_ = random.Random(1)
        rows = [gps(t * S, at=random_.choice((t, t, t, 0, 10**5)) * S) for t in range(20, 220)]
        rows[0] = gps(20 * S, at=10**5 * S)
        log = log_of(bytes(a_log(*rows).data))
        assert utc_of_boot_us(log) == pytest.approx(BOOT_US, abs=1000)

    def test_a_receiver_without_a_fix_is_not_asked(self) -> None:
        rows = [gps(t * S, status=1, at=10**11) for t in range(20)] + [gps(30 * S)]
        log = log_of(bytes(a_log(*rows).data))
        assert utc_of_boot_us(log) == pytest.approx(BOOT_US, abs=1000)

    def test_a_report_counts_from_when_it_was_taken_in(self) -> None:
        rows = []
        for t in range(20, 30):
            taken_us = t * S
            logged_us = taken_us + t * 1000
            rows += [gps(logged_us, at=taken_us), ("GPA", logged_us, 0, 1, 1, 1, 1, 0.0, 1, taken_us // 1000)]
            rows += [("GPA", logged_us, 1, 1, 1, 1, 1, 0.0, 1, taken_us // 1000 - 500)]
        assert utc_of_boot_us(log_of(bytes(a_log(*rows).data))) == pytest.approx(BOOT_US, abs=1000)

    def test_what_came_before_the_first_fix_has_its_time_too(self) -> None:
        messages = replayed(COPTER, att(2 * S), *(gps(t * S) for t in range(20, 30)))
        (attitude,) = named(messages, "ATTITUDE")
        assert attitude.time_us == pytest.approx(BOOT_US + 2 * S, abs=1000)
        clocks = named(messages, "SYSTEM_TIME")
        assert [clock.time_unix_usec for clock in clocks] == [clock.time_us for clock in clocks]
        assert len(clocks) == 12

    def test_without_gps_times_count_from_the_start(self) -> None:
        messages = replayed(att(2 * S), gps(3 * S, status=0), att(4 * S))
        assert [message.time_us for message in named(messages, "ATTITUDE")] == [2 * S, 4 * S]
        assert named(messages, "SYSTEM_TIME") == []

    def test_a_damaged_time_is_not_believed(self) -> None:
        rows = [att(t * S // 10) for t in range(100)]
        for place, wrong in ((10, 1 << 60), (20, 1 << 40), (21, 1 << 45), (97, 1 << 33)):
            rows[place] = att(wrong)
        times = boot_times(log_of(bytes(a_log(*rows).data)))["ATT"]
        assert np.flatnonzero(times < 0).tolist() == [10, 20, 21, 97]

    def test_a_pause_of_an_hour_is_no_damage(self) -> None:
        times = [*range(0, 10 * S, S), 1000 * S, *range(3600 * S, 3610 * S, S)]
        log = log_of(bytes(a_log(*map(att, times)).data))
        assert boot_times(log)["ATT"].tolist() == times
        ticks = [
            message.time_boot_ms for message in named(replayed(*map(att, times), gps(5 * S)), "SYSTEM_TIME")
        ]
        assert ticks == [t // 1000 for t in times], "nothing is said while nothing was logged"
