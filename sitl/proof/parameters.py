"""The parameters an ArduPilot flies a plan with: camera, gimbal, fence, battery and wind."""

from __future__ import annotations

from missions.plan import Plan

VOLTS = 12.6
"""SITL's battery, which keeps its voltage whatever is taken from it."""
_LATER = 0.1
ALWAYS = {
    # A camera that says where it took each picture, on a gimbal that tilts and rolls.
    "CAM1_TYPE": 1,
    "MNT1_TYPE": 1,
    "SERVO9_FUNCTION": 7,
    "SERVO10_FUNCTION": 8,
    "MNT1_PITCH_MIN": -90,
    # The plan's fence in force; type 4 is polygons alone: by default ArduPilot adds a circle of 300 m and a
    # ceiling of 100 m of its own.
    "FENCE_ENABLE": 1,
    "FENCE_TYPE": 4,
}
PANNING = {"SERVO11_FUNCTION": 6}


def pans(plan: Plan) -> bool:
    """Whether the gimbal turns away from the nose: that of a plane, which cannot fly sideways."""
    return plan.aircraft.kind == "plane"


def parameters_of(plan: Plan) -> dict[str, float]:
    """Those for one flight of a plan, in its wind and with its battery.

    The autopilot counts what it takes from the battery, and breaks the flight off where it has used a tenth
    more than the plan may: so a second flight on the first one's battery would not be finished.
    """
    craft = plan.aircraft
    full_mah = 1000 * craft.battery_wh * craft.battery_health_pct / 100 / VOLTS
    left_share = 1 - (1 + _LATER) * (1 - craft.reserve_pct / 100)
    chosen: dict[str, float] = {**ALWAYS, "BATT_CAPACITY": round(full_mah)}
    if left_share > 0:
        chosen |= {
            "BATT_LOW_MAH": round(left_share * full_mah),
            "BATT_FS_LOW_ACT": 1 if plan.aircraft.kind == "plane" else 2,
        }
    if pans(plan):
        chosen |= PANNING
    if plan.wind is not None:
        chosen |= {"SIM_WIND_SPD": plan.wind.speed_m_s, "SIM_WIND_DIR": plan.wind.from_deg}
    return chosen
