"""What a plan is, on the screen: its figures, its flights, its findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from missions.plan import NoReturn, Plan, Sortie, Totals


def show(
    plan: Plan, target: Path, *, as_json: bool, more: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Print the plan for people, or as one line of JSON with `more` in it."""
    from ops.cli.plan.showing_team import team_rows, team_table

    if as_json:
        print_json(
            {
                **more,
                "plan": str(target),
                "name": plan.name,
                "pattern": plan.request.pattern,
                "totals": dataclasses.asdict(plan.totals),
                "sorties": [_sortie(plan, sortie) for sortie in plan.sorties],
                "findings": [dataclasses.asdict(finding) for finding in plan.findings],
            }
        )
        return
    if plan.is_team:
        out().print(facts(plan.name or "Plan", team_rows(plan)))
        out().print(team_table(plan))
    else:
        out().print(facts(plan.name or "Plan", _rows(plan)))
    if plan.sorties and not plan.is_team:
        columns = ("#Flight", "Aircraft", "#Battery", "Starts", "Time", "#Use", "Turn back by")
        out().print(table("Flights", columns, [_row(n, one) for n, one in enumerate(plan.sorties, 1)]))
    if plan.findings:
        found = [(f.severity.value, f.check, f"{f.text} {f.remedy}".strip()) for f in plan.findings]
        out().print(table("Findings", ("Weight", "Check", "What"), found))
    if plan.blocking:
        say("This plan has blocking findings: it is kept, and will not be uploaded.")
    say(f"Wrote {target}")


def _rows(plan: Plan) -> list[tuple[str, str]]:
    totals, asked = plan.totals, plan.request
    rows = [
        ("Pattern", asked.pattern),
        ("Aircraft", plan.aircraft.name),
        ("Camera", plan.camera.name),
        ("Height", f"{asked.height_agl_m:.0f} m above ground"),
        ("One picture", _picture(totals)),
        *_lanes(totals),
        ("Length", f"{totals.length_m / 1000:.2f} km"),
        ("Time", minutes(totals.duration_s)),
        (
            "Photos",
            f"{totals.photos}, one each {totals.trigger_distance_m:.1f} m" if totals.photos else "none",
        ),
        ("Battery", _battery(plan)),
        ("Covered", f"{totals.covered_pct:.1f} % of the area"),
    ]
    if plan.no_return is not None:
        rows.append(("No return after", no_return_text(plan.no_return)))
    return rows


def _lanes(totals: Totals) -> list[tuple[str, str]]:
    if totals.lanes < 2:
        return []
    apart = f"{totals.lanes}, {totals.lane_spacing_m:.1f} m apart, at {totals.angle_deg:.0f}° from north"
    return [("Lanes", apart)]


def _battery(plan: Plan) -> str:
    if not plan.sorties:
        return f"{plan.totals.battery_pct:.0f} % of one ({plan.totals.energy_wh:.0f} Wh)"
    most_pct = max(sortie.totals.battery_pct for sortie in plan.sorties)
    whole_wh = sum(sortie.totals.energy_wh for sortie in plan.sorties)
    return f"{len(plan.sorties)} flights, each {most_pct:.0f} % of one at most ({whole_wh:.0f} Wh in all)"


def _picture(totals: Totals) -> str:
    ground = f"{totals.footprint_across_m:.0f} x {totals.footprint_along_m:.0f} m"
    return f"{ground}, {totals.gsd_m * 100:.1f} cm a pixel, a person {totals.person_px:.0f} pixels wide"


def _row(number: int, sortie: Sortie) -> tuple[object, ...]:
    back = sortie.no_return
    return (
        number,
        f"{sortie.vehicle}: {sortie.aircraft.name}",
        sortie.battery,
        minutes(sortie.start_s),
        minutes(sortie.totals.duration_s),
        f"{sortie.totals.battery_pct:.0f} %",
        "" if back is None else no_return_text(back),
    )


def _sortie(plan: Plan, sortie: Sortie) -> dict[str, object]:
    return {
        "aircraft": sortie.aircraft.name,
        "vehicle": sortie.vehicle,
        "battery": sortie.battery,
        "start_s": sortie.start_s,
        "ends_s": round(sortie.ends_s, 1),
        "camera": (sortie.camera or plan.camera).name,
        "highest_relative_m": max(row.height_relative_m for row in sortie.route),
        "take_off": dataclasses.asdict(sortie.take_off),
        "totals": dataclasses.asdict(sortie.totals),
        "no_return": None if sortie.no_return is None else dataclasses.asdict(sortie.no_return),
    }


def no_return_text(point: NoReturn) -> str:
    """When a flight must turn back at the latest, and with how much left."""
    return f"{minutes(point.at_s)} ({point.battery_pct:.0f} % left)"


def minutes(seconds: float) -> str:
    """Seconds as people say them.

    >>> minutes(754)
    '12 min 34 s'
    """
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest:02d} s"
