"""The ground of a plan's picture: area, fence, no-fly zones."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from missions.area import Part
from missions.geodesy import GeoPoint, LocalFrame, Points
from missions.plan import Plan
from ops.reports.plan_colors import AREA, AREA_EDGE, FENCE, NO_GO


def draw_ground(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Area with its holes, fence, and what must not be flown over."""
    for number, part in enumerate(plan.area.parts):
        label = "Area" if number == 0 else None
        outline = _outline(part, frame)
        axes.add_patch(PathPatch(outline, facecolor=AREA, edgecolor=AREA_EDGE, lw=1.2, label=label, zorder=1))
    for number, part in enumerate(plan.fence.inclusions):
        label = "Fence" if number == 0 else None
        outline = _outline(part, frame)
        axes.add_patch(
            PathPatch(outline, fill=False, edgecolor=FENCE, lw=1.1, ls=(0, (6, 3)), label=label, zorder=2)
        )
    for number, ring in enumerate(plan.fence.exclusions):
        label = "No-fly zone" if number == 0 else None
        outline = _outline(Part(ring), frame)
        axes.add_patch(PathPatch(outline, facecolor=NO_GO, edgecolor=FENCE, lw=1.1, label=label, zorder=2))


def _outline(part: Part, frame: LocalFrame) -> Outline:
    """A polygon with its holes as one closed path; holes turn the other way round and stay empty."""
    rings = [_turned(points_of(list(part.border), frame), left=True)]
    rings += [_turned(points_of(list(hole), frame), left=False) for hole in part.holes]
    vertices = np.vstack([np.vstack([ring, ring[:1]]) for ring in rings])
    codes = [np.full(len(ring) + 1, Outline.LINETO, np.uint8) for ring in rings]
    for each in codes:
        each[0], each[-1] = Outline.MOVETO, Outline.CLOSEPOLY
    return Outline(vertices, np.concatenate(codes))


def _turned(ring: Points, *, left: bool) -> Points:
    x, y = ring[:, 0], ring[:, 1]
    turns_left = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) > 0
    return ring if turns_left == left else ring[::-1]


def points_of(places: list[GeoPoint], frame: LocalFrame) -> Points:
    """(n, 2) metres east and north in a frame."""
    return frame.local_from_geo([(place.lon_deg, place.lat_deg) for place in places])
