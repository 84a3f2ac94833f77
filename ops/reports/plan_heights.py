"""Heights along a plan's route, and the ground below where it is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from missions.geodesy import LocalFrame
from missions.plan import Plan
from ops.reports.plan_colors import AREA_EDGE, INK, LANE, MUTED
from ops.reports.plan_ground import points_of

_DIFFER_M = 1.0


def worth_drawing(plan: Plan) -> bool:
    """Whether heights differ along the route, or the ground below it is known."""
    heights = [waypoint.height_relative_m for waypoint in plan.route]
    differ = bool(heights) and max(heights) - min(heights) > _DIFFER_M
    return differ or any(waypoint.height_agl_m is not None for waypoint in plan.route)


def draw_heights(axes: Axes, plan: Plan, frame: LocalFrame) -> None:
    """Metres above take-off over metres along the route."""
    here = points_of([waypoint.place for waypoint in plan.route], frame)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(here, axis=0).T))])
    height = np.array([waypoint.height_relative_m for waypoint in plan.route])
    axes.plot(along, height, color=LANE, lw=1.3)
    ground = _ground(plan, height)
    if np.isfinite(ground).any():
        axes.fill_between(
            along, ground, min(0.0, float(np.nanmin(ground))) - 2, color=AREA_EDGE, alpha=0.6, lw=0
        )
    axes.set_xlim(0, along[-1] or 1)
    axes.set_ylabel("m above\ntake-off", fontsize=8, color=INK)
    axes.tick_params(labelsize=8, colors=MUTED)
    axes.margins(y=0.15)
    for name, side in axes.spines.items():
        side.set_visible(name in {"left", "bottom"})
        side.set_color(MUTED)
    axes.text(
        1.0, -0.32, "metres along the route", transform=axes.transAxes, ha="right", fontsize=8, color=MUTED
    )


def _ground(plan: Plan, height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    agl = [np.nan if w.height_agl_m is None else w.height_agl_m for w in plan.route]
    return np.asarray(height - np.array(agl, float))
