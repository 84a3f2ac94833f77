"""Every rule there is: what it watches, in which unit, and which settings it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telemetry.alerts.conditions.battery import battery_home, battery_low
from telemetry.alerts.conditions.data import missing_data
from telemetry.alerts.conditions.fence import fence_breach, fence_near
from telemetry.alerts.conditions.finds import find, warm_things
from telemetry.alerts.conditions.height import clearance_low, height_above_ground
from telemetry.alerts.conditions.link import link_loss, link_lost, radio_weak
from telemetry.alerts.conditions.messages import autopilot_message
from telemetry.alerts.conditions.navigation import ekf, gps_fix, gps_hdop, gps_satellites
from telemetry.alerts.conditions.route import no_progress, off_route
from telemetry.alerts.conditions.separation import separation, traffic
from telemetry.alerts.conditions.volume import contingency_volume, flight_geography
from telemetry.alerts.reading import Readings
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight

Condition = Callable[[Sight, Rule], Readings]
LONG_S = 3600.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a rule takes, and the range that makes sense."""

    name: str
    about: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Spec:
    """A rule's meaning, which no file changes."""

    name: str
    about: str
    unit: str
    condition: Condition
    figures: tuple[Figure, ...]

    @property
    def deadband(self) -> str:
        """The name of the deadband setting, with the unit that it is in."""
        suffix = {"m": "_m", "s": "_s", "%": "_pct"}.get(self.unit, "")
        return f"deadband{suffix}"


COMMON = (
    Figure("on_delay_s", "how long the condition must hold before the alarm comes", 0, 600),
    Figure("off_delay_s", "how long it must be over before the alarm goes", 0, 600),
    Figure("shelve_max_s", "for how long it may be shelved at most; 0: not at all", 0, 12 * LONG_S),
)
"""What every rule takes, beside enabled, priority, when, latched, suppressed_by and its deadband."""
DEADBAND = Figure("", "how far back within the limit the value must come before the alarm goes", 0, 10_000)


def _m(about: str, low: float = -1000, high: float = 10_000) -> Figure:
    return Figure("limit_m", about, low, high)


_SPECS = (
    Spec(
        "link_lost",
        "The vehicle is not heard",
        "s",
        link_lost,
        (Figure("limit_s", "longest silence", 0.5, LONG_S),),
    ),
    Spec(
        "separation",
        "Two of our aircraft come too near each other",
        "m",
        separation,
        (
            _m("least horizontal distance", 1),
            Figure("vertical_m", "vertical distance that is enough by itself", 1, 1000),
            Figure("ahead_s", "how far ahead in time", 0, 300),
        ),
    ),
    Spec(
        "traffic",
        "Another aircraft comes too near",
        "m",
        traffic,
        (
            _m("least horizontal distance", 1, 50_000),
            Figure("vertical_m", "vertical distance that is enough by itself", 1, 3000),
            Figure("ahead_s", "how far ahead in time", 0, 300),
        ),
    ),
    Spec(
        "contingency_volume",
        "Outside the contingency volume",
        "m",
        contingency_volume,
        (_m("least distance inside"),),
    ),
    Spec("fence_breach", "Outside the plan's fence", "m", fence_breach, (_m("least distance inside"),)),
    Spec(
        "find",
        "The thermal camera found something that nobody has looked at",
        "",
        find,
        (Figure("limit", "frames in which it may be seen without a call", 0, 1000),),
    ),
    Spec(
        "warm_things",
        "The thermal camera found things that may be people, and nobody has looked at them",
        "",
        warm_things,
        (Figure("limit", "frames in which one may be seen without a call", 0, 1000),),
    ),
    Spec(
        "height_above_ground",
        "Higher above the ground than allowed",
        "m",
        height_above_ground,
        (_m("greatest height", 1),),
    ),
    Spec(
        "battery_home",
        "The battery no longer reaches home with its reserve",
        "%",
        battery_home,
        (
            Figure("limit_pct", "least to spare", -100, 100),
            Figure("plain_pct", "what counts as needed where the way home cannot be reckoned", 0, 100),
        ),
    ),
    Spec(
        "battery_low",
        "The battery is nearly empty, wherever home is",
        "%",
        battery_low,
        (Figure("limit_pct", "least left", 0, 100),),
    ),
    Spec("gps_fix", "No three-dimensional GPS fix", "", gps_fix, (Figure("limit", "least fix", 0, 6),)),
    Spec(
        "ekf",
        "The autopilot does not trust its position",
        "",
        ekf,
        (Figure("limit", "1: healthy; 0 never calls", 0, 1),),
    ),
    Spec(
        "autopilot_message",
        "The autopilot itself reports an error or worse",
        "",
        autopilot_message,
        (
            Figure("limit", "severities before this number call: 4 is error and worse, 3 critical", 1, 8),
            Figure("hold_s", "how long a message counts after it was last said", 1, 600),
        ),
    ),
    Spec(
        "flight_geography",
        "Outside the flight geography",
        "m",
        flight_geography,
        (_m("least distance inside"),),
    ),
    Spec(
        "fence_near",
        "Near the plan's fence, or about to be",
        "m",
        fence_near,
        (_m("least distance inside"), Figure("ahead_s", "how far ahead in time", 0, 60)),
    ),
    Spec(
        "clearance_low",
        "Lower above the ground than is safe on the way",
        "m",
        clearance_low,
        (
            _m("least height", 0),
            Figure("home_m", "nearer to home than this it may be low", 0, 1000),
        ),
    ),
    Spec(
        "battery_home_soon",
        "The battery will soon no longer reach home with its reserve",
        "%",
        battery_home,
        (
            Figure("limit_pct", "least to spare", -100, 100),
            Figure("plain_pct", "what counts as needed where the way home cannot be reckoned", 0, 100),
        ),
    ),
    Spec("off_route", "Away from the planned route", "m", off_route, (_m("greatest distance", 1),)),
    Spec(
        "no_progress",
        "The mission does not get on",
        "s",
        no_progress,
        (Figure("limit_s", "longest time without coming nearer", 5, LONG_S),),
    ),
    Spec(
        "missing_data",
        "Something that is watched is not known",
        "",
        missing_data,
        (Figure("limit", "how many things may be unknown", 0, 10),),
    ),
    Spec(
        "link_loss",
        "Many frames are lost",
        "%",
        link_loss,
        (Figure("limit_pct", "greatest share lost", 0.1, 100),),
    ),
    Spec(
        "radio_weak",
        "The telemetry radio is weak",
        "",
        radio_weak,
        (Figure("limit", "least signal above noise, in the radio's units", 0, 254),),
    ),
    Spec(
        "gps_satellites",
        "Few satellites",
        "",
        gps_satellites,
        (Figure("limit", "least number", 0, 60),),
    ),
    Spec("gps_hdop", "GPS is imprecise", "", gps_hdop, (Figure("limit", "greatest HDOP", 0.1, 100),)),
)
SPECS = {spec.name: spec for spec in _SPECS}
"""By name, the gravest first: the order in which alarms of one look are raised."""
