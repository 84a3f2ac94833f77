"""Aircraft: how fast, how long and how tightly they fly."""

from __future__ import annotations

from dataclasses import dataclass

TAKE_OFF_M = 30.0
"""How high a plane rises straight on before it turns back, to climb on in circles above home."""


@dataclass(frozen=True, slots=True)
class Aircraft:
    """One kind of aircraft.

    `kind` is "copter" or "plane". Speeds in m/s, powers in watts, the battery in watt hours of which
    `reserve_pct` per cent stays unused. `turn_radius_m` is 0 for what can stop and turn. `source` says where
    the figures come from. What follows it has a default; 0 stands for "not known" where the comment says so.
    docs/missions_energy.md tells what each figure does.
    """

    name: str
    kind: str
    cruise_speed_m_s: float
    climb_speed_m_s: float
    descent_speed_m_s: float
    hover_power_w: float
    cruise_power_w: float
    battery_wh: float
    reserve_pct: float = 25.0
    turn_radius_m: float = 0.0
    max_wind_m_s: float = 12.0
    source: str = ""

    battery_health_pct: float = 100.0
    """Share of `battery_wh` that the battery still holds: age, and cold where you know what it takes."""
    mass_kg: float = 0.0
    """At take-off, battery included, payload not. 0: not known, and then no payload can be reckoned with."""
    payload_kg: float = 0.0
    max_payload_kg: float = 0.0
    """0: not known, any is taken."""
    climb_power_w: float = 0.0
    """At `climb_speed_m_s`. 0: from the mass, and without it as in level flight."""
    descent_power_w: float = 0.0
    """At `descent_speed_m_s`. 0: as in level flight for a copter, from the mass for a plane."""
    max_airspeed_m_s: float = 0.0
    """The fastest it flies through the air. 0: cruise speed and the wind it stands together."""
    profile_share: float = 0.45
    """How much of a copter's hover power turns its blades; the rest holds it up (induced)."""
    induced_speed_m_s: float = 5.0
    """Of the air through a hovering copter's rotors."""
    acceleration_m_s2: float = 2.5
    vertical_acceleration_m_s2: float = 1.0
    jerk_m_s3: float = 1.0
    corner_m: float = 2.0
    """How far from a waypoint a copter may round it."""
    take_off_s: float = 0.0
    """From first rising until the first leg, beyond the climb itself."""
    take_off_wh: float = 0.0
    """What take-off costs beyond the climb itself: full throttle on the way up."""
    landing_s: float = 0.0
    """From above home until the motors stop, beyond the descent itself."""
    landing_speed_m_s: float = 0.0
    """Below `landing_height_m`. 0: descent speed down to the ground."""
    landing_height_m: float = 10.0

    def circles_up(self, height_m: float) -> bool:
        """Whether it climbs to this height in circles above home first: a plane, beyond take-off."""
        return self.kind == "plane" and height_m > TAKE_OFF_M

    def ground_radius_m(self, wind_m_s: float) -> float:
        """The tightest turn over the ground in a wind; 0 for what turns on the spot.

        At one bank the radius grows with the square of the ground speed, which is highest with the wind from
        behind: r = v^2 / (g tan bank).
        """
        if self.kind != "plane":
            return self.turn_radius_m
        return self.turn_radius_m * (1 + wind_m_s / self.cruise_speed_m_s) ** 2
