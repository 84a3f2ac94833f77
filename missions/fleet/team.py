"""Who flies in a team, and at which height."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from missions.aircraft import Aircraft
from missions.camera import Camera
from missions.energy import turn_s, usable_wh
from missions.errors import SettingsError
from missions.geodesy import GeoPoint
from missions.view import View

MOST = 8
SEPARATIONS = ("height", "time", "area")


@dataclass(frozen=True, slots=True)
class Member:
    """One aircraft of a team, its camera and where it takes off; `view` for its own height and overlaps."""

    aircraft: Aircraft
    camera: Camera
    take_off: GeoPoint
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast an aircraft works, seconds: for a turn into the next lane, in the air on one battery, up and
    down, and to swap it."""

    speed_m_s: float
    spacing_m: float
    area_m2_s: float
    turn_s: float
    airborne_s: float
    vertical_s: float
    swap_s: float


def views_of(
    team: Sequence[Member], asked: tuple[float, float, float], separation: str, step_m: float
) -> list[View]:
    """Each member's view; kept apart in height they lie `step_m` apart, the coarser camera lower.

    `asked` is height, side and front overlap for members without a view of their own. Nobody flies lower
    than asked, so that no lane is narrower. Raises SettingsError.
    """
    _check(team, separation, step_m)
    views = [member.view or View(member.camera, *asked) for member in team]
    if separation != "height":
        return views
    order = sorted(range(len(team)), key=lambda index: (views[index].height_agl_m, -views[index].gsd_m))
    lowest_m = -math.inf
    for index in order:
        height_m = max(views[index].height_agl_m, lowest_m)
        views[index] = dataclasses.replace(views[index], height_agl_m=height_m)
        lowest_m = height_m + step_m
    return views


def rates_of(member: Member, view: View, usable_pct: float, swap_s: float) -> Rates:
    """What a member gets done, wind and turns left out."""
    craft = member.aircraft
    vertical_s = view.height_agl_m * (1 / craft.climb_speed_m_s + 1 / craft.descent_speed_m_s)
    return Rates(
        speed_m_s=craft.cruise_speed_m_s,
        spacing_m=view.spacing_m,
        area_m2_s=view.spacing_m * craft.cruise_speed_m_s,
        turn_s=_turn_s(craft, view.spacing_m),
        airborne_s=3600 * usable_wh(craft) * usable_pct / 100 / craft.cruise_power_w,
        vertical_s=vertical_s,
        swap_s=swap_s,
    )


def _turn_s(craft: Aircraft, spacing_m: float) -> float:
    """From the end of a lane into the next.

    What cannot stop flies half a circle, and where lanes lie nearer than that is wide swings out: pi radii
    for lanes two radii apart, about seven for one back along itself.
    """
    swing_m = craft.turn_radius_m * math.pi + 2 * max(0.0, 2 * craft.turn_radius_m - spacing_m)
    turn_m = spacing_m if craft.turn_radius_m == 0 else swing_m
    return turn_s(craft) + turn_m / craft.cruise_speed_m_s


def _check(team: Sequence[Member], separation: str, step_m: float) -> None:
    if not 1 <= len(team) <= MOST:
        raise SettingsError(f"a team of {len(team)} aircraft is none", remedy=f"Name 1 to {MOST} aircraft")
    if separation not in SEPARATIONS:
        raise SettingsError(
            f"{separation!r} keeps nobody apart", remedy=f"Say one of {', '.join(SEPARATIONS)}"
        )
    if not (math.isfinite(step_m) and 5 <= step_m <= 100):
        raise SettingsError(f"{step_m} m between heights makes no sense", remedy="Give 5 to 100 metres")
