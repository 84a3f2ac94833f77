"""A flight as it goes: a live view on a terminal, now and then a line elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import shapely
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar

from missions.geodesy import LocalFrame
from ops.cli.screen import err, facts, say

if TYPE_CHECKING:
    from missions.plan import Plan
    from telemetry.flight import FlightProgress

LINE_EACH_S = 5.0
BAR_WIDTH = 44


@contextmanager
def flight_view(plan: Plan) -> Iterator[Callable[[FlightProgress], None]]:
    """Gives what to call with each progress of the flight."""
    console = err()
    distance_m = distance_from(plan)
    if not console.is_terminal:
        yield _lines(distance_m)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda progress: live.update(_picture(progress, distance_m), refresh=True)


def distance_from(plan: Plan) -> Callable[[FlightProgress], float | None]:
    """Metres in plan from the aircraft to the nearest leg of the route, take-off and return included."""
    frame = LocalFrame(plan.take_off)
    places = [plan.take_off, *(waypoint.place for waypoint in plan.route), plan.take_off]
    route = shapely.LineString(frame.local_from_geo([(place.lon_deg, place.lat_deg) for place in places]))

    def distance_m(progress: FlightProgress) -> float | None:
        place = progress.state.place
        if place is None:
            return None
        return float(route.distance(shapely.Point(frame.local_from_geo([place[::-1]])[0])))

    return distance_m


def _picture(progress: FlightProgress, distance_m: Callable[[FlightProgress], float | None]) -> Group:
    state = progress.state
    done = ProgressBar(total=max(1, progress.waypoint_count), completed=progress.waypoint, width=BAR_WIDTH)
    rows = [
        ("Phase", f"{progress.phase}, mode {state.mode}"),
        (
            "Waypoint",
            f"{progress.waypoint} of {progress.waypoint_count}, {_figure(progress.distance_m, 'm')} to go",
        ),
        ("Height", _figure(state.height_relative_m, "m above take-off")),
        ("Speed", _figure(state.ground_speed_m_s, "m/s")),
        ("Battery", _figure(state.battery_pct, "%")),
        ("From the plan", _figure(distance_m(progress), "m")),
        ("Flown", f"{progress.flown_m / 1000:.2f} km in {progress.elapsed_s:.0f} s"),
    ]
    if state.status_text:
        rows.append(("Vehicle says", state.status_text))
    return Group(facts(f"{state.kind} {state.system}", rows), done)


def _lines(distance_m: Callable[[FlightProgress], float | None]) -> Callable[[FlightProgress], None]:
    phase, told_s = "", -LINE_EACH_S

    def look(progress: FlightProgress) -> None:
        nonlocal phase, told_s
        if progress.phase == phase and progress.elapsed_s - told_s < LINE_EACH_S:
            return
        phase, told_s = progress.phase, progress.elapsed_s
        state = progress.state
        say(
            f"{progress.elapsed_s:.0f} s {phase}: waypoint {progress.waypoint} of {progress.waypoint_count}, "
            f"height {_figure(state.height_relative_m, 'm')}, "
            f"speed {_figure(state.ground_speed_m_s, 'm/s')}, "
            f"battery {_figure(state.battery_pct, '%')}, off {_figure(distance_m(progress), 'm')}"
        )

    return look


def _figure(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.1f} {unit}"
