"""A pattern: the path it became, the ground it is for, and the figures that describe it."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapely import LineString, MultiPolygon, Point, Polygon

from missions.geodesy import LocalFrame
from missions.patterns.path import Path

Shape = Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one file of this folder makes, and the planner turns into a plan.

    `shape` is the ground that the pattern is for, in `frame`; `path` lies in the same frame.
    `from_take_off` says that the path already begins and ends at the take-off point. `covered_pct` is the
    share of `shape` that its pictures see. The path is drawn by its corners: turns of what cannot stop
    are the planner's (`flyable`). `figures` are what the pattern was told, units in the names.
    """

    name: str
    frame: LocalFrame
    shape: Shape
    path: Path
    lanes: int
    spacing_m: float
    trigger_m: float
    angle_deg: float = 0.0
    asked_angle_deg: float | None = None
    covered_pct: float = 100.0
    from_take_off: bool = False
    figures: dict[str, float] = field(default_factory=dict)


def ground_of(path: Path, width_m: float) -> Shape:
    """The ground within half a width of a path: the shape of a pattern that was given no area."""
    line = LineString(path.points) if len(path) > 1 else Point(path.points[0])
    return line.buffer(width_m / 2, quad_segs=8)
