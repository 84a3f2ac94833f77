"""What energy promises is what a real autopilot takes, within a tenth."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitl.ardupilot import find, where_looked
from tools.energy_flights import CASES, flown, promised

pytestmark = [pytest.mark.sitl, pytest.mark.timeout(300)]
WITHIN = 0.1


@pytest.mark.parametrize("name", ["copter-circles", "plane-lanes"])
def test_a_flight_takes_the_seconds_and_the_watt_hours_that_were_promised(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if find(case.kind) is None:
        pytest.skip(where_looked(case.kind))
    _, time_s, energy_wh = promised(case)
    samples = flown(case, tmp_path / "tlog")
    assert time_s == pytest.approx(float(samples.time_s[-1]), rel=WITHIN)
    assert energy_wh == pytest.approx(samples.energy_wh, rel=WITHIN)
