"""What a recording tells of power: the flights in it, in the autopilot's own time."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from missions.calibrate import calibrate
from missions.catalogue import aircraft
from missions.errors import FormatError, InputError
from telemetry.clock import ManualClock
from telemetry.flight_energy import flights_from_frames, flights_in
from telemetry.frames import Frame
from telemetry.recorder import Recorder

Rows = list[tuple[float, str, dict[str, Any]]]
MakeFrames = Callable[..., list[Frame]]
START_S = 1_700_000_000.0
QUAD, PLANE = 2, 1


def heartbeat(time_s: float, armed: bool, kind: int = QUAD) -> tuple[float, str, dict[str, Any]]:
    mode = 128 if armed else 0
    return START_S + time_s, "HEARTBEAT", {"type": kind, "autopilot": 3, "base_mode": mode, "custom_mode": 3}


def position(
    time_s: float, height_m: float, climb_m_s: float = 0.0, boot_s: float | None = None, **fields: Any
) -> tuple[float, str, dict[str, Any]]:
    boot_ms = round(1000 * (time_s + 30 if boot_s is None else boot_s))
    place = {"lat": 520_000_000, "lon": 50_000_000, "relative_alt": round(1000 * height_m)}
    return (
        START_S + time_s,
        "GLOBAL_POSITION_INT",
        {**place, "time_boot_ms": boot_ms, "vz": round(-100 * climb_m_s), **fields},
    )


def battery(time_s: float, volts: float, amps: float, left: int = 80) -> tuple[float, str, dict[str, Any]]:
    cells = {"voltages": [round(1000 * volts)] + [65535] * 9, "current_battery": round(100 * amps)}
    return START_S + time_s, "BATTERY_STATUS", {"id": 0, **cells, "battery_remaining": left}


def hop(start_s: float = 0.0, seconds: int = 20, kind: int = QUAD) -> Rows:
    """Armed, up with 2 m/s, down, disarmed."""
    rows: Rows = [heartbeat(start_s, True, kind), battery(start_s, 12.0, 30.0)]
    for step in range(seconds + 1):
        up = step <= seconds / 2
        height_m = 2.0 * (step if up else seconds - step)
        rows.append(position(start_s + step, height_m, 2.0 if up else -2.0, vx=300, vy=400))
        rows.append(battery(start_s + step + 0.1, 12.0, 30.0))
    return [*rows, heartbeat(start_s + seconds + 0.5, False, kind), position(start_s + seconds + 1, 0.0)]


def test_a_flight_is_from_first_rising_to_disarming(frames_of: MakeFrames) -> None:
    grounded = [heartbeat(-5, False), position(-5, 0.0), position(-1, 0.0)]
    (flight,) = flights_from_frames(frames_of([*grounded, *hop()]))
    assert flight.kind == "copter"
    assert flight.time_s[0] == 0
    assert flight.time_s[-1] == pytest.approx(20, abs=1.01)
    assert flight.height_relative_m.max() == 20
    assert flight.velocity_m_s[5] == pytest.approx([4, 3, 2])
    assert flight.watts == pytest.approx(np.full(len(flight), 360))
    assert flight.energy_wh == pytest.approx(360 * flight.time_s[-1] / 3600)
    assert flight.start_utc_s == pytest.approx(START_S, abs=1)


def test_time_is_the_autopilots_own(frames_of: MakeFrames) -> None:
    """A simulator at ten times the speed: received within 2 s, flown in 20."""
    rows = [(START_S + (time_s - START_S) / 10, name, fields) for time_s, name, fields in hop()]
    (flight,) = flights_from_frames(frames_of(rows))
    assert flight.time_s[-1] == pytest.approx(20, abs=1.01)


def test_a_restart_in_between_parts_flights_and_shifts_no_time(frames_of: MakeFrames) -> None:
    later = [
        (
            time_s,
            name,
            {**fields, "time_boot_ms": fields["time_boot_ms"] - 100_000}
            if "time_boot_ms" in fields
            else fields,
        )
        for time_s, name, fields in hop(100.0, 40)
    ]
    long, short = flights_from_frames(frames_of([*hop(), *later]))
    assert long.time_s[-1] == pytest.approx(40, abs=1.01)
    assert short.time_s[-1] == pytest.approx(20, abs=1.01)


def test_armed_on_the_ground_is_no_flight(frames_of: MakeFrames, tmp_path: Path) -> None:
    rows = [heartbeat(0, True), *(position(step, 0.0) for step in range(60)), heartbeat(60, False)]
    assert flights_from_frames(frames_of(rows)) == []
    path = recorded(frames_of(rows), tmp_path)
    with pytest.raises(InputError, match="no flight is in the recording"):
        flights_in(path)


def test_a_recording_that_ends_in_the_air_still_holds_a_flight(frames_of: MakeFrames) -> None:
    (flight,) = flights_from_frames(frames_of(hop()[:-8]))
    assert flight.time_s[-1] < 20


def test_what_was_not_told_is_not_a_number(frames_of: MakeFrames) -> None:
    rows = [row for row in hop() if row[1] != "BATTERY_STATUS"]
    (flight,) = flights_from_frames(frames_of(rows))
    assert np.isnan(flight.watts).all()
    assert np.isnan(flight.remaining_pct).all()
    assert not flight.wind_known
    assert flight.energy_wh == 0


def test_an_old_battery_report_counts_no_more(frames_of: MakeFrames) -> None:
    rows = [row for row in hop(seconds=40) if row[1] != "BATTERY_STATUS" or row[0] < START_S + 5]
    (flight,) = flights_from_frames(frames_of(rows))
    known = np.isfinite(flight.watts)
    assert known[:10].all()
    assert not known[20:].any()


def test_the_wind_comes_from_where_the_autopilot_says(frames_of: MakeFrames) -> None:
    wind = [(START_S + step, "WIND", {"direction": -90.0, "speed": 5.0}) for step in range(20)]
    (flight,) = flights_from_frames(frames_of(sorted([*hop(), *wind], key=lambda row: row[0])))
    assert flight.wind_known
    assert flight.wind_m_s[10] == pytest.approx([5, 0], abs=1e-6)
    assert flight.airspeed_m_s[10] == pytest.approx(math.hypot(4 - 5, 3))


def test_a_wind_of_exactly_nothing_is_no_estimate(frames_of: MakeFrames) -> None:
    wind = [(START_S + step, "WIND", {"direction": 180.0, "speed": 0.0}) for step in range(20)]
    (flight,) = flights_from_frames(frames_of(sorted([*hop(), *wind], key=lambda row: row[0])))
    assert not flight.wind_known


def test_an_autopilot_that_counts_climb_the_other_way_is_understood(frames_of: MakeFrames) -> None:
    rows = [
        (time_s, name, {**fields, "vz": -fields["vz"]} if "vz" in fields else fields)
        for time_s, name, fields in hop()
    ]
    (flight,) = flights_from_frames(frames_of(rows))
    assert flight.velocity_m_s[5, 2] == pytest.approx(2)


def test_of_two_aircraft_one_is_chosen(frames_of: MakeFrames) -> None:
    both = [*frames_of(hop(), system=1), *frames_of(hop(kind=PLANE), system=2)]
    with pytest.raises(InputError, match=r"several aircraft are in the recording \(1, 2\)"):
        flights_from_frames(both)
    assert [flight.kind for flight in flights_from_frames(both, 2)] == ["plane"]


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.tlog"
    path.write_bytes(b"\x89PNG" * 1000)
    with pytest.raises(FormatError, match="no MAVLink recording"):
        flights_in(path)


def test_a_real_quad_tells_its_hover_power_and_nothing_of_what_it_did_not_fly(
    shared: Callable[[str], Path],
) -> None:
    flights = flights_in(shared("tlogs/solo-quad-v1.tlog"))
    assert len(flights) == 5
    assert all(flight.kind == "copter" for flight in flights)
    told = calibrate(flights, aircraft("ardupilot-copter"))
    (hover,) = told.measured
    assert hover.field == "hover_power_w"
    assert 150 < hover.value < 210
    assert 0 < hover.sigma < 10
    assert [text.split(":")[0] for text in told.missing] == ["cruise", "climb", "descent"]


def recorded(frames: list[Frame], folder: Path) -> Path:
    with Recorder(folder, ManualClock(START_S)) as recorder:
        recorder(frames)
    return recorder.segments[0]
