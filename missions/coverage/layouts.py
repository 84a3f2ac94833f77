"""Layouts worth working out: one grid for the whole area, or a grid for each of its cells."""

from __future__ import annotations

from dataclasses import dataclass

from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from missions.coverage.cells import Sweep, partitions
from missions.coverage.choose import candidates
from missions.coverage.lanes import Grid, Swath
from missions.coverage.metric import Metric


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of the area and its grid; `whole` where it is all of the area."""

    shape: BaseGeometry
    grid: Grid
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells that make up the area, the largest first."""

    cells: tuple[Cell, ...]


def layouts(
    area: BaseGeometry,
    swath: Swath,
    turn_m: float,
    bearing_deg: float | None,
    metric: Metric,
    *,
    spare_m2: float,
    most: int,
    cells: bool,
) -> list[Layout]:
    """The `most` layouts of one grid that look best, and a few of cells where the area bends."""
    asked = None if bearing_deg is None else [bearing_deg % 180]
    ranked = candidates(area, swath, turn_m, asked, metric, spare_m2)
    if not ranked:
        # No lane of any grid fits: legs that look into gaps must do it all.
        _, south, _, north = area.bounds
        return [Layout((Cell(area, Grid(0.0, (north - south) / 2, swath.width_m, 1), whole=True),))]
    found = [Layout((Cell(area, candidate.grid, whole=True),)) for candidate in ranked[:most]]
    if not cells or bearing_deg is not None:
        return found
    sweep = Sweep(swath, turn_m, metric)
    cut = [_of_cells(pieces, area, sweep, spare_m2) for pieces in partitions(area, sweep)]
    return found + [layout for layout in cut if layout.cells]


def _of_cells(pieces: list[Polygon], area: BaseGeometry, sweep: Sweep, spare_m2: float) -> Layout:
    """Each piece with the grid that looks best for it."""
    cells = []
    for piece in pieces:
        spare = spare_m2 * float(piece.area / area.area)
        ranked = candidates(piece, sweep.swath, sweep.turn_m, sweep.bearings(piece), sweep.metric, spare)
        if ranked:
            cells.append(Cell(piece, ranked[0].grid))
    return Layout(tuple(cells))
