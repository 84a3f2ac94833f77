"""Options that several commands which plan have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HeightOption = Annotated[float | None, typer.Option(metavar="METRES", help="Height above ground; else 60.")]

OverlapOption = Annotated[
    str | None, typer.Option(metavar="SIDE[,FRONT]", help="Overlap of pictures in per cent, as 30 or 30,70.")
]

WindOption = Annotated[
    str | None,
    typer.Option(metavar="SPEED,FROM", help="Wind in m/s and where it blows from in degrees, as 8,240."),
]

NoFlyOption = Annotated[
    list[Path] | None,
    typer.Option("--no-fly", metavar="FILE", help="Zones that are never flown over; may be repeated."),
]

ReserveOption = Annotated[
    float | None,
    typer.Option(min=0, max=95, metavar="PER CENT", help="Battery left at landing; else the aircraft's."),
]

NameOption = Annotated[str, typer.Option(help="What to call the plan; else the area's name.")]

PlanOutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="PLAN", help="Where to write the plan.")
]

PictureOption = Annotated[Path | None, typer.Option(metavar="PNG", help="Draw the plan too.")]
