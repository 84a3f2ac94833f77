"""Where it thinks it is: GPS and the autopilot's position filter (EKF)."""

from __future__ import annotations

from telemetry.alerts.reading import Readings, above, below
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight

_FIX_RANKS = {"no GPS": 0, "no fix": 1, "2D": 2, "3D": 3, "DGPS": 4, "RTK float": 5, "RTK fixed": 6}
_GOOD = 3
"""What is not named (static, PPP, newer ones) is a 3D fix at least."""


def gps_fix(sight: Sight, rule: Rule) -> Readings:
    """The fix as MAVLink counts it: 2 is two-dimensional, 3 three-dimensional, 4 to 6 better."""
    fix = sight.state.fix
    return None if fix is None else below(float(_FIX_RANKS.get(fix, _GOOD)), rule["limit"], f"GPS: {fix}")


def gps_satellites(sight: Sight, rule: Rule) -> Readings:
    """Satellites seen."""
    seen = sight.state.satellites
    return None if seen is None else below(float(seen), rule["limit"], f"{seen} satellites")


def gps_hdop(sight: Sight, rule: Rule) -> Readings:
    """The horizontal dilution of precision."""
    hdop = sight.state.hdop
    return None if hdop is None else above(hdop, rule["limit"], f"HDOP {hdop:.1f}")


def ekf(sight: Sight, rule: Rule) -> Readings:
    """1 where the filter knows attitude, horizontal velocity and absolute position, else 0."""
    healthy = sight.state.ekf_healthy
    if healthy is None:
        return None
    text = (
        "position filter (EKF) healthy" if healthy else f"position filter (EKF) flags {sight.state.ekf_flags}"
    )
    return below(float(healthy), rule["limit"], text)
