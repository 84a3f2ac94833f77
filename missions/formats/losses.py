"""What a format has no room for, of what a plan holds: said when it is written, so that nobody misses it."""

from __future__ import annotations

from collections.abc import Iterator

from missions.formats.qgc_plan_survey import CORRIDOR
from missions.plan import Plan

_FENCE_ELSEWHERE = {
    "waypoints": "export them as fence-waypoints and rally-waypoints too",
    "wpml": "set them in DJI Pilot 2",
    "litchi": "set them in the app",
}
_CHORDS = frozenset({"wpml", "litchi"})


def losses(plan: Plan, kind: str) -> tuple[str, ...]:
    """One sentence for each thing that a flight would miss, or fly otherwise, from a file of this kind."""
    return tuple(_losses(plan, kind))


def _losses(plan: Plan, kind: str) -> Iterator[str]:
    if kind in _FENCE_ELSEWHERE:
        held = [
            name for name, there in (("fence", plan.fence.inclusions), ("rally points", plan.rally)) if there
        ]
        if held:
            yield f"{kind} has no room for the {' and '.join(held)}: {_FENCE_ELSEWHERE[kind]}."
    circles = sum(1 for one in plan.route if one.orbit_turns > 0)
    if kind in _CHORDS and circles:
        yield f"{kind} knows no circles: {circles} are written as points on them."
    if kind == "litchi":
        yield "litchi does not keep the take-off point, and heights are above wherever it starts."
    if kind == "plan-survey" and plan.request.pattern != CORRIDOR and any(p.holes for p in plan.area.parts):
        yield (
            "a QGroundControl survey has no holes: its lanes go round them until somebody changes the survey"
            " there."
        )
