"""From a pattern to a plan on the disk: kept, drawn, entered in the operation, and shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.entering import enter, open_operation
from ops.cli.plan.showing import show

if TYPE_CHECKING:
    import typer
    from shapely.geometry.base import BaseGeometry

    from missions.geodesy import LocalFrame
    from missions.patterns.path import Floats
    from missions.patterns.pattern import Pattern, Shape
    from missions.plan import Plan
    from missions.planner import Setup
    from missions.view import View
    from ops.cli.plan.flight import Flight
    from ops.config import Settings
    from ops.operations import Operation


@dataclass(frozen=True)
class Ground:
    """What a pattern over an area is made of: the area less the no-fly zones, in metres."""

    shape: Shape
    zones: BaseGeometry
    frame: LocalFrame
    start_m: Floats | None
    view: View
    setup: Setup


class Kept(Protocol):
    """Where a plan goes: what every planning command asks."""

    @property
    def output(self) -> Path | None: ...
    @property
    def picture(self) -> Path | None: ...
    @property
    def operation(self) -> Path | None: ...
    @property
    def as_json(self) -> bool: ...


def make(context: typer.Context, flight: Kept, planned: Callable[[Settings], Plan], **details: str) -> None:
    """Plan, then write, draw, enter and show the plan; nothing is left where one of them fails."""
    settings = settings_of(context)
    entered = open_operation(flight.operation, settings)
    if flight.output is None and entered is None:
        raise InputError(
            "nowhere to write the plan", where="--output", remedy="Give -o PLAN, or --operation FOLDER"
        )
    plan = planned(settings)
    target = keep_plan(plan, flight.output, flight.picture, entered)
    enter(entered, target, "plan", **details)
    if flight.picture is not None:
        enter(entered, flight.picture, "picture", plan=target.name)
    show(plan, target, as_json=flight.as_json)


def keep_plan(
    plan: Plan,
    output: Path | None,
    picture: Path | None,
    operation: Operation | None,
    flown: Sequence[Floats] = (),
) -> Path:
    """Write a plan, else into the operation, and draw it; neither is left where the other fails.

    `flown` are tracks (n, 2), longitude and latitude, that the picture shows too.
    """
    from missions.files import writing_whole
    from missions.plan_file import json_from_plan

    target = output or _path_in(operation, plan)
    with writing_whole(target) as temporary:
        temporary.write_text(json_from_plan(plan), encoding="utf-8")
        if picture is not None:
            _draw(plan, picture, flown)
    return target


def over_area(
    flight: Flight,
    settings: Settings,
    path: Path,
    made: Callable[[Ground], Pattern],
    *,
    all_of_it: bool = True,
    **defaults: float,
) -> Plan:
    """The plan of a pattern over the area in a file; `defaults` are the view's where nothing was typed.

    The plan's area is what was drawn, or only the ground that the pattern is for where not `all_of_it` is.
    """
    from missions.formats import read_area
    from missions.local import frame_of
    from missions.no_fly import zones_in
    from missions.planner import plan_pattern, start_in
    from missions.search_plan import ground_to_cover

    area = read_area(path)
    setup = flight.setup(settings)
    frame = frame_of(area)
    view = flight.view(settings, **defaults)
    ground = Ground(
        shape=ground_to_cover(area, frame, setup, view.spacing_m),
        zones=zones_in(frame, setup.no_fly),
        frame=frame,
        start_m=start_in(frame, setup.take_off),
        view=view,
        setup=setup,
    )
    named = dataclasses.replace(setup, area=area if all_of_it else None, name=setup.name or area.name)
    return plan_pattern(made(ground), ground.view, named)


def by_itself(
    flight: Flight,
    settings: Settings,
    made: Callable[[View, Setup], Pattern],
    **defaults: float,
) -> Plan:
    """The plan of a pattern that was given a point or a line, and has ground of its own."""
    from missions.planner import plan_pattern

    view, setup = flight.view(settings, **defaults), flight.setup(settings)
    return plan_pattern(made(view, setup), view, setup)


def _path_in(operation: Operation | None, made: Plan) -> Path:
    name = f"{made.name or 'plan'}.json"
    return Path(name) if operation is None else operation.free_path("plan", name)


def _draw(made: Plan, picture: Path, flown: Sequence[Floats]) -> None:
    from ops.reports.plan_picture import draw_plan

    draw_plan(made, picture, flown)
