"""`droneteam search why`: which frames saw a place, and how likely somebody there was missed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from missions.errors import InputError
from ops.cli.options import JsonOption
from ops.cli.screen import facts, out, print_json, say, table
from ops.cli.search.typed import CanopyOption, FiguresOption

if TYPE_CHECKING:
    from missions.search.looks import Looks

FRAMES_SHOWN = 40


def why(
    search_map: Annotated[Path, typer.Argument(metavar="MAP2", help="A map that was searched.")],
    lat: Annotated[float, typer.Argument(metavar="LAT", help="Latitude of the place, degrees.")],
    lon: Annotated[float, typer.Argument(metavar="LON", help="Longitude of the place, degrees.")],
    canopy: CanopyOption = None,
    figures: FiguresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which frames saw a cell, with how many pixels on a person, and the chance to have missed him."""
    from missions.geodesy import GeoPoint
    from missions.search.detection import detections
    from missions.search.looks import Looks
    from missions.search.missed import missed_cells
    from ops.searching import cover_of, open_search

    place = GeoPoint(lat, lon)
    opened = open_search(search_map)
    grid = opened.search.mixture.grid
    row, column = (
        int(n) for n in grid.cell_of(grid.frame.local_from_geo([[place.lon_deg, place.lat_deg]]))[0]
    )
    if row < 0:
        raise InputError("the place lies beside the map", where="LAT LON", remedy="Latitude comes first")
    looks = (opened.looks or Looks.none(grid)).of_cell(row, column)
    missed = float(
        missed_cells(looks, detections(figures), cover_of(canopy or opened.canopy, grid))[row, column]
    )
    chances = opened.search.chances
    told: dict[str, Any] = {
        "cell": {"row": row, "column": column, "size_m": grid.cell_m},
        "chance": float(chances.mass[row, column]),
        "pod": 1 - missed,
        "missed": missed,
        "frames": _frames(looks),
    }
    if as_json:
        print_json(told)
        return
    rows = [
        ("Cell", f"row {row}, column {column}, {grid.cell_m:g} m"),
        ("Chance that he is in it now", f"{100 * told['chance']:.3f} %"),
        ("POD by all frames together", f"{100 * told['pod']:.1f} %"),
        ("Chance to have missed him there", f"{100 * missed:.1f} %"),
    ]
    out().print(facts("This cell", rows))
    columns = ("Frame", "From", "#Time (UTC)", "Kind", "#Pixels", "#Off nadir", "#From", "#Of the cell")
    listed = [_row(each) for each in told["frames"][:FRAMES_SHOWN]]
    out().print(table(f"{len(told['frames'])} frames saw it", columns, listed))
    if len(told["frames"]) > FRAMES_SHOWN:
        say(f"The first {FRAMES_SHOWN} of {len(told['frames'])} are shown; --json gives all.")


def _frames(looks: Looks) -> list[dict[str, Any]]:
    """One entry a frame, in order of time: its best look at the cell, and how much of it was in view."""
    import numpy as np

    told = []
    for index in np.unique(looks.frame):
        rows = np.flatnonzero(looks.frame == index)
        best, frame = rows[np.argmax(looks.pixels[rows])], looks.frames[index]
        told.append(
            {
                "frame": frame.name,
                "source": frame.source,
                "time_s": frame.time_s,
                "kind": frame.kind,
                "lat_deg": frame.lat_deg,
                "lon_deg": frame.lon_deg,
                "pixels": float(looks.pixels[best]),
                "slide_px_s": float(looks.slide_px_s[best]),
                "off_nadir_deg": float(looks.off_nadir_deg[best]),
                "azimuth_deg": float(looks.azimuth_deg[best]),
                "share_of_cell": len(rows) / looks.per_side**2,
            }
        )
    return sorted(told, key=lambda each: float(each["time_s"]))


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(each["time_s"], UTC)
    return (
        each["frame"],
        each["source"],
        f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 100_000}",
        each["kind"],
        f"{each['pixels']:.1f}",
        f"{each['off_nadir_deg']:.0f}°",
        f"{each['azimuth_deg']:.0f}°",
        f"{100 * each['share_of_cell']:.0f} %",
    )
