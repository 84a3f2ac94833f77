"""What each aircraft of a recording did: modes, arming, battery, link, as its messages say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemetry.exports import FlightRecord, open_recorded
from telemetry.exports.paths import pieces_of
from telemetry.frames import Message
from telemetry.log_summary import summary_of
from telemetry.messages import Encoder
from telemetry.state import VehicleState, fold
from telemetry.tlog import read_tlog

BEGAN_S = 1_771_848_000.0
TLOGS = ["tlogs/solo-quad-v1.tlog", "tlogs/sub-v2.tlog", "tlogs/sub-small-v2.tlog"]


def record_of(path: Path, told: Iterable[tuple[float, int, str, dict[str, Any]]]) -> tuple[FlightRecord, ...]:
    """A recording of messages: seconds after the beginning, the sender, the name and the fields."""
    encoders: dict[int, Encoder] = {}
    stream = bytearray()
    for time_s, sender, name, fields in told:
        encoder = encoders.setdefault(sender, Encoder(sender // 256, sender % 256))
        stream += round((BEGAN_S + time_s) * 1e6).to_bytes(8, "big") + encoder.encode(name, **fields)
    path.write_bytes(stream)
    return tuple(open_recorded(path).records())


def heart(mode: int, *, armed: bool = False, kind: int = 2) -> dict[str, Any]:
    return {"type": kind, "autopilot": 3, "base_mode": 128 * armed, "custom_mode": mode}


COPTER = 256 * 1 + 1


def test_modes_and_arming_are_where_they_changed(tmp_path: Path) -> None:
    told = [(float(n), COPTER, "HEARTBEAT", heart((0, 0, 3, 3, 6)[n], armed=1 < n < 4)) for n in range(5)]
    station = {"type": 6, "autopilot": 8, "base_mode": 128, "custom_mode": 9}
    told += [(n + 0.5, 256 * 255 + 190, "HEARTBEAT", station) for n in range(5)]
    (record,) = record_of(tmp_path / "a.tlog", sorted(told, key=lambda each: each[0]))
    assert (record.system, record.kind) == (1, "copter")
    assert [(time_s - BEGAN_S, name) for time_s, name in record.modes] == [
        (0.0, "STABILIZE"),
        (2.0, "AUTO"),
        (4.0, "RTL"),
    ]
    assert [(time_s - BEGAN_S, armed) for time_s, armed in record.armed] == [
        (0.0, False),
        (2.0, True),
        (4.0, False),
    ]


@pytest.mark.parametrize("name", TLOGS)
def test_modes_arming_and_battery_are_those_of_the_live_state(
    name: str, shared: Callable[[str], Path]
) -> None:
    path = shared(name)
    state, modes, armed, volts = VehicleState(), [], [], []
    for frame in read_tlog(path):
        if not isinstance(frame, Message) or (frame.system, frame.component) != (1, 1):
            continue
        state = fold(state, frame)
        if state.mode is not None and (not modes or modes[-1] != state.mode):
            modes.append(state.mode)
        if state.armed is not None and (not armed or armed[-1] != state.armed):
            armed.append(state.armed)
        if state.battery_v is not None:
            volts.append(state.battery_v)
    (record,) = open_recorded(path).records()
    assert [mode for _, mode in record.modes] == modes
    assert [each for _, each in record.armed] == armed
    assert record.battery_v.values.min() == pytest.approx(min(each for each in volts if each > 0), abs=0.01)
    assert record.battery_v.values.max() == pytest.approx(max(volts), abs=0.01)


def test_the_first_battery_speaks_before_the_whole_system(tmp_path: Path) -> None:
    cells = {"voltages": [4000, 4100, *[65_535] * 8], "voltages_ext": [0, 0, 0, 0]}
    told = [
        (0.0, COPTER, "SYS_STATUS", {"voltage_battery": 12_000, "battery_remaining": 90}),
        (1.0, COPTER, "BATTERY_STATUS", {"id": 0, "battery_remaining": -1, **cells}),
        (2.0, COPTER, "BATTERY_STATUS", {"id": 1, "battery_remaining": 20, **cells}),
        (2.5, COPTER, "SYS_STATUS", {"voltage_battery": 65_535, "battery_remaining": -1}),
        (3.0, COPTER, "HEARTBEAT", heart(3)),
    ]
    (record,) = record_of(tmp_path / "a.tlog", told)
    assert record.battery_v.values.tolist() == [8.1]
    assert record.battery_pct.values.tolist() == [90.0]


@pytest.mark.parametrize("name", TLOGS)
def test_losses_over_time_add_up_to_those_of_the_summary(name: str, shared: Callable[[str], Path]) -> None:
    path = shared(name)
    (record,) = open_recorded(path).records()
    senders = [sender for sender in summary_of(path).senders if sender.system == record.system]
    lost = sum(sender.loss.lost for sender in senders)
    rate, share = record.link.rate_hz, record.link.lost_pct
    step_s = float(np.diff(rate.time_s)[0])
    received = rate.values * step_s
    counted = share.values[: len(received)] / 100 * received / (1 - share.values[: len(received)] / 100)
    assert received.sum() == pytest.approx(sum(sender.total for sender in senders), rel=0.01)
    assert counted.sum() == pytest.approx(lost, rel=0.05, abs=6)


def test_losses_are_counted_for_each_component_where_they_happened(tmp_path: Path) -> None:
    told: list[tuple[float, int, str, dict[str, Any]]] = []
    for step in range(600):
        told += [(step * 0.1, COPTER, "HEARTBEAT", heart(3)), (step * 0.1, COPTER + 1, "ATTITUDE", {})]
    path = tmp_path / "a.tlog"
    record_of(path, told)
    frames = list(read_tlog(path))
    kept = [frame for n, frame in enumerate(frames) if not (300 <= n < 320 and n % 4 < 2)]
    path.write_bytes(b"".join(frame.time_us.to_bytes(8, "big") + frame.raw for frame in kept))
    (record,) = open_recorded(path).records()
    lossy = record.link.lost_pct.time_s[record.link.lost_pct.values > 0] - BEGAN_S
    assert len(lossy)
    assert 14 <= lossy.min() <= lossy.max() <= 17.5
    assert record.link.lost_pct.values.max() == pytest.approx(50, abs=25)


def test_the_radio_speaks_for_every_aircraft_behind_it(tmp_path: Path) -> None:
    radio = 256 * 51 + 68
    told = [(0.0, COPTER, "HEARTBEAT", heart(3)), (0.0, 2 * 256 + 1, "HEARTBEAT", heart(3))]
    told += [(1.0 + n, radio, "RADIO_STATUS", {"rssi": 100 + n, "remrssi": 90}) for n in range(3)]
    records = record_of(tmp_path / "a.tlog", told)
    assert [record.system for record in records] == [1, 2]
    for record in records:
        assert record.link.radio_rssi.values.tolist() == [100, 101, 102]
        assert record.link.radio_remote_rssi.values.tolist() == [90, 90, 90]


def test_values_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    told = [
        (float(n), COPTER, "VFR_HUD", {"airspeed": value}) for n, value in enumerate((1.0, float("nan"), 2.0))
    ]
    (record,) = record_of(tmp_path / "a.tlog", [*told, (3.0, COPTER, "HEARTBEAT", heart(3))])
    assert record.air_speed_m_s.values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("seed", range(20))
def test_stretches_hold_every_time_once_and_gaps_lie_between_them(seed: int) -> None:
    random_ = random.Random(seed)
    usual_s = random_.choice((0.1, 1.0, 10.0))
    apart = [
        random_.choice((usual_s, usual_s, usual_s, usual_s, 100.0 + usual_s))
        for _ in range(random_.randrange(200))
    ]
    times = BEGAN_S + np.cumsum([0.0, *apart])
    pieces = pieces_of(times)
    assert [n for piece in pieces for n in range(piece.start, piece.stop)] == list(range(len(times)))
    if len(times) > 20:
        inside = [float(np.diff(times[piece]).max()) for piece in pieces if piece.stop - piece.start > 1]
        assert max(inside) == pytest.approx(usual_s, abs=1e-5)
    assert pieces_of(np.zeros(0)) == []


def test_a_recording_without_a_vehicle_has_none(tmp_path: Path) -> None:
    assert (
        record_of(tmp_path / "a.tlog", [(0.0, 256 * 255 + 190, "HEARTBEAT", {"type": 6, "autopilot": 8})])
        == ()
    )
