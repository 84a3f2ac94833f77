"""What a condition found: a value, its limit, and the room between the two."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One value against its limit.

    `margin` is the room left, in the unit of both: the condition holds where it is below 0. None: unknown,
    and then an alarm stays as it is. Infinite: the question does not arise (an aircraft that lands is low).
    `subject` is what else it is about, as in `Key`.
    """

    value: float | None
    limit: float
    margin: float | None
    text: str
    subject: str = ""


Readings = tuple[Reading, ...] | None
"""What a condition gives: a reading for each subject that it knows of. None: nothing is known at all.

A subject that is not among the readings is clear.
"""


def above(value: float, limit: float, text: str, subject: str = "") -> tuple[Reading]:
    """A reading of what must not rise above its limit."""
    return (Reading(value, limit, limit - value, text, subject),)


def below(value: float, limit: float, text: str, subject: str = "") -> tuple[Reading]:
    """A reading of what must not fall below its limit."""
    return (Reading(value, limit, value - limit, text, subject),)


def clear(value: float | None, limit: float, text: str) -> tuple[Reading]:
    """A reading where the question does not arise."""
    return (Reading(value, limit, math.inf, text),)
