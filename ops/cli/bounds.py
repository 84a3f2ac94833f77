"""Quantities with bounds on the command line: `23.4+-0.2`, `0.6..0.8`, `-4..-2%`, with `: source`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from missions.errors import InputError
from ops.cli.shell import one_line

if TYPE_CHECKING:
    from imaging.measure.ranges import Range

_NUMBER = r"[+-]?(?:\d{1,12}(?:[.,]\d*)?|[.,]\d+)"
_BOUNDS = re.compile(
    rf"\s*({_NUMBER})\s*(%?)\s*(?:(\.\.|\+-|\+/-|±)\s*({_NUMBER})\s*(%?))?\s*(?::\s*(\S.{{0,300}}))?",
    re.DOTALL | re.ASCII,
)
HOW = "Give its bounds, such as 23.4+-0.2 or 23.2..23.6"


def is_bounds(text: str) -> bool:
    """Whether it is a number, with bounds or without."""
    return _BOUNDS.fullmatch(text) is not None


def bounds_from(text: str, name: str, *, exact: bool = False) -> Range:
    """The quantity that an option named `name` was given. A decimal comma is one; % is a hundredth.

    A number alone is taken only where `exact` allows it: what is measured is never known exactly. Raises
    InputError.
    """
    from imaging.measure.ranges import NOT_TOLD, TAKEN_AS_EXACT, Range

    matched = _BOUNDS.fullmatch(text)
    if matched is None:
        raise InputError(f"{shown(text)} is no number with bounds", where=name, remedy=HOW)
    first, percent, sign, second, percent_too, source = matched.groups()
    share = 0.01 if percent or percent_too else 1.0
    value = share * _number(first)
    if sign is None:
        if not exact:
            raise InputError(f"{shown(text)} has no bounds", where=name, remedy=HOW)
        return Range.exactly(value, one_line(source) if source else TAKEN_AS_EXACT)
    other = share * _number(second)
    low, high = (value, other) if sign == ".." else (value - other, value + other)
    if low > high:
        raise InputError(
            f"the bounds in {shown(text)} are the wrong way round",
            where=name,
            remedy="Give the lower one first",
        )
    return Range(low, high, one_line(source) if source else NOT_TOLD)


def shown(text: str) -> str:
    """What was given, in quotes and not at length."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _number(text: str) -> float:
    return float(text.replace(",", "."))
