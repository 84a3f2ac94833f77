"""Track line search (IAMSAR TS): along the route that somebody meant to take.

With return (TSR) the search goes along one side of the track line, half a spacing from it, and comes back on
the other side. Without (TSN) it goes along the track line itself, and once along each side, and does not come
back to where it began. More passes look further out, in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

from missions.aircraft import Aircraft
from missions.errors import SettingsError
from missions.geodesy import GeoPoint
from missions.patterns.corridor import MAX_PASSES, along_line
from missions.patterns.figures import line_in_metres, placed, told, whole
from missions.patterns.pattern import Pattern
from missions.view import View

RETURN, NON_RETURN = "track-line-return", "track-line-non-return"


def track_line(
    line: Sequence[GeoPoint],
    view: View,
    *,
    return_: bool = True,
    passes: int | None = None,
    starboard: bool = True,
    aircraft: Aircraft | None = None,
) -> Pattern:
    """Passes along a track line, one track spacing apart, the line in their middle.

    `return_` ends beside the line's start (passes in even number, 2 unless told), else at its end (odd, 3
    unless told). `starboard` flies the right side first. Raises AreaError for a line that is none, and
    SettingsError.
    """
    count = whole((2 if return_ else 3) if passes is None else passes, "passes, a number", 1, MAX_PASSES)
    if count % 2 == (1 if return_ else 0):
        kind, wanted = ("with return", "an even") if return_ else ("without return", "an odd")
        raise SettingsError(
            f"a track line search {kind} has no {count} passes", remedy=f"Give {wanted} number of passes"
        )
    frame, points = line_in_metres(line)
    side = 1.0 if starboard else -1.0
    order = [side * view.spacing_m * step for step in _steps(count)]
    pattern = along_line(
        RETURN if return_ else NON_RETURN, frame, points, view, order, count * view.spacing_m, aircraft
    )
    return placed(told(pattern, passes=count, returns=float(return_), starboard=float(starboard)))


def _steps(count: int) -> list[float]:
    """How many spacings beside the line each pass lies, the nearest first, right and left by turns.

    >>> _steps(2), _steps(3)
    ([0.5, -0.5], [0.0, 1.0, -1.0])
    """
    steps = [0.0] if count % 2 else []
    for pair in range(count // 2):
        beside = pair + (1.0 if count % 2 else 0.5)
        steps += [beside, -beside]
    return steps
