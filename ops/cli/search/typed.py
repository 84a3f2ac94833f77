"""Options that the commands of a search share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TerrainOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Elevation (GeoTIFF, .hgt) or a folder of it; may be repeated."),
]
CanopyOption = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|TIFF",
        help="How much leaves hide from above: 0 to 1, or a GeoTIFF of it; else as before, or none.",
    ),
]
FiguresOption = Annotated[
    Path | None,
    typer.Option(metavar="TOML", help="A team's own figures of detection; else ours alone."),
]
