"""Speed from tyre marks: always a range, never one figure.

A vehicle that slides a length d along a slope loses the energy that friction and the slope take, so that
the speed at the beginning of the marks follows from that at their end:

    v² = v_end² + Σ 2 g (n μ cos θ + sin θ) d

with μ the friction, n the share of the weight on braked wheels, θ the slope (uphill positive), one term for
each surface in turn. A vehicle that slides sideways round a curve without braking follows a circle of radius
R at its critical speed:

    v = √(g R (μ + e) / (1 − μ e)),    R = C² / (8 M) + M / 2

with e the superelevation (tangent of the cross slope, positive where the outside of the curve is higher), C a
chord of the mark and M its middle ordinate. Sources: Fricke, Traffic Accident Reconstruction (Northwestern
University Traffic Institute 1990), topics on drag factor and on speed from skid and yaw marks; Daily,
Shigemura and Daily, Fundamentals of Traffic Crash Reconstruction (IPTM 2006); Brach and Brach, Vehicle
Accident Analysis and Reconstruction Methods (SAE 2011).

Bounds: speed rises or falls steadily with each input, so its bounds lie at bounds of the inputs, all at their
worst together. That holds for certain where the inputs' bounds do. Where they are 95 % intervals of normal
errors it holds with at least 95 % (to first order), however the errors hang together: half the width is the
sum of the inputs' shares, and no correlation makes the deviation of a sum larger than the sum of deviations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imaging.measure.ranges import Range
from missions.errors import SettingsError

GRAVITY_M_S2 = Range(9.780, 9.833, "from the equator to the poles at sea level")
LEVEL = Range.exactly(0.0, "taken as level")
STANDSTILL = Range.exactly(0.0, "comes to rest at the end of the marks")
ALL_BRAKED = Range.exactly(1.0, "all wheels brake")
NO_OFFSET = Range.exactly(0.0, "the path of the centre of mass is taken as that of the mark")
KM_H = 3.6
MOST_SLOPE, MOST_FRICTION = 0.5, 1.5
MOST_LENGTH_M, MOST_SPEED_M_S = 1000.0, 150.0

_COMMON = (
    "The friction is that between these tyres and this surface, in the state it was in, over the whole mark",
    "All inputs are taken at their worst together; the speed is not more likely in the middle of the range",
)
SKID = (
    "The vehicle slides in a straight line, wheels locked or under ABS, from the first to the last mark",
    "The speed is that where the visible marks begin; braking before them is not counted",
    *_COMMON,
)
YAW = (
    "The mark is a yaw mark: striated, with the rear tyre's outside the front tyre's",
    "The vehicle slides sideways and neither brakes nor accelerates",
    "The part measured is an arc of a circle at the beginning of the mark, and the speed that along it",
    "The friction is that across the direction of travel",
    *_COMMON,
)


@dataclass(frozen=True, slots=True)
class Surface:
    """A stretch of a skid: its length along the ground, friction, slope and share of the weight braked.

    `slope` is rise over run, uphill positive. `braked` is 1 where all wheels lock or ABS works on all. For a
    vehicle that slides on bare metal or ploughs, give the friction of that.
    """

    length_m: Range
    friction: Range
    slope: Range = LEVEL
    braked: Range = ALL_BRAKED
    name: str = ""

    def __post_init__(self) -> None:
        self.length_m.within(0, MOST_LENGTH_M, "a length in metres")
        _friction(self.friction)
        self.slope.within(-MOST_SLOPE, MOST_SLOPE, "a slope (rise over run)")
        self.braked.within(0, 1, "a share of the weight braked")

    def energy_m2_s2(self, gravity_m_s2: Range) -> tuple[float, float]:
        """The least and most by which v² falls along it, m²/s²."""
        drags = [
            braked * friction * math.cos(angle) + math.sin(angle)
            for braked in (self.braked.low, self.braked.high)
            for friction in (self.friction.low, self.friction.high)
            for angle in (math.atan(self.slope.low), math.atan(self.slope.high))
        ]
        terms = [
            2 * gravity * drag * length
            for gravity in (gravity_m_s2.low, gravity_m_s2.high)
            for drag in (min(drags), max(drags))
            for length in (self.length_m.low, self.length_m.high)
        ]
        return min(terms), max(terms)


@dataclass(frozen=True, slots=True)
class SpeedBounds:
    """The speed lies between `low_m_s` and `high_m_s`, under `assumptions`, from `inputs` (both in words)."""

    low_m_s: float
    high_m_s: float
    what: str
    inputs: tuple[str, ...]
    assumptions: tuple[str, ...]

    @property
    def low_km_h(self) -> float:
        """The lower bound, km/h."""
        return self.low_m_s * KM_H

    @property
    def high_km_h(self) -> float:
        """The upper bound, km/h."""
        return self.high_m_s * KM_H

    def __str__(self) -> str:
        # Rounded outwards, so that what is printed still holds what was computed.
        km_h = f"{math.floor(self.low_km_h)} to {math.ceil(self.high_km_h)} km/h"
        m_s = f"{math.floor(self.low_m_s * 10) / 10:.1f} to {math.ceil(self.high_m_s * 10) / 10:.1f} m/s"
        return f"{self.what}: {km_h} ({m_s})"


def skid_speed(
    surfaces: Sequence[Surface], end_speed_m_s: Range = STANDSTILL, gravity_m_s2: Range = GRAVITY_M_S2
) -> SpeedBounds:
    """The speed at the beginning of skid marks over one or more surfaces, in the order they were crossed.

    `end_speed_m_s` is the speed at the end of the last mark: zero, or that of the impact there. Raises
    SettingsError where nothing was slid over or an input makes no sense.
    """
    if not 1 <= len(surfaces) <= 20:
        raise SettingsError(
            f"{len(surfaces)} surfaces make no skid", remedy="Give from one to twenty, in the order crossed"
        )
    end_speed_m_s.within(0, MOST_SPEED_M_S, "a speed in m/s")
    low, high = end_speed_m_s.low**2, end_speed_m_s.high**2
    for surface in reversed(surfaces):
        least, most = surface.energy_m2_s2(gravity_m_s2)
        # A speed has no negative square: where friction cannot hold the vehicle, it may have begun at rest.
        low, high = max(0.0, low + least), max(0.0, high + most)
    inputs = [line for number, surface in enumerate(surfaces, 1) for line in _surface_lines(number, surface)]
    return SpeedBounds(
        math.sqrt(low),
        math.sqrt(high),
        "Speed at the beginning of the skid marks",
        (*inputs, _line("speed at their end", end_speed_m_s, "m/s"), _line("gravity", gravity_m_s2, "m/s²")),
        SKID,
    )


def radius_m(chord_m: Range, middle_ordinate_m: Range) -> Range:
    """The radius of an arc from a chord and its middle ordinate, R = C² / (8 M) + M / 2, with its bounds.

    Raises SettingsError where the ordinate cannot be told from zero, so that the mark may be straight, or may
    reach half the chord.
    """
    chord_m.within(0, MOST_LENGTH_M, "a chord in metres")
    if middle_ordinate_m.low <= 0:
        raise SettingsError(
            f"a middle ordinate of {middle_ordinate_m.low:.3f} to {middle_ordinate_m.high:.3f} m "
            "cannot be told from zero: the mark may be straight",
            remedy="Take a longer chord, or measure the ordinate more closely",
        )
    if middle_ordinate_m.high > chord_m.low / 2:
        raise SettingsError(
            "a middle ordinate of more than half the chord makes no arc that a tyre draws",
            remedy="Give the chord first and then the ordinate, in metres",
        )
    # Below half the chord the radius falls as the ordinate grows, and always rises with the chord.
    flat = chord_m.high**2 / (8 * middle_ordinate_m.low) + middle_ordinate_m.low / 2
    bent = chord_m.low**2 / (8 * middle_ordinate_m.high) + middle_ordinate_m.high / 2
    return Range(bent, flat, "from chord and middle ordinate")


def yaw_speed(
    radius_m: Range,
    friction: Range,
    superelevation: Range = LEVEL,
    inward_m: Range = NO_OFFSET,
    gravity_m_s2: Range = GRAVITY_M_S2,
) -> SpeedBounds:
    """The critical speed of a vehicle that left a yaw mark of that radius.

    `inward_m` is how far the centre of mass ran inside the mark: about half the track where the mark is the
    outside front tyre's. Raises SettingsError where an input makes no sense.
    """
    _friction(friction)
    superelevation.within(-MOST_SLOPE, MOST_SLOPE, "a superelevation (rise over run)")
    inward_m.within(0, 3, "a distance of the centre of mass inside the mark, in metres,")
    path = Range(radius_m.low - inward_m.high, radius_m.high - inward_m.low)
    path.within(1, 10_000, "a radius of the centre of mass, in metres,")
    low = _critical_m2_s2(gravity_m_s2.low, path.low, friction.low, superelevation.low)
    high = _critical_m2_s2(gravity_m_s2.high, path.high, friction.high, superelevation.high)
    return SpeedBounds(
        math.sqrt(low),
        math.sqrt(high),
        "Speed in the yaw mark",
        (
            _line("radius of the mark", radius_m, "m"),
            _line("centre of mass inside it by", inward_m, "m"),
            _line("friction", friction),
            _line("superelevation", superelevation),
            _line("gravity", gravity_m_s2, "m/s²"),
        ),
        YAW,
    )


def _critical_m2_s2(gravity_m_s2: float, radius_m: float, friction: float, superelevation: float) -> float:
    # Derivatives: (1 + e²) / (1 − μe)² by the friction, (1 + μ²) / (1 − μe)² by e. It rises with both.
    return max(0.0, gravity_m_s2 * radius_m * (friction + superelevation) / (1 - friction * superelevation))


def _friction(friction: Range) -> None:
    if friction.low <= 0:
        raise SettingsError(f"a friction of {friction.low:g} makes no sense", remedy="Give one above zero")
    friction.within(0, MOST_FRICTION, "a friction")


def _surface_lines(number: int, surface: Surface) -> list[str]:
    name = surface.name or f"surface {number}"
    return [
        _line(f"{name}: length", surface.length_m, "m"),
        _line(f"{name}: friction", surface.friction),
        _line(f"{name}: slope", surface.slope),
        _line(f"{name}: share of the weight braked", surface.braked),
    ]


def _line(what: str, value: Range, unit: str = "") -> str:
    bounds = f"{value.low:.4g}" if value.low == value.high else f"{value.low:.4g} to {value.high:.4g}"
    source = f" ({value.source})" if value.source else ""
    return f"{what} {bounds}{' ' + unit if unit else ''}{source}"
