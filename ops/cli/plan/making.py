"""From a pattern to a plan on the disk: kept, drawn, entered in the operation, and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation
from ops.cli.plan.showing import show

if TYPE_CHECKING:
    import typer

    from missions.plan import Plan
    from ops.cli.plan.flight import Flight
    from ops.config import Settings
    from ops.operations import Operation


def make(context: typer.Context, flight: Flight, planned: Callable[[Settings], Plan], **details: str) -> None:
    """Plan, then write, draw, enter and show the plan; nothing is left where one of them fails."""
    from missions.files import writing_whole
    from missions.plan_file import json_from_plan

    settings = settings_of(context)
    entered = open_operation(flight.operation, settings)
    if flight.output is None and entered is None:
        raise InputError(
            "nowhere to write the plan", where="--output", remedy="Give -o PLAN, or --operation FOLDER"
        )
    plan = planned(settings)
    target = flight.output or _path_in(entered, plan)
    with writing_whole(target) as temporary:
        temporary.write_text(json_from_plan(plan), encoding="utf-8")
        if flight.picture is not None:
            _draw(plan, flight.picture)
    enter(entered, target, "plan", **details)
    if flight.picture is not None:
        enter(entered, flight.picture, "picture", plan=target.name)
    show(plan, target, as_json=flight.as_json)


def from_pattern(flight: Flight, settings: Settings, made: Callable[..., object], **defaults: float) -> Plan:
    """The plan of a pattern: `made(setup, view)` gives the pattern."""
    from missions.planner import plan_pattern

    view = flight.view(settings, **defaults)
    setup = flight.setup(settings)
    return plan_pattern(made(setup, view), view, setup)  # type: ignore[arg-type]


def _path_in(operation: Operation | None, made: Plan) -> Path:
    name = f"{made.name or 'plan'}.json"
    return Path(name) if operation is None else operation.free_path("plan", name)


def _draw(made: Plan, picture: Path) -> None:
    from ops.reports.plan_picture import draw_plan

    draw_plan(made, picture)
