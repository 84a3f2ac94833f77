"""What a thing may be, in a word and with the reasons: nothing is left out for being none.

Only what the pictures tell is used: size on the ground, motion, temperature where there is one, how the
contrast went, and what a learned detector said. A deer, a warm stone and a person may look alike in all of
it; the word is then `person?`, since that is the mistake that costs less. So too a detector is believed: that
it took something for a person counts where it said anything at all, that it is none only where most of all
sightings say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["person?", "vehicle?", "animal?", "warm object", "cold object"]

SMALLEST_PERSON_M, LARGEST_PERSON_M = 0.45, 2.4
LARGEST_CALLED_PERSON_M = 3.0
"""What a detector takes for a person may measure so much: on ground that is 12 m nearer to the camera than it
is thought to be, from 60 m, a person measures a quarter more than he is."""
SMALLEST_VEHICLE_M, LARGEST_VEHICLE_M = 3.0, 14.0
_NARROWEST_VEHICLE_M = 1.2
FASTEST_ON_FOOT_M_S = 5.0
HOTTEST_PERSON_DEGC = 45.0
"""Skin is near 34 °C and clothes in the sun below this; engines, fires and vents are above."""
_MAJORITY = 0.6
_COOLING_S, _COOLED = 900.0, 0.4


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a thing. `size_m` is its longer and shorter side, `cut` says that edges cut it always.

    `speed_m_s` None: it stood still. `times_s` and `contrasts` are of its sightings; `categories` are what a
    learned detector said, once a sighting, "" where nothing.
    """

    size_m: tuple[float, float]
    cut: bool
    polarity: str
    speed_m_s: float | None = None
    way_m: float = 0.0
    temperature_degc: float | None = None
    times_s: Sequence[float] = ()
    contrasts: Sequence[float] = ()
    categories: Sequence[str] = ()


def kind_of(traits: Traits) -> tuple[Kind, tuple[str, ...]]:
    """The word and the reasons for it."""
    object_: Kind = "warm object" if traits.polarity == "warm" else "cold object"
    said, reasons = _said(traits)
    longer, shorter = traits.size_m
    size = f"{longer:.1f} x {shorter:.1f} m"
    walks = traits.speed_m_s
    if walks is not None:
        reasons.append(f"moves, {walks:.1f} m/s over {traits.way_m:.0f} m")
    if traits.temperature_degc is not None and traits.temperature_degc > HOTTEST_PERSON_DEGC:
        return object_, (*reasons, f"hotter than a person gets ({traits.temperature_degc:.0f} °C)")
    if traits.cut:
        reasons.append(f"cut by the frame's edge: at least {size}")
    elif said == "person" and LARGEST_PERSON_M < longer <= LARGEST_CALLED_PERSON_M:
        reasons.append(f"larger than a person ({size}), which he may measure where the ground is nearer")
    elif longer > LARGEST_PERSON_M:
        return _large(traits, said, object_, [*reasons, f"larger than a person ({size})"])
    elif longer < SMALLEST_PERSON_M:
        small: Kind = "animal?" if walks is not None else object_
        return ("person?" if said == "person" else small), (*reasons, f"smaller than a person shows ({size})")
    else:
        reasons.append(f"of a person's size ({size})")
    if said == "vehicle":
        return "vehicle?", tuple(reasons)
    if walks is not None and walks > FASTEST_ON_FOOT_M_S:
        return "animal?", (*reasons, "faster than a person runs for long")
    if walks is None and (cooled := _cooled(traits)):
        return object_, (*reasons, cooled)
    if said == "warm object":
        return object_, tuple(reasons)
    return "person?", tuple(reasons)


def _large(traits: Traits, said: str, object_: Kind, reasons: list[str]) -> tuple[Kind, tuple[str, ...]]:
    longer, shorter = traits.size_m
    like = SMALLEST_VEHICLE_M <= longer <= LARGEST_VEHICLE_M and shorter >= _NARROWEST_VEHICLE_M
    if said == "vehicle" or like or (traits.speed_m_s or 0.0) > FASTEST_ON_FOOT_M_S:
        return "vehicle?", (*reasons, "of a vehicle's size" if like else "of no vehicle's size")
    return object_, tuple(reasons)


def _said(traits: Traits) -> tuple[str, list[str]]:
    """What a learned detector said most often, with its reason; "" where it said so too seldom."""
    named = [category for category in traits.categories if category]
    if not named:
        return "", []
    most = max(sorted(set(named)), key=named.count)
    count, all_ = named.count(most), len(traits.categories)
    said = f"a learned detector took it for a {most} in {count} of {all_} sightings"
    if count >= _MAJORITY * (len(named) if most == "person" else all_):
        return most, [said]
    return "", [f"{said}, and was not of one mind"]


def _cooled(traits: Traits) -> str:
    """Whether its contrast fell as a stone's does, over a quarter of an hour and more."""
    if len(traits.times_s) < 4:
        return ""
    times, contrasts = np.asarray(traits.times_s), np.abs(np.asarray(traits.contrasts))
    passed_s = float(times[-1] - times[0])
    first, last = (
        float(np.median(half)) for half in (contrasts[: len(times) // 2], contrasts[len(times) // 2 :])
    )
    if passed_s < _COOLING_S or first <= 0 or last > (1 - _COOLED) * first:
        return ""
    return f"its contrast fell by {1 - last / first:.0%} in {passed_s / 60:.0f} min, as that of a stone does"
