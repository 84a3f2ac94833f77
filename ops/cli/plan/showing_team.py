"""What a team's plan is, on the screen: who flies what, from when to when, and when the last is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.plan.showing import minutes, no_return_text
from ops.cli.screen import table

if TYPE_CHECKING:
    from rich.table import Table

    from missions.plan import Plan, Sortie


def team_rows(plan: Plan) -> list[tuple[str, str]]:
    """The plan's figures where they are the team's."""
    totals = plan.totals
    last = max(plan.sorties, key=lambda sortie: sortie.ends_s)
    return [
        ("Pattern", plan.request.pattern),
        ("Aircraft", f"{len(plan.vehicles)}, {len(plan.sorties)} flights"),
        ("Length", f"{totals.length_m / 1000:.2f} km in all"),
        ("Last lands", f"aircraft {last.vehicle}, after {minutes(last.ends_s)}"),
        ("Photos", f"{totals.photos}" if totals.photos else "none"),
        ("Battery", f"{totals.battery_pct:.0f} % of one at most, {totals.energy_wh:.0f} Wh in all"),
        ("Covered", f"{totals.covered_pct:.1f} % of the area"),
    ]


def team_table(plan: Plan) -> Table:
    """Every flight: its aircraft, its height, and from when to when."""
    columns = ("#Flight", "Aircraft", "Camera", "#Height", "Takes off", "Lands", "#Use", "Turn back by")
    return table("Who flies", columns, [_row(plan, n, one) for n, one in enumerate(plan.sorties, 1)])


def _row(plan: Plan, number: int, sortie: Sortie) -> tuple[object, ...]:
    camera = sortie.camera or plan.camera
    back = sortie.no_return
    return (
        number,
        f"{sortie.vehicle}: {sortie.aircraft.name}",
        camera.name,
        heights(sortie),
        minutes(sortie.start_s),
        minutes(sortie.ends_s),
        f"{sortie.totals.battery_pct:.0f} %",
        "" if back is None else no_return_text(back),
    )


def heights(sortie: Sortie) -> str:
    """How high a flight is, metres above its take-off point."""
    flown = [row.height_relative_m for row in sortie.route]
    low, high = min(flown), max(flown)
    return f"{high:.0f} m" if high - low < 1 else f"{low:.0f}-{high:.0f} m"
