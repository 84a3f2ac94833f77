"""Power in flight: level at an airspeed, climbing, descending, loaded.

A copter's level power is the curve of a rotor in forward flight (Zeng, Xu, Zhang, "Energy Minimization for
Wireless Communication With Rotary-Wing UAV", IEEE Trans. Wireless Commun. 18(4), 2019, eq. 12): blades,
lift and drag,

    P(V) = B (1 + 3 V^2 / U^2) + I sqrt(sqrt(1 + V^4 / 4 v^4) - V^2 / 2 v^2) + D V^3

with B + I the hover power, U the blades' tip speed, v the induced speed in hover, and D such that the curve
passes through the cruise power at cruise speed. A plane's is drag that grows with V^2 and drag of lift that
falls with it, equal at cruise speed: P(V) = P(cruise) ((V/c)^3 + c/V) / 2. Weight raises the power that
holds an aircraft up by (total / own mass)^1.5 (momentum theory; for a plane at one lift coefficient).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from missions.aircraft import Aircraft
from missions.energy.track import Floats
from missions.errors import SettingsError

TIP_SPEED_M_S = 120.0
"""Of the blades; Zeng et al., table I. It hardly matters below 20 m/s."""
CLIMB_EFFICIENCY = 0.7
"""From the battery to the weight lifted: motor, controller and rotor together, our assumption."""
GRAVITY_M_S2 = 9.81
LEAST_SHARE = 0.1
"""A descent takes no less than this share of the power in level flight."""


def usable_wh(aircraft: Aircraft) -> float:
    """What the full battery holds at its age."""
    return aircraft.battery_wh * aircraft.battery_health_pct / 100


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Level power of one aircraft as loaded, by the formulas above; `power_curve` makes it."""

    plane: bool
    blades_w: float
    lift_w: float
    lift_power: float
    drag_w_s3_m3: float
    induced_speed_m_s: float
    cruise_speed_m_s: float
    weight_n: float

    def level_w(self, airspeed_m_s: npt.ArrayLike) -> Floats:
        """Watts in level flight at airspeeds of any shape."""
        speed = np.asarray(airspeed_m_s, float)
        if self.plane:
            ratio = np.maximum(speed, 0.1) / self.cruise_speed_m_s
            return np.asarray(self.lift_w * (ratio**3 + 1 / ratio) / 2)
        lift = lift_factor(speed, self.induced_speed_m_s) ** self.lift_power
        drag = self.drag_w_s3_m3 * speed**3
        return np.asarray(self.blades_w * blade_factor(speed) + self.lift_w * lift + drag)


@lru_cache(maxsize=64)
def power_curve(aircraft: Aircraft) -> PowerCurve:
    """The curve through hover and cruise power, raised by the payload. Raises SettingsError for a payload
    that cannot be carried, or reckoned with."""
    load = load_factor(aircraft)
    hover_w, cruise_w, speed = aircraft.hover_power_w, aircraft.cruise_power_w, aircraft.cruise_speed_m_s
    weight_n = GRAVITY_M_S2 * (aircraft.mass_kg + aircraft.payload_kg)
    if aircraft.kind == "plane":
        return PowerCurve(True, 0.0, cruise_w * load, 1.0, 0.0, 1.0, speed, weight_n)
    blade, lift = float(blade_factor(speed)), float(lift_factor(speed, aircraft.induced_speed_m_s))
    share = min(1.0, max(0.0, aircraft.profile_share))
    drag_w = cruise_w - hover_w * (share * blade + (1 - share) * lift)
    exponent = 1.0
    if drag_w < 0:
        # cheaper than any drag allows: less of hover is blades, and if need be lift is cheaper still
        share = max(0.0, (cruise_w / hover_w - lift) / (blade - lift))
        drag_w = 0.0
        exponent = 1.0 if share > 0 else float(np.log(cruise_w / hover_w) / np.log(lift))
    return PowerCurve(
        plane=False,
        blades_w=hover_w * share * load,
        lift_w=hover_w * (1 - share) * load,
        lift_power=exponent,
        drag_w_s3_m3=drag_w / speed**3,
        induced_speed_m_s=aircraft.induced_speed_m_s * load ** (1 / 3),
        cruise_speed_m_s=speed,
        weight_n=weight_n,
    )


def blade_factor(airspeed_m_s: npt.ArrayLike) -> Floats:
    """How the power of turning blades grows with airspeed, 1 in hover."""
    return np.asarray(1 + 3 * np.square(airspeed_m_s) / TIP_SPEED_M_S**2)


def lift_factor(airspeed_m_s: npt.ArrayLike, induced_speed_m_s: float) -> Floats:
    """How the power of holding up falls with airspeed, 1 in hover."""
    half = np.square(np.asarray(airspeed_m_s, float) / induced_speed_m_s) / 2
    return np.asarray(np.sqrt(np.sqrt(1 + half**2) - half))


def load_factor(aircraft: Aircraft) -> float:
    """How much more power the payload takes, 1 without. Raises SettingsError."""
    if not aircraft.payload_kg:
        return 1.0
    if not aircraft.mass_kg:
        raise SettingsError(
            f"what {aircraft.payload_kg:g} kg of payload cost {aircraft.name} cannot be told: its mass is not"
            " known",
            remedy="Write its mass_kg in your own catalogue",
        )
    if aircraft.max_payload_kg and aircraft.payload_kg > aircraft.max_payload_kg:
        raise SettingsError(
            f"{aircraft.name} carries {aircraft.max_payload_kg:g} kg, not {aircraft.payload_kg:g}",
            remedy="Take less, or another aircraft",
        )
    return float((1 + aircraft.payload_kg / aircraft.mass_kg) ** 1.5)


def with_climb_w(aircraft: Aircraft, level_w: Floats, climb_m_s: Floats) -> Floats:
    """Power while rising (above 0) or sinking at this rate, from the level power at the same airspeed.

    Measured climb and descent power count as a difference from level flight that grows with the rate;
    unmeasured ones are weight x rate / efficiency where the mass is known.
    """
    level_at_rest_w = aircraft.cruise_power_w if aircraft.kind == "plane" else aircraft.hover_power_w
    weight_w = GRAVITY_M_S2 * (aircraft.mass_kg + aircraft.payload_kg) / CLIMB_EFFICIENCY
    up_w = weight_w
    if aircraft.climb_power_w:
        up_w = (aircraft.climb_power_w - level_at_rest_w) / aircraft.climb_speed_m_s
    down_w = weight_w if aircraft.kind == "plane" else 0.0
    if aircraft.descent_power_w:
        down_w = (level_at_rest_w - aircraft.descent_power_w) / aircraft.descent_speed_m_s
    more_w = up_w * np.maximum(climb_m_s, 0) - down_w * np.maximum(-climb_m_s, 0)
    return np.asarray(np.maximum(level_w + more_w, LEAST_SHARE * level_w))
