"""What was received late and all at once lies where it was sent; all else lies where it was received."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from telemetry.messages import Encoder
from telemetry.sent_times import spread
from telemetry.track import Track

NAN = math.nan


def test_a_link_that_stood_still_for_ten_seconds_loses_no_place(tmp_path: Path) -> None:
    encoder, stream, began_us = Encoder(1, 1), bytearray(), 1_700_000_000_000_000
    for number in range(200):
        sent_us = began_us + number * 200_000
        stood_still = 50 <= number < 100
        received_us = began_us + 100 * 200_000 if stood_still else sent_us
        place = {"lat": 520_000_000 + number * 200, "lon": 50_000_000, "relative_alt": 60_000}
        raw = encoder.encode("GLOBAL_POSITION_INT", time_boot_ms=10_000 + number * 200, **place)
        stream += received_us.to_bytes(8, "big") + raw
    path = tmp_path / "stood_still.tlog"
    path.write_bytes(stream)
    track = Track.from_tlog(path)
    assert len(track.time_s) >= 199  # the last of the burst and the next came in one moment
    assert np.diff(track.time_s).max() < 0.41
    for number in (10, 60, 75, 90, 150):
        pose = track.pose_at(began_us / 1e6 + number * 0.2)
        assert pose is not None
        assert pose.place.lat_deg == pytest.approx(52.0 + number * 2e-5, abs=2.1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_times_never_fall_and_only_go_back(seed: int) -> None:
    chance = random.Random(seed)
    boot_s = np.cumsum([chance.choice([0.05, 0.2, 1.0]) for _ in range(300)])
    late_s = np.array([chance.choice([0.0, 0.0, 0.1, 5.0]) for _ in boot_s])
    received_s = np.maximum.accumulate(1000 + boot_s + late_s)
    times = spread(received_s, boot_s)
    assert (np.diff(times) >= 0).all()
    assert (times <= received_s + 1e-9).all()
    # Never earlier than it can have been sent.
    assert (times >= 1000 + boot_s - 1e-9).all()


def test_steady_times_and_senders_without_a_clock_stay_as_they_were() -> None:
    steady = np.arange(50) * 0.2
    assert (spread(steady, steady + 7) == steady).all()
    together = np.repeat([1.0, 2.0], 5)
    assert (spread(together, np.full(10, NAN)) == together).all()
    assert (spread(together, np.zeros(10)) == together).all()
    assert len(spread(np.zeros(0), np.zeros(0))) == 0


def test_a_clock_that_began_anew_puts_nothing_back() -> None:
    received_s = np.array([0.0, 1.0, 1.0, 2.0])
    boot_s = np.array([500.0, 501.0, 0.1, 1.1])
    assert (spread(received_s, boot_s) == received_s).all()


def test_where_there_is_little_room_it_is_shrunk() -> None:
    received_s = np.array([0.0, 1.0, 1.0, 1.0])
    times = spread(received_s, np.array([0.0, 2.0, 4.0, 6.0]))
    assert (np.diff(times) > 0).all()
    assert times[0] == 0.0
    assert times[-1] == 1.0


@pytest.mark.parametrize("speedup", [10.0, 30.0])
def test_a_simulator_that_runs_faster_than_time_is_not_taken_for_one_burst(speedup: float) -> None:
    chance = random.Random(3)
    boot_s = np.arange(400) * 0.2
    received_s = boot_s / speedup + np.array([chance.uniform(0, 0.002) for _ in boot_s])
    received_s = np.maximum.accumulate(received_s)
    times = spread(received_s, boot_s)
    assert np.abs(times - received_s).max() < 0.021
    received_s[100:140] = received_s[140]
    assert spread(received_s, boot_s)[100:140] == pytest.approx(boot_s[100:140] / speedup, abs=0.01)
